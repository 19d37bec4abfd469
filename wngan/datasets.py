"""The data sets that experiments are made of, as uint8 images (N, H, W, 3)."""

import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
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


def write_about(about: Path, images: Path, source: str) -> None:
    """Writes a JSON file with the count, size and digest of the array in the file `images`."""
    array = np.load(images, mmap_mode="r")
    with open(images, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts = {"source": source, "count": len(array), "size": array.shape[1], "sha256": digest}
    about.write_text(json.dumps(facts, indent=2) + "\n")
