"""What became of a run: diversity and drift of its samples, collapse and convergence.

Samples are of fixed codes, so those of one training can be compared with one another and over time.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wngan.progress import Progress

DIVERSE, ALIKE = 0.2, 0.05
"""Samples are diverse from the first, and all alike below the second diversity."""

NEVER_DIVERSE = "never_diverse"
"""The status of a run whose samples of different codes never were diverse."""

LEARNED_NOTHING = "learned_nothing"
"""The status of a run whose lowest running loss is not below that of the mean training image."""

FAILURES = ("diverged", "collapsed", NEVER_DIVERSE, LEARNED_NOTHING)
"""The status of a run that failed."""

SUCCESSIVE = 5
"""A state counts once it lasts for this many successive samples (or evaluations)."""

SAME = 0.1
"""Two samples are the same if they differ by less than this share of how real images differ."""

STEADY_LOSS, STEADY_SAMPLES, STEADY_SPAN = 0.05, 0.5, 0.25
"""Of a converged run: the most that its loss strays and its samples drift, and for which share."""

FIELDS = np.dtype(
    [
        ("iteration", np.int64),
        ("diversity", np.float64),
        ("distinct", np.float64),
        ("drift", np.float64),
    ]
)


def write(path: Path, rows: NDArray[np.void]) -> None:
    """Writes rows of `FIELDS` as a CSV file, rounded, as machines differ in the last digits."""
    names = ",".join(FIELDS.names or ())
    np.savetxt(path, rows, "%d,%.6g,%.6g,%.6g", header=names, comments="")


def read(path: Path) -> NDArray[np.void]:
    """The rows that `write` wrote; none for a run that diverged before its first sample."""
    if path.read_text().count("\n") < 2:
        return np.empty(0, FIELDS)
    return np.genfromtxt(path, FIELDS, delimiter=",", skip_header=1, ndmin=1)


def mean_difference(images: NDArray[np.uint8]) -> float:
    """The mean squared difference between two of N > 1 images uint8 (N, H, W, 3), in [0, 1]."""
    # Twice the variance of each value, from exact sums that need no copy of the images.
    count, total = len(images), images.sum(axis=0, dtype=np.int64)
    squares = np.einsum("nhwc,nhwc->hwc", images, images, dtype=np.int64)
    return 2 * float(np.mean(squares - total**2 / count)) / (count - 1) / 255**2


def diversity(samples: NDArray[np.uint8], real: float) -> tuple[float, float]:
    """How different samples of different codes are.

    Args:
        samples: uint8 (n, H, W, 3), n > 1.
        real: the `mean_difference` of real images.

    Returns:
        The samples' mean squared difference as a share of `real`: 0 if all are alike, about 1 if
        they are as diverse as real images. And the effective number of different samples, 1 to n:
        the inverse of the share of pairs (also of a sample and itself) that are the same.
    """
    flat = samples.reshape(len(samples), -1) / np.float64(255)
    squares = np.square(flat).sum(1)
    differences = (squares[:, None] + squares - 2 * flat @ flat.T) / flat.shape[1]
    return mean_difference(samples) / real, flat.shape[0] ** 2 / int(
        (differences < SAME * real).sum()
    )


def drift(samples: NDArray[np.uint8], earlier: NDArray[np.uint8]) -> float:
    """How far samples moved: their mean squared difference from `earlier` ones of the same codes.

    It is a share of how `samples` of different codes differ; NaN if those are all alike.
    """
    moved = float(np.square(samples / np.float64(255) - earlier / np.float64(255)).mean())
    between = mean_difference(samples)
    return moved / between if between else np.nan


def series(
    segments: Sequence[NDArray[np.uint8]], every: int, lag: int, until: int, real: float
) -> NDArray[np.void]:
    """Diversity and drift over a run, as rows of `FIELDS`.

    Args:
        segments: a run's samples uint8 (T, n, H, W, 3), segment after segment.
        every: iterations between samples.
        lag: iterations over which the drift is, a multiple of `every`; it is NaN before the first.
        until: the run's last good iteration; samples after it are left out.
        real: the `mean_difference` of real images.
    """

    samples = list(chain.from_iterable(segments))[: until // every]  # not read from disk yet
    rows = []
    for number, images in enumerate(Progress("outcome", iterable=samples, unit="sample")):
        before = number - lag // every
        moved = drift(images, samples[before]) if before >= 0 else np.nan
        rows.append(((number + 1) * every, *diversity(images, real), moved))
    return np.array(rows, FIELDS)


def collapse(rows: NDArray[np.void]) -> tuple[int | None, int | None]:
    """When a run's samples last became all alike after they had been diverse, and diverse again.

    Each is the iteration at which `SUCCESSIVE` such samples begin, None if there is none.
    """
    collapsed, recovered = None, _begins(rows["diversity"] >= DIVERSE)
    while (alike := _begins(rows["diversity"] < ALIKE, after=recovered)) is not None:
        collapsed, recovered = alike, _begins(rows["diversity"] >= DIVERSE, after=alike)
    if collapsed is None:
        recovered = None
    at = [None if k is None else int(rows["iteration"][k]) for k in (collapsed, recovered)]
    return at[0], at[1]


def convergence(rows: NDArray[np.void], running: NDArray[np.void], lag: int) -> int | None:
    """The first evaluation of a run from which its loss and its samples stay as they are, or None.

    From there to the end, which must be `STEADY_SPAN` of the training and longer than `lag`, each
    median of `SUCCESSIVE` running losses (there must be as many of them) is within `STEADY_LOSS` of
    their mean, and samples drift no further than `STEADY_SAMPLES`.

    Args:
        rows: of `series`, with drifts over `lag` iterations.
        running: of `wngan.running.read`.
        lag: in iterations.
    """
    if len(running) < SUCCESSIVE:
        return None
    losses = np.median(sliding_window_view(running["running_loss"], SUCCESSIVE), axis=1)
    last = int(running["iteration"][-1])
    for index, start in enumerate(running["iteration"][: len(losses)].tolist()):
        drifts = rows["drift"][rows["iteration"] >= start + lag]
        enough = len(losses) - index >= SUCCESSIVE and last - start >= STEADY_SPAN * last
        if not enough or not len(drifts):
            return None
        strays = np.abs(losses[index:] / losses[index:].mean() - 1)
        if strays.max() <= STEADY_LOSS and drifts.max() <= STEADY_SAMPLES:
            return int(start)
    return None


def fate(
    trained: dict[str, Any],
    rows: NDArray[np.void],
    running: NDArray[np.void],
    lag: int,
    mean_image: float,
) -> dict[str, Any]:
    """What became of a run, for its status.json.

    Args:
        trained: what training says of it: status "running" or "diverged", iteration, reason.
        rows, running, lag: as `convergence` takes them.
        mean_image: the loss of the mean training image on the images of the running evaluation.

    Returns:
        `trained` with a status of "diverged", "never_diverse" (samples of different codes never
        were), "collapsed" (and did not recover), "learned_nothing" (the lowest running loss is not
        below `mean_image`), "converged" or, if none of these, "trained", with its reason; and the
        iterations `learned` (the first with a running loss below `mean_image`), `collapsed`,
        `recovered` and `converged`, each null if that did not happen.
    """
    collapsed, recovered = collapse(rows)
    better = running["iteration"][running["running_loss"] < mean_image]
    learned = int(better[0]) if len(better) else None
    lowest = np.nanmin(running["running_loss"], initial=np.inf)
    converged = convergence(rows, running, lag) if trained["status"] != "diverged" else None
    if trained["status"] == "diverged":
        status, reason = "diverged", trained["reason"]
    elif _begins(rows["diversity"] >= DIVERSE) is None:
        status = NEVER_DIVERSE
        reason = f"samples never differed by {DIVERSE:.0%} of what real images do"
    elif collapsed is not None and recovered is None:
        status = "collapsed"
        reason = f"from {collapsed:,} on samples differed by less than {ALIKE:.0%} of real images"
    elif learned is None:
        status = LEARNED_NOTHING
        reason = f"its lowest running loss, {lowest:.4g}, is not below that of the mean training "
        reason += f"image, {mean_image:.4g}"
    elif converged is not None:
        status = "converged"
        reason = f"from {converged:,} on the running loss and the samples stay as they are"
    else:
        status, reason = "trained", ""
    found = {"status": status, "reason": reason}
    times = {
        "learned": learned,
        "collapsed": collapsed,
        "recovered": recovered,
        "converged": converged,
    }
    return trained | found | times


def _begins(condition: NDArray[np.bool_], after: int | None = 0) -> int | None:
    """The first index, from `after` on, at which `condition` holds `SUCCESSIVE` times; or None."""
    if after is None or len(condition) - after < SUCCESSIVE:
        return None
    lasting = sliding_window_view(condition[after:], SUCCESSIVE).all(1)
    return after + int(lasting.argmax()) if lasting.any() else None
