"""Joins CIFAR-10's images, straight from the archive or from the folder that it unpacks to."""

from pathlib import Path
from typing import Any

import numpy as np

from wngan.datasets.cifar10 import cifar10
from wngan.datasets.info import write_info
from wngan.files import check_space, replacing
from wngan.job import run_job
from wngan.verification import verify


def main(archive: Path, images: Path, info: Path, digest: dict[str, Any]) -> None:
    """Writes the images of `archive`.

    Args:
        archive: it must have the size and the SHA-256 of `digest`, unless it is unpacked, a folder.
    """
    if archive.is_dir():
        source = f"CIFAR-10, the folder {archive.name}, whose digest is not known"
    else:
        verify(archive, digest["bytes"], digest["sha256"])
        source = f"CIFAR-10, {archive.name}, sha256 {digest['sha256']}"
    array = cifar10(archive)
    check_space(images.parent, array.nbytes)
    with replacing(images, info) as (new_images, new_info):
        np.save(new_images, array)
        write_info(new_info, new_images, source)


if "snakemake" in globals():
    run_job(main, snakemake)
