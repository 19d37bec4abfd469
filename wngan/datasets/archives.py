"""What goes wrong in reading zips and tars, as sentences."""

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from wngan.errors import InputError

DAMAGED = (
    EOFError,
    OSError,
    RuntimeError,  # a zip is encrypted, or compressed in an unknown way
    ValueError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""Errors of an archive that is not as it was written."""


@contextmanager
def reading(place: object) -> Iterator[None]:
    """Raises an `InputError` for whatever zips and tars raise in the block, with their `place`."""
    try:
        yield
    except InputError:
        raise
    except DAMAGED as error:
        said = str(error).partition("\n")[0].rstrip(".:")
        why = getattr(error, "strerror", None) or said or "it is cut short"
        raise InputError(f"{place} can't be read: {why}. Fetch it or make it again.") from error
