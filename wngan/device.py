"""The device to compute on: a GPU that no other job of the user has, else the CPU."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from wngan.gpus import usable
from wngan.locks import take
from wngan.log import logger
from wngan.memory import freed_memory_kept

LOCKS = Path(tempfile.gettempdir())


@contextmanager
def free_device(gpus: int = 1) -> Iterator[torch.device]:
    """A GPU that this process may use and no other job holds, for as long as the block runs.

    If all are held it waits for one; with no GPU it is the CPU. Computing is in float32, also on
    GPUs that would shorten it to TF32, unless `wngan.precision` says otherwise.

    Args:
        gpus: how many the job asked for; with 0 it is the CPU.

    Raises:
        wngan.gpus.GpuError: there are GPUs, and torch can't use them.
    """
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]
    numbers = usable() if gpus else []
    if not numbers:
        with freed_memory_kept():
            yield torch.device("cpu")
        return
    torch.backends.cudnn.benchmark = True  # tries kernels, as sizes stay the same for long
    # By UUID, not by number: a job that may use only one of several GPUs calls it number 0.
    names = [str(torch.cuda.get_device_properties(number).uuid) for number in numbers]
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES", "")).startswith("MIG-"):
        names = [visible.replace("/", "_")]  # a part of a GPU, whose UUID may be the GPU's
    with one_of(names, LOCKS) as index, torch.cuda.device(numbers[index]):
        yield torch.device("cuda", numbers[index])


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
def one_of(names: Sequence[str], folder: Path, pause: float = 1) -> Iterator[int]:
    """The index of one of `names` that no other process of the user holds, held by a lock file.

    Args:
        names: of devices, one at least.
        folder: of the lock files, on this machine.
        pause: seconds between tries while others hold them all.
    """
    paths = [folder / f"wngan-{os.getuid()}-{name}.lock" for name in names]
    waits = False
    while True:
        for index, path in enumerate(paths):
            if (file := take(path)) is not None:
                with file:
                    yield index
                return
        if not waits:
            logger.info("Waiting for a GPU; other jobs hold %s.", ", ".join(names))
        waits = True
        time.sleep(pause)


def describe(device: torch.device) -> str:
    """The name of a device's hardware."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA {torch.version.cuda})"
    return f"CPU ({_processor()})"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
