"""95 % intervals: over images, over trainings and images, and of shares of trainings.

Trainings are few, often three of a model, and resampling so few gives intervals that are too short.
So images are resampled, and what trainings add is drawn from Student's t. Images of one folder
(patches of a photograph, frames of a video) may be alike; where a data set is split by folder,
whole folders are resampled (`per_folder`), which may be few too. For models that do not differ,
tests/unit/test_bootstrap.py counts how often each finds a difference.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wngan.randomness import rng

RESAMPLES = 10_000
CHUNK = 500  # resamples at once, which bounds the memory
FEWEST_PAIRS = 5
"""Of fewer a rank correlation has no interval."""

IMAGES_ALONE = "images alone"
"""What an interval is over that leaves out how trainings differ."""

_NORMAL = 1.959964  # the normal distribution's 97.5 % quantile

Means = NDArray[np.float64]


class Estimate(NamedTuple):
    """A number and its 95 % interval, whose ends are NaN where there is none."""

    value: float
    low: float = np.nan
    high: float = np.nan


def above(a: Any, b: Any) -> Any:
    """By how many percent `a` is above `b`, numbers or arrays."""
    return 100 * a / b - 100


def per_folder(losses: ArrayLike, folders: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """What to resample in place of images: of each folder the sum of its losses, times folders / N.

    The mean of these is the mean over images. Folders with more images count for more; in the ratio
    of two models it cancels how many images the resampled folders have.

    Args:
        losses: (N, ...).
        folders: of these images or of more that follow them; None gives the losses themselves.

    Returns:
        One row per folder.
    """
    values = np.asarray(losses, np.float64)
    if folders is None:
        return values
    names, of_image = np.unique(folders[: len(values)], return_inverse=True)
    sums = np.zeros((len(names), *values.shape[1:]))
    np.add.at(sums, of_image, values)
    return sums * (len(names) / len(values))


def paired(statistic: Callable[[Means], NDArray[np.float64]], *losses: ArrayLike) -> Estimate:
    """A statistic of mean losses and its percentile interval over resampled images.

    Every resample takes the same images of all columns, so that what makes an image easy or hard
    for every model alike does not widen the interval. The resamples are the same in every call.

    Args:
        statistic: of means (R, K), gives (R,), for any R.
        *losses: 0 or above, columns (N,) or several columns (N, K), with the same N images in the
            same order.

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


def unpaired_ratio(
    a: ArrayLike,
    b: ArrayLike,
    folders_of_a: NDArray[np.int64] | None = None,
    folders_of_b: NDArray[np.int64] | None = None,
) -> Estimate:
    """The mean of `a` (N,) over the mean of `b` (M,), of different images, each resampled alone.

    Args:
        folders_of_a, folders_of_b: resampled in place of images.
    """
    sides = [np.asarray(each, np.float64) for each in (a, b)]
    value = float(sides[0].mean() / sides[1].mean())
    # The second column counts images, as resampled folders have more of them or fewer.
    counted = (np.column_stack([side, np.ones(len(side))]) for side in sides)
    over, under = map(per_folder, counted, (folders_of_a, folders_of_b))
    if min(len(over), len(under)) < 2 or np.isnan(value):
        return Estimate(value)
    means = _resampled_means(over), _resampled_means(under, "bootstrap of others")
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return _estimate(value, only_mean(means[0]) / only_mean(means[1]))


def only_mean(means: Means) -> NDArray[np.float64]:
    """The mean (R,) by means (R, 2) of sums and of how many were summed."""
    return means[:, 0] / means[:, 1]


def only_column(means: Means) -> NDArray[np.float64]:
    """The statistic (R,) of means (R, 1): the mean itself."""
    return means[:, 0]


def ratio_of_models(
    a: Sequence[ArrayLike],
    b: Sequence[ArrayLike],
    statistic: Callable[[Means], NDArray[np.float64]] = only_column,
    spreads: tuple[float, float] | None = None,
) -> Estimate:
    """A statistic of model `a` over that of model `b`, each its geometric mean over trainings.

    The interval is of other trainings and other images. Of the logarithm's error one part is that
    of the same resampled images for all trainings. The other is Student's t with the standard error
    and the degrees of freedom of Welch, by how trainings of one model differ; a model with one
    training is taken to spread as the other does. With one training of each, the interval is over
    images alone, unless it is said how they spread.

    Args:
        a: of each training of one model the losses (N,), or several columns of them (N, K).
        b: of each training of the other model; none compares `statistic` with 1.
        statistic: of means (R, K), gives (R,) numbers above 0. K may differ between trainings.
        spreads: standard deviations of the logarithm over the trainings of each model, as they are
            known from three others; they count if there is one training of each.

    Raises:
        ValueError: the losses are of different images.
    """
    columns = [np.asarray(each, np.float64) for each in (*a, *b)]
    columns = [each if each.ndim == 2 else each[:, None] for each in columns]
    if len({len(each) for each in columns}) != 1:
        raise ValueError(f"The losses are of {[len(each) for each in columns]} images.")
    values = np.concatenate(columns, axis=1)
    ends = np.cumsum([each.shape[1] for each in columns])[:-1]

    def logs(means: Means) -> NDArray[np.float64]:
        """Of each training (T, R)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log([statistic(each) for each in np.split(means, ends, axis=1)])

    def difference(of: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the models' means (R,)."""
        return of[: len(a)].mean(axis=0) - (of[len(a) :].mean(axis=0) if b else 0)

    of_trainings = logs(values.mean(axis=0, keepdims=True))
    value = float(difference(of_trainings)[0])
    if not np.isfinite(value):
        return Estimate(float(np.exp(value)))
    error, freedom = _welch(*np.split(of_trainings[:, 0], [len(a)]))
    if spreads is not None and len(a) == len(b) == 1:
        error, freedom = _combined([spread**2 for spread in spreads], [2, 2])
    if len(values) < 2 and not freedom:
        return Estimate(float(np.exp(value)))
    resampled = np.full(RESAMPLES, value)
    if len(values) > 1:
        resampled = difference(logs(_resampled_means(values)))
    if freedom:
        resampled = resampled + error * rng(0, "trainings").standard_t(freedom, RESAMPLES)
    return Estimate(*np.exp(_estimate(value, resampled)))


def ratio_within(
    a: Sequence[ArrayLike],
    b: Sequence[ArrayLike],
    statistic: Callable[[Means], NDArray[np.float64]] = only_column,
) -> Estimate:
    """As `ratio_of_models`, but `a` and `b` are of the same trainings, in the same order."""
    pairs = []
    for over, under in zip(a, b, strict=True):
        each = [np.asarray(losses, np.float64) for losses in (over, under)]
        each = [losses if losses.ndim == 2 else losses[:, None] for losses in each]
        pairs.append(each)
    widths = {over.shape[1] for over, _ in pairs}
    if len(widths) != 1:
        raise ValueError(f"The trainings have {sorted(widths)} columns of losses.")
    (width,) = widths
    return ratio_of_models(
        [np.concatenate(pair, axis=1) for pair in pairs],
        [],
        lambda means: statistic(means[:, :width]) / statistic(means[:, width:]),
    )


def mean_of_trainings(values: ArrayLike) -> Estimate:
    """The mean of a number of each training, with Student's interval if there are two or more."""
    each = np.asarray(values, np.float64)
    if len(each) < 2 or np.isnan(each).any():
        return Estimate(float(each.mean()) if len(each) else np.nan)
    by_chance = np.abs(rng(0, "trainings").standard_t(len(each) - 1, 100 * RESAMPLES))
    half = np.quantile(by_chance, 0.95) * each.std(ddof=1) / len(each) ** 0.5
    return Estimate(*(float(each.mean() + shift) for shift in (0, -half, half)))


def rank_correlation(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Spearman's correlation of `a` (N,) and `b` (N,), with Bonett and Wright's interval (2000).

    Equal numbers have the mean of their ranks. NaN where all of one side are equal or any is NaN;
    of fewer pairs than `FEWEST_PAIRS` there is no interval, which takes pairs to be independent.
    """
    over, under = (np.asarray(each, np.float64) for each in (a, b))
    if np.isnan([*over, *under]).any():
        return Estimate(np.nan)
    over, under, count = _ranks(over), _ranks(under), len(over)
    scale = float(over @ over * (under @ under)) ** 0.5
    if not scale:
        return Estimate(np.nan)
    value = float(over @ under) / scale
    if count < FEWEST_PAIRS:
        return Estimate(value)
    # Of a perfect order as of one in which two neighbors have changed places.
    most = 1 - 12 / (count * (count**2 - 1))
    near = np.clip(value, -most, most)
    half = _NORMAL * ((1 + near**2 / 2) / (count - 3)) ** 0.5
    low, high = (float(np.tanh(np.arctanh(near) + shift)) for shift in (-half, half))
    return Estimate(value, min(low, value), max(high, value))


def ratio_of_spreads(a: ArrayLike, b: ArrayLike) -> Estimate:
    """The standard deviation of log losses `a` (n,) over that of `b` (m,), with the F interval.

    It is NaN of fewer than two, and infinite if those of `b` are all the same.
    """
    over, under = (np.log(np.asarray(each, np.float64)) for each in (a, b))
    if min(len(over), len(under)) < 2:
        return Estimate(np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(over.std(ddof=1) / under.std(ddof=1))
    by_chance = rng(0, "spreads").f(len(over) - 1, len(under) - 1, 100 * RESAMPLES) ** 0.5
    return Estimate(ratio, *(ratio / np.quantile(by_chance, [0.975, 0.025])).tolist())


def basis(
    *models: Sequence[Any], spread: str | None = None, folders: NDArray[np.int64] | None = None
) -> str:
    """What an interval rests on, given the trainings of each model.

    Args:
        spread: how trainings are taken to differ, if not as `ratio_of_models` does.
        folders: of the images, where folders are resampled.
    """
    counts = [len(each) for each in models]
    if set(counts) == {1}:
        text = "one training" if len(counts) == 1 else "one training each"
        note = IMAGES_ALONE
    else:
        text = f"{' and '.join(map(str, counts))} trainings"
        note = "the one taken to vary as the others" if 1 in counts else ""
    note = note if spread is None else spread
    if folders is not None:
        number = len(np.unique(folders))
        resampled = f"{number} folder{'' if number == 1 else 's'}"
        note = note.replace("images", resampled) if note == IMAGES_ALONE else f"{resampled}, {note}"
    return ", ".join(filter(None, (text, note.removesuffix(", "))))


def share(successes: int, trials: int) -> Estimate:
    """The share of trials that succeeded, with Wilson's interval; NaN without trials."""
    if not trials:
        return Estimate(np.nan)
    z = _NORMAL
    p, weight = successes / trials, z**2 / trials
    center = (p + weight / 2) / (1 + weight)
    half = (p * (1 - p) * weight + weight**2 / 4) ** 0.5 / (1 + weight)
    return Estimate(p, center - half, center + half)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value over the middle one; equal values have the mean of their ranks."""
    below = (values[:, None] > values).sum(axis=1)
    above = (values[:, None] < values).sum(axis=1)
    return (below - above) / 2


def _welch(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """The standard error of mean(a) - mean(b), and its degrees of freedom; 0 if nothing is known.

    One number is taken to vary as the others do; `b` may be empty.
    """
    known = [each for each in (a, b) if len(each) > 1]
    if not known:
        return 0.0, 0.0
    if len(known) == 1:
        (spread,) = known
        variance, freedom = float(spread.var(ddof=1)), float(len(spread) - 1)
        return (variance * sum(1 / len(each) for each in (a, b) if len(each))) ** 0.5, freedom
    return _combined(
        [float(each.var(ddof=1)) / len(each) for each in known], [len(each) - 1 for each in known]
    )


def _combined(variances: Sequence[float], freedoms: Sequence[float]) -> tuple[float, float]:
    """The standard error of a difference by the variances of its parts, and Welch's freedom."""
    total = sum(variances)
    squares = sum(v**2 / freedom for v, freedom in zip(variances, freedoms, strict=True))
    return total**0.5, total**2 / squares if squares else 1.0


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
    """Means (RESAMPLES, K) of N rows of `values` (N, K) ≥ 0, drawn with replacement.

    Of few rows such means vary too little: by 1 - 1 / N of the variance, and as the normal
    distribution in place of Student's. So their ratios to the mean are raised to a power, drawn for
    each resample, that makes their logarithms a t with N - 1 degrees of freedom. The rows that are
    drawn depend on N and `purpose` alone.
    """
    count = len(values)
    offsets = count * np.arange(CHUNK)[:, None]
    means = []
    for chunk in range(RESAMPLES // CHUNK):
        drawn = rng(0, purpose, chunk).integers(count, size=(CHUNK, count)) + offsets
        times = np.bincount(drawn.ravel(), minlength=CHUNK * count).reshape(CHUNK, count)
        means.append(times @ values / count)
    resampled = np.concatenate(means)
    mean = values.mean(axis=0)
    wider = np.sqrt(count / rng(0, f"{purpose}, spread").chisquare(count - 1, len(resampled)))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # of two or three rows
        moved = mean * (resampled / mean) ** wider[:, None]
    return np.where(np.isfinite(mean) & (mean > 0), moved, resampled)
