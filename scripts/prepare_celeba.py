"""Crops CelebA's images, straight from the archive."""

from pathlib import Path

from wngan.datasets.about import write_about
from wngan.datasets.crops import crop_images
from wngan.files import replacing
from wngan.log import logged
from wngan.verification import verify


def main(
    archive: Path, images: Path, about: Path, size: int, sha256: str, image_size: int, workers: int
) -> None:
    """Writes the crops of `archive`, which must have `size` bytes and the digest `sha256`."""
    verify(archive, size, sha256)
    with replacing(images, about) as (new_images, new_about):
        crop_images(archive, new_images, image_size, workers)
        write_about(new_about, new_images, f"CelebA, {archive.name}, sha256 {sha256}")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.images),
            Path(snakemake.output.about),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
            snakemake.params.image_size,
            snakemake.threads,
        )
