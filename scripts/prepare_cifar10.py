"""Joins CIFAR-10's images, straight from the archive."""

from pathlib import Path

import numpy as np

from wngan.datasets.about import write_about
from wngan.datasets.cifar10 import cifar10
from wngan.files import check_space, replacing
from wngan.log import logged
from wngan.verification import verify


def main(archive: Path, images: Path, about: Path, size: int, sha256: str) -> None:
    """Writes the images of `archive`, which must have `size` bytes and the digest `sha256`."""
    verify(archive, size, sha256)
    array = cifar10(archive)
    check_space(images.parent, array.nbytes)
    with replacing(images, about) as (new_images, new_about):
        np.save(new_images, array)
        write_about(new_about, new_images, f"CIFAR-10, {archive.name}, sha256 {sha256}")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.images),
            Path(snakemake.output.about),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
        )
