"""Takes LSUN's LMDB out of its archive."""

from pathlib import Path
from typing import Any

from wngan.datasets.unpacking import unpack_lmdb
from wngan.files import replacing
from wngan.job import run_job
from wngan.verification import verify


def main(archive: Path, data: Path, source: Path, digest: dict[str, Any]) -> None:
    """Writes the LMDB in `archive` to `data`, and where it is from to `source`.

    Args:
        archive: it must have the size and the SHA-256 of `digest`.
    """
    verify(archive, digest["bytes"], digest["sha256"])
    with replacing(data, source) as (new_data, new_source):
        unpack_lmdb(archive, new_data)
        new_source.write_text(f"LSUN, {archive.name}, sha256 {digest['sha256']}")


if "snakemake" in globals():
    run_job(main, snakemake)
