"""C1 (abstract, section 5.2, table 2): WN's final loss is at least 10 % below vanilla's."""

from wngan.bootstrap import above, paired
from wngan.claims.measures import best
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses at the optima, over the same images."""
    vanilla, wn = best(runs[0], "vanilla"), best(runs[0], "wn")
    below = paired(
        lambda means: 100 - 100 * means[:, 0] / means[:, 1],
        wn.optimal["losses"],
        vanilla.optimal["losses"],
    )
    what = "WN's final loss below vanilla's, %"
    return [Finding("", what, below, Criterion(low=10), [vanilla, wn], paper[""])]


CLAIM = PaperClaim(
    "C1",
    statements={"": "WN's final loss is at least 10 % below vanilla's."},
    needs=({"vanilla": ("optimal",), "wn": ("optimal",)},),
    judge=judge,
    printed=lambda values: {"": -above(values.final(2, "wn"), values.final(2, "vanilla"))},
)
