"""Draws the running loss of runs against iterations."""

import json
from pathlib import Path

import numpy as np

from wngan import plots
from wngan import running as running_losses
from wngan.baselines import read as read_baselines
from wngan.job import run_job
from wngan.model_names import run_name


@plots.styled
def main(
    running: list[Path],
    statuses: list[Path],
    baselines: Path,
    runs: list[str],
    until: int,
    running_images: int,
    paper: dict[str, float],
    png: Path,
    pdf: Path,
) -> None:
    """Draws a line per run up to iteration `until`, with a dot at its lowest point.

    Thin gray lines are what the same images lose without a generator.

    Args:
        statuses: for each run, what became of it; a cross marks where it collapsed.
        baselines: what test images lose without a generator.
        running_images: of the running evaluation, the first of them.
        paper: the paper's lowest losses of some of the runs, such as that of "bn@optimal".
    """
    figure = plots.figure(plots.COLUMN, 2.9)
    axes = figure.add_subplot()
    peaks, collapses = [], []
    for path, status, run in zip(running, statuses, runs, strict=True):
        rows = running_losses.read([path])
        rows = rows[(rows["iteration"] > 0) & (rows["iteration"] <= until)]
        iterations, losses = rows["iteration"], rows["running_loss"]
        style = plots.run_style(run)
        fate = json.loads(status.read_text())
        label = f"{run_name(run)} {plots.failure(fate)}".strip()
        axes.plot(iterations, losses, label=label, **style)
        if fate["collapsed"] is not None and fate["collapsed"] <= until:
            height = np.interp(fate["collapsed"], iterations, losses)
            mark = plots.MARKS["collapse"]
            axes.plot(fate["collapsed"], height, color=style["color"], **mark)
            collapses.append(run)
        if np.isfinite(losses).any():
            lowest, loss, _ = rows[running_losses.optimum(rows)].tolist()
            mark = plots.MARKS["lowest"] | {"clip_on": False}
            axes.plot(lowest, loss, color=style["color"], **mark)
            peaks.append(np.quantile(losses[np.isfinite(losses)], 0.98))
        if f"{run}@optimal" in paper:
            plots.paper_mark(axes, paper[f"{run}@optimal"], **style)
    known = read_baselines(baselines, slice(running_images))
    plots.baselines(axes, known)
    plots.iteration_axis(axes)
    axes.set_xlim(0, until)
    top = 1.1 * max([*peaks, known.mean_image.mean()])  # the first losses are beyond it
    plots.loss_axis(axes, "running reconstruction loss", top)
    marks = {"lowest": bool(peaks), "collapse": bool(collapses), "paper": bool(paper)}
    plots.legend(figure, axes, **marks)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
