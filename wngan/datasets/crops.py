"""Central crops of the images in a folder, a zip or a tar."""

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import cache, partial
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wngan.datasets.containers import Member, find_images, reader
from wngan.decoding import central_crop, decode, has_more_frames
from wngan.errors import InputError, all_of
from wngan.files import check_space
from wngan.log import logger
from wngan.progress import Progress
from wngan.resizing import covering

BLOCK = 1000
"""Images that a worker process decodes at a time, at most."""

PARTS = 20
"""Blocks for each worker, at least, so that all have work and the log says how far they are."""

Rows = list[tuple[int, Member]]
"""Images, and the rows that their crops are."""


class Done(NamedTuple):
    """What became of a block of images: a sentence for each that can't be used, and digests."""

    images: int
    problems: list[str]
    with_more_frames: int
    digests: list[bytes]


def crop_images(
    source: Path, output: Path, image_size: int, workers: int, resize: bool = False
) -> list[str]:
    """Writes the central crops of the images in `source` to `output`, by name, as one .npy array.

    Log lines say how many files are left out, of how many images only the first frame is taken, and
    how many crops are the same as others.

    Args:
        source: a folder, searched through, or a zip or tar, not unpacked; it is only read.
        output: uint8 (N, image_size, image_size, 3).
        image_size: of the crops.
        workers: processes that decode.
        resize: whether an image's shorter side first becomes `image_size`.

    Returns:
        The images' names.

    Raises:
        InputError: `source` has no images or can't be read, or images in it are damaged or smaller
            than the crop; the message names them.
        OSError: the disk has no room for `output`.
    """
    images = find_images(source)
    shape = (len(images), image_size, image_size, 3)
    check_space(output.parent, math.prod(shape))
    np.lib.format.open_memmap(output, "w+", np.dtype(np.uint8), shape).flush()
    if hasattr(os, "posix_fallocate"):  # a quota that is too small raises here, not a SIGBUS later
        with open(output, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, output.stat().st_size)
    problems: list[str] = []
    with_more_frames, digests = 0, set[bytes]()
    try:
        with (
            ProcessPoolExecutor(workers) as pool,
            Progress(source.name, total=len(images), unit="image") as progress,
        ):
            blocks = _blocks(images, workers)
            for done in pool.map(partial(_crop_block, source, output, resize), blocks):
                problems += done.problems
                with_more_frames += done.with_more_frames
                digests.update(done.digests)
                progress.update(done.images)
    except BrokenProcessPool as error:
        raise InputError(
            f"{source}: a process that reads its images died, for lack of memory or of an image "
            "that makes a decoder crash."
        ) from error
    if problems:
        raise all_of(problems, f"images of {source}")
    if with_more_frames:
        logger.info("Taking the first of several frames or pages of %d images.", with_more_frames)
    if copies := len(images) - len(digests):
        logger.warning(
            "%d of %d images of %s are copies of others, to the pixel: some may be for testing as "
            "well as for training.",
            copies,
            len(images),
            source,
        )
    return [image.name for image in images]


def _blocks(images: list[Member], workers: int) -> Iterator[Rows]:
    """Images in parts, and in the order of the archive where that has to be read in order."""
    size = min(BLOCK, math.ceil(len(images) / (PARTS * workers)))
    for compressed, numbered in groupby(
        enumerate(images), lambda row: None if row[1].offset is None else row[1].file
    ):
        rows = list(numbered)
        if compressed:
            yield sorted(rows, key=lambda row: row[1].offset or 0)
        else:
            yield from (rows[start : start + size] for start in range(0, len(rows), size))


@cache
def _reader() -> tuple[ExitStack, Callable[[Member], bytes]]:
    """A worker's, until it ends, as the list of what a zip has may take a second to read."""
    stack = ExitStack()
    return stack, stack.enter_context(reader())


def _crop_block(source: Path, output: Path, resize: bool, images: Rows) -> Done:
    """Writes the crops of images to their rows."""
    array = np.lib.format.open_memmap(output, "r+")
    size = array.shape[1]
    problems, with_more_frames, digests = [], 0, []
    _, read = _reader()
    for row, member in images:
        name = f"{source}/{member.name}"
        try:
            content = read(member)
            image = decode(content, name)
            crop = central_crop(covering(image, size) if resize else image, size, name)
            array[row] = crop
            digests.append(blake2b(crop.tobytes(), digest_size=16).digest())
            with_more_frames += has_more_frames(content)
        except InputError as error:
            problems.append(str(error))
    array.flush()
    return Done(len(images), problems, with_more_frames, digests)
