"""C6 (section 5.3, figure 18): WN improves to about 300,000 iterations and then stays."""

from wngan.bootstrap import Estimate
from wngan.claims.measures import best, iteration, scaled
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The iteration from which on loss and samples stay."""
    wn = best(runs[0], "wn")
    scale = wn.iterations / 700_000
    at = Estimate(iteration(wn.status["converged"]))
    within = Criterion(200_000 * scale, 450_000 * scale)
    what = "iteration from which on WN's running loss and samples stay"
    what = scaled(what, paper[""], paper[""] * scale)
    return [Finding("", what, at, within, [wn], paper[""] * scale)]


CLAIM = PaperClaim(
    "C6",
    statements={"": "WN improves to about 300,000 of its 700,000 iterations and then stays."},
    needs=({"wn": ()},),
    judge=judge,
    printed=lambda values: {"": 300_000},
)
