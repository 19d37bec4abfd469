"""C11 (section 5.5, appendix D.4): vanilla fails to train on LSUN, at a lower learning rate too."""

from wngan.claims.measures import of_model, share_finding
from wngan.claims.record import Figures, Finding, Groups, PaperClaim


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """A row for each experiment, that is, for each learning rate."""
    return [
        share_finding(str(part), "failed", of_model(group, "vanilla"), at_least=1, paper=paper[""])
        for part, group in enumerate(runs, 1)
    ]


CLAIM = PaperClaim(
    "C11",
    statements={"": "Vanilla fails to train, at a lower learning rate too (paper: LSUN)."},
    needs=({"vanilla": ("running",)},),
    judge=judge,
    printed=lambda values: {"": 100},
    each=True,
)
