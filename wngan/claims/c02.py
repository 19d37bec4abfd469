"""C2 (section 5.2, table 2): BN's final loss is above vanilla's."""

from wngan.bootstrap import above
from wngan.claims.measures import best, percent_above
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import POSITIVE


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima, over the same images."""
    vanilla, bn = best(runs[0], "vanilla"), best(runs[0], "bn")
    more = percent_above(bn.optimal["losses"], vanilla.optimal["losses"])
    what = "BN's final loss above vanilla's, %"
    return [Finding("", what, more, POSITIVE, [vanilla, bn], paper[""])]


CLAIM = PaperClaim(
    "C2",
    statements={"": "BN's final loss is above vanilla's."},
    needs=({"vanilla": ("optimal",), "bn": ("optimal",)},),
    judge=judge,
    printed=lambda values: {"": above(values.final(2, "bn"), values.final(2, "vanilla"))},
)
