"""C1 (abstract, section 5.2, table 2): WN's final loss is at least 10 % below vanilla's."""

from wngan.bootstrap import above
from wngan.claims.measures import below
from wngan.claims.optima import FINALS_AT_OPTIMA, compare_finals
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima."""
    what = "WN's final loss below vanilla's, %"
    return [compare_finals("", what, runs[0], "wn", "vanilla", paper[""], turned=below)]


CLAIM = PaperClaim(
    "C1",
    statements={"": "WN's final loss is at least 10 % below vanilla's."},
    needs=({"vanilla": FINALS_AT_OPTIMA, "wn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=lambda values: {"": -above(values.final(2, "wn"), values.final(2, "vanilla"))},
)
