"""The precision of matrix products and convolutions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

PRECISIONS = ("float32", "tf32", "bfloat16")
"""What `computing_in` knows, from the most precise to the fastest."""

_BACKENDS: Any = torch.backends  # which torch leaves without types
_ON_GPU = (_BACKENDS.cuda.matmul, _BACKENDS.cudnn.conv, _BACKENDS.cudnn.rnn)
_ON_CPU = (_BACKENDS.mkldnn.matmul, _BACKENDS.mkldnn.conv, _BACKENDS.mkldnn.rnn)


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
    before = [setting.fp32_precision for setting in (*_ON_GPU, *_ON_CPU)]
    for setting in _ON_GPU:
        setting.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    for setting in _ON_CPU:
        setting.fp32_precision = "ieee"
    # Without its cache, whose tensors a CUDA graph must not share with other work.
    kind, shorter = torch.device(device).type, precision == "bfloat16"
    try:
        with torch.autocast(kind, torch.bfloat16, enabled=shorter, cache_enabled=False):
            yield
    finally:
        for setting, value in zip((*_ON_GPU, *_ON_CPU), before, strict=True):
            # As long as that is the same, one that follows `torch.backends.fp32_precision`.
            setting.fp32_precision = "none"
            if setting.fp32_precision != value:
                setting.fp32_precision = value
