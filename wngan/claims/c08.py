"""C8 (appendix D.2, table 5): WN with mean-only BN is worse than vanilla."""

from wngan.bootstrap import above
from wngan.claims.measures import (
    losses_at_optimum,
    never_trained,
    of_model,
    percent_above,
    trained_too_short,
)
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import like_percent


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running losses at the optima."""
    mixed, vanilla = of_model(runs[0], "wn_mean_bn"), of_model(runs[0], "vanilla")
    more = percent_above(*([losses_at_optimum(run) for run in each] for each in (mixed, vanilla)))
    what = "lowest running loss of WN with mean-only BN above vanilla's, %"
    untestable = never_trained(mixed, vanilla) or trained_too_short(mixed, vanilla)
    criterion = like_percent(paper[""])
    return [Finding("", what, more, criterion, [mixed, vanilla], paper[""], untestable=untestable)]


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
