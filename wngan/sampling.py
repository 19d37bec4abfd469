"""Images that a generator makes of codes, and codes that lead from one to another."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wngan.tensors import to_uint8

AT_ONCE = 32
"""Images that are made at a time."""


@torch.no_grad()
def draw(generator: nn.Module, codes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What `generator`, in the mode that it is in, makes of `codes`.

    Args:
        generator: codes (n, L) -> images (n, 3, H, W) in [0, 1], with parameters.
        codes: (N, L).

    Returns:
        uint8 (N, H, W, 3).
    """
    device = next(generator.parameters()).device
    parts = (torch.from_numpy(codes[k : k + AT_ONCE]) for k in range(0, len(codes), AT_ONCE))
    return np.concatenate([to_uint8(generator(part.to(device))) for part in parts])


def between(codes: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Codes from each of `codes` to the next, on an arc.

    They are cos θ · a + sin θ · b for angles θ from 0 to 90°. If a and b are drawn from a standard
    normal distribution, so is each of these: its length is one that a generator knows from
    training, while the middle of a straight line is shorter by a factor of about sqrt(2).

    Args:
        codes: (N, L).
        count: of codes from one to the next, both of them included.

    Returns:
        (N - 1, count, L).
    """
    angles = np.linspace(0, np.pi / 2, count)[:, None]
    first, last = codes[:-1, None], codes[1:, None]
    return (np.cos(angles) * first + np.sin(angles) * last).astype(np.float32)
