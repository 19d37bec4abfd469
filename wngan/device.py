"""The device to compute on: a GPU that no other job of the user has, or few, else the CPU."""

import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from wngan.gpus import free_memory, usable
from wngan.locks import is_held, take
from wngan.log import logger
from wngan.memory import freed_memory_kept

LOCKS = Path(tempfile.gettempdir())

SHARED = 0.9
"""Of a GPU's memory, what jobs share; the rest is for what CUDA itself takes for each process."""

ROOM = 2**32
"""Bytes that must be free on a GPU for a job to start there, if that is no more than half of the
job's share."""


@contextmanager
def free_device(gpus: int = 1, jobs: int = 1) -> Iterator[torch.device]:
    """A GPU that this process may use and fewer than `jobs` hold, for as long as the block runs.

    It is the one that fewest hold of those with enough free memory (`ROOM`). If there is none it
    waits; with no GPU it is the CPU. Computing is in float32, also on GPUs that would shorten it
    to TF32, unless `wngan.precision` says otherwise.

    Args:
        gpus: how many the job asked for; with 0 it is the CPU.
        jobs: that may share a GPU; of several each gets no more than its share of the memory.

    Raises:
        wngan.gpus.GpuError: there are GPUs, and torch can't use them.
    """
    for kind in ("conv", "rnn"):  # alike, else torch's older setting could not be read
        getattr(torch.backends.cudnn, kind).fp32_precision = "ieee"
    numbers = usable() if gpus else []
    if not numbers:
        with freed_memory_kept():
            yield torch.device("cpu")
        return
    # Tries kernels, as sizes stay the same for long.
    torch.backends.cudnn.benchmark = not torch.are_deterministic_algorithms_enabled()
    # By UUID, not by number: a job that may use only one of several GPUs calls it number 0.
    gpus_found = [torch.cuda.get_device_properties(number) for number in numbers]
    names = [str(gpu.uuid) for gpu in gpus_found]
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES", "")).startswith("MIG-"):
        names = [visible.replace("/", "_")]  # a part of a GPU, whose UUID may be the GPU's

    def has_room(index: int) -> bool:
        free = free_memory().get(names[index])
        if free is None:  # of a part of a GPU, or of another maker's
            free = torch.cuda.mem_get_info(numbers[index])[0]
        return free >= min(ROOM, SHARED / jobs / 2 * gpus_found[index].total_memory)

    with (
        one_of(names, LOCKS, jobs, has_room) as index,
        torch.cuda.device(numbers[index]),
        _share_of_memory(numbers[index], jobs),
    ):
        yield torch.device("cuda", numbers[index])


@contextmanager
def _share_of_memory(number: int, jobs: int) -> Iterator[None]:
    """Lets torch allocate no more of a GPU's memory than is one job's."""
    if jobs == 1:
        yield
        return
    torch.cuda.set_per_process_memory_fraction(SHARED / jobs, number)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, number)


CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """How many cores this process may use: by its affinity and its control group's quota."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min([cores, *_quotas()]))


def _quotas() -> Iterator[int]:
    """Whole cores that the quota of each control group around this process allows."""
    lines = OWN_CGROUP.read_text().splitlines() if OWN_CGROUP.exists() else []
    inner = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    for group in (CGROUPS / inner, *(CGROUPS / inner).parents):
        file = group / "cpu.max"
        if group.is_relative_to(CGROUPS) and file.exists():
            quota, period = file.read_text().split()
            if quota != "max":
                yield int(quota) // int(period)


@contextmanager
def one_of(
    names: Sequence[str],
    folder: Path,
    jobs: int = 1,
    has_room: Callable[[int], bool] = lambda index: True,
    pause: float = 1,
) -> Iterator[int]:
    """The index of one of `names`, of which the process holds one of `jobs` lock files.

    It is the one of which the user's processes hold fewest.

    Args:
        names: of devices, one at least.
        folder: of the lock files, on this machine.
        jobs: that may hold a device at once.
        has_room: whether a device, by its index, can take another job; asked before that is so.
        pause: seconds between tries while there is none.
    """
    ends = [".lock", *(f".{number}.lock" for number in range(2, jobs + 1))]
    places = [[folder / f"wngan-{os.getuid()}-{name}{end}" for end in ends] for name in names]
    told = ""
    while True:
        free = [[path for path in paths if not is_held(path)] for paths in places]
        emptiest_first = sorted(range(len(names)), key=lambda index: -len(free[index]))
        chosen = next((k for k in emptiest_first if free[k] and has_room(k)), None)
        if chosen is not None:
            # Jobs that come at the same moment want the same place; who loses it looks again.
            if (file := take(free[chosen][0])) is not None:
                with file:
                    yield chosen
                return
            continue
        why = "other jobs hold" if not any(free) else "too little memory is free on"
        if why != told:
            logger.info("Waiting for a GPU; %s %s.", why, ", ".join(names))
        told = why
        time.sleep(pause)


def describe(device: torch.device) -> str:
    """The name of a device's hardware, and of a GPU whether it computes deterministically."""
    if device.type == "cuda":
        how = ", deterministic" if torch.are_deterministic_algorithms_enabled() else ""
        return f"{torch.cuda.get_device_name(device)} (CUDA {torch.version.cuda}{how})"
    return f"CPU ({_processor()})"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
