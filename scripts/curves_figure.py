"""Draws the running loss of runs against iterations."""

import json
from itertools import islice
from pathlib import Path

from wngan import curves, plots
from wngan import running as running_losses
from wngan.baselines import read as read_baselines
from wngan.job import run_job


@plots.styled
def main(
    running: list[Path],
    trainings: list[Path],
    training_counts: list[int],
    statuses: list[Path],
    baselines: Path,
    runs: list[str],
    until: int,
    running_images: int,
    paper: dict[str, float],
    png: Path,
    pdf: Path,
) -> None:
    """Draws a line per run up to iteration `until`, with what `wngan.curves.draw` draws beside it.

    Args:
        running: for each run, its running losses.
        trainings: those of all trainings that each run is the best of, `training_counts` of each.
        statuses: for each run, what became of it.
        baselines: what test images lose without a generator.
        running_images: of the running evaluation, the first of them.
        paper: the paper's lowest losses of some of the runs, such as that of "bn@optimal".
    """
    known = read_baselines(baselines, slice(running_images))
    all_trainings = map(running_losses.read, ([path] for path in trainings))
    drawn = [
        curves.Curve(
            run,
            running_losses.read([path]),
            json.loads(status.read_text()),
            list(islice(all_trainings, count)),
        )
        for run, path, status, count in zip(runs, running, statuses, training_counts, strict=True)
    ]
    figure = plots.figure(plots.COLUMN, 2.9)
    curves.draw(figure, figure.add_subplot(), drawn, until, known, paper)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
