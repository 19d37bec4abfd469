"""C6 (section 5.3, figure 18): WN improves to about 300,000 iterations and then stays."""

from wngan.bootstrap import Estimate
from wngan.claims.measures import after_start, iteration, never_trained, scaled, trained_too_short
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, Run
from wngan.outcome import SUCCESSIVE
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
        if run.status["converged"] is None:
            untestable = untestable or _too_short(run)
        criterion = like_time(printed)
        findings.append(
            Finding(run.instance, what, at, criterion, [[run]], printed, untestable=untestable)
        )
    return findings


def _too_short(run: Run) -> str:
    """Why a run that did not converge might have, had it been longer or looked at more often."""
    if len(run.running) < 2 * SUCCESSIVE:
        return f"of {2 * SUCCESSIVE} evaluations or more there are {len(run.running)}"
    if not len(after_start(run, "drift")):
        return f"{run.name} has no samples as far apart as the drift is over"
    return trained_too_short([run])


CLAIM = PaperClaim(
    "C6",
    statements={"": "WN improves to about 300,000 of its 700,000 iterations and then stays."},
    needs=({"wn": ("running", "series")},),
    judge=judge,
    printed=lambda values: {"": 300_000},
)
