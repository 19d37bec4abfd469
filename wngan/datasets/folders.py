"""Which folder each test image is in, where whole folders are for testing or for training."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def folders_of_images(info: Path, permutation: Path) -> NDArray[np.int64] | None:
    """The folder, a number from 0, of each image of a permutation; None if images have none.

    Args:
        info: the data set's images.json, which lists folders where it is split by them.
        permutation: int64 (N,), the images in the order of the split, first those for testing.
    """
    folders = json.loads(info.read_text()).get("folders")
    if folders is None:
        return None
    _, numbers = np.unique([name for name, _ in folders], return_inverse=True)
    of_image = np.repeat(numbers, [images for _, images in folders])
    order: NDArray[np.int64] = of_image[np.load(permutation)].astype(np.int64)
    return order
