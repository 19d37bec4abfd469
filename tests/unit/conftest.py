"""A run small enough to train in a second, and a data set's small files."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.tiny import TINY
from wngan.settings import Settings


@pytest.fixture
def tiny() -> Settings:
    return TINY


def dataset(folder: Path, of_images: list[int] | None = None) -> tuple[Path, Path]:
    """The info and the permutation of a data set of 100 images, or of those in folders.

    Args:
        of_images: the number of the folder that each image is in, in the order of the permutation.
    """
    info, permutation = folder / "images.json", folder / "permutation.npy"
    folders = None if of_images is None else [(str(number), 1) for number in of_images[::-1]]
    info.write_text(json.dumps({"count": 100} | ({} if folders is None else {"folders": folders})))
    np.save(permutation, np.arange(100 if of_images is None else len(of_images))[::-1])
    return info, permutation
