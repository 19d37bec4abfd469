"""Measurements that several claims share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wngan import running as running_losses
from wngan.bootstrap import Estimate, above, share
from wngan.claims.record import Finding, Run
from wngan.model_names import NAMES
from wngan.outcome import LEARNED_NOTHING, NEVER_DIVERSE
from wngan.verdicts import Criterion

FEWEST = 3
"""Running losses that a fluctuation takes at least."""


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


def of_model(runs: Sequence[Run], model: str) -> list[Run]:
    """The trainings of a model."""
    return [run for run in runs if run.model == model]


def percent(ratio: Estimate) -> Estimate:
    """By how many percent something is above another, by its ratio to it."""
    return Estimate(*(above(each, 1) for each in ratio))


def common_rows(runs: Sequence[Run], start: float, stop: float = np.inf) -> list[NDArray[np.intp]]:
    """Of each run the rows of running losses at iterations that all have, from `start` to `stop`.

    Iteration 0, before any training, is left out.
    """
    at = runs[0].running["iteration"]
    for run in runs[1:]:
        at = np.intersect1d(at, run.running["iteration"])
    at = at[(at > 0) & (at >= start) & (at <= stop)]
    return [np.searchsorted(run.running["iteration"], at) for run in runs]


def lowest_loss(run: Run) -> float:
    """The lowest running loss."""
    return float(run.running["running_loss"][running_losses.optimum(run.running)])


def losses_at_optimum(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the optimum."""
    return run.losses[running_losses.optimum(run.running)]


def losses_at_the_end(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the last iteration; infinite if the run diverged."""
    return np.full_like(run.losses[-1], np.inf) if run.diverged else run.losses[-1]


def last_final(run: Run) -> NDArray[np.float32]:
    """The final loss of each image at the last iteration; infinite if the run diverged."""
    losses = run.last["losses"]
    return np.full_like(losses, np.inf) if run.diverged else losses


def iteration(at: int | None) -> float:
    """An iteration, or infinity for never."""
    return np.inf if at is None else float(at)


def after_start(run: Run, name: str, stop: float = np.inf) -> NDArray[np.float64]:
    """A column of a run's series where it is finite, after iteration 0 and up to `stop`."""
    at, column = run.series["iteration"], run.series[name]
    return column[(at > 0) & (at <= stop) & np.isfinite(column)]


def scaled(what: str, printed: float, scaled: float) -> str:
    """A quantity that the paper gives in iterations or steps of a run of another length."""
    return what if printed == scaled else f"{what} (the paper's {printed:,.0f} scaled to this run)"


def never_trained(*models: Sequence[Run]) -> str:
    """Why models cannot be compared, if all trainings of one of them came to nothing."""
    for runs in models:
        found = {run.status["status"] for run in runs}
        if found <= {LEARNED_NOTHING, NEVER_DIVERSE}:
            return f"all trainings of {NAMES[runs[0].model]} are {' or '.join(sorted(found))}"
    return ""


def learned_nothing(*models: Sequence[Run]) -> str:
    """Why samples test nothing, if no training of a model ever was better than the mean image."""
    for runs in models:
        if all(run.status["learned"] is None for run in runs):
            return f"no training of {NAMES[runs[0].model]} learned anything"
    return ""


def optimum_is_last(run: Run) -> bool:
    """Whether a run's lowest running loss is that of its last evaluation; not if it diverged."""
    return not run.diverged and running_losses.optimum(run.running) == len(run.running) - 1


def trained_too_short(*models: Sequence[Run]) -> str:
    """Why optima cannot be compared, if one is a run's last evaluation, as it may fall further."""
    for run in (run for runs in models for run in runs):
        if optimum_is_last(run):
            return f"the optimum of {run.name} is its last evaluation, so it may still improve"
    return ""


def few_evaluations(*curves: NDArray) -> str:
    """Why curves (E, images) cannot be compared, if one has fewer than `FEWEST` evaluations."""
    fewest = min(len(curve) for curve in curves)
    return "" if fewest >= FEWEST else f"of {FEWEST} evaluations or more there are {fewest}"


def share_finding(
    part: str, what: str, runs: Sequence[Run], at_least: float, paper: float = np.nan
) -> Finding:
    """The share of trainings that "failed" or "trained", judged by its value.

    With few trainings Wilson's interval is too wide to decide anything. A run that had to start
    again failed, and may have trained in the end. One that has come to nothing so far may do
    better, if its loss still falls. Where all or most are to do something, fewer is the opposite.
    """
    untestable = ""
    if what == "failed":
        count = sum(run.failed or bool(run.status.get("restarts")) for run in runs)
        unborn = [run for run in runs if run.status["status"] in (LEARNED_NOTHING, NEVER_DIVERSE)]
        untestable = trained_too_short(unborn)
    else:
        count = sum(not run.failed for run in runs)
    percentage = Estimate(*(100 * each for each in share(count, len(runs))))
    text = f"trainings of {NAMES[runs[0].model]} that {what}, %; judged by the value"
    none = 0 if what == "failed" and at_least < 1 else np.nan
    criterion = Criterion(low=100 * at_least, none=none)
    return Finding(
        part,
        text,
        percentage,
        criterion,
        [runs],
        paper,
        by_value=True,
        untestable=untestable,
    )
