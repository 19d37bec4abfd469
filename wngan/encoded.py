"""Images that stay encoded in an LMDB, decoded when they are asked for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import lmdb
import numpy as np
from numpy.typing import NDArray

from wngan.decoding import central_crop, decode
from wngan.errors import InputError


def open_lmdb(folder: Path) -> lmdb.Environment:
    """The LMDB in `folder`, for reading only, opened once in each process.

    Raises:
        InputError: there is none, or its file is cut short.
    """
    data, what = folder / "data.mdb", f"{folder} must be a folder with an LMDB's data.mdb"
    try:
        # LMDB waits for ever for a pipe.
        size = data.stat().st_size if data.is_file() else 0
        if not size:
            raise InputError(f"{what}, which is missing or empty.")
        environment = _environment(folder.resolve())
    except (lmdb.Error, OSError) as error:
        raise InputError(f"{what}: {error}.") from error
    # LMDB maps the file, and the process would be killed where a page is missing.
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if size < needed:
        raise InputError(
            f"{folder}/data.mdb is cut short: it has {size} bytes and must have {needed}. Fetch or "
            "unpack it again."
        )
    return environment


@cache
def _environment(folder: Path) -> lmdb.Environment:
    # No lock file: nobody writes, and the folder may not be ours. No read-ahead: training does not
    # read in order.
    return lmdb.open(str(folder), readonly=True, lock=False, readahead=False)


# An environment must not be used across a fork; the child opens its own when it needs one.
os.register_at_fork(after_in_child=_environment.cache_clear)


@contextmanager
def named_if_readers_die(images: object) -> Iterator[None]:
    """Raises an `InputError` where torch says that a process that read `images` died.

    LMDB ends the process that meets a damaged page.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(images, EncodedImages) or "DataLoader worker" not in str(error):
            raise
        raise InputError(
            f"{images.folder}/data.mdb: a process that read it died ({error}). Either memory ran "
            "out, or the file is damaged; then fetch or unpack it again."
        ) from error


@dataclass(frozen=True)
class EncodedImages:
    """The central crops of images in an LMDB, as arrays uint8 (n, size, size, 3).

    It holds names and no open file, so it can be copied to worker processes.

    Args:
        folder: of the LMDB, which is only read.
        index: a file .npy with a key per image, uint8 (N, length of a key).
        size: of the crops.
    """

    folder: Path
    index: Path
    size: int

    def __len__(self) -> int:
        return len(np.load(self.index, mmap_mode="r"))

    def __getitem__(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at `indices`, (n,).

        Raises:
            InputError: one is missing, damaged or smaller than the crop.
        """
        keys = np.load(self.index, mmap_mode="r")[indices]
        images = np.empty((len(keys), self.size, self.size, 3), np.uint8)
        with open_lmdb(self.folder).begin() as transaction:
            for row, key in enumerate(map(bytes, keys)):
                name = f"{self.folder}, key {key!r}"
                try:
                    value = transaction.get(key)
                except lmdb.Error as error:
                    raise InputError(f"{name} can't be read: {error}. Fetch it again.") from error
                if value is None:
                    raise InputError(f"{name} must be there, as it is in {self.index}.")
                images[row] = central_crop(decode(value, name), self.size, name)
        return images
