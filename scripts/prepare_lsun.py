"""Takes LSUN's LMDB out of its archive and lists the keys of its images."""

from pathlib import Path

from wngan.datasets import unpack_lmdb, write_about, write_keys
from wngan.download import verify
from wngan.files import replacing
from wngan.log import logged


def main(
    archive: Path, data: Path, index: Path, about: Path, size: int, sha256: str, image_size: int
) -> None:
    """Writes the LMDB in `archive`, which must have `size` bytes and the digest `sha256`.

    Args:
        data: the file of the LMDB, in a folder beside `about`.
        index: its keys.
    """
    verify(archive, size, sha256)
    folder = data.parent
    with replacing(index, about) as (new_index, new_about):
        with replacing(data) as (new_data,):
            unpack_lmdb(archive, new_data)
        write_keys(folder, new_index)
        source = f"LSUN, {archive.name}, sha256 {sha256}"
        write_about(new_about, new_index, source, size=image_size, lmdb=folder.name)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.data),
            Path(snakemake.output.index),
            Path(snakemake.output.about),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
            snakemake.params.image_size,
        )
