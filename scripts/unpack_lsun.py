"""Takes LSUN's LMDB out of its archive."""

from pathlib import Path

from wngan.datasets.unpacking import unpack_lmdb
from wngan.files import replacing
from wngan.log import logged
from wngan.verification import verify


def main(archive: Path, data: Path, source: Path, size: int, sha256: str) -> None:
    """Writes the LMDB in `archive` to `data`, and where it is from to `source`.

    Args:
        archive: it must have `size` bytes and the digest `sha256`.
    """
    verify(archive, size, sha256)
    with replacing(data, source) as (new_data, new_source):
        unpack_lmdb(archive, new_data)
        new_source.write_text(f"LSUN, {archive.name}, sha256 {sha256}")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.data),
            Path(snakemake.output.source),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
        )
