"""The keys of the images in an LMDB."""

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import lmdb
import numpy as np

from wngan.encoded import open_lmdb
from wngan.errors import InputError
from wngan.progress import Progress


def write_keys(folder: Path, output: Path) -> None:
    """Writes the keys of the LMDB in `folder` to `output`, in its order, as uint8 (N, length).

    Raises:
        InputError: there is no LMDB, it is damaged or empty, or its keys differ in length.
    """
    damaged = (
        f"{folder}/data.mdb is damaged: its keys can't be read ({{}}). Fetch or unpack it again."
    )
    try:
        # LMDB ends the process that meets a damaged page.
        with ProcessPoolExecutor(1) as pool:
            pool.submit(_write_keys, folder, output).result()
    except lmdb.Error as error:
        raise InputError(damaged.format(error)) from error
    except BrokenProcessPool as error:
        raise InputError(damaged.format("the process that did so died")) from error


def _write_keys(folder: Path, output: Path) -> None:
    environment = open_lmdb(folder)
    count = environment.stat()["entries"]
    with environment.begin() as transaction, transaction.cursor() as cursor:
        if not cursor.first():
            raise InputError(f"{folder} has no images.")
        keys = np.empty((count, len(cursor.key())), np.uint8)
        iterator = cursor.iternext(keys=True, values=False)
        row = -1
        for row, key in enumerate(Progress(folder.name, iterable=iterator, total=count)):
            if len(key) != keys.shape[1]:
                raise InputError(
                    f"{folder}: the key {key!r} is not as long as those before it, {keys.shape[1]} "
                    "bytes. As in LSUN's, there must be nothing but images."
                )
            keys[row] = np.frombuffer(key, np.uint8)
        if row + 1 != count:
            raise InputError(
                f"{folder} must have {count} images and has {row + 1}; fetch it again."
            )
    np.save(output, keys)
