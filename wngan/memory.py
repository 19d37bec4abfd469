"""Memory that is freed and at once needed again."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_MMAP_MAX = -1, -3, -4
_KEPT = {_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1}
_USUAL = {_M_MMAP_MAX: 2**16, _M_MMAP_THRESHOLD: 2**25, _M_TRIM_THRESHOLD: 2**26}
"""What glibc by itself comes to in processes that free blocks of 32 MiB (mallopt(3))."""

_blocks, _lock = 0, threading.Lock()


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """While the block runs, glibc keeps freed memory for the next allocation.

    By default it returns large blocks to the system when they are freed and maps them anew when
    they are needed (mallopt(3)), so that training and reconstruction spend much of their time in
    the kernel, which clears the same pages again and again. In the block the process keeps its peak
    memory; at the end of the outermost block it returns what is free. The first few blocks of a
    size are still new: a freed block can't hold an aligned block of its own size before it has
    merged with a neighbor. Without glibc this does nothing.
    """
    global _blocks
    if os.name != "posix" or not hasattr(libc := ctypes.CDLL(None), "gnu_get_libc_version"):
        yield
        return
    with _lock:
        _blocks += 1
        for option, value in _KEPT.items():
            libc.mallopt(option, value)
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                for option, value in _USUAL.items():
                    libc.mallopt(option, value)
                libc.malloc_trim(0)
