"""Lists the keys of LSUN's images in an LMDB, which stays where it is."""

from pathlib import Path

from wngan.datasets.about import write_about
from wngan.datasets.keys import write_keys
from wngan.files import replacing
from wngan.log import logged


def main(data: Path, source: Path | None, index: Path, about: Path, image_size: int) -> None:
    """Writes the keys of the LMDB whose file is `data` to `index`, and what it is to `about`.

    Args:
        source: the file that says where it is from, for an LMDB in a folder beside `about`; none
            for one of the user's.
    """
    folder = data.parent.absolute()
    if source:
        origin, lmdb = source.read_text(), folder.name
    else:
        origin, lmdb = f"LSUN, the folder {folder.name}, whose digest is not known", str(folder)
    with replacing(index, about) as (new_index, new_about):
        write_keys(folder, new_index)
        write_about(new_about, new_index, origin, size=image_size, lmdb=lmdb)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.data),
            Path(snakemake.input.source) if snakemake.input.source else None,
            Path(snakemake.output.index),
            Path(snakemake.output.about),
            snakemake.params.image_size,
        )
