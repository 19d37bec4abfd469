"""Images as uint8 arrays (N, H, W, 3), and as tensors in [0, 1]."""

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wngan.data import Images
from wngan.log import Progress

PART = 10_000
"""Images that are moved to a device at a time."""


def to_tensor(images: NDArray[np.uint8] | Tensor, device: str | torch.device = "cpu") -> Tensor:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [0, 1] on `device`, channels last in memory."""
    if not isinstance(images, Tensor):
        images = torch.from_numpy(np.ascontiguousarray(images))
    return to_device(images, device).permute(0, 3, 1, 2).to(torch.float32).div_(255)


def to_device(tensor: Tensor, device: str | torch.device) -> Tensor:
    """`tensor` on `device`; from a CPU to a GPU without waiting for what the GPU still computes."""
    if torch.device(device).type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Float (N, 3, H, W) -> uint8 (N, H, W, 3); values are clipped to [0, 1], NaN becomes 0."""
    rounded = images.detach().float().nan_to_num(0).clamp(0, 1).mul(255).round().to(torch.uint8)
    return rounded.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def on_device(images: Images, device: torch.device) -> Images:
    """Images of an array, on a GPU if they fit in a quarter of its free memory; else as given.

    Indexed as an array is, the former give tensors instead, uint8 (n, H, W, 3) on the GPU.
    """
    if device.type != "cuda" or not isinstance(images, np.ndarray):
        return images
    free, _ = torch.cuda.mem_get_info(device)
    if images.nbytes > free // 4:
        return images
    moved = torch.empty(images.shape, dtype=torch.uint8, device=device)
    parts = range(0, len(images), PART)  # the file is larger than a job's memory may be
    for first in Progress("images to the GPU", iterable=parts, unit="part"):
        moved[first : first + PART] = torch.from_numpy(images[first : first + PART].copy())
    return cast(Images, moved)
