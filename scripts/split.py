"""Writes the permutation that splits a data set into test and training images."""

import json
from pathlib import Path

import numpy as np

from wngan.job import run_job
from wngan.log import logger
from wngan.randomness import rng


def main(info: Path, permutation: Path, seed: int, test: int) -> None:
    """Writes to `permutation` a random order of the images that `info` counts.

    Raises:
        ValueError: no images would be left for training.
    """
    count = json.loads(info.read_text())["count"]
    if test >= count:
        raise ValueError(f"{info} has {count} images: {test} for testing leave none to train on.")
    np.save(permutation, rng(seed, "split").permutation(count))
    logger.info("%d images for testing, %d for training.", test, count - test)


if "snakemake" in globals():
    run_job(main, snakemake)
