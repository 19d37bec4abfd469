"""Draws groups of samples that are most alike, above them what their codes gave at another time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wngan import plots
from wngan.image_grids import Panel, image_figure
from wngan.job import run_job
from wngan.model_names import run_name


def alike(images: NDArray[np.uint8], groups: int, size: int) -> list[NDArray[np.int64]]:
    """Disjoint groups of images that share most, the most alike first.

    Images are compared by their mean squared difference once each has mean 0 and variance 1 in
    every channel, so that a common color or brightness does not count. A group is an image with its
    nearest `size` - 1 neighbors, the one with the least mean distance to them among all that are
    left.

    Args:
        images: uint8 (N, H, W, 3), N ≥ groups·size.

    Returns:
        For each group the indices int64 (size,) of its images.
    """
    pixels = images.astype(np.float64)
    pixels -= pixels.mean((1, 2), keepdims=True)
    pixels /= pixels.std((1, 2), keepdims=True) + 1e-9
    flat = pixels.reshape(len(images), -1)
    squares = np.square(flat).sum(1)
    distances = squares[:, None] + squares - 2 * flat @ flat.T
    np.fill_diagonal(distances, -np.inf)  # first among its own neighbors
    found: list[NDArray[np.int64]] = []
    for _ in range(groups):
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :size]
        means = np.take_along_axis(distances, nearest[:, 1:], axis=1).mean(1)
        chosen = nearest[int(means.argmin())]
        found.append(chosen)
        distances[chosen] = distances[:, chosen] = np.inf
    return found


@plots.styled
def main(
    samples: list[Path],
    panels: list[str],
    among: int,
    groups: int,
    size: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws two rows per group: its codes' images at the first checkpoint and at the second.

    Args:
        samples: uint8 (N, H, W, 3) at two checkpoints of a run, of the same codes, or none.
        panels: the run and the checkpoint of each, as in "bn/1@optimal" and "bn/1@110000".
        among: how many codes the groups are chosen from, by the second checkpoint's images.
    """
    early, late = (np.load(path)[:among] for path in samples)
    run = run_name(panels[0].split("@")[0])
    if not len(early) or not len(late):
        figure = plots.figure(plots.PAGE, 0.8)
        plots.show_message(figure.add_subplot(), f"{run} diverged before {panels[1]}")
    else:
        rows = [images[group] for group in alike(late, groups, size) for images in (early, late)]
        names = [panel.split("@")[1] for panel in panels] * groups
        labels = ["optimum" if name == "optimal" else f"{int(name):,}" for name in names]
        panel = Panel(np.stack(rows), rows=[(1, f"{run} at {name}") for name in labels])
        figure = image_figure([[panel]])
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
