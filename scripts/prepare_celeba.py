"""Crops CelebA's images, straight from the archive."""

from pathlib import Path
from typing import Any

from wngan.datasets.crops import crop_images
from wngan.datasets.info import write_info
from wngan.files import replacing
from wngan.job import run_job
from wngan.verification import verify


def main(
    archive: Path, images: Path, info: Path, digest: dict[str, Any], image_size: int, threads: int
) -> None:
    """Writes the crops of `archive`, which must have the size and the SHA-256 of `digest`."""
    verify(archive, digest["bytes"], digest["sha256"])
    with replacing(images, info) as (new_images, new_info):
        crop_images(archive, new_images, image_size, threads)
        write_info(new_info, new_images, f"CelebA, {archive.name}, sha256 {digest['sha256']}")


if "snakemake" in globals():
    run_job(main, snakemake)
