"""Writes the permutation that splits a data set into test and training images."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wngan.data import open_images
from wngan.job import run_job
from wngan.log import logger
from wngan.needs import training_images
from wngan.randomness import rng


def main(
    info: Path,
    permutation: Path,
    seed: int,
    test: int,
    dataset: str,
    split_by: str | None = None,
    needs: Mapping[str, int] | None = None,
) -> None:
    """Writes to `permutation` a random order of the images that `info` counts.

    Args:
        test: how many of them are for testing, the first.
        dataset: its name, for errors.
        split_by: "folder" keeps all images of a folder on one side. Whole folders are drawn until
            they have enough test images; what they have more is left out.
        needs: by key of the configuration, training images that there must be at least.

    Raises:
        ValueError: no images, or not enough, would be left for training, or those for testing are
            all alike.
    """
    facts = json.loads(info.read_text())
    count, random = facts["count"], rng(seed, "split")
    if split_by == "folder":
        folders = [folder for folder, images in facts["folders"] for _ in range(images)]
        order = by_folder(folders, test, random)
        found = f"{count} images in {len(set(folders))} folders: whole folders with {test}"
    else:
        order, found = random.permutation(count), f"{count} images: {test}"
    key = f"datasets.{dataset}.test"
    if test >= len(order):
        raise ValueError(f"{key}: there are {found} for testing leave none to train on.")
    training = len(order) - test
    needed = {name: least for name, least in (needs or {}).items() if least > training}
    if needed:
        names = " and ".join(f"{name} {least}" for name, least in needed.items())
        raise ValueError(f"{key} leaves {training} images for training. There must be for {names}.")
    images = open_images(info)
    first = images[order[:1]]
    if all(np.array_equal(images[order[[k]]], first) for k in range(1, test)):
        raise ValueError(f"datasets.{dataset}: the {test} images for testing are all the same.")
    np.save(permutation, order)
    unused = f", {count - len(order)} left out" if split_by else ""
    logger.info("%d images for testing, %d for training%s.", test, training, unused)


def by_folder(folders: Sequence[str], test: int, random: np.random.Generator) -> NDArray[np.int64]:
    """A random order of images such that none of the first `test` shares a folder with a later one.

    Args:
        folders: of each image; of those with test images, images that are too many are left out.
    """
    names, of_images, sizes = np.unique(folders, return_inverse=True, return_counts=True)
    drawn = random.permutation(len(names))
    needed = int(np.searchsorted(np.cumsum(sizes[drawn]), test)) + 1
    for_testing = np.isin(of_images, drawn[:needed])
    tests, others = (random.permutation(np.flatnonzero(on)) for on in (for_testing, ~for_testing))
    return np.concatenate([tests[:test], others])


if "snakemake" in globals():
    # No parameter: the split is the same whatever trains on it.
    needs = training_images(snakemake.config, snakemake.wildcards.dataset)
    run_job(main, snakemake, needs=needs)
