"""Checks that a file is the expected one."""

from pathlib import Path

from wngan.digests import file_digest
from wngan.errors import NOT_THE_FILE, START, InputError, is_html


class WrongFileError(InputError):
    """A file is not the expected one; the message says how it differs."""


def verify(path: Path, size: int, sha256: str) -> None:
    """Raises a `WrongFileError` unless the file has `size` bytes and the digest `sha256`."""
    with open(path, "rb") as file:
        hint = f": {NOT_THE_FILE}" if is_html(file.read(START)) else ""
    if path.stat().st_size != size:
        raise WrongFileError(f"{path} has {path.stat().st_size} bytes, not {size}{hint}.")
    digest = file_digest(path)
    if digest != sha256:
        raise WrongFileError(f"{path} has sha256 {digest}, not {sha256}{hint}.")
