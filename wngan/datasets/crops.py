"""Central crops of the images in a folder or a zip."""

import math
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import numpy as np

from wngan.decoding import central_crop, decode
from wngan.files import check_space
from wngan.progress import Progress
from wngan.resizing import covering

BLOCK = 1000
"""Images that a worker process decodes at a time."""

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp")
"""Of the names of images."""


def crop_images(
    source: Path, output: Path, image_size: int, workers: int, resize: bool = False
) -> list[str]:
    """Writes the central crops of the images in `source` to `output`, by name, as one .npy array.

    Args:
        source: a folder, searched through, or a zip, not unpacked; it is only read.
        output: uint8 (N, image_size, image_size, 3).
        image_size: of the crops.
        workers: processes that decode.
        resize: whether an image's shorter side first becomes `image_size`.

    Returns:
        The images' names.

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
    return names


def image_names(source: Path) -> list[str]:
    """The names of the images in a folder (at any depth) or a zip, sorted, with / between parts.

    Hidden files, and those that macOS adds to zips, are left out; links to folders are not
    followed.

    Raises:
        ValueError: `source` is neither.
    """
    if source.is_dir():
        found = Progress(f"files in {source.name}", iterable=source.rglob("*"), unit="file")
        files = (path for path in found if not path.is_dir())
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
                image = covering(image, size)
            array[row] = central_crop(image, size, f"{source}/{name}")
    array.flush()
    return len(names)
