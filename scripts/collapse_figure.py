"""Draws samples of the same codes as a run collapses, or says that it did not."""

import json
from pathlib import Path

import numpy as np

from wngan import outcome, plots
from wngan.image_grids import Panel, image_figure
from wngan.job import run_job
from wngan.model_names import run_name


@plots.styled
def main(
    samples: list[Path],
    series: Path,
    statuses: Path,
    run: str,
    codes: int,
    columns: int,
    every: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws a row per code and a column per sample, about two thirds of them before the collapse.

    Args:
        samples: of the run's segments.
        series: the diversity of the run's samples.
        statuses: what became of the run; its `collapsed` is where all samples begin to be alike.
        every: iterations between samples.
    """
    fate = json.loads(statuses.read_text())
    collapsed = fate["collapsed"]
    rows = outcome.read(series)
    if collapsed is None:
        figure = plots.figure(plots.PAGE, 0.8)
        end = plots.failure(fate) or "did not collapse"
        message = f"{run_name(run)} {end}; its samples are of {len(rows) * every:,} iterations."
        if len(rows):
            lowest = rows[rows["diversity"].argmin()]
            message += (
                f"\nIts least diverse samples, at iteration {lowest['iteration']:,}, differ by "
                f"{lowest['diversity']:.1%} of what real images do."
            )
        plots.show_message(figure.add_subplot(), message)
    else:
        segments = [np.load(path, mmap_mode="r") for path in samples]
        length = len(segments[0])
        first = max(0, min(collapsed // every - 2 * columns // 3, len(rows) - columns))
        frames = range(first, min(first + columns, len(rows)))
        grid = np.stack([segments[k // length][k % length, :codes] for k in frames], axis=1)
        panel = Panel(
            grid,
            title="iteration",
            columns=[f"{(k + 1) * every:,}" for k in frames],
            rows=[(codes, f"{run_name(run)} collapsed at {collapsed:,}")],
        )
        figure = image_figure([[panel]])
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
