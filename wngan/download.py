"""Files from the network, resumed after a drop and checked by digest."""

import hashlib
import os
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from wngan.log import Progress, logger

CHUNK = 1 << 20
TIMEOUT = 60  # seconds without a byte


class DownloadError(Exception):
    """A file could not be had whole; the message says what happened with each source."""


def verify(path: Path, size: int, sha256: str) -> None:
    """Raises a `DownloadError` unless the file has `size` bytes and the digest `sha256`."""
    if path.stat().st_size != size:
        raise DownloadError(f"{path} has {path.stat().st_size} bytes, not {size}.")
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise DownloadError(f"{path} has sha256 {digest}, not {sha256}.")


def download(sources: Sequence[str], path: Path, size: int, sha256: str, attempts: int = 3) -> None:
    """Fetches `path` from the first of `sources` that has it; it is there whole or not at all.

    What has arrived is kept beside it with the suffix .part and continued later, at the next
    attempt, source or call.

    Args:
        sources: URLs, tried in turn.
        size: of the file in bytes.
        sha256: of the file.
        attempts: with each source.

    Raises:
        DownloadError: no source had the file.
    """
    part = path.with_name(f"{path.name}.part")
    problems = []
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    for source in sources:
        for _ in range(attempts):
            try:
                _fetch(source, part, size)
                verify(part, size, sha256)
            except (OSError, HTTPException, DownloadError) as error:
                problems.append(f"{source}: {error}")
                logger.info("%s", problems[-1])
                if part.exists() and part.stat().st_size >= size:
                    part.unlink()  # whole, but not the file
            else:
                os.replace(part, path)
                return
    raise DownloadError("\n".join([f"{path} could not be fetched.", *problems]))


def _fetch(source: str, part: Path, size: int) -> None:
    """Appends to `part` what it lacks of `size` bytes; starts anew if the server cannot resume."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(source, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if response.status != 206:
            have = 0
        if response.length is not None and have + response.length != size:
            raise DownloadError(f"It offers {have + response.length} bytes, not {size}.")
        with (
            open(part, "ab" if have else "wb") as file,
            Progress(part.stem, total=size, initial=have, unit="B", unit_scale=True) as progress,
        ):
            while chunk := response.read(CHUNK):
                file.write(chunk)
                progress.update(len(chunk))
