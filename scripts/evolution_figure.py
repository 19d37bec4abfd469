"""Draws samples of the same codes at several iterations."""

import json
from pathlib import Path

import numpy as np

from wngan import plots
from wngan.image_grids import GRAY, Panel, image_figure
from wngan.job import run_job
from wngan.model_names import run_name


@plots.styled
def main(
    samples: list[Path],
    statuses: list[Path],
    runs: list[str],
    codes: int,
    iterations: list[int],
    every: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws a column per iteration and, for each run, a row per code.

    Args:
        samples: for each run in turn, the samples of its segments from the first.
        statuses: for each run, what became of it; after a divergence it has no images, only gray.
        every: iterations between samples.
    """
    per_run = len(samples) // len(runs)
    frames = np.array(iterations) // every - 1
    grids, names = [], []
    for number, (run, status) in enumerate(zip(runs, statuses, strict=True)):
        files = samples[number * per_run : (number + 1) * per_run]
        segments = [np.load(path, mmap_mode="r") for path in files]
        length = len(segments[0])
        grid = np.stack([segments[k // length][k % length, :codes] for k in frames], axis=1)
        fate = json.loads(status.read_text())
        if fate["status"] == "diverged":
            grid[:, np.array(iterations) >= fate["iteration"]] = GRAY
        grids.append(grid)
        names.append(f"{run_name(run)} {plots.failure(fate)}".strip())
    panel = Panel(
        np.concatenate(grids),
        title="iteration",
        columns=[f"{iteration:,}" for iteration in iterations],
        rows=[(codes, name) for name in names],
    )
    plots.save(image_figure([[panel]]), png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
