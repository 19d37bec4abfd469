"""C4 (section 5.3, appendix C.1): vanilla collapses at about 135,000 of its 150,000 iterations."""

from wngan.bootstrap import Estimate
from wngan.claims.measures import instances, iteration, scaled
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The collapse of each instance, within a quarter of the paper's."""
    findings = []
    for run in instances(runs[0], "vanilla"):
        printed = paper[""] * run.iterations / 150_000
        at = Estimate(iteration(run.status["collapsed"]))
        what = scaled(f"iteration of {run.name}'s collapse", paper[""], printed)
        within = Criterion(0.75 * printed, 1.25 * printed)
        findings.append(Finding(run.instance, what, at, within, [run], printed))
    return findings


CLAIM = PaperClaim(
    "C4",
    statements={"": "Vanilla collapses at about 135,000 of its 150,000 iterations."},
    needs=({"vanilla/*": ()},),
    judge=judge,
    printed=lambda values: {"": 135_000},
)
