"""Freed memory is kept for as long as someone wants it."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import ctypes, mmap, resource, torch
from wngan.memory import freed_memory_kept

if {blocked}:  # something lies behind the heap, which then cannot grow in place
    libc = ctypes.CDLL(None)
    libc.sbrk.restype = libc.mmap.restype = ctypes.c_void_p
    end = -(-libc.sbrk(ctypes.c_long(0)) // mmap.PAGESIZE) * mmap.PAGESIZE
    fixed_noreplace, size = 0x100000, ctypes.c_size_t(mmap.PAGESIZE)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | fixed_noreplace
    assert libc.mmap(ctypes.c_void_p(end), size, 0, flags, -1, ctypes.c_long(0)) == end


def faults():
    for _ in range(40):
        torch.ones(10_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident():
    return int(open("/proc/self/statm").read().split()[1]) * mmap.PAGESIZE


print(faults(), flush=True)
with freed_memory_kept():
    print(faults())
    with freed_memory_kept():
        pass
    print(faults())
    within = resident()
print(within - resident())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is about glibc")
@pytest.mark.parametrize("blocked", [False, True])
def test_freed_memory_is_kept_within_the_outermost_block(blocked: bool) -> None:
    command = [sys.executable, "-c", FAULTS.format(blocked=blocked)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    before, outer, inner, returned = map(int, done.stdout.split())
    assert max(outer, inner) < before / 10
    assert returned > 30e6  # of the 40 MB
