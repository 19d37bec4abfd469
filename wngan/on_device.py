"""Images of a data set on the device that trains or evaluates, where they fit."""

from typing import cast

import numpy as np
import torch

from wngan.data import Images
from wngan.gpus import share
from wngan.progress import Progress

PART = 10_000
"""Images that are moved to a device at a time."""


def on_device(images: Images, device: torch.device) -> Images:
    """Images of an array, on a GPU if they fit in a quarter of its free memory; else as given.

    Of memory that other jobs may want as well this process's share counts (`wngan.gpus.share`).

    Indexed as an array is, the former give tensors instead, uint8 (n, H, W, 3) on the GPU.
    """
    if device.type != "cuda" or not isinstance(images, np.ndarray):
        return images
    if images.nbytes > share(device) // 4:
        return images
    moved = torch.empty(images.shape, dtype=torch.uint8, device=device)
    parts = range(0, len(images), PART)  # the file is larger than a job's memory may be
    for first in Progress("images to the GPU", iterable=parts, unit="part"):
        moved[first : first + PART] = torch.from_numpy(images[first : first + PART].copy())
    return cast(Images, moved)
