"""Locks between processes; each ends with the process that took it, however that ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from wngan.log import logger


def take(path: Path) -> BinaryIO | None:
    """Takes the lock `path`, a file that is made if missing; None if another process has it.

    It is held until the file that is returned is closed. Some network file systems know no locks:
    there a log line says so, and every process gets the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "ab")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        logger.info(
            "Running without a lock, as %s can't be locked: %s. Don't start this job twice.",
            path,
            error,
        )
    # Otherwise a process that reads images ahead, and outlives this one, would keep the lock.
    os.register_at_fork(after_in_child=file.close)
    return file


@contextmanager
def held(path: Path, pause: Callable[[], None]) -> Iterator[None]:
    """Waits for the lock `path` and holds it.

    Args:
        pause: called between tries; what it raises ends the waiting.
    """
    waited = False
    while (file := take(path)) is None:
        if not waited:
            logger.info("Waiting for the process that holds %s.", path)
        waited = True
        pause()
    with file:
        yield
