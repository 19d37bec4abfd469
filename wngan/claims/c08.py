"""C8 (appendix D.2, table 5): WN with mean-only BN is worse than vanilla."""

from wngan.bootstrap import above
from wngan.claims.measures import best, losses_at_optimum, percent_above
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import POSITIVE


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running losses at the optima, over the same images."""
    vanilla, mixed = best(runs[0], "vanilla"), best(runs[0], "wn_mean_bn")
    more = percent_above(losses_at_optimum(mixed), losses_at_optimum(vanilla))
    what = "lowest running loss of WN with mean-only BN above vanilla's, %"
    return [Finding("", what, more, POSITIVE, [vanilla, mixed], paper[""])]


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
