"""Writes the permutation that splits a data set into test and training images."""

import json
from pathlib import Path

import numpy as np

from wngan.log import logged, logger
from wngan.randomness import rng


def main(about: Path, permutation: Path, seed: int, test: int) -> None:
    """Writes to `permutation` a random order of the images that `about` counts.

    Raises:
        ValueError: no images would be left for training.
    """
    count = json.loads(about.read_text())["count"]
    if test >= count:
        raise ValueError(f"{about} has {count} images: {test} for testing leave none to train on.")
    np.save(permutation, rng(seed, "split").permutation(count))
    logger.info("%d images for testing, %d for training.", test, count - test)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.about),
            Path(snakemake.output[0]),
            snakemake.params.seed,
            snakemake.params.test,
        )
