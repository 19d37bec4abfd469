"""Draws the running loss of runs against iterations."""

from pathlib import Path

from wngan import curves, plots
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
    drawn = curves.read(runs, running, statuses, trainings, training_counts)
    figure = plots.figure(plots.COLUMN, 2.9)
    curves.draw(figure, figure.add_subplot(), drawn, until, known, paper)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
