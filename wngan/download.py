"""Files from the network, resumed after a drop and checked by digest."""

import os
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from time import sleep
from urllib.error import HTTPError

from wngan.errors import NOT_THE_FILE, is_html
from wngan.files import check_space
from wngan.log import logger
from wngan.progress import Progress
from wngan.verification import WrongFileError, verify

CHUNK = 1 << 20
TIMEOUT = 60  # seconds without a byte
PAUSE = 1  # seconds after the first failure; twice as many after each other one, up to
LONGEST_PAUSE = 60
PASSING = (408, 429)  # refusals that may be over after a pause


class DownloadError(Exception):
    """A file could not be fetched; the message says what happened with each source."""


def download(sources: Sequence[str], path: Path, size: int, sha256: str, attempts: int = 3) -> None:
    """Fetches `path` from the first of `sources` that has it; it is there whole or not at all.

    What has arrived is kept beside it with the suffix .part and continued later, at the next
    attempt, source or call. After a dropped connection or an error of the server there is a pause
    before the next attempt with the same source; a source that refuses has no other.

    Args:
        sources: URLs, tried in turn.
        size: of the file in bytes.
        sha256: of the file.
        attempts: with each source, without those that bring the file further than it was.

    Raises:
        DownloadError: no source had the file.
        OSError: the disk has no room for what is missing of it.
    """
    part = path.with_name(f"{path.name}.part")
    if _length(part) > size:
        part.unlink()
    check_space(path.parent, size - _length(part))
    problems = {}
    furthest = _length(part)
    for source in sources:
        failures = 0
        while failures < attempts:
            try:
                _fetch(source, part, size)
                verify(part, size, sha256)
            except (OSError, HTTPException, WrongFileError) as error:
                problems[source] = f"{source}: {error}"
                logger.info("%s", problems[source])
                if _refuses(error):
                    break
                have = _length(part)
                pause = min(PAUSE * 2**failures, LONGEST_PAUSE)
                failures += have <= furthest or have == size
                furthest = max(furthest, have)
                if have == size:
                    part.unlink()  # whole, but not the file
                if failures < attempts and not isinstance(error, WrongFileError):
                    sleep(pause)
            else:
                os.replace(part, path)
                return
    raise DownloadError("\n".join([f"{path} could not be fetched.", *problems.values()]))


def _fetch(source: str, part: Path, size: int) -> None:
    """Appends to `part` what it lacks of `size` bytes; starts anew if the server cannot resume."""
    have = _length(part)
    if have == size:
        return
    request = urllib.request.Request(source, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if response.status != 206:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink(missing_ok=True)  # or every later attempt would end here
            raise WrongFileError(f"It did not resume at byte {have} as requested.")
        offered = response.length  # which becomes less as it is read
        chunk = response.read1(min(CHUNK, size - have))
        # Before anything is overwritten: such pages often come without a length.
        if not have and is_html(chunk):
            raise WrongFileError(f"It offers something else: {NOT_THE_FILE}.")
        if offered is not None and have + offered != size:
            raise WrongFileError(f"It offers {have + offered} bytes, not {size}.")
        with (
            open(part, "ab" if have else "wb") as file,
            Progress(part.stem, total=size, initial=have, unit="B", unit_scale=True) as progress,
        ):
            while chunk:
                file.write(chunk)
                have += len(chunk)
                progress.update(len(chunk))
                chunk = response.read1(min(CHUNK, size - have))  # no more, whatever it sends
    if have < size:
        raise ConnectionError(f"It stopped at {have} of {size} bytes.")


def _refuses(error: Exception) -> bool:
    """Whether a server says that it will not give a file, however often it is asked."""
    return isinstance(error, HTTPError) and error.code // 100 == 4 and error.code not in PASSING


def _length(part: Path) -> int:
    """The bytes of a file, 0 if there is none."""
    return part.stat().st_size if part.exists() else 0
