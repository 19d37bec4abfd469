"""Measurements that several claims share."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from wngan import running as running_losses
from wngan.bootstrap import Estimate, above, paired, paired_ratio, share
from wngan.claims.record import Finding, Run
from wngan.verdicts import Criterion


def crossing(
    steps: NDArray[np.int64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The step from which on each curve of `a` stays below that of `b`; inf if it does not.

    Args:
        steps: int64 (S,), increasing, from 1 on.
        a: (R, S); between steps curves are taken to be straight lines over the steps' logarithm.
        b: (R, S).
    """
    gap = a - b
    higher = ~(gap < 0)
    last = len(steps) - 1 - np.argmax(higher[:, ::-1], axis=1)
    before = np.clip(last, 0, max(len(steps) - 2, 0))
    after = np.minimum(before + 1, len(steps) - 1)
    rows = np.arange(len(gap))
    crosses = higher.any(axis=1) & ~higher[:, -1]
    fall = np.where(crosses, gap[rows, before] - gap[rows, after], 1)
    logs = np.log(steps)
    at = logs[before] + gap[rows, before] / fall * (logs[after] - logs[before])
    step = np.where(crosses, np.exp(np.where(crosses, at, 0)), np.inf)
    return np.where(higher.any(axis=1), step, steps[0])


def fluctuation(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of curves (R, E): the root mean square (R,) of the log ratio of successive losses.

    It is NaN for fewer than three losses.
    """
    if losses.shape[1] < 3:
        return np.full(len(losses), np.nan)
    return np.sqrt(np.square(np.diff(np.log(losses), axis=1)).mean(axis=1))


def best(runs: Sequence[Run], model: str) -> Run:
    """The best instance of a model."""
    return next(run for run in runs if (run.model, run.instance) == (model, "best"))


def instances(runs: Sequence[Run], model: str) -> list[Run]:
    """The instances of a model."""
    return [run for run in runs if run.model == model and run.instance != "best"]


def percent_above(a: NDArray[np.float32], b: NDArray[np.float32]) -> Estimate:
    """By how many percent the mean of `a` (N,) is above that of `b` (N,), of the same images."""
    return Estimate(*(above(ratio, 1) for ratio in paired_ratio(a, b)))


def fluctuation_ratio(a: NDArray[np.float32], b: NDArray[np.float32]) -> Estimate:
    """`fluctuation` of the mean of losses `a` (E, images) over that of `b`, of the same images."""
    return paired(
        lambda means: fluctuation(means[:, : len(a)]) / fluctuation(means[:, len(a) :]), a.T, b.T
    )


def common_rows(
    a: Run, b: Run, start: float, stop: float = np.inf
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of two runs' running losses at iterations that both have, from `start` to `stop`.

    Iteration 0, before any training, is left out.
    """
    at, rows_a, rows_b = np.intersect1d(
        a.running["iteration"], b.running["iteration"], return_indices=True
    )
    kept = (at > 0) & (at >= start) & (at <= stop)
    return rows_a[kept], rows_b[kept]


def lowest_loss(run: Run) -> float:
    """The lowest running loss."""
    return float(run.running["running_loss"][running_losses.optimum(run.running)])


def losses_at_optimum(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the optimum."""
    return run.losses[running_losses.optimum(run.running)]


def losses_at_the_end(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the last iteration; NaN if the run diverged before it."""
    return run.losses[-1] * (np.nan if run.status["status"] == "diverged" else 1)


def iteration(at: int | None) -> float:
    """An iteration, or infinity for never."""
    return np.inf if at is None else float(at)


def after_start(run: Run, name: str, stop: float = np.inf) -> NDArray[np.float64]:
    """A column of a run's series where it is finite, after iteration 0 and up to `stop`."""
    at, column = run.series["iteration"], run.series[name]
    return column[(at > 0) & (at <= stop) & np.isfinite(column)]


def mean(values: NDArray[np.float64]) -> float:
    """The mean, NaN of nothing."""
    return float(values.mean()) if len(values) else np.nan


def scaled(what: str, printed: float, scaled: float) -> str:
    """A quantity that the paper gives in iterations or steps of a run of another length."""
    return what if printed == scaled else f"{what} (the paper's {printed:,.0f} scaled to this run)"


def variation(losses: Sequence[float]) -> float:
    """The standard deviation over the mean of two or more losses."""
    center, count = fmean(losses), len(losses)
    return (sum((loss - center) ** 2 for loss in losses) / (count - 1)) ** 0.5 / center


def share_finding(
    part: str, what: str, runs: Sequence[Run], at_least: float, paper: float = np.nan
) -> Finding:
    """The share of instances that "failed" or "trained", judged by its value.

    With few instances Wilson's interval is too wide to decide anything.
    """
    if what == "failed":  # a run that had to start again did
        count = sum(run.failed or bool(run.status.get("restarts")) for run in runs)
    else:
        count = sum(not run.failed for run in runs)
    percent = Estimate(*(100 * each for each in share(count, len(runs))))
    text = f"{runs[0].model} instances that {what}, % of {len(runs)}; judged by the value"
    return Finding(part, text, percent, Criterion(low=100 * at_least), runs, paper, by_value=True)
