"""C16 (title, abstract, table 8): on LSUN, WN's final loss is below BN's."""

from wngan.bootstrap import above
from wngan.claims.measures import below
from wngan.claims.optima import FINALS_AT_OPTIMA, compare_finals
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima."""
    what = "WN's final loss below BN's, %"
    return [compare_finals("", what, runs[0], "wn", "bn", paper[""], turned=below)]


CLAIM = PaperClaim(
    "C16",
    statements={"": "On LSUN, WN's final loss is below BN's."},
    needs=({"bn": FINALS_AT_OPTIMA, "wn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=lambda values: {"": -above(values.final(8, "wn"), values.final(8, "bn"))},
)
