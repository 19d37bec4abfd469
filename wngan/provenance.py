"""What a result was computed from, with and on: digests, versions, machines, times."""

import hashlib
import json
import os
import platform
import resource
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from wngan.log import logger

WITHOUT_EFFECT = (
    "__init__.py",
    "errors.py",
    "events.py",
    "job.py",
    "locks.py",
    "log.py",
    "memory.py",
    "progress.py",
    "provenance.py",
    "read_ahead.py",
)
"""Modules that no result depends on."""

PACKAGES = ("numpy", "safetensors", "torch", "torch-fidelity")
"""Whose versions a record has."""


@cache
def sources(script: Path) -> tuple[Path, ...]:
    """`script` and the modules of its repository that it imports, directly or not, sorted.

    Args:
        script: in a folder of the repository whose top holds the package.
    """
    root = script.resolve().parent.parent
    # ModuleFinder fails where a folder that is no package has the name of an import.
    folders = [path.name for path in root.iterdir() if not (path / "__init__.py").exists()]
    finder = ModuleFinder(path=[str(root)], excludes=folders)
    finder.run_script(str(script))
    names = [getattr(module, "__file__", None) for module in finder.modules.values()]
    files = {Path(name).resolve() for name in names if name}
    return tuple(sorted(file for file in files if file.name not in WITHOUT_EFFECT))


@cache
def code_digest(script: Path, without: frozenset[Path] = frozenset()) -> str:
    """A digest of the names and contents of `sources(script)`; times and places do not matter.

    Args:
        without: sources that don't count.
    """
    digest = hashlib.sha256()
    for file in sources(script):
        if file in without:
            continue
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def config_digest(config: Any) -> str:
    """A digest of a configuration, or of a part of one."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def experiment_digest(config: dict[str, Any], name: str) -> str:
    """A digest of what a configuration says of an experiment and of its data set, and no more."""
    experiment = config["experiments"][name]
    return config_digest([experiment, config["datasets"][experiment["dataset"]]])


@contextmanager
def recorded(
    folder: Path,
    record: Path,
    device: str,
    every: float = 30,
    keep: Callable[[], bool] = bool,
    **info: Any,
) -> Iterator[dict[str, Any]]:
    """Keeps account of a job: of this attempt in `folder`, and at its end of them all in `record`.

    The block gets what else the record says and may add to it.

    Args:
        folder: of the job's attempts, outside its outputs, which Snakemake deletes when it fails.
        record: a JSON file, written when the block ends well; `folder` is then removed. If another
            process has finished the job meanwhile, its attempts are kept.
        device: what is computed on.
        every: seconds between updates of the attempt's file, so that a killed one counts as well.
        keep: asked at the end whether `folder` must stay.
        **info: what else the record says, such as digests.

    The record also has `versions`, `attempts` (oldest first, of each `started`, `host`, `device`,
    `seconds`, the `megabytes` that its process took at most, and its `end`) and `seconds`, their
    sum. Earlier attempts are logged, as Snakemake deletes their logs as well.
    """
    for earlier in _attempts(folder):
        logger.info("Attempt of {started}, {seconds:.0f} s on {host}: {end}".format(**earlier))
    started, began = datetime.now(UTC), time.monotonic()
    host = socket.gethostname()
    attempt = {
        "started": started.isoformat(timespec="microseconds"),
        "host": host,
        "device": device,
        "end": "killed",
    }
    file = folder / f"{started:%Y%m%dT%H%M%S.%f}-{host}-{os.getpid()}.json"
    finished = threading.Event()

    def write() -> None:
        seconds = round(time.monotonic() - began, 3)
        temporary = file.with_suffix(".part")
        with suppress(OSError):  # on a full disk, which the job itself reports
            folder.mkdir(parents=True, exist_ok=True)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
            lasted = {"seconds": seconds, "megabytes": round(peak)}
            temporary.write_text(json.dumps(attempt | lasted) + "\n")
            os.replace(temporary, file)

    def keep_writing() -> None:
        while not finished.wait(every):
            write()

    write()
    thread = threading.Thread(target=keep_writing, daemon=True)
    thread.start()
    try:
        yield info
        attempt["end"] = "finished"
    except BaseException as error:
        attempt["end"] = str(error) or type(error).__name__
        raise
    finally:
        finished.set()
        thread.join()
        write()
    known = []
    with suppress(OSError, ValueError):  # mostly there is none
        known = json.loads(record.read_text())["attempts"]
    last_seen = {(each["started"], each["host"]): each for each in known + _attempts(folder)}
    attempts = list(last_seen.values())
    info |= {
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
        "attempts": attempts,
        "seconds": round(sum(attempt["seconds"] for attempt in attempts), 3),
    }
    temporary = record.with_name(f".{file.name}")
    try:
        temporary.write_text(json.dumps(info, indent=2) + "\n")
        os.replace(temporary, record)
    finally:
        temporary.unlink(missing_ok=True)
    if not keep():
        shutil.rmtree(folder, ignore_errors=True)


def _attempts(folder: Path) -> list[dict[str, Any]]:
    """The attempts at a job so far, oldest first, but for files that a crash left unreadable."""
    attempts = []
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError):
            attempts.append(json.loads(path.read_text()))
    return attempts
