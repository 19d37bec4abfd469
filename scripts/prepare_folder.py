"""Crops the images of a folder or a zip of the user's."""

from pathlib import Path

from wngan.datasets.crops import crop_images
from wngan.datasets.info import write_info
from wngan.files import replacing
from wngan.job import run_job


def main(
    source: Path, images: Path, info: Path, image_size: int, resize: bool, threads: int
) -> None:
    """Writes the crops of the images in `source` to `images` and what they are to `info`."""
    with replacing(images, info) as (new_images, new_info):
        crop_images(source, new_images, image_size, threads, resize)
        write_info(new_info, new_images, f"the images in {source.name}")


if "snakemake" in globals():
    run_job(main, snakemake)
