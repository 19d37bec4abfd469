"""The data sets that experiments are made of, as arrays or an LMDB."""

import hashlib
import json
import math
import pickle
import tarfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from sklearn.datasets import load_digits

from wngan.encoded import central_crop, decode, open_lmdb
from wngan.files import check_space
from wngan.log import Progress

BLOCK = 1000
"""Images that a worker process decodes at a time."""

CHUNK = 1 << 20
"""Bytes that are unpacked at a time."""

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")
"""Of the names of images."""


def digits(image_size: int) -> NDArray[np.uint8]:
    """scikit-learn's 1,797 handwritten digits, white on black, enlarged from 8×8 to RGB.

    Returns:
        uint8 (1797, image_size, image_size, 3).
    """
    gray = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    size = (image_size, image_size)
    images = [Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC) for digit in gray]
    return np.stack([np.asarray(image.convert("RGB")) for image in images])


def crop_images(
    source: Path, output: Path, image_size: int, workers: int, resize: bool = False
) -> None:
    """Writes the central crops of the images in `source` to `output`, by name, as one .npy array.

    Args:
        source: a folder, searched through, or a zip, not unpacked; it is only read.
        output: uint8 (N, image_size, image_size, 3).
        image_size: of the crops.
        workers: processes that decode.
        resize: whether an image's shorter side first becomes `image_size`.

    Raises:
        ValueError: `source` has no images, or one is damaged or smaller than the crop.
        OSError: the disk has no room for `output`.
    """
    names = image_names(source)
    if not names:
        raise ValueError(f"{source} has no images; their names must end in {', '.join(SUFFIXES)}.")
    shape = (len(names), image_size, image_size, 3)
    check_space(output.parent, math.prod(shape))
    np.lib.format.open_memmap(output, "w+", np.dtype(np.uint8), shape).flush()
    starts = range(0, len(names), BLOCK)
    blocks = [names[start : start + BLOCK] for start in starts]
    with (
        ProcessPoolExecutor(workers) as pool,
        Progress(source.name, total=len(names), unit="image") as progress,
    ):
        # After an error, map drops the blocks that have not begun.
        for count in pool.map(partial(_crop_block, source, output, resize), starts, blocks):
            progress.update(count)


def image_names(source: Path) -> list[str]:
    """The names of the images in a folder (at any depth) or a zip, sorted, with / between parts.

    Hidden files, and those that macOS adds to zips, are left out; links to folders are not
    followed.

    Raises:
        ValueError: `source` is neither.
    """
    if source.is_dir():
        files = (path for path in source.rglob("*") if not path.is_dir())
        names = [path.relative_to(source).as_posix() for path in files]
    elif is_zipfile(source):
        with ZipFile(source) as file:
            names = file.namelist()
    else:
        raise ValueError(f"{source} must be a folder or a zip with images.")
    return sorted(
        name
        for name in names
        if name.lower().endswith(SUFFIXES)
        and not any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
    )


def _crop_block(source: Path, output: Path, resize: bool, start: int, names: list[str]) -> int:
    """Writes the crops of `names` to the rows from `start`; returns how many."""
    array = np.lib.format.open_memmap(output, "r+")
    size = array.shape[1]
    with nullcontext() if source.is_dir() else ZipFile(source) as file:
        for row, name in enumerate(names, start):
            content = file.read(name) if file else (source / name).read_bytes()
            image = decode(content, f"{source}/{name}")
            if resize:
                image = ImageOps.cover(image, (size, size), Image.Resampling.LANCZOS)
            array[row] = central_crop(image, size, f"{source}/{name}")
    array.flush()
    return len(names)


def unpack_lmdb(archive: Path, output: Path) -> None:
    """Writes the data.mdb of the LMDB in a zip to `output`; nothing else of the zip is unpacked.

    Raises:
        ValueError: the zip has none, or several.
        OSError: the disk has no room for it.
    """
    with ZipFile(archive) as file:
        members = [each for each in file.infolist() if each.filename.split("/")[-1] == "data.mdb"]
        if len(members) != 1:
            raise ValueError(f"{archive} must have one data.mdb, not {len(members)}.")
        (member,) = members
        check_space(output.parent, member.file_size)
        with (
            file.open(member) as source,
            open(output, "wb") as target,
            Progress(archive.name, total=member.file_size, unit="B", unit_scale=True) as progress,
        ):
            while chunk := source.read(CHUNK):
                target.write(chunk)
                progress.update(len(chunk))
    if output.stat().st_size != member.file_size:
        raise ValueError(f"{archive}: {member.filename} is cut short.")


def write_keys(folder: Path, output: Path) -> None:
    """Writes the keys of the LMDB in `folder` to `output`, in its order, as uint8 (N, length).

    Raises:
        ValueError: there is no LMDB, it is empty or its keys differ in length.
    """
    environment = open_lmdb(folder)
    count = environment.stat()["entries"]
    with environment.begin() as transaction, transaction.cursor() as cursor:
        if not cursor.first():
            raise ValueError(f"{folder} has no images.")
        keys = np.empty((count, len(cursor.key())), np.uint8)
        iterator = cursor.iternext(keys=True, values=False)
        for row, key in enumerate(Progress(folder.name, iterable=iterator, total=count)):
            if len(key) != keys.shape[1]:
                raise ValueError(f"{folder}: the key {key!r} is not as long as those before it.")
            keys[row] = np.frombuffer(key, np.uint8)
    np.save(output, keys)


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


def write_about(about: Path, array: Path, source: str, **facts: str | int) -> None:
    """Writes a JSON file with the count, size and digest of the images in the file `array`.

    Args:
        source: where they come from.
        **facts: others to write, or to write in place of these.
    """
    images = np.load(array, mmap_mode="r")
    with open(array, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = {"source": source, "count": len(images), "size": images.shape[1], "sha256": digest}
    about.write_text(json.dumps(known | facts, indent=2) + "\n")
