"""Lists the keys of LSUN's images in an LMDB, which stays where it is."""

from pathlib import Path

from wngan.datasets.info import write_info
from wngan.datasets.keys import write_keys
from wngan.files import replacing
from wngan.job import run_job


def main(data: Path, source: Path | None, index: Path, info: Path, image_size: int) -> None:
    """Writes the keys of the LMDB whose file is `data` to `index`, and what it is to `info`.

    Args:
        source: the file that says where it is from, for an LMDB in a folder beside `info`; none
            for one of the user's.
    """
    folder = data.parent.absolute()
    if source:
        origin, lmdb = source.read_text(), folder.name
    else:
        origin, lmdb = f"LSUN, the folder {folder.name}, whose digest is not known", str(folder)
    with replacing(index, info) as (new_index, new_info):
        write_keys(folder, new_index)
        write_info(new_info, new_index, origin, size=image_size, lmdb=lmdb)


if "snakemake" in globals():
    run_job(main, snakemake)
