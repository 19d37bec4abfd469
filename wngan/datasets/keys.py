"""The keys of the images in an LMDB."""

from pathlib import Path

import numpy as np

from wngan.encoded import open_lmdb
from wngan.progress import Progress


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
