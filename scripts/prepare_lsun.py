"""Lists the keys of LSUN's images, which stay in their LMDB."""

from pathlib import Path

from wngan.datasets import write_about, write_keys
from wngan.files import replacing
from wngan.log import logged


def main(data: Path, keys: Path, about: Path, image_size: int, source: str) -> None:
    """Writes the keys of the LMDB whose file is `data` to `keys` and what they are to `about`."""
    folder = data.parent
    with replacing(keys, about) as (new_keys, new_about):
        write_keys(folder, new_keys)
        if folder.is_relative_to(about.parent):  # then both can be moved together
            folder = folder.relative_to(about.parent)
        write_about(new_about, new_keys, source, size=image_size, lmdb=str(folder))


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.data),
            Path(snakemake.output.index),
            Path(snakemake.output.about),
            snakemake.params.image_size,
            snakemake.params.source,
        )
