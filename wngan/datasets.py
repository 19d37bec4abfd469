"""The data sets that experiments are made of, as uint8 images (N, H, W, 3)."""

import hashlib
import io
import json
import pickle
import tarfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from wngan.log import Progress

BLOCK = 1000
"""Images of an archive that a worker process decodes at a time."""


def digits(image_size: int) -> NDArray[np.uint8]:
    """scikit-learn's 1,797 handwritten digits, white on black, enlarged from 8×8 to RGB.

    Returns:
        uint8 (1797, image_size, image_size, 3).
    """
    gray = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    size = (image_size, image_size)
    images = [Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC) for digit in gray]
    return np.stack([np.asarray(image.convert("RGB")) for image in images])


def central_crop(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """The central uint8 (size, size, 3) of `image`, not resized.

    Raises:
        ValueError: the image is smaller than that.
    """
    left, top = (image.width - size) // 2, (image.height - size) // 2
    if left < 0 or top < 0:
        raise ValueError(f"An image of {image.width}×{image.height} has no crop of {size}×{size}.")
    return np.asarray(image.convert("RGB").crop((left, top, left + size, top + size)))


def crop_archive(archive: Path, output: Path, image_size: int, workers: int) -> None:
    """Writes the central crops of the images in a zip to `output`, by name, as one .npy array.

    Args:
        archive: a zip of JPEG images; it is read where it is and not unpacked.
        output: uint8 (N, image_size, image_size, 3).
        image_size: of the crops.
        workers: processes that decode.

    Raises:
        ValueError: the zip has no JPEG images, or one is smaller than the crop.
    """
    with ZipFile(archive) as file:
        names = sorted(name for name in file.namelist() if name.lower().endswith(".jpg"))
    if not names:
        raise ValueError(f"{archive} has no JPEG images.")
    shape = (len(names), image_size, image_size, 3)
    np.lib.format.open_memmap(output, "w+", np.dtype(np.uint8), shape).flush()
    with (
        ProcessPoolExecutor(workers) as pool,
        Progress(archive.name, total=len(names), unit="image") as progress,
    ):
        blocks = [
            pool.submit(_crop_block, archive, output, start, names[start : start + BLOCK])
            for start in range(0, len(names), BLOCK)
        ]
        for block in as_completed(blocks):
            progress.update(block.result())


def _crop_block(archive: Path, output: Path, start: int, names: Sequence[str]) -> int:
    """Writes the crops of `names` to the rows from `start`; returns how many."""
    array = np.lib.format.open_memmap(output, "r+")
    with ZipFile(archive) as file:
        for row, name in enumerate(names, start):
            with Image.open(io.BytesIO(file.read(name))) as image:
                array[row] = central_crop(image, array.shape[1])
    array.flush()
    return len(names)


class _ArraysOnly(pickle.Unpickler):
    """Loads what CIFAR-10's batches contain, arrays of numbers in plain containers, and no more."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """The class or function of that name, if batches need it."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which no batch of CIFAR-10 does"
            )
        return self.ALLOWED[module, name]


def cifar10(archive: Path) -> NDArray[np.uint8]:
    """The 60,000 images of CIFAR-10, those for training first (appendix D.3).

    Args:
        archive: cifar-10-python.tar.gz, read where it is and not unpacked.

    Returns:
        uint8 (60000, 32, 32, 3).

    Raises:
        ValueError: the archive is not CIFAR-10's in its Python form.
    """
    batches = []
    with tarfile.open(archive) as tar:
        for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
            try:
                member: Any = tar.extractfile(f"cifar-10-batches-py/{name}")
                # Written by Python 2, whose strings are bytes.
                batch = _ArraysOnly(member, encoding="latin1").load()["data"]
                batches.append(batch.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            except (AttributeError, KeyError, ValueError, EOFError, pickle.PickleError) as error:
                raise ValueError(f"{archive} has no usable batch {name}: {error}") from error
    return np.concatenate(batches)


def write_about(about: Path, images: Path, source: str) -> None:
    """Writes a JSON file with the count, size and digest of the array in the file `images`."""
    array = np.load(images, mmap_mode="r")
    with open(images, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {"source": source, "count": len(array), "size": array.shape[1], "sha256": digest}
    about.write_text(json.dumps(facts, indent=2) + "\n")
