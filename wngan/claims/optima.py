"""Comparisons of the losses of two models, the form of most of the paper's claims."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from wngan.bootstrap import Estimate, ratio_of_models
from wngan.claims.measures import never_trained, percent, trained_too_short
from wngan.claims.record import Finding, Run
from wngan.verdicts import like_percent

FINALS_AT_OPTIMA = ("running", "optimal")
"""What a comparison of final losses at the optima needs of a model."""

SPREADS = {"vanilla": 0.00834, "bn": 0.0494}
"""Standard deviations of the log of the lowest running loss between trainings (tables 3 and 4).

The paper has one training of every other model, which is taken to be like vanilla.
"""

Losses = Callable[[Run], NDArray[np.float32]]
"""Which losses (N,) of a run are compared."""


def spread(model: str) -> float:
    """How the log loss differs between the paper's trainings (`SPREADS`)."""
    return SPREADS.get(model, SPREADS["vanilla"])


def final_at_optimum(run: Run) -> NDArray[np.float32]:
    """The final loss of each image at the optimum."""
    return run.optimal["losses"]


def compare(
    part: str,
    what: str,
    model: Sequence[Run],
    other: Sequence[Run],
    paper: float,
    *losses: Losses,
    below: bool = False,
) -> Finding:
    """By how many percent the losses of a model are above another's, over all trainings.

    With one training of each, they are taken to spread as the paper's do (`spread`).

    Args:
        part, what, paper: of the finding.
        losses: by default final ones at the optimum; if there are two, each model's own.
        below: whether the finding is by how many percent they are below.
    """
    of_model, *_, of_other = (*losses, *losses) or (final_at_optimum, final_at_optimum)
    difference = percent(
        ratio_of_models(
            [of_model(run) for run in model],
            [of_other(run) for run in other],
            spreads=(spread(model[0].model), spread(other[0].model)),
        )
    )
    if below:
        difference = Estimate(-difference.value, -difference.high, -difference.low)
    alone = len(model) == len(other) == 1
    return Finding(
        part,
        what,
        difference,
        like_percent(paper),
        [model, other],
        paper,
        untestable=never_trained(model, other) or trained_too_short(model, other),
        spread="which are taken to spread as the paper's" if alone else "",
    )
