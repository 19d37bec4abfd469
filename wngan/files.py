"""Files that are whole or absent, and room for them."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from wngan.locks import held


@contextmanager
def replacing(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Gives a temporary name beside each of `paths`; what the block writes there becomes them.

    They appear at the end of the block, in this order, and not at all after an error or a kill.
    Files that were there before are deleted first. Processes that make the same files do so one
    after another, by a hidden lock file that stays.
    """
    # The suffix stays: numpy would add its own.
    temporary = tuple(path.with_name(f"{path.stem}.part{path.suffix}") for path in paths)
    with held(paths[0].with_name(f".{paths[0].name}.lock"), partial(time.sleep, 1)):
        try:
            # A process that was killed may have left workers that still write to its files.
            for path in (*reversed(paths), *temporary):
                path.unlink(missing_ok=True)
            yield temporary
            for new, path in zip(temporary, paths, strict=True):
                os.replace(new, path)
        finally:
            for new in temporary:
                new.unlink(missing_ok=True)


def check_space(folder: Path, size: int) -> None:
    """Raises an `OSError` unless `size` bytes are free in `folder`."""
    free = shutil.disk_usage(folder).free
    if free < size:
        unit, name = (1e9, "GB") if size >= 1e9 else (1e6, "MB")
        raise OSError(
            f"{folder} needs {size / unit:.2f} {name} and has {free / unit:.2f} {name} free."
        )
