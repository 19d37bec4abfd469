"""Draws samples of the same codes at several iterations."""

from pathlib import Path

import numpy as np

from wngan import plots
from wngan.log import logged
from wngan.names import run_name


def main(
    samples: list[Path],
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
        every: iterations between samples.
    """
    per_run = len(samples) // len(runs)
    rows = []
    for run in range(len(runs)):
        files = samples[run * per_run : (run + 1) * per_run]
        arrays = [np.load(path, mmap_mode="r") for path in files]
        for code in range(codes):
            indices = [iteration // every - 1 for iteration in iterations]
            rows.append([arrays[i // len(arrays[0])][i % len(arrays[0]), code] for i in indices])
    images = np.array(rows)

    width = plots.PAGE
    figure = plots.figure(width, width * images.shape[0] / images.shape[1] + 0.5)
    plots.show_grid(
        figure.add_subplot(),
        images,
        columns=[f"{iteration:,}" for iteration in iterations],
        rows=[(codes, run_name(run)) for run in runs],
    )
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            [Path(path) for path in snakemake.input],
            snakemake.params.runs,
            snakemake.params.codes,
            snakemake.params.iterations,
            snakemake.params.every,
            Path(snakemake.output.png),
            Path(snakemake.output.pdf),
        )
