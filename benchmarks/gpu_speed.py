"""The measurements of `benchmarks.gpu`, those that say most first, as many as there is time for.

    python -m benchmarks.gpu_speed jobs --output results/gpu/jobs.csv
    python -m benchmarks.gpu_speed speed --output results/gpu/speed.csv --seconds 200

The first says how many iterations a second trainings do: one, a deterministic one, several at once.
The second has the lines of `benchmarks.speed`, measured in shorter turns. Each line is written when
it is there.
"""

import argparse
import datetime
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from itertools import product
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas
import torch

from benchmarks import speed
from wngan.deterministic import deterministic, reserve_workspace
from wngan.device import describe, free_device
from wngan.training import Interrupted, train

SIZE, MODEL = "cifar10", "wn"
"""Of trainings at once."""

JOBS = ((1, False), (1, True), (2, False), (3, False))
"""Trainings at once, and whether they are deterministic."""

TASKS = ("training iteration", "reconstruction step")
LINES = (
    *product(("cifar10", "celeba"), ("float32", "tf32", "bfloat16"), ("wn",), TASKS),
    *product(("digits",), ("float32",), ("wn",), TASKS),
    *product(("cifar10", "celeba"), ("float32",), ("bn", "vanilla"), TASKS),
    *product(("lsun", "resnet"), ("float32",), ("wn",), TASKS),
)
"""Size, precision, model and task."""

SECONDS = 3.0
"""That they train."""

WARM_UP = 50
"""Iterations before that."""

PATIENCE = 120.0
"""Seconds until all trainings have begun, at most."""


def iterate(jobs: int, fixed: bool, together: Barrier, rates: "Queue[float]") -> None:
    """A process's life: a training, of which it says how many iterations a second it did.

    Args:
        jobs: that share the GPU.
        fixed: whether it is deterministic.
        together: of all of them, who begin at the same moment.
    """
    settings = replace(
        speed.settings(*speed.SIZES[SIZE], MODEL),
        snapshot_every=100_000,
        sample_every=100,
        sample_codes=1,
    )
    done, start, end = 0, 0.0, 0.0
    if fixed:
        reserve_workspace()

    def now() -> float:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter()

    def counted() -> str:
        nonlocal done, start, end
        done += 1
        if done == WARM_UP:
            together.wait(PATIENCE)
            start = now()
        if start and time.perf_counter() > start + SECONDS:
            end = now()  # before the state is saved
            return "as it is over"
        return ""

    with (
        _aborted_by_failure(together),
        free_device(jobs=jobs) as device,
        deterministic(device) if fixed else nullcontext(),
        TemporaryDirectory() as folder,
        suppress(Interrupted),
    ):
        train(
            settings,
            speed.job_images(settings, device),
            Path(folder),
            stop=settings.snapshot_every,
            device=device,
            reason_to_stop=counted,
        )
    rates.put((done - WARM_UP) / (end - start))


@contextmanager
def _aborted_by_failure(together: Barrier) -> Iterator[None]:
    """No other process waits for one that has failed."""
    try:
        yield
    except BaseException:
        together.abort()
        raise


def at_once(jobs: int, fixed: bool) -> dict[str, Any]:
    """The line of so many trainings at once.

    Raises:
        RuntimeError: one of them failed.
    """
    context = multiprocessing.get_context("spawn")
    together, rates = context.Barrier(jobs), context.Queue()
    processes = [
        context.Process(target=iterate, args=(jobs, fixed, together, rates)) for _ in range(jobs)
    ]
    for process in processes:
        process.start()
    try:
        end = time.monotonic() + 2 * PATIENCE
        for process in processes:
            process.join(end - time.monotonic())
        if codes := [process.exitcode for process in processes if process.exitcode != 0]:
            raise RuntimeError(f"of {jobs} trainings at once some failed: exit codes {codes}")
        rate = sum(rates.get() for _ in processes)
    finally:
        for process in processes:
            process.kill()
    return {
        "size": SIZE,
        "model": MODEL,
        "precision": "float32",
        "deterministic": fixed,
        "jobs": jobs,
        "iterations per second": rate,
    }


def compared(size: str, precision: str, model: str, task: str) -> dict[str, Any]:
    """A line of `benchmarks.speed`."""
    settings = speed.settings(*speed.SIZES[size], model)
    return {"size": size, "model": model} | speed.compare(task, settings, precision)


def main() -> None:
    """Writes one of the two files; exits with 1 if a line of it could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["jobs", "speed"])
    parser.add_argument("--output", type=Path, required=True, help="a CSV file")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most, about")
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    speed.TURNS, speed.SECONDS = 3, 0.5
    hardware = f"{describe(speed.default_device())}, {torch.get_num_threads()} threads"
    about = {"device": hardware, "torch": torch.__version__, "date": datetime.date.today()}
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    longest = 0.0
    measure, wanted = (compared, LINES) if options.what == "speed" else (at_once, JOBS)
    for each in wanted:
        start = time.monotonic()
        if start + longest > end:
            break
        try:
            line = measure(*each)
        except RuntimeError as error:
            failed.append(f"{', '.join(map(str, each))}: {error}")
            continue
        rows.append(line | about)
        pandas.DataFrame(rows).to_csv(options.output, index=False, float_format="%.5g")
        print(*line.values(), flush=True)
        longest = max(longest, time.monotonic() - start)
    if failed:
        sys.exit(" ".join(f"{each}." for each in failed))


if __name__ == "__main__":
    main()
