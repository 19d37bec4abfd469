"""The precision of matrix products and convolutions."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

PRECISIONS = ("float32", "tf32", "bfloat16")
"""What `computing_in` knows, from the most precise to the fastest."""


@contextmanager
def computing_in(precision: str, device: str | torch.device) -> Iterator[None]:
    """Matrix products and convolutions in the block are computed in a precision.

    Args:
        precision: "float32"; "tf32", float32 whose factors GPUs round to 10 bits (elsewhere it is
            float32); "bfloat16", torch's autocast: parameters and their changes stay float32.
        device: to compute on.

    Raises:
        ValueError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}.")
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = precision == "tf32"
    # Without its cache, whose tensors a CUDA graph must not share with other work.
    shorter = torch.autocast(torch.device(device).type, torch.bfloat16, cache_enabled=False)
    try:
        with shorter if precision == "bfloat16" else nullcontext():
            yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
