"""C4 (section 5.3, appendix C.1): vanilla collapses at about 135,000 of its 150,000 iterations."""

from wngan.bootstrap import Estimate
from wngan.claims.measures import iteration, never_trained, scaled
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import like_time


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The collapse of each training."""
    findings = []
    for run in runs[0]:
        printed = paper[""] * run.iterations / 150_000
        at = Estimate(iteration(run.status["collapsed"]))
        what = scaled(f"iteration of {run.name}'s collapse", paper[""], printed)
        untestable = never_trained([run])
        criterion = like_time(printed)
        findings.append(
            Finding(run.instance, what, at, criterion, [[run]], printed, untestable=untestable)
        )
    return findings


CLAIM = PaperClaim(
    "C4",
    statements={"": "Vanilla collapses at about 135,000 of its 150,000 iterations."},
    needs=({"vanilla": ()},),
    judge=judge,
    printed=lambda values: {"": 135_000},
)
