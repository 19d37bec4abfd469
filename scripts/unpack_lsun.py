"""Takes LSUN's LMDB out of its archive."""

from pathlib import Path

from wngan.datasets import unpack_lmdb
from wngan.download import verify
from wngan.files import replacing
from wngan.log import logged


def main(archive: Path, data: Path, size: int, sha256: str) -> None:
    """Writes the LMDB in `archive`, which must have `size` bytes and the digest `sha256`."""
    verify(archive, size, sha256)
    with replacing(data) as (new_data,):
        unpack_lmdb(archive, new_data)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.archive),
            Path(snakemake.output.data),
            snakemake.params.archive["bytes"],
            snakemake.params.archive["sha256"],
        )
