"""Joins CIFAR-10's images, straight from the archive."""

from pathlib import Path

import numpy as np

from wngan.datasets import cifar10, write_about
from wngan.download import verify
from wngan.log import logged


def main(archive: Path, images: Path, about: Path, size: int, sha256: str) -> None:
    """Writes the images of `archive`, which must have `size` bytes and the digest `sha256`."""
    verify(archive, size, sha256)
    np.save(images, cifar10(archive))
    write_about(about, images, f"CIFAR-10, {archive.name}, sha256 {sha256}")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.images),
            Path(snakemake.output.about),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
        )
