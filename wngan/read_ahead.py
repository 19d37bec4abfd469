"""Has mapped files read before they are needed, so that training does not wait for a disk."""

import ctypes
import mmap
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

PIECE = 128 * 1024
"""Bytes asked for at once: Linux cuts a longer request short, by default to these."""


def will_need(part: NDArray[np.uint8]) -> None:
    """Asks the system to begin to read what a contiguous array maps of a file, if it maps one.

    It waits for nothing (madvise(2), MADV_WILLNEED) and is a hint: other memory is left as it is,
    systems that know no such hint do nothing, and errors are left to whoever reads.
    """
    address = part.__array_interface__["data"][0]
    start = address - address % mmap.PAGESIZE  # as madvise must have it
    for first in range(start, address + part.nbytes, PIECE):
        _advise()(first, min(PIECE, address + part.nbytes - first))


@cache
def _advise() -> Callable[[int, int], object]:
    """A function of an address and a length in bytes."""
    advice = getattr(mmap, "MADV_WILLNEED", None)
    if advice is None:
        return lambda address, length: None
    madvise = getattr(ctypes.CDLL(None), "madvise", None)
    if madvise is None:
        return lambda address, length: None
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return lambda address, length: madvise(address, length, advice)
