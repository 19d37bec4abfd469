"""Trainings that are interrupted in all ways that need no cluster, and end as if they were not."""

import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.workflow.conftest import SEGMENT, STATE, Repository, results, training, wait_for
from wngan.log import GO_ON, WHEN_FULL

TARGET = f"{SEGMENT}/state.safetensors"
KILLS = 24


@contextmanager
def snakemake(repository: Repository, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Snakemake at work in the background; at the end it and all that it started are killed."""
    command = [sys.executable, "-m", "snakemake", TARGET, "--configfile", "tiny.yaml"]
    with open(repository.root / "out.log", "ab") as output:
        process = subprocess.Popen(
            [*command, "--cores", "1", *options],
            cwd=repository.root,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def trainer(repository: Repository, process: subprocess.Popen[bytes]) -> int | None:
    """The number of the process that trains, once there is one; None if Snakemake has ended."""
    while process.poll() is None:
        if found := training(repository):
            return found
        time.sleep(0.05)
    return None


def log(repository: Repository) -> str:
    """What the last attempt at training logged."""
    return (repository.root / SEGMENT / "train.log").read_text()


def in_training(pid: int, root: Path, moments: random.Random) -> bool:
    """Waits until after a save of this attempt, and then some."""
    began = time.time()
    states = [root / STATE, root / STATE.replace("/1/2/", "/1/1/")]
    wait_for(
        lambda: ended(pid) or any(s.exists() and s.stat().st_mtime > began for s in states),
        "training saves its state",
    )
    time.sleep(moments.uniform(0, 0.2))
    return True


def at_the_start(pid: int, root: Path, moments: random.Random) -> bool:
    """Waits for a moment before or after training begins."""
    time.sleep(moments.uniform(0, 3))
    return True


def in_a_write(pid: int, root: Path, moments: random.Random) -> bool:
    """Waits for a checkpoint that is being written; says whether it still was when it was found."""
    folders = [(root / STATE).parent, (root / STATE.replace("/1/2/", "/1/1/")).parent]
    written = [folder / ".state.safetensors" for folder in folders]
    end = time.monotonic() + 60
    while not any(path.exists() for path in written):
        if ended(pid):
            return False
        assert time.monotonic() < end
    os.kill(pid, signal.SIGSTOP)
    return any(path.exists() for path in written)


def ended(pid: int) -> bool:
    """Whether a process is gone."""
    return not Path(f"/proc/{pid}").exists()


def test_training_killed_at_random_moments(undisturbed: Repository, tmp_path: Path) -> None:
    """Also while a checkpoint is written; each time Snakemake tries again. Twice, if need be."""
    moments, runs = random.Random(0), "results/runs/tiny/wn"
    kinds = itertools.cycle([at_the_start, in_training, in_a_write])
    kills: Counter[str] = Counter()
    for number in itertools.count():
        repository = undisturbed.without(runs, tmp_path / str(number))
        repository.edit("tiny.yaml", "save_every: 0.5", "save_every: 0.05")
        logs = []
        with snakemake(repository, "--retries", "100") as process:
            while kills.total() < KILLS and (pid := trainer(repository, process)):
                kind = next(kinds)
                as_meant = kind(pid, repository.root, moments)
                found = repository.root.glob(f"{runs}/1/segments/*/train.log")
                logs += [path.read_text() for path in found]
                if not ended(pid):
                    os.kill(pid, signal.SIGKILL)
                    kills[kind.__name__ if as_meant else "too late"] += 1
                while not ended(pid):
                    time.sleep(0.01)
            assert process.wait(120) == 0
        assert any("continues after iteration" in each for each in logs)
        assert results(repository.root, runs) == results(undisturbed.root, runs)
        if kills.total() >= KILLS:
            break
    assert kills["in_a_write"] >= KILLS // 6


def interrupted(undisturbed: Repository, root: Path) -> Repository:
    """A segment that was killed, Snakemake and all, after it had saved its state."""
    repository = undisturbed.without(SEGMENT, root)
    with snakemake(repository) as process:
        wait_for((repository.root / STATE).exists, "a state is saved")
        pid = trainer(repository, process)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        refused = repository.tiny(TARGET, fails=True)
        assert "Directory cannot be locked" in refused
    repository.tiny("--unlock")
    return repository


def cut(state: bytes) -> bytes:
    return state[: len(state) // 2]


def flip(state: bytes) -> bytes:
    return state[:-100] + bytes([state[-100] ^ 1]) + state[-99:]


@pytest.mark.parametrize(("damage", "reason"), [(cut, "not a readable"), (flip, "is damaged")])
def test_a_damaged_recovery_file_is_ignored(
    damage: Callable[[bytes], bytes], reason: str, undisturbed: Repository, tmp_path: Path
) -> None:
    repository = interrupted(undisturbed, tmp_path / "copy")
    state = repository.root / STATE
    state.write_bytes(damage(state.read_bytes()))
    repository.tiny(TARGET)
    assert log(repository).count("Ignoring the saved state: ") == 1
    assert reason in log(repository)
    assert "continues after iteration" not in log(repository)
    assert results(repository.root, SEGMENT) == results(undisturbed.root, SEGMENT)


def test_a_recovery_file_of_another_configuration_is_not_used(
    undisturbed: Repository, tmp_path: Path
) -> None:
    """The learning rate changes; what was begun with the old one is trained anew."""
    fresh, stale = (tmp_path / name for name in ("fresh", "stale"))
    repositories = undisturbed.without(SEGMENT, fresh), interrupted(undisturbed, stale)
    for repository in repositories:
        repository.edit("tiny.yaml", "lr: 0.001", "lr: 0.002")
        repository.tiny(TARGET)
    assert "Ignoring " in log(repositories[1])
    assert "which belongs to other settings or inputs." in log(repositories[1])
    assert "Ignoring " not in log(repositories[0])
    assert results(stale, SEGMENT) == results(fresh, SEGMENT)
    assert results(stale, SEGMENT) != results(undisturbed.root, SEGMENT)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2M", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"nothing may be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Writes to a file until there is no room left."""
    with open(path, "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))


def test_a_full_disk_loses_nothing(
    undisturbed: Repository, small_disk: Path, tmp_path: Path
) -> None:
    repository = undisturbed.without(SEGMENT, tmp_path / "copy")
    recovery = repository.root / "results/recovery"
    for path in sorted(recovery.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    recovery.rmdir()
    recovery.symlink_to(small_disk)
    with snakemake(repository) as process:
        wait_for((repository.root / STATE).exists, "a state is saved")
        fill(small_disk / "others")
        assert process.wait(60) != 0
    printed = (repository.root / "out.log").read_text()
    assert "could not be written: " in printed
    assert "No space left on device" in printed
    assert printed.count(WHEN_FULL) == 2  # once more in the end
    (small_disk / "others").unlink()
    repository.tiny(TARGET)
    assert "continues after iteration" in log(repository)
    assert results(repository.root, SEGMENT) == results(undisturbed.root, SEGMENT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_stops_training_and_says_so_in_the_end(
    number: signal.Signals, undisturbed: Repository, tmp_path: Path
) -> None:
    """Ctrl-C, as a terminal sends it, and a batch system's signal.

    On SIGTERM the shell around the training ends first, and Snakemake does not wait for the rest.
    """
    repository = undisturbed.without(SEGMENT, tmp_path / "copy")
    with snakemake(repository) as process:
        wait_for((repository.root / STATE).exists, "a state is saved")
        os.killpg(process.pid, number)
        assert process.wait(60) != 0
    wait_for(lambda: training(repository) is None, "training ends")
    printed = (repository.root / "out.log").read_text()
    assert "Traceback" not in printed
    stopped = rf"tiny wn/1 stopped at .* on {number.name}; the state is kept\.\n"
    assert re.search(stopped, printed)
    last = printed[printed.rindex("Error in rule") :]
    said = stopped if number == signal.SIGINT else ""
    assert re.search(rf"^{said}{GO_ON}$", last, re.MULTILINE)
    repository.tiny(TARGET)
    assert results(repository.root, SEGMENT) == results(undisturbed.root, SEGMENT)


def status(repository: Repository) -> str:
    """What it says of the run that is interrupted, or of all."""
    command = [sys.executable, "-m", "wngan.status", "tiny.yaml"]
    done = subprocess.run(command, cwd=repository.root, check=True, text=True, capture_output=True)
    lines = done.stdout.splitlines()
    return " ".join(
        next((line for line in lines if line.startswith("tiny wn/1")), lines[0]).split()
    )


def test_the_status_of_a_run_before_while_and_after_it_is_trained(
    undisturbed: Repository, tmp_path: Path
) -> None:
    repository = undisturbed.without("results", tmp_path / "copy")
    assert status(repository) == "None of the 8 runs of tiny.yaml has begun."
    with snakemake(repository):
        wait_for((repository.root / STATE).exists, "a state is saved")
        assert re.fullmatch(r"tiny wn/1 [\d,]+ 1,600 .*training", status(repository))
    for account in (repository.root / "results/recovery").rglob("attempts/*/*.json"):
        os.utime(account, (0, 0))  # as if the kill were long ago
    assert re.fullmatch(r"tiny wn/1 [\d,]+ 1,600 interrupted", status(repository))
    repository.tiny("--unlock")
    repository.tiny(TARGET)
    assert status(repository) == "tiny wn/1 1,600 1,600 waiting"
    repository.tiny("results/runs/tiny/wn/1/status.json")
    assert re.fullmatch(r"tiny wn/1( 1,600){2}( 0\.\d{6}){2} [\d,]+ \w+", status(repository))
