"""Whether lower reconstruction losses go with better samples, by Spearman's rank correlation.

Samples are better the lower their Fréchet distance to training images is. 1 is the same order in
both, 0 no relation, -1 the opposite order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wngan.bootstrap import FEWEST_PAIRS, Estimate, mean_of_trainings, rank_correlation

Columns = Mapping[str, NDArray[Any]]
"""Of a training's quality.csv; checkpoint, iteration, running_loss and fid count here."""


def along_trainings(trainings: Sequence[Columns]) -> Estimate:
    """The correlation over a training's snapshots after iteration 0, its mean over trainings.

    The interval is of other trainings. NaN if one has fewer than `FEWEST_PAIRS` snapshots.
    """
    found = []
    for columns in trainings:
        rows = (columns["checkpoint"] != "optimal") & (columns["iteration"] > 0)
        enough = rows.sum() >= FEWEST_PAIRS
        pair = columns["running_loss"][rows], columns["fid"][rows]
        found.append(rank_correlation(*pair).value if enough else np.nan)
    mean, low, high = mean_of_trainings(found)
    return Estimate(mean, *np.clip([low, high], -1, 1).tolist())


def between_models(models: Sequence[Sequence[Columns]]) -> Estimate:
    """The correlation over models, each the geometric mean of its trainings' optimal checkpoints.

    Trainings of one model are alike, so models count, not trainings. NaN if there are fewer than
    `FEWEST_PAIRS`.
    """
    if len(models) < FEWEST_PAIRS:
        return Estimate(np.nan)
    losses, distances = (
        [np.mean(np.log([_optimal(each, name) for each in trainings])) for trainings in models]
        for name in ("running_loss", "fid")
    )
    return rank_correlation(losses, distances)


def _optimal(training: Columns, name: str) -> float:
    """A column's value at the optimal checkpoint; NaN if there is none."""
    found = training[name][training["checkpoint"] == "optimal"]
    return float(found[0]) if len(found) else np.nan
