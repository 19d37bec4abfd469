"""Writes scikit-learn's handwritten digits as one array."""

from pathlib import Path

import numpy as np

from wngan.datasets.digits import digits
from wngan.datasets.info import write_info
from wngan.files import check_space, replacing
from wngan.job import run_job


def main(images: Path, info: Path, image_size: int) -> None:
    """Writes the array to `images` and what it is to `info`."""
    array = digits(image_size)
    check_space(images.parent, array.nbytes)
    with replacing(images, info) as (new_images, new_info):
        np.save(new_images, array)
        write_info(new_info, new_images, "scikit-learn's handwritten digits")


if "snakemake" in globals():
    run_job(main, snakemake)
