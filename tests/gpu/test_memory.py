"""Memory: what fits beside others, and that nothing stays when the work is done."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import pytest
import torch

from tests.gpu.conftest import CIFAR, TINY, images_for, line_of, process, trained
from tests.gpu.test_graphs import generator_of
from wngan.evaluator import images_at_once, reconstruct
from wngan.on_device import on_device
from wngan.settings import Settings
from wngan.tensors import to_tensor

pytestmark = pytest.mark.gpu

MIB = 2**20
HOLD = """
import sys
import torch
device = torch.device(sys.argv[1])
torch.zeros(1, device=device)
free, _ = torch.cuda.mem_get_info(device)
held = torch.empty(max(0, free - int(sys.argv[2])), dtype=torch.uint8, device=device)
print(torch.cuda.mem_get_info(device)[0], flush=True)
sys.stdin.read()
"""


@contextmanager
def only(free: int, device: torch.device) -> Iterator[None]:
    """Another process holds all memory of the GPU but about `free` bytes."""
    torch.cuda.empty_cache()
    if torch.cuda.mem_get_info(device)[0] < free + 1024 * MIB:
        pytest.skip(f"less than {free // MIB + 1024} MiB of this GPU are free")
    with process(HOLD, device, free) as holder:
        left = int(line_of(holder))
        assert abs(left - free) < 64 * MIB, "another process uses this GPU as well"
        yield


def settled(device: torch.device) -> tuple[int, int]:
    """Bytes that tensors take and that are reserved for them, without cuBLAS's workspaces.

    torch keeps these for each stream that has multiplied matrices ("Memory management" in its notes
    on CUDA); it has a few streams, which it gives out in turns.
    """
    gc.collect()
    torch.cuda.synchronize(device)
    torch._C._cuda_clearCublasWorkspaces()
    torch.cuda.empty_cache()
    return torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)


@pytest.mark.parametrize("free", [4096, 1024, 512])
@pytest.mark.parametrize("model", ["bn", "wn"])
def test_as_many_images_are_reconstructed_at_once_as_fit(
    free: int, model: str, device: torch.device
) -> None:
    """On a GPU where others have left `free` MiB, in three parts of which the last is small."""
    settings = replace(CIFAR, model=model)
    generator = generator_of(settings).to(device)

    def reconstructed(count: int) -> None:
        reconstruct(generator, to_tensor(images_for(settings, count)), steps=3)

    # Kernels take memory when they are loaded, so the first time is not counted.
    for holding in (nullcontext(), only(free * MIB, device)):
        with only(free * MIB, device):
            at_once = images_at_once(generator.eval(), settings.code_length)
        with holding:
            reconstructed(2 * at_once + 1)


@pytest.mark.parametrize("free", [4096, 512])
def test_images_stay_where_they_are_if_they_do_not_fit(free: int, device: torch.device) -> None:
    """They may have a quarter of what is free."""
    size = 32 * 32 * 3
    small, large = (images_for(CIFAR, free * MIB * share // 16 // size) for share in (3, 5))
    with only(free * MIB, device):
        assert isinstance(on_device(small, device), torch.Tensor)
        assert on_device(large, device) is large
        assert trained(TINY, device)


def work(device: torch.device) -> None:
    """What makes graphs: a training, and a reconstruction of several parts."""
    trained(CIFAR, device)
    generator = generator_of(CIFAR).to(device)
    reconstruct(generator, to_tensor(images_for(CIFAR, 7)), steps=3, compute_batch=3)


def test_no_memory_graph_or_stream_is_left_behind(device: torch.device) -> None:
    work(device)  # loads libraries
    before = settled(device)
    for _ in range(3):
        work(device)
        assert torch.cuda.current_stream(device) == torch.cuda.default_stream(device)
        assert not torch.cuda.is_current_stream_capturing()
    assert settled(device) == before


def most(settings: Settings, at_once: int, parts: int, device: torch.device) -> tuple[int, int]:
    """Bytes that torch allocates, and reserves, at most in a reconstruction in so many parts."""
    generator = generator_of(settings).to(device)
    settled(device)
    torch.cuda.reset_peak_memory_stats(device)
    images = to_tensor(images_for(settings, at_once * parts))
    reconstruct(generator, images, steps=3, compute_batch=at_once)
    return torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)


def test_many_parts_take_no_more_memory_than_two(device: torch.device) -> None:
    """A graph's memory is free for the next one, cuBLAS's workspaces of its streams included."""
    most(TINY, 4, 2, device)
    many, few = (most(TINY, 4, parts, device)[1] for parts in (40, 2))
    assert many <= few + 64 * MIB


def test_a_part_takes_no_more_memory_beside_the_one_before(device: torch.device) -> None:
    most(CIFAR, 256, 1, device)
    two, one = (most(CIFAR, 256, parts, device)[0] for parts in (2, 1))
    assert two < 1.3 * one
