"""Digests of files."""

import hashlib
from pathlib import Path

from wngan.progress import Progress

CHUNK = 1 << 22
"""Bytes that are read at a time."""


def file_digest(path: Path) -> str:
    """The SHA-256 of a file that may take minutes to read; log lines say how far it is."""
    digest, size = hashlib.sha256(), path.stat().st_size
    with (
        open(path, "rb") as file,
        Progress(f"digest of {path.name}", total=size, unit="B", unit_scale=True) as progress,
    ):
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            progress.update(len(chunk))
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """The digest of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
