"""Images as uint8 arrays (N, H, W, 3), in memory or mapped, and as tensors in [0, 1]."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wngan.encoded import EncodedImages


class Images(Protocol):
    """N images: an array uint8 (N, H, W, 3), or whatever gives such arrays for indices."""

    def __len__(self) -> int: ...

    def __getitem__(self, indices: NDArray[np.int64], /) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class Subset:
    """Those of `images` that `indices` (int64, (M,)) name, in that order, without copying them."""

    images: Images
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.images[self.indices[chosen]]


def open_images(about: Path) -> Images:
    """The images of a prepared data set.

    Args:
        about: its images.json; the images are beside it, unless it names another folder.
    """
    facts = json.loads(about.read_text())
    if "lmdb" in facts:
        folder = about.parent / facts["lmdb"]
        return EncodedImages(folder, about.with_name("keys.npy"), facts["size"])
    return np.load(about.with_name("images.npy"), mmap_mode="r")


def to_tensor(images: NDArray[np.uint8] | Tensor, device: str | torch.device = "cpu") -> Tensor:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [0, 1] on `device`, channels last in memory."""
    if not isinstance(images, Tensor):
        images = torch.from_numpy(np.ascontiguousarray(images))
    tensor = images.to(device)
    return tensor.permute(0, 3, 1, 2).to(torch.float32).div_(255)


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Float (N, 3, H, W) -> uint8 (N, H, W, 3); values are clipped to [0, 1], NaN becomes 0."""
    rounded = images.detach().nan_to_num(0).clamp(0, 1).mul(255).round().to(torch.uint8)
    return rounded.permute(0, 2, 3, 1).contiguous().cpu().numpy()
