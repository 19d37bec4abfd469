"""Images as uint8 arrays (N, H, W, 3): in memory, mapped, or decoded when they are asked for."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray

from wngan.encoded import EncodedImages
from wngan.log import Progress

PART = 10_000
"""Images that are moved to a device at a time."""


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
