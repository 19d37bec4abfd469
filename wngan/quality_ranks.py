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


def between_trainings(trainings: Sequence[Columns]) -> Estimate:
    """The correlation over the optimal checkpoints of all trainings of all models.

    The interval is of as many others. NaN if there are fewer than `FEWEST_PAIRS`.
    """
    rows = [columns["checkpoint"] == "optimal" for columns in trainings]
    losses, distances = (
        [value for columns, at in zip(trainings, rows, strict=True) for value in columns[name][at]]
        for name in ("running_loss", "fid")
    )
    return rank_correlation(losses, distances) if len(losses) >= FEWEST_PAIRS else Estimate(np.nan)
