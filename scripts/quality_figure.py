"""Draws how like training images samples are against reconstruction losses."""

import json
from pathlib import Path

import numpy as np
import pandas

from wngan import plots
from wngan.bootstrap import Estimate
from wngan.job import run_job
from wngan.model_names import run_name
from wngan.quality_ranks import along_trainings

PATH = {"marker": ".", "markersize": 2.5, "linewidth": 0.5, "alpha": 0.7}
"""A training's snapshots, joined in their order."""


@plots.styled
def main(
    runs: list[str],
    qualities: list[Path],
    statuses: list[Path],
    png: Path,
    pdf: Path,
) -> None:
    """Draws a path through the snapshots of each training, with a dot at its optimum.

    The first snapshot, before any training, is left out. Above is the rank correlation that claim
    C18a is judged by.

    Args:
        runs: all trainings, as in bn/2.
        qualities: for each of them, as scripts/join_quality.py writes them.
        statuses: for each of them, what became of it.
    """
    figure = plots.figure(plots.COLUMN, 3.4)
    axes = figure.add_subplot()
    trainings = []
    for run, path, status in zip(runs, qualities, statuses, strict=True):
        quality = pandas.read_csv(path)
        trainings.append({str(name): column.to_numpy() for name, column in quality.items()})
        style = plots.run_style(run)
        label = f"{run_name(run)} {plots.failure(json.loads(status.read_text()))}".strip()
        optimal = quality["checkpoint"] == "optimal"
        later = quality[~optimal & (quality["iteration"] > 0)]
        axes.plot(later["running_loss"], later["fid"], label=label, **style | PATH)
        best = quality[optimal]
        axes.plot(best["running_loss"], best["fid"], color=style["color"], **plots.MARKS["lowest"])
    features = sorted({name for each in trainings for name in each["features"]})
    axes.set_xscale("log")
    plots.plain_ticks(axes.xaxis)
    axes.set_xlabel("running reconstruction loss (MSE per pixel and channel)")
    if np.isfinite(axes.dataLim.minposy):
        axes.set_yscale("log")
        plots.plain_ticks(axes.yaxis)
    axes.set_ylabel(f"Fréchet distance to training images\n(of {' and '.join(features)})")
    axes.set_title(f"rank correlation {_text('along trainings', along_trainings(trainings))}")
    plots.legend(figure, axes, lowest=True)
    plots.save(figure, png, pdf)


def _text(of: str, found: Estimate) -> str:
    """A correlation with its interval."""
    if np.isnan(found.value):
        return f"{of}: too few"
    return f"{of}: {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


if "snakemake" in globals():
    run_job(main, snakemake)
