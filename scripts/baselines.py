"""Writes what test images lose by reconstructions that take no generator."""

from pathlib import Path

import numpy as np

from wngan.baselines import baselines, write
from wngan.data import open_images
from wngan.job import run_job
from wngan.log import logger


def main(
    info: Path,
    permutation: Path,
    csv: Path,
    test_images: int,
    training_images: int,
    components: int,
) -> None:
    """Writes a row per test image, with its loss by each of `wngan.baselines.Baselines`.

    Args:
        info, permutation: of the data set, whose first `test_images` are for testing.
        training_images: the first that stand for all, or all if there are fewer.
        components: as many as a code has numbers.
    """
    order, known = np.load(permutation), open_images(info)
    training = order[test_images : test_images + training_images]
    found = baselines(known[training], known[order[:test_images]], components)
    write(csv, found)
    if components >= len(training):
        logger.info("%d images have fewer principal components than %d.", len(training), components)
    means = ", ".join(f"{name} {losses.mean():.6f}" for name, losses in found._asdict().items())
    logger.info("Losses by %d training images: %s", len(training), means)


if "snakemake" in globals():
    run_job(main, snakemake)
