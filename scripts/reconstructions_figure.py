"""Draws test images beside what each model makes of them."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from wngan import plots
from wngan.data import open_images
from wngan.image_grids import Panel, image_figure
from wngan.job import run_job
from wngan.model_names import run_name
from wngan.randomness import rng


def choose_images(losses: NDArray[np.floating], how: str, count: int) -> NDArray[np.int64]:
    """Which of N test images to show.

    Args:
        losses: (models, N), the final loss of each image with each model.
        how: "random" takes any; "selected" prefers those that all models do well, in that each
            model's loss is below its own median, at random among them.
        count: at most N.
    """
    order = rng(0, f"{how} reconstructions").permutation(losses.shape[1])
    if how == "selected":
        losses = losses[np.isfinite(losses).all(1)]  # without models that diverged
        well = (losses < np.median(losses, axis=1, keepdims=True)).all(0)
        order = np.concatenate([order[well[order]], order[~well[order]]])
    return order[:count]


@plots.styled
def main(
    info: Path,
    permutation: Path,
    finals: list[Path],
    statuses: list[Path],
    runs: list[str],
    choose: str,
    rows: int,
    groups: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws `groups` groups of `rows` rows: a test image, then its reconstruction by each run."""
    found = [load_file(path) for path in finals]
    losses = np.stack([final["losses"] for final in found])
    shown = choose_images(losses, choose, rows * groups)
    tests = open_images(info)[np.load(permutation)[: losses.shape[1]][shown]]
    columns = np.stack([tests, *(final["images"][shown] for final in found)], axis=1)
    columns = columns.reshape(groups, rows, *columns.shape[1:])
    failures = [plots.failure(json.loads(status.read_text())) for status in statuses]
    labels = [f"{run_name(run)} {why}".strip() for run, why in zip(runs, failures, strict=True)]
    names = ["test", *labels]
    panels = [Panel(group, columns=names) for group in columns]
    plots.save(image_figure([panels]), png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
