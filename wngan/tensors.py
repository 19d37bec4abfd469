"""Images as uint8 arrays (N, H, W, 3), and as tensors in [0, 1]."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


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
