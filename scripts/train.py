"""Trains one segment of a run, continuing where an earlier attempt was stopped."""

import hashlib
import json
import math
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wngan import checkpoint
from wngan.computing import compute
from wngan.data import Subset, open_images
from wngan.digests import file_sha256
from wngan.encoded import EncodedImages, named_if_readers_die
from wngan.events import training_events
from wngan.locks import holder, take
from wngan.log import logger
from wngan.on_device import on_device
from wngan.progress import Progress
from wngan.settings import Settings
from wngan.training import Interrupted, discard, train

MARGIN = 5.0
"""Minutes that a job leaves of its runtime, for its last save and what comes before and after."""


def main(
    info: Path,
    permutation: Path,
    previous: Path | None,
    outputs: dict[str, Path],
    settings: dict[str, Any],
    start: int,
    stop: int,
    test_images: int,
    restarts: int,
    recovery: Path,
    code: str,
    label: str,
    threads: int,
    device: torch.device,
    save_every: float,
    reason_to_stop: Callable[[], str],
    events: Path | None = None,
) -> dict[str, Any]:
    """Trains iterations `start` + 1 to `stop` in the folder `recovery`, then fills `outputs`.

    If another process has filled them with the same segment there is nothing to do.
    A run that diverges in its first segment starts again with another seed, up to `restarts` times.
    The segment's status.json says with which seeds it did, and has the digest of the end state.

    Args:
        info, permutation: of the prepared data set; the first `test_images` of the permutation
            are not for training.
        previous: the end state of the segment before.
        outputs: the files of a segment (see `wngan.training.train`), by their names without suffix;
            its provenance is not made here.
        settings: of the run, for `wngan.settings.Settings`.
        restarts: at most; a run's later segments have the seed of its first and start only once.
        recovery: where an attempt that is stopped leaves what the next one goes on with.
        code: digest of the code that trains.
        label: names the run in log lines.
        threads: for computing; where images are encoded, one for that, the others to decode them.
        device: to compute on.
        save_every: seconds between saves of the state.
        reason_to_stop: asked after each iteration; what it says, if not "", ends the attempt.
        events: where event files go, if any.

    Returns:
        settings, and how many iterations it trained.

    Raises:
        Interrupted: there was a reason to stop; the state is kept, and another call goes on.
        ValueError: `previous` is of other settings.
    """
    files = {name: path for name, path in outputs.items() if name != "provenance"}
    images = open_images(info)
    workers = max(1, threads - 1) if isinstance(images, EncodedImages) else 0
    torch.set_num_threads(1 if workers else threads)  # results depend on it, but not on workers
    determined_by = {
        "settings": settings,
        "restarts": restarts,
        "test_images": test_images,
        "code": code,
        "versions": [torch.__version__, np.__version__],
        "computed by": [device.type, torch.get_num_threads(), *_how()],
        "inputs": [file_sha256(file) for file in (info, permutation, previous) if file is not None],
    }
    identity = hashlib.sha256(json.dumps(determined_by, sort_keys=True).encode()).hexdigest()

    # Snakemake has deleted what was there before this job began.
    if _made(files) == [start, stop, identity]:
        logger.info("%s: another process finished it.", label)
        return _done(files["status"], settings, start)
    run = Settings(**settings | {"channels": tuple(settings["channels"])})
    if previous is not None:
        seed = checkpoint.load(previous)[1]["settings"]["seed"]
        seeds = [run.restarted(restart).seed for restart in range(restarts + 1)]
        if seed in seeds:  # else `train` raises, as it belongs to another
            run = replace(run, seed=seed)
    resident = on_device(images, device)
    training_images = Subset(resident, np.load(permutation)[test_images:])
    diverged: list[dict[str, Any]] = []
    for restart in range(1 if previous else restarts + 1):
        attempt = run.restarted(restart)
        folder = recovery / str(restart)
        with (
            training_events(events and events / "training") as on_losses,
            named_if_readers_die(images),
        ):
            train(
                attempt,
                training_images,
                folder,
                start=start,
                stop=stop,
                previous=previous,
                identity=identity,
                label=label,
                device=device,
                workers=workers,
                reason_to_stop=reason_to_stop,
                save_every=save_every,
                on_losses=on_losses,
            )
        status = json.loads((folder / "status.json").read_text())
        status |= {"seed": attempt.seed, "restarts": list(diverged)}
        if status["status"] != "diverged":
            break
        diverged.append({key: status[key] for key in ("seed", "iteration", "reason")})

    # Copied, not moved: an attempt that dies here must find the folder whole.
    _copy(folder, {name: path for name, path in files.items() if name != "status"})
    status["state"] = file_sha256(files["state"])
    files["status"].write_text(json.dumps(status) + "\n")
    logger.info("%s finished iterations %d to %d.", label, start + 1, stop)
    return _done(files["status"], settings, start)


@contextmanager
def alone(recovery: Path) -> Iterator[Callable[[], bool]]:
    """Lets one process at a time train a run, and discards `recovery` if the block succeeds.

    A process that comes while another trains the run ends at once, rather than hold a GPU that it
    can't use. Snakemake, which started it, then deletes the outputs of both, so the other keeps
    `recovery`, and what it yields says that it must: the next attempt finds all of it there.

    In the block what was trained is recorded as well, so that nothing is lost if that fails; but if
    Snakemake does not accept the files after it, the segment is trained again.

    Args:
        recovery: see `main`; the lock is beside it.
    """
    lock, wanted = recovery.parent / "lock", recovery.parent / "wanted"
    if (file := take(lock)) is None:
        wanted.touch()
        logger.info("Leaving, as another job trains this run (%s). Try again later.", holder(lock))
        sys.exit(1)
    with file:
        wanted.unlink(missing_ok=True)
        yield wanted.exists
        if not wanted.exists():
            discard(recovery)


@contextmanager
def stoppable(began: float, runtime: float | None) -> Iterator[dict[str, Any]]:
    """Trains until there is one of the `reasons` to stop, with which the process ends.

    Gives `main` its `reason_to_stop`. Signals count from when the block is entered.
    """
    try:
        yield {"reason_to_stop": reasons(began, runtime)}
    except Interrupted as interrupted:
        logger.info("%s", interrupted)
        sys.exit(1)


def reasons(began: float, runtime: float | None) -> Callable[[], str]:
    """A function that says why to stop now, or "".

    Reasons are a SIGTERM, SIGINT or SIGHUP (not under `nohup`) from now on, and that `runtime`
    minutes since `began`, on the clock of `time.monotonic`, will be over soon: in `MARGIN` minutes,
    or in a quarter of a short runtime.
    """
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: received.append(number))
    end = math.inf
    if runtime is not None:
        end = began + 60 * (runtime - min(MARGIN, runtime / 4))

    def reason() -> str:
        if received:
            return f"on {signal.Signals(received[0]).name}"
        if time.monotonic() > end:
            return f"as its runtime of {runtime:g} minutes is about to end"
        return ""

    return reason


def _how() -> list[str]:
    """What else states depend on: that none of a GPU which computes otherwise is continued."""
    return ["deterministic"] if torch.are_deterministic_algorithms_enabled() else []


def _done(status: Path, settings: dict[str, Any], start: int) -> dict[str, Any]:
    """What `main` returns, by the segment's status.json."""
    reached = json.loads(status.read_text())["iteration"]
    return {"settings": settings, "iterations": max(0, reached - start)}


def _copy(folder: Path, outputs: dict[str, Path]) -> None:
    """Copies what `folder` has of each output, a file or a folder of files, to its place."""
    total = sum(path.is_file() for path in folder.rglob("*"))
    with Progress("results", total=total, unit="file") as progress:

        def copy(source: str | Path, target: str | Path) -> None:
            shutil.copyfile(source, target)
            progress.update()

        for name, path in outputs.items():
            made = next(folder.glob(f"{name}*"))
            if made.is_dir():
                shutil.copytree(made, path, dirs_exist_ok=True, copy_function=copy)
            else:
                copy(made, path)


def _made(outputs: dict[str, Path]) -> list[Any]:
    """Start, stop and identity of the segment whose files are in `outputs`, if they are whole."""
    try:
        _, metadata = checkpoint.load(outputs["state"])
        json.loads(outputs["status"].read_text())  # written last
    except (checkpoint.CheckpointError, OSError, ValueError):
        return []
    return json.loads(metadata["identity"])[1:]


if "snakemake" in globals():
    recovery, runtime = Path(snakemake.params.recovery), snakemake.resources.get("runtime")
    compute(main, snakemake, alone(recovery), stoppable(time.monotonic(), runtime))
