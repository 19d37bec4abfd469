"""Comparisons of two models at their optima, the form of most of the paper's claims."""

from collections.abc import Callable, Sequence

from wngan.bootstrap import Estimate
from wngan.claims.measures import never_trained, of_model, percent_above, trained_too_short
from wngan.claims.record import Finding, Run
from wngan.verdicts import like_percent

FINALS_AT_OPTIMA = ("running", "optimal")
"""What such a comparison needs of a model."""


def compare_finals(
    part: str,
    what: str,
    runs: Sequence[Run],
    model: str,
    other: str,
    paper: float,
    turned: Callable[[Estimate], Estimate] = lambda difference: difference,
) -> Finding:
    """By how many percent the final loss of a model is above another's, over all trainings.

    Args:
        part, what, paper: of the finding.
        turned: makes of the difference what the finding gives, as `wngan.claims.measures.below`.
    """
    a, b = of_model(runs, model), of_model(runs, other)
    difference = percent_above(*([run.optimal["losses"] for run in each] for each in (a, b)))
    return Finding(
        part,
        what,
        turned(difference),
        like_percent(paper),
        [a, b],
        paper,
        untestable=never_trained(a, b) or trained_too_short(a, b),
    )
