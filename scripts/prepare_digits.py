"""Writes scikit-learn's handwritten digits as one array."""

from pathlib import Path

import numpy as np

from wngan.datasets.about import write_about
from wngan.datasets.digits import digits
from wngan.files import check_space, replacing
from wngan.log import logged


def main(images: Path, about: Path, image_size: int) -> None:
    """Writes the array to `images` and what it is to `about`."""
    array = digits(image_size)
    check_space(images.parent, array.nbytes)
    with replacing(images, about) as (new_images, new_about):
        np.save(new_images, array)
        write_about(new_about, new_images, "scikit-learn's handwritten digits")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.output.images), Path(snakemake.output.about), snakemake.params.image_size
        )
