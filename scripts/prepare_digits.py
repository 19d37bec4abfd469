"""Writes scikit-learn's handwritten digits as one array."""

from pathlib import Path

import numpy as np

from wngan.datasets import digits, write_about
from wngan.log import logged


def main(images: Path, about: Path, image_size: int) -> None:
    """Writes the array to `images` and what it is to `about`."""
    np.save(images, digits(image_size))
    write_about(about, images, "scikit-learn's handwritten digits")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.output.images), Path(snakemake.output.about), snakemake.params.image_size
        )
