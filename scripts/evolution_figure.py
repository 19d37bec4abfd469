"""Draws samples of the same codes at several iterations."""

import json
import math
from pathlib import Path

import numpy as np

from wngan import plots
from wngan.log import logged
from wngan.names import run_name


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
    rows = []
    names = []
    for run, status in enumerate(statuses):
        about = json.loads(status.read_text())
        diverged = about["iteration"] if about["status"] == "diverged" else math.inf
        names.append(f"{run_name(runs[run])} {plots.divergence(status)}".strip())
        files = samples[run * per_run : (run + 1) * per_run]
        arrays = [np.load(path, mmap_mode="r") for path in files]
        for code in range(codes):
            indices = [iteration // every - 1 for iteration in iterations]
            rows.append([arrays[i // len(arrays[0])][i % len(arrays[0]), code] for i in indices])
            for column, iteration in enumerate(iterations):
                if iteration >= diverged:
                    rows[-1][column] = np.full_like(rows[-1][column], 128)
    images = np.array(rows)

    width = plots.PAGE
    figure = plots.figure(width, width * images.shape[0] / images.shape[1] + 0.5)
    plots.show_grid(
        figure.add_subplot(),
        images,
        columns=[f"{iteration:,}" for iteration in iterations],
        rows=[(codes, name) for name in names],
    )
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            [Path(path) for path in snakemake.input.samples],
            [Path(path) for path in snakemake.input.status],
            snakemake.params.runs,
            snakemake.params.codes,
            snakemake.params.iterations,
            snakemake.params.every,
            Path(snakemake.output.png),
            Path(snakemake.output.pdf),
        )
