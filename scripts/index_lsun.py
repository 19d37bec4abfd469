"""Lists the keys of LSUN's images in an LMDB that the user has."""

from pathlib import Path

from wngan.datasets import write_about, write_keys
from wngan.files import replacing
from wngan.log import logged


def main(data: Path, index: Path, about: Path, image_size: int) -> None:
    """Writes the keys of the LMDB whose file is `data` to `index`; the LMDB stays where it is."""
    folder = data.parent.absolute()
    with replacing(index, about) as (new_index, new_about):
        write_keys(folder, new_index)
        source = f"LSUN, the folder {folder.name}, whose digest is not known"
        write_about(new_about, new_index, source, size=image_size, lmdb=str(folder))


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.data),
            Path(snakemake.output.index),
            Path(snakemake.output.about),
            snakemake.params.image_size,
        )
