"""Locks between processes; each ends with the process that took it, however that ends."""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from wngan.log import logger

NODE_ONLY = {"local_lock=all", "local_lock=flock", "localflock", "nolock"}
"""Mount options by which locks are between processes of one node only."""


def take(path: Path) -> BinaryIO | None:
    """Takes the lock `path`, a file that is made if missing; None if another process has it.

    It is held until the file that is returned is closed, and says by whom (`holder`). Some network
    file systems know no locks, or none between nodes: there a log line says so, and every process,
    or one on each node, gets the lock.
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
    if option := node_only(path):
        logger.info(
            "%s keeps out only this node's processes, as its file system is mounted with %s. "
            "Don't start this job twice.",
            path,
            option,
        )
    me = f"process {os.getpid()} on {socket.gethostname()}"
    if job := os.environ.get("SLURM_JOB_ID"):
        me += f", SLURM job {job}"
    with suppress(OSError):  # on a full disk, which what the lock is for will report
        file.truncate(0)
        os.write(file.fileno(), me.encode())
    # Otherwise a process that reads images ahead, and outlives this one, would keep the lock.
    os.register_at_fork(after_in_child=file.close)
    return file


def is_held(path: Path) -> bool:
    """Whether a process has the lock `path` at this moment; no where there are no locks."""
    if not path.exists():
        return False
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # which others may ask as well
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def holder(path: Path) -> str:
    """Who holds the lock `path`, or had it last, as in "process 12 on node3, SLURM job 7"."""
    return path.read_text() or "another process"


def node_only(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The mount option by which locks of the file `path` do not reach other nodes; "" if none.

    NFS and Lustre have such options (nfs(5), mount.lustre(8)).

    Args:
        mounts: a list as proc(5) describes it.
    """
    device = path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    lines = mounts.read_text().splitlines() if mounts.exists() else []
    found = {
        option
        for fields in map(str.split, lines)
        if fields[2] == number
        for option in (fields[5] + "," + fields[-1]).split(",")
    }
    return ", ".join(sorted(found & NODE_ONLY))


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
