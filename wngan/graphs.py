"""What a GPU repeats, launched as a whole: a CUDA graph."""

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

logger = logging.getLogger("wngan")

WARM_UP = 3
"""Calls before the recording, in which libraries choose kernels and take their memory."""


def replayed(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], changes: Sequence[Tensor]
) -> Callable[..., Tensor]:
    """`function` as one CUDA graph if its tensors are on a GPU, else `function` itself.

    Args:
        function: called with tensors like `inputs`; what else it uses must stay where it is in
            memory.
        inputs: examples; those of later calls have their shapes and dtypes.
        changes: tensors that `function` changes in place. They are left as they are here.

    Returns:
        A function; the tensor that it returns is overwritten by the next call. Where `function`
        cannot be recorded, as when it waits for the GPU, it is `function` itself.
    """
    if not _is_on_gpu(changes[0]):
        return function
    before = [tensor.detach().clone() for tensor in changes]
    static = [tensor.clone() for tensor in inputs]
    try:
        with torch.cuda.device(changes[0].device):  # which need not be the current one
            graph, output = _record(function, static)
    except RuntimeError as error:
        logger.info("Running without a CUDA graph: %s", error)
        return function
    finally:
        with torch.no_grad():
            torch._foreach_copy_(list(changes), before)

    def replay(*arguments: Tensor) -> Tensor:
        for tensor, argument in zip(static, arguments, strict=True):
            tensor.copy_(argument, non_blocking=True)
        graph.replay()
        return output

    return replay


def _is_on_gpu(tensor: Tensor) -> bool:
    return tensor.device.type == "cuda"


def _record(
    function: Callable[..., Tensor], static: Sequence[Tensor]
) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    # A stream of its own, also to record: torch's for that is of the GPU that recorded first, and
    # graphs of one stream share workspaces, which the first that goes takes from the others
    # (pytorch/pytorch#193402). Other threads, as those that pin memory, may use CUDA meanwhile.
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                function(*static)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                output = function(*static)
    finally:  # also of what failed: it must be over before the state is put back
        torch.cuda.current_stream().wait_stream(stream)
    return graph, output
