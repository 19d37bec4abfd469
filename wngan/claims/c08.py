"""C8 (appendix D.2, table 5): WN with mean-only BN is worse than vanilla."""

from wngan.bootstrap import above
from wngan.claims.measures import losses_at_optimum, of_model
from wngan.claims.optima import compare
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim, PaperValues


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running losses at the optima."""
    mixed, vanilla = of_model(runs[0], "wn_mean_bn"), of_model(runs[0], "vanilla")
    what = "lowest running loss of WN with mean-only BN above vanilla's, %"
    return [compare("", what, mixed, vanilla, paper[""], losses_at_optimum)]


def printed(values: PaperValues) -> Figures:
    """From tables 2 and 5."""
    (vanilla,) = values.losses(2, "running_loss", model="vanilla")
    (mixed,) = values.losses(5, "running_loss", model="wn_mean_bn")
    return {"": above(mixed, vanilla)}


CLAIM = PaperClaim(
    "C8",
    statements={"": "WN with mean-only BN has a higher running loss than vanilla."},
    needs=({"vanilla": CURVE, "wn_mean_bn": CURVE},),
    judge=judge,
    printed=printed,
)
