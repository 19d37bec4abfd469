"""Crops the images of a folder or a zip of the user's."""

from pathlib import Path

from wngan.datasets.about import write_about
from wngan.datasets.crops import crop_images
from wngan.files import replacing
from wngan.log import logged


def main(
    source: Path, images: Path, about: Path, image_size: int, resize: bool, workers: int
) -> None:
    """Writes the crops of the images in `source` to `images` and what they are to `about`."""
    with replacing(images, about) as (new_images, new_about):
        crop_images(source, new_images, image_size, workers, resize)
        write_about(new_about, new_images, f"the images in {source.name}")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.source),
            Path(snakemake.output.images),
            Path(snakemake.output.about),
            snakemake.params.image_size,
            snakemake.params.resize,
            snakemake.threads,
        )
