"""The same bytes each time, on one kind of GPU; on a CPU they always are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
WORKSPACE = ":4096:8"
"""Eight buffers of 4 MiB: one of the two values with which cuBLAS promises the same results,
whatever streams compute at once (its documentation, "Results Reproducibility")."""

_TORCH: Any = torch  # parts of which have no types


def reserve_workspace() -> None:
    """Asks cuBLAS, by the environment, for a workspace of its own, unless that says which.

    Raises:
        RuntimeError: it is too late, as this process has begun to use CUDA.
    """
    if CUBLAS in os.environ:
        return
    if _TORCH.cuda.is_initialized():
        raise RuntimeError(
            f"To compute deterministically, set {CUBLAS}={WORKSPACE} in the environment, or enter "
            "wngan.deterministic.deterministic before anything uses the GPU."
        )
    os.environ[CUBLAS] = WORKSPACE


@contextmanager
def deterministic(device: str | torch.device) -> Iterator[None]:
    """What is computed on a GPU in the block is the same, bit for bit, each time.

    That holds for one kind of GPU and one version of torch. cuDNN neither chooses algorithms by
    their speed nor takes one that adds in no fixed order, and torch refuses operations that it has
    no deterministic form of. On a CPU nothing changes.

    Args:
        device: to compute on. The block must be entered before the process uses a GPU at all, if it
            did not call `reserve_workspace` before that.

    Raises:
        RuntimeError: as `reserve_workspace`; in the block, of an operation that is refused.
    """
    if torch.device(device).type != "cuda":
        yield
        return
    reserve_workspace()
    cudnn, memory = torch.backends.cudnn, _TORCH.utils.deterministic
    before = cudnn.deterministic, cudnn.benchmark, memory.fill_uninitialized_memory
    mode = torch.get_deterministic_debug_mode()
    cudnn.deterministic, cudnn.benchmark = True, False
    memory.fill_uninitialized_memory = False  # nothing here reads it; to fill it takes time
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode > 0, warn_only=mode == 1)
        cudnn.deterministic, cudnn.benchmark, memory.fill_uninitialized_memory = before
