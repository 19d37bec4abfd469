"""Images as uint8 arrays (N, H, W, 3): in memory, mapped, or decoded when they are asked for."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wngan.encoded import EncodedImages
from wngan.tensors import to_device


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
        rows = self.indices[chosen]
        if isinstance(self.images, Tensor):  # else it would wait for what a GPU still computes
            return self.images[to_device(torch.from_numpy(rows), self.images.device)]
        return self.images[rows]


def open_images(info: Path) -> Images:
    """The images of a prepared data set.

    Args:
        info: its images.json; the images are beside it, unless it names another folder.
    """
    facts = json.loads(info.read_text())
    if "lmdb" in facts:
        folder = info.parent / facts["lmdb"]
        return EncodedImages(folder, info.with_name("keys.npy"), facts["size"])
    return np.load(info.with_name("images.npy"), mmap_mode="r")
