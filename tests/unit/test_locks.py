"""Locks between real processes."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wngan import locks
from wngan.locks import held, is_held, node_only, take
from wngan.locks import holder as who

HOLD = """
import sys, time
from pathlib import Path
from wngan.locks import take
file = take(Path(sys.argv[1]))
print("held" if file else "not held", flush=True)
time.sleep(60)
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock."""
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_lock_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        assert who(path) == f"process {process.pid} on {socket.gethostname()}"
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    file = take(path)
    assert file is not None
    with file:
        assert who(path) == f"process {os.getpid()} on {socket.gethostname()}, SLURM job 7"


def test_whether_a_lock_is_held_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    with holder(path):
        assert is_held(path)
    assert not is_held(path)
    assert "process" in who(path)  # asking takes nothing

    def none(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    assert not is_held(path)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with holder(path):
        assert take(path) is None
    file = take(path)  # its holder was killed
    assert file is not None
    file.close()
    with holder(path):
        pass


FORK = """
import multiprocessing, os, sys, time
from pathlib import Path
from wngan.locks import take

def wait():
    print(os.getpid(), flush=True)  # by now it has closed its copy of the lock, or never will
    time.sleep(60)

file = take(Path(sys.argv[1]))
multiprocessing.get_context("fork").Process(target=wait).start()
time.sleep(60)
"""


def test_a_lock_does_not_wait_for_children(tmp_path: Path) -> None:
    """They outlive a process that is killed, by seconds or for ever."""
    command = [sys.executable, "-c", FORK, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            assert take(tmp_path / "lock") is None
            process.kill()
            process.wait()
            file = take(tmp_path / "lock")
            assert file is not None
            file.close()
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_lock_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, pauses = tmp_path / "lock", []
    with holder(path) as process, caplog.at_level("INFO"):

        def pause() -> None:
            pauses.append(1)
            if len(pauses) == 3:
                process.kill()
                process.wait()

        with held(path, pause):
            assert take(path) is None
    assert len(pauses) == 3
    assert caplog.text.count("Waiting for the process that holds") == 1
    with held(path, pause):
        assert len(pauses) == 3


def test_waiting_can_end(tmp_path: Path) -> None:
    def pause() -> None:
        raise KeyError("enough")

    with (
        holder(tmp_path / "lock"),
        pytest.raises(KeyError, match="enough"),
        held(tmp_path / "lock", pause),
    ):
        pass


def test_a_file_system_without_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    with caplog.at_level("INFO"):
        assert take(tmp_path / "lock") is not None
    assert "can't be locked" in caplog.text


@pytest.mark.parametrize(
    ("own", "options", "expected"),
    [
        (True, "rw,vers=3,local_lock=none,addr=10.0.0.1", ""),
        (True, "rw,vers=3,nolock,local_lock=all", "local_lock=all, nolock"),
        (True, "rw,localflock,lazystatfs", "localflock"),
        (False, "rw,localflock", ""),
    ],
)
def test_locks_that_other_nodes_do_not_see_are_known(
    own: bool, options: str, expected: str, tmp_path: Path
) -> None:
    device = tmp_path.stat().st_dev if own else os.makedev(9, 9)
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 0:1 / /proc rw,nosuid shared:5 - proc proc rw,localflock\n"
        f"36 22 {number} / /scratch rw,relatime shared:7 - nfs host:/scratch {options}\n"
    )
    assert node_only(tmp_path, mounts) == expected


def test_a_lock_that_other_nodes_do_not_see_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "node_only", lambda path: "localflock")
    with caplog.at_level("INFO"):
        assert take(tmp_path / "lock") is not None
    assert (
        "keeps out only this node's processes, as its file system is mounted with localflock"
        in (caplog.text)
    )
