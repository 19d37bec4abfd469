"""GPUs that torch can use, and why it can't use one that is there."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import torch

DRIVERS = {11: 450, 12: 525, 13: 580}
"""The oldest NVIDIA driver on Linux for each major version of CUDA (NVIDIA's "CUDA Compatibility",
section on minor versions)."""

HIDDEN = ("", "-1", "NoDevFiles")
"""Values of CUDA_VISIBLE_DEVICES that leave no GPU, by a user's wish or SLURM's."""


class GpuError(RuntimeError):
    """There is a GPU, and torch can't use it."""


def usable() -> list[int]:
    """The numbers of the GPUs that torch can use; none where nothing says that there is one.

    Raises:
        GpuError: something says so, and torch can use none; says why.
    """
    if not torch.cuda.is_available():
        if found := sign(os.environ):
            raise GpuError(_sentence(found, problem()))
        return []
    # As in "sm_75": a GPU that is older than all of these has no kernels. AMD's have other names.
    names = [name.partition("_")[2].rstrip("af") for name in torch.cuda.get_arch_list()]
    oldest = min((int(name) for name in names if name), default=0)
    numbers, old = [], []
    for number in range(torch.cuda.device_count()):
        gpu = torch.cuda.get_device_properties(number)
        if 10 * gpu.major + gpu.minor >= oldest:
            numbers.append(number)
        else:
            old.append(f"{gpu.name} ({gpu.major}.{gpu.minor})")
    if not numbers:
        need = f"PyTorch {torch.__version__} needs compute capability {oldest / 10} or higher."
        raise GpuError(_sentence(", ".join(old), need))
    return numbers


def sign(environment: Mapping[str, str], devices: Path = Path("/dev")) -> str:
    """What says that this process has a GPU, such as "SLURM_JOB_GPUS=0"; "" if nothing does.

    Args:
        environment: variables of the process.
        devices: the folder of device files.
    """
    if environment.get("CUDA_VISIBLE_DEVICES") in HIDDEN:
        return ""
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"):
        if environment.get(name):
            return f"{name}={environment[name]}"
    files = sorted(devices.glob("nvidia[0-9]*"))
    if files:
        return str(files[0])
    return "nvidia-smi" if driver() else ""


def driver() -> str:
    """The version of the NVIDIA driver, as nvidia-smi says it; "" if it does not."""
    return next(iter(_asked("driver_version")), "")


def free_memory() -> dict[str, int]:
    """Bytes that are free on each GPU, by UUID as torch has it, as far as nvidia-smi says so.

    Unlike torch it makes no context, which would itself take memory of a GPU that is not taken.
    """
    pairs = (line.split(", ") for line in _asked("uuid,memory.free"))
    return {
        uuid.removeprefix("GPU-"): int(free) * 2**20 for uuid, free in pairs if free.isdecimal()
    }


def share(device: torch.device) -> int:
    """Bytes that this process may count on: of a GPU's free memory all, or its part of it.

    What torch keeps for itself and does not use is free as well.

    It has a part where `wngan.device.free_device` lets several jobs have the GPU: they may start at
    the same moment and then find the same memory free.
    """
    free, _ = torch.cuda.mem_get_info(device)
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free * torch.cuda.get_per_process_memory_fraction(device))


def _asked(fields: str) -> list[str]:
    """What nvidia-smi says about each GPU, without units; nothing where it fails."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):  # a driver that is broken may hang
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def problem() -> str:
    """Why torch can't use CUDA, and the driver that it needs."""
    if torch.version.cuda is None:
        return f"PyTorch {torch.__version__} was built without CUDA."
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
        why = "torch finds none."
    except RuntimeError as error:
        why = str(error).partition("\n")[0].partition(". ")[0].rstrip(".") + "."
    oldest = DRIVERS.get(int(torch.version.cuda.partition(".")[0]), "of its release notes")
    found = driver()
    return (
        f"{why} PyTorch {torch.__version__} is built for CUDA {torch.version.cuda}, which needs "
        f"NVIDIA driver {oldest} or newer" + (f"; here it is {found}." if found else ".")
    )


def _sentence(found: str, why: str) -> str:
    return (
        f"There is a GPU here ({found}), but torch can't use it: {why} "
        "To compute on the CPU instead, run `export CUDA_VISIBLE_DEVICES=` and the same command "
        "again, on a cluster with `--resources gpu=0`."
    )
