"""What tests on a GPU share; they are skipped, with the reason, where there is none.

Nothing stands in for the GPU. `make gpu` runs them, each file in a process of its own.
"""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.gpu import absence
from tests.tiny import TINY
from wngan.deterministic import CUBLAS, reserve_workspace
from wngan.deterministic import deterministic as same_each_time
from wngan.device import free_device
from wngan.randomness import rng
from wngan.settings import Settings
from wngan.training import train

ROOT = Path(__file__).parents[2]
CIFAR = replace(
    TINY,
    image_size=32,
    channels=(96, 192, 384),
    code_length=256,
    batch_size=32,
    lr=1e-5,  # at 1e-3 rounding alone would change the losses of six iterations by percents
)
SIZES = {
    "tiny dcgan": TINY,
    "tiny resnet": replace(TINY, architecture="resnet"),
    "dcgan": CIFAR,  # of CIFAR-10's size
    "resnet": replace(CIFAR, architecture="resnet", channels=(32, 64, 128)),
}

reserve_workspace()  # for the fixture `deterministic`, before anything looks for a GPU


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and absence():
        pytest.skip(absence())


@pytest.fixture
def device() -> Iterator[torch.device]:
    """The GPU, which no other test with the same folder of locks computes on meanwhile."""
    with free_device() as found:
        yield found


@pytest.fixture
def deterministic(device: torch.device) -> Iterator[None]:
    """What the test computes is the same each time."""
    with same_each_time(device):
        yield


@pytest.fixture(autouse=True)
def recorded(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test passes because what it is about ran without a graph."""
    caplog.set_level("INFO", "wngan")
    yield
    lines = [record.getMessage() for record in caplog.get_records("call")]
    assert not [line for line in lines if "without a CUDA graph" in line]


@contextmanager
def without_graphs() -> Iterator[None]:
    """What would be a CUDA graph runs operation by operation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wngan.graphs._is_on_gpu", lambda tensor: False)
        yield


def images_for(settings: Settings, count: int | None = None) -> NDArray[np.uint8]:
    """Random images of a run's size, by default those of three batches and a few more."""
    size = settings.image_size
    count = count or 3 * settings.batch_size + 2
    return rng(0, "images").integers(0, 256, (count, size, size, 3), np.uint8)


def trained(settings: Settings, device: torch.device, **options: Any) -> dict[str, bytes]:
    """The files of six iterations, by their names; `options` are those of `train`."""
    with TemporaryDirectory() as folder:
        options = {"images": images_for(settings), "stop": 6, "device": device} | options
        train(settings, folder=Path(folder), **options)
        return contents(Path(folder))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    """The names of files that are not the same, or that one of the two lacks."""
    names = sorted({*found, *expected})
    return [name for name in names if found.get(name) != expected.get(name)]


def losses(files: dict[str, bytes]) -> NDArray[np.float32]:
    """Of each iteration, of the discriminator and the generator."""
    return np.load(io.BytesIO(files["losses.npy"]))


def stop_after(count: int) -> Callable[[], str]:
    """Has a reason to stop at the `count`-th question."""
    asked = iter(range(1, 10**6))
    return lambda: "here" if next(asked) == count else ""


@contextmanager
def process(script: str, *arguments: object, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs a Python script, with `variables`; it ends with the block."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = {name: os.environ[name] for name in os.environ if name != CUBLAS} | variables
    pipe = subprocess.PIPE
    started = subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, env=environment
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def line_of(started: subprocess.Popen[str]) -> str:
    """The next line that a process prints."""
    assert started.stdout is not None
    return started.stdout.readline().strip()
