"""Draws samples of the same codes as a run collapses, or when they are least diverse."""

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

    Of a run that did not collapse these are around its least diverse samples after it had learned.

    Args:
        samples: of the run's segments.
        series: the diversity of the run's samples.
        statuses: what became of the run; its `collapsed` is where all samples begin to be alike.
        every: iterations between samples.
    """
    fate = json.loads(statuses.read_text())
    rows = outcome.read(series)
    learned = rows[rows["iteration"] >= (np.inf if fate["learned"] is None else fate["learned"])]
    if fate["collapsed"] is not None:
        moment, label = fate["collapsed"], f"{run_name(run)} collapsed at {fate['collapsed']:,}"
    elif len(learned):
        moment, diversity = learned[learned["diversity"].argmin()][["iteration", "diversity"]]
        end = plots.failure(fate) or "did not collapse"
        label = (
            f"{run_name(run)} {end}; least diverse at {moment:,} ({diversity:.0%} of real images)"
        )
    else:
        message = f"{run_name(run)} {plots.failure(fate) or 'learned nothing'}."
        figure = plots.figure(plots.PAGE, 0.8)
        plots.show_message(figure.add_subplot(), message)
        plots.save(figure, png, pdf)
        return
    segments = [np.load(path, mmap_mode="r") for path in samples]
    length = len(segments[0])
    first = max(0, min(int(moment) // every - 2 * columns // 3, len(rows) - columns))
    frames = range(first, min(first + columns, len(rows)))
    grid = np.stack([segments[k // length][k % length, :codes] for k in frames], axis=1)
    panel = Panel(
        grid,
        title=f"{label}; iteration",
        columns=[f"{(k + 1) * every:,}" for k in frames],
    )
    plots.save(image_figure([[panel]]), png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
