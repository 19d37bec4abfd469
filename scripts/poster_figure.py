"""Draws one page of what came out: curves, samples, reconstructions and verdicts."""

from itertools import islice
from pathlib import Path

import numpy as np
import pandas
from matplotlib.axes import Axes
from numpy.typing import NDArray
from safetensors.numpy import load_file

from wngan import curves, plots
from wngan.baselines import read as read_baselines
from wngan.data import open_images
from wngan.image_grids import GRAY, image_grid
from wngan.job import run_job
from wngan.model_names import run_name
from wngan.randomness import rng
from wngan.verdicts import COLORS, counts

COLUMNS = 6
"""Of the samples of each run."""

TESTS = 16
"""Test images whose reconstructions are shown."""


@plots.styled
def main(
    running: list[Path],
    trainings: list[Path],
    training_counts: list[int],
    statuses: list[Path],
    baselines: Path,
    samples: list[Path],
    info: Path,
    permutation: Path,
    finals: list[Path],
    losses: list[Path],
    claims: Path | None,
    runs: list[str],
    until: int,
    running_images: int,
    samples_shown: int,
    paper: dict[str, float],
    dataset: str,
    png: Path,
    pdf: Path,
) -> None:
    """Draws the running losses of runs, their samples and reconstructions, and counts verdicts.

    Args:
        running, trainings, training_counts, statuses, baselines, running_images, paper: as
            scripts/curves_figure.py takes them.
        samples: for each run, uint8 (N, H, W, 3) with N ≥ `samples_shown`, or none.
        info, permutation: of the data set.
        finals: for each run, its final reconstruction.
        losses: of each training, in the order of `trainings`, its final losses.
        claims: the table of claims, if the configuration has any.
    """
    figure = plots.figure(1.45 * plots.PAGE, 0.72 * plots.PAGE)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.4))[0]
    curve = left
    if claims is not None:
        curve, below = left.subfigures(2, 1, height_ratios=(2.6, 1))
        _verdicts(below.add_subplot(), pandas.read_csv(claims)["verdict"].tolist())
    above, below = right.subfigures(2, 1, height_ratios=(2, 1))

    drawn = curves.read(runs, running, statuses, trainings, training_counts)
    known = read_baselines(baselines, slice(running_images))
    curves.draw(curve, curve.add_subplot(), drawn, until, known, paper)

    means = (pandas.read_csv(path)["loss"].mean(skipna=False) for path in losses)
    for axes, run, path, count in zip(
        above.subplots(1, len(runs), squeeze=False)[0], runs, samples, training_counts, strict=True
    ):
        of_trainings = pandas.Series(list(islice(means, count)))
        spread = f" ± {of_trainings.std():.2g}" if count > 1 else ""
        loss = f"final loss {of_trainings.mean(skipna=False):.3g}{spread}"
        number = "one training" if count == 1 else f"{count} trainings"
        images = np.load(path)[:samples_shown]
        if not len(images):
            images = np.full((samples_shown, 8, 8, 3), GRAY, np.uint8)
        rows = images.reshape(-1, COLUMNS, *images.shape[1:])
        _show(axes, rows, f"{run_name(run)} samples\n{loss}\n({number})")

    found = [load_file(path) for path in finals]
    shown = rng(0, "random reconstructions").permutation(len(found[0]["losses"]))[:TESTS]
    tests = open_images(info)[np.load(permutation)[: len(found[0]["losses"])][shown]]
    grid = np.stack([tests, *(final["images"][shown] for final in found)])
    axes = below.add_subplot()
    _show(axes, grid, f"test images of {dataset}, and the best training's reconstructions")
    names = ["test", *map(run_name, runs)]
    step = grid.shape[2] + 1
    axes.set_yticks([step * (k + 0.5) for k in range(len(names))], names)
    axes.tick_params(left=False)
    plots.save(figure, png, pdf)


def _show(axes: Axes, grid: NDArray[np.uint8], title: str) -> None:
    """Shows images uint8 (rows, columns, H, W, 3) with white lines between them."""
    axes.imshow(image_grid(grid, 1), interpolation="nearest")
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.grid(False)


def _verdicts(axes: Axes, verdicts: list[str]) -> None:
    """A bar of how often each verdict came out."""
    start = 0
    for verdict, count in counts(verdicts).items():
        background, text = COLORS[verdict]
        axes.barh(0, count, left=start, color=background, edgecolor=text, linewidth=0.5)
        middle = start + count / 2
        axes.text(middle, 0, f"{count}", color=text, ha="center", va="center")
        axes.text(middle, -0.5, verdict, color=text, ha="right", va="top", rotation=30)
        start += count
    axes.set_title("the paper's statements, by verdict")
    axes.set_ylim(-1.6, 0.5)
    axes.axis("off")


if "snakemake" in globals():
    run_job(main, snakemake)
