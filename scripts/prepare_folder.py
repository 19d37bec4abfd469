"""Crops the images of a folder, a zip or a tar of the user's."""

from itertools import groupby
from pathlib import Path, PurePosixPath

from wngan.datasets.crops import crop_images
from wngan.datasets.info import write_info
from wngan.files import replacing
from wngan.job import run_job


def main(
    source: Path,
    images: Path,
    info: Path,
    image_size: int,
    resize: bool,
    split_by: str | None,
    threads: int,
) -> None:
    """Writes the crops of the images in `source` to `images` and what they are to `info`.

    Args:
        split_by: "folder" adds to `info` the folders that images are in: for images one after the
            other in the same folder its name, and their number.
    """
    with replacing(images, info) as (new_images, new_info):
        names = crop_images(source, new_images, image_size, threads, resize)
        facts = {}
        if split_by == "folder":
            folders = groupby(str(PurePosixPath(name).parent) for name in names)
            facts["folders"] = [(folder, len(list(files))) for folder, files in folders]
        write_info(new_info, new_images, f"the images in {source.name}", **facts)


if "snakemake" in globals():
    run_job(main, snakemake)
