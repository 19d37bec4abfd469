"""Running losses against iterations, for the figures that show them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from wngan import plots
from wngan import running as running_losses
from wngan.baselines import Baselines
from wngan.model_names import run_name

FAR = 3
"""A baseline below the lowest loss by more than this factor is left out of the picture."""


@dataclass(frozen=True)
class Curve:
    """A run whose losses are drawn.

    Attributes:
        run: as configurations name it, as in bn, for the best of its trainings, or bn/2.
        rows: its losses (`wngan.running.FIELDS`).
        status: what became of it.
        trainings: the losses of all trainings that it is the best of, or of itself alone.
    """

    run: str
    rows: NDArray[np.void]
    status: dict[str, Any]
    trainings: Sequence[NDArray[np.void]]


def read(
    runs: Sequence[str],
    running: Sequence[Path],
    statuses: Sequence[Path],
    trainings: Sequence[Path],
    counts: Sequence[int],
) -> list[Curve]:
    """The curves of runs.

    Args:
        runs: as configurations name them.
        running, statuses: of each run, its running losses and what became of it.
        trainings: the running losses of all trainings that the runs are the best of.
        counts: how many of them are each run's.
    """
    losses = (running_losses.read([path]) for path in trainings)
    return [
        Curve(
            run,
            running_losses.read([path]),
            json.loads(status.read_text()),
            list(islice(losses, count)),
        )
        for run, path, status, count in zip(runs, running, statuses, counts, strict=True)
    ]


def draw(
    figure: Figure | SubFigure,
    axes: Axes,
    curves: Sequence[Curve],
    until: int,
    baselines: Baselines,
    paper: dict[str, float],
) -> None:
    """Draws a line per run up to iteration `until`, with a dot at its lowest point.

    A band goes from the lowest to the highest loss of all trainings of the model, where there are
    several. A cross marks a collapse, short lines on the right the paper's lowest losses, and thin
    gray lines what the same images lose without a generator.

    Args:
        baselines: of the images of the running evaluation.
        paper: losses of some of the runs, such as that of `bn@optimal`.
    """
    seen, collapses = [], []
    for curve in curves:
        rows = _shown(curve.rows, until)
        style = plots.run_style(curve.run)
        label = f"{run_name(curve.run)} {plots.failure(curve.status)}".strip()
        axes.plot(rows["iteration"], rows["running_loss"], label=label, **style)
        collapsed = curve.status["collapsed"]
        if collapsed is not None and collapsed <= until:
            height = np.interp(collapsed, rows["iteration"], rows["running_loss"])
            axes.plot(collapsed, height, color=style["color"], **plots.MARKS["collapse"])
            collapses.append(curve.run)
        if np.isfinite(rows["running_loss"]).any():
            lowest, loss, _ = rows[running_losses.optimum(rows)].tolist()
            mark = plots.MARKS["lowest"] | {"clip_on": False}
            axes.plot(lowest, loss, color=style["color"], **mark)
        if len(curve.trainings) > 1:
            at, low, high = _band(curve.trainings, until)
            axes.fill_between(at, low, high, color=style["color"], **plots.BAND)
        if f"{curve.run}@optimal" in paper:
            plots.paper_mark(axes, paper[f"{curve.run}@optimal"], **style)
        for each in (curve.rows, *curve.trainings):
            losses = _shown(each, until)["running_loss"]
            seen.append(losses[np.isfinite(losses)])
    if any(len(curve.trainings) > 1 for curve in curves):
        axes.fill_between([], [], color="gray", label="all trainings", **plots.BAND)
    plots.baselines(axes, baselines)
    plots.iteration_axis(axes)
    axes.set_xlim(0, until)
    known = [losses.mean() for losses in baselines]
    # The first losses are above the axis, and baselines that are far below every curve below it.
    top = 1.1 * max([np.quantile(losses, 0.98) for losses in seen if len(losses)] + known[:1])
    least = min([losses.min() for losses in seen if len(losses)] + known[:1] + [*paper.values()])
    bottom = 0.9 * min([least, *(loss for loss in known if loss > least / FAR)])
    plots.loss_axis(axes, "running reconstruction loss", bottom, top)
    marks = {"lowest": any(len(losses) for losses in seen), "collapse": bool(collapses)}
    plots.legend(figure, axes, **marks, paper=bool(paper))


def _shown(rows: NDArray[np.void], until: int) -> NDArray[np.void]:
    """The rows after training began, up to iteration `until`."""
    return rows[(rows["iteration"] > 0) & (rows["iteration"] <= until)]


def _band(trainings: Sequence[NDArray[np.void]], until: int) -> tuple[list[int], ...]:
    """Iterations, and of the trainings that have losses there the lowest and the highest."""
    rows = np.concatenate([_shown(each, until) for each in trainings])
    rows = rows[np.isfinite(rows["running_loss"])]
    at = np.unique(rows["iteration"])
    losses = [rows["running_loss"][rows["iteration"] == each] for each in at]
    return at.tolist(), [each.min() for each in losses], [each.max() for each in losses]
