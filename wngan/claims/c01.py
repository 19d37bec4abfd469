"""C1 (abstract, section 5.2, table 2): WN's final loss is at least 10 % below vanilla's."""

from wngan.bootstrap import above
from wngan.claims.measures import of_model
from wngan.claims.optima import FINALS_AT_OPTIMA, compare
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima."""
    what = "WN's final loss below vanilla's, %"
    wn, vanilla = of_model(runs[0], "wn"), of_model(runs[0], "vanilla")
    return [compare("", what, wn, vanilla, paper[""], below=True)]


CLAIM = PaperClaim(
    "C1",
    statements={"": "WN's final loss is at least 10 % below vanilla's."},
    needs=({"vanilla": FINALS_AT_OPTIMA, "wn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=lambda values: {"": -above(values.final(2, "wn"), values.final(2, "vanilla"))},
)
