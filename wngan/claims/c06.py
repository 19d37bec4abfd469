"""C6 (section 5.3, figure 18): WN improves to about 300,000 iterations and then stays."""

from wngan.bootstrap import Estimate
from wngan.claims.measures import iteration, never_trained, scaled
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import like_time


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The iteration from which on loss and samples of each training stay."""
    findings = []
    for run in runs[0]:
        printed = paper[""] * run.iterations / 700_000
        at = Estimate(iteration(run.status["converged"]))
        what = f"iteration from which on running loss and samples of {run.name} stay"
        what = scaled(what, paper[""], printed)
        untestable = never_trained([run])
        criterion = like_time(printed)
        findings.append(
            Finding(run.instance, what, at, criterion, [[run]], printed, untestable=untestable)
        )
    return findings


CLAIM = PaperClaim(
    "C6",
    statements={"": "WN improves to about 300,000 of its 700,000 iterations and then stays."},
    needs=({"wn": ()},),
    judge=judge,
    printed=lambda values: {"": 300_000},
)
