"""C16 (title, abstract, table 8): on LSUN, WN's final loss is below BN's."""

from wngan.bootstrap import above
from wngan.claims.measures import of_model
from wngan.claims.optima import FINALS_AT_OPTIMA, compare
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima."""
    what = "WN's final loss below BN's, %"
    wn, bn = of_model(runs[0], "wn"), of_model(runs[0], "bn")
    return [compare("", what, wn, bn, paper[""], below=True)]


CLAIM = PaperClaim(
    "C16",
    statements={"": "WN's final loss is below BN's (paper: LSUN)."},
    needs=({"bn": FINALS_AT_OPTIMA, "wn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=lambda values: {"": -above(values.final(8, "wn"), values.final(8, "bn"))},
)
