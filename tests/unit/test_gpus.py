"""GPUs that are there, and what is said where torch can't use them."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from wngan.evaluator import _memory_at_once
from wngan.gpus import DRIVERS, GpuError, free_memory, problem, share, sign, usable
from wngan.on_device import on_device

ROOT = Path(__file__).parents[2]
OLDEST = 580
"""The driver for the CUDA of the lock, as docs/cluster.md says."""


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose GPU, if any, torch can't use."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS", "SLURM_GPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ""),
        ({"SLURM_JOB_GPUS": "0"}, "SLURM_JOB_GPUS=0"),
        ({"SLURM_GPUS_ON_NODE": "1"}, "SLURM_GPUS_ON_NODE=1"),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "CUDA_VISIBLE_DEVICES=1"),
        ({"CUDA_VISIBLE_DEVICES": "", "SLURM_JOB_GPUS": "0"}, ""),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ""),
        ({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, ""),
    ],
)
def test_variables_say_that_there_is_a_gpu(
    variables: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sign(variables, tmp_path) == expected


def test_device_files_say_so(tmp_path: Path) -> None:
    for name in ("nvidiactl", "nvidia0", "nvidia1"):
        (tmp_path / name).touch()
    assert sign({}, tmp_path) == str(tmp_path / "nvidia0")
    assert sign({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == ""


def nvidia_smi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a stand-in for the driver's program on the path."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.usefixtures("no_gpu")
def test_a_driver_that_is_too_old_is_named_beside_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi(tmp_path, monkeypatch, "echo 470.57.02")

    def init() -> None:
        raise RuntimeError(
            "The NVIDIA driver on your system is too old (found version 11040). Please update it.\n"
        )

    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    if not list(Path("/dev").glob("nvidia[0-9]*")):
        assert sign({}) == "nvidia-smi"
    with pytest.raises(GpuError) as raised:
        usable()
    sentence = str(raised.value)
    assert "The NVIDIA driver on your system is too old (found version 11040). PyTo" in sentence
    assert "CUDA 13.2, which needs NVIDIA driver 580 or newer; here it is 470.57.02." in sentence
    assert "To compute on the CPU instead, run `export CUDA_VISIBLE_DEVICES=` and" in sentence


@pytest.mark.usefixtures("no_gpu")
def test_a_driver_that_does_not_work_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi(tmp_path, monkeypatch, "echo 'Failed to initialize NVML'; exit 18")
    assert sign({}, tmp_path) == ""
    nvidia_smi(tmp_path, monkeypatch, "exec sleep 100")
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **options: run(*a, **options | {"timeout": 0.1})
    )
    assert sign({}, tmp_path) == ""
    monkeypatch.setattr(torch.version, "cuda", None)
    assert problem() == f"PyTorch {torch.__version__} was built without CUDA."


def test_free_memory_is_what_the_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi(
        tmp_path,
        monkeypatch,
        '[ "$1" = --query-gpu=uuid,memory.free ] && [ "$2" = --format=csv,noheader,nounits ] &&'
        " printf 'GPU-12ab-34, 1024\\nGPU-56, 80000\\nGPU-78, [N/A]\\n'",
    )
    assert free_memory() == {"12ab-34": 2**30, "56": 80000 * 2**20}
    nvidia_smi(tmp_path, monkeypatch, "exit 9")
    assert free_memory() == {}


def test_jobs_that_share_a_gpu_share_its_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what they compute at once, as they may start at the same moment."""
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**33 + 1, 2**36))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 2**20 - 1)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2**20)
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: 1.0)
    assert share(gpu) == 2**33  # what torch keeps without use is free as well
    assert _memory_at_once(gpu) == 2**30
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: 0.25)
    assert share(gpu) == 2**31
    assert _memory_at_once(gpu) == 2**28
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**38, 2**38))
    assert _memory_at_once(gpu) == 2**32
    images = np.zeros((2, 4, 4, 3), np.uint8)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (16 * images.nbytes - 1, 2**36))
    assert on_device(images, gpu) is images


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_of_slurm_that_torch_does_not_find_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert usable() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    with pytest.raises(GpuError, match=r"GPU here \(SLURM_JOB_GPUS=0\), but torch can't use it"):
        usable()


def test_the_documented_driver_is_that_of_the_locked_cuda() -> None:
    lock = (ROOT / "envs/requirements.txt").read_text()
    major = re.search(r"^cuda-toolkit==(\d+)", lock, re.MULTILINE)
    assert major is not None
    assert DRIVERS[int(major[1])] == OLDEST
    assert f"driver {OLDEST}" in (ROOT / "docs/cluster.md").read_text()
