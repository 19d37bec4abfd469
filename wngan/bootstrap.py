"""95 % intervals: of means over images by resampling them, and of shares of instances."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wngan.randomness import rng

RESAMPLES = 10_000
CHUNK = 500  # resamples at once, which bounds the memory

Means = NDArray[np.float64]


class Estimate(NamedTuple):
    """A number and its 95 % interval, whose ends are NaN where there is none."""

    value: float
    low: float = np.nan
    high: float = np.nan


def above(a: Any, b: Any) -> Any:
    """By how many percent `a` is above `b`, numbers or arrays."""
    return 100 * a / b - 100


def paired(statistic: Callable[[Means], NDArray[np.float64]], *losses: ArrayLike) -> Estimate:
    """A statistic of mean losses and its percentile interval over resampled images.

    Every resample takes the same images of all columns, so that what makes an image easy or hard
    for every model alike does not widen the interval. The resamples are the same in every call.

    Args:
        statistic: of means (R, K), gives (R,), for any R.
        *losses: columns (N,) or several columns (N, K), with the same N images in the same order.

    Raises:
        ValueError: the columns are of different images.
    """
    columns = [np.asarray(each, np.float64) for each in losses]
    if len({len(column) for column in columns}) != 1:
        raise ValueError(f"The losses are of {[len(column) for column in columns]} images.")
    values = np.column_stack(columns)
    value = float(statistic(values.mean(axis=0, keepdims=True))[0])
    if len(values) < 2 or np.isnan(value):
        return Estimate(value)
    return _estimate(value, statistic(_resampled_means(values)))


def paired_ratio(a: ArrayLike, b: ArrayLike) -> Estimate:
    """The mean of `a` (N,) over the mean of `b` (N,), both of the same images."""
    return paired(lambda means: means[:, 0] / means[:, 1], a, b)


def unpaired_ratio(a: ArrayLike, b: ArrayLike) -> Estimate:
    """The mean of `a` (N,) over the mean of `b` (M,), of different images, each resampled alone."""
    over, under = (np.asarray(each, np.float64)[:, None] for each in (a, b))
    value = float(over.mean() / under.mean())
    if min(len(over), len(under)) < 2 or np.isnan(value):
        return Estimate(value)
    resampled = _resampled_means(over) / _resampled_means(under, "bootstrap of others")
    return _estimate(value, resampled[:, 0])


def share(successes: int, trials: int) -> Estimate:
    """The share of trials that succeeded, with Wilson's interval; NaN without trials."""
    if not trials:
        return Estimate(np.nan)
    z = 1.959964  # the normal distribution's 97.5 % quantile
    p, weight = successes / trials, z**2 / trials
    center = (p + weight / 2) / (1 + weight)
    half = (p * (1 - p) * weight + weight**2 / 4) ** 0.5 / (1 + weight)
    return Estimate(p, center - half, center + half)


def _estimate(value: float, resampled: NDArray[np.float64]) -> Estimate:
    """`value` with the percentile interval of what resamples (R,) gave in its place."""
    if np.isnan(value):
        return Estimate(value)
    # No interpolation between resamples, as a statistic may be infinite. One that is undefined (0 /
    # 0) might have been anything, so it counts at both ends.
    bounds = []
    for percent, anything in ((2.5, -np.inf), (97.5, np.inf)):
        filled = np.where(np.isnan(resampled), anything, resampled)
        bounds.append(float(np.percentile(filled, percent, method="inverted_cdf")))
    return Estimate(value, *bounds)


def _resampled_means(values: NDArray[np.float64], purpose: str = "bootstrap") -> Means:
    """Means (RESAMPLES, K) of N rows of `values` (N, K), drawn with replacement.

    The rows that are drawn depend on N and `purpose` alone.
    """
    count = len(values)
    offsets = count * np.arange(CHUNK)[:, None]
    means = []
    for chunk in range(RESAMPLES // CHUNK):
        drawn = rng(0, purpose, chunk).integers(count, size=(CHUNK, count)) + offsets
        times = np.bincount(drawn.ravel(), minlength=CHUNK * count).reshape(CHUNK, count)
        means.append(times @ values / count)
    return np.concatenate(means)
