"""Checks that a file is the expected one."""

from pathlib import Path

from wngan.errors import InputError
from wngan.files import file_digest

START = 1 << 10
"""Bytes that tell whether a file is a page."""

HTML = (b"<!doctype html", b"<html")
NOT_THE_FILE = "it is an HTML page, such as a host's error or quota page, not the file"


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


def is_html(start: bytes) -> bool:
    """Whether a file that starts like this is a page."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML)
