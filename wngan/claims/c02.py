"""C2 (section 5.2, table 2): BN's final loss is above vanilla's."""

from wngan.bootstrap import above
from wngan.claims.measures import of_model
from wngan.claims.optima import FINALS_AT_OPTIMA, compare
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima."""
    what = "BN's final loss above vanilla's, %"
    bn, vanilla = of_model(runs[0], "bn"), of_model(runs[0], "vanilla")
    return [compare("", what, bn, vanilla, paper[""])]


CLAIM = PaperClaim(
    "C2",
    statements={"": "BN's final loss is above vanilla's."},
    needs=({"vanilla": FINALS_AT_OPTIMA, "bn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=lambda values: {"": above(values.final(2, "bn"), values.final(2, "vanilla"))},
)
