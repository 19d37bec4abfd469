"""Where each run of a configuration is, by the files that its jobs write.

python -m wngan.status [CONFIG] [--watch [SECONDS]]
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from wngan import running as running_losses
from wngan.config import ConfigError, configured
from wngan.config_file import read
from wngan.plan import Plan
from wngan.progress import Reached, last_progress
from wngan.runs import Config, Run
from wngan.watching import watch

SILENCE = 90.0
"""Seconds after which a job counts as dead; a living one renews a file every 30."""

DOING = {"train": "training", "evaluate": "evaluating", "quality": "measuring quality"}
"""By the start of a job's name; the others reconstruct."""

RECONSTRUCTING = "reconstructing"

WAITING = "waiting"

EVERY = 5.0
"""Seconds between updates, if not told otherwise."""


@dataclass(frozen=True)
class RunStatus:
    """Where a run is.

    Attributes:
        run: as in "celeba_dcgan wn/1".
        iteration: to which it is trained.
        iterations: that it will have in the end.
        rate: iterations a second of the job that trains it; None if there is none.
        loss: the last running loss, NaN before there is one.
        best: the lowest running loss, NaN before there is one.
        best_at: the iteration of that; None before there is one.
        status: what a job does with it now, as in "training"; how its last job ended, if not well;
            what became of it, as in "converged"; or else "waiting".
    """

    run: str
    iteration: int
    iterations: int
    rate: float | None
    loss: float
    best: float
    best_at: int | None
    status: str

    @property
    def remaining(self) -> timedelta | None:
        """How long training will take at this rate."""
        if not self.rate:
            return None
        return timedelta(seconds=round((self.iterations - self.iteration) / self.rate))


def configuration(path: Path) -> Config:
    """The checked configuration in a file; where that is not whole, over config.yaml's.

    Raises:
        OSError: a file cannot be read.
        ConfigError: it is no YAML file of keys and values, or not a configuration.
    """
    schema = read(Path("schemas/config.schema.yaml"))
    with open("report/paper_values.csv", newline="") as file:
        paper = list(csv.DictReader(file))
    return configured(read(path), schema, read(Path("config.yaml")), paper)


def statuses(config: Config) -> Iterator[RunStatus]:
    """The status of each run of a configuration, in its order."""
    results = Path(config["results"]).expanduser()
    for experiment in Plan(config, []).shown:
        for run in experiment.runs:
            yield run_status(run, results / "runs" / run.place, results / "recovery" / run.place)


def run_status(run: Run, folder: Path, recovery: Path) -> RunStatus:
    """The status of a run; a file that is missing or half written counts as none.

    Args:
        folder: of its results.
        recovery: the folder of what its unfinished jobs keep.
    """
    segments = [folder / f"segments/{number}" for _, number in run.segments]
    trained = [_read(path / "status.json") for path in segments]
    iteration = max(status.get("iteration", 0) for status in trained)
    rate = None
    jobs = _jobs(recovery / "attempts")
    for number, path in enumerate(segments, 1):
        if f"train-{number}" in jobs:
            reached = _progress(path / "train.log")
            iteration = max(iteration, reached.done)
            rate = reached.rate if not jobs[f"train-{number}"] else None
    rows = np.concatenate([_running_losses(path / "running.csv") for path in segments])
    best = rows[running_losses.optimum(rows)] if len(rows) else None
    return RunStatus(
        f"{run.experiment} {run.name}",
        iteration,
        run.iterations,
        rate,
        loss=float(rows["running_loss"][-1]) if len(rows) else np.nan,
        best=float(best["running_loss"]) if best is not None else np.nan,
        best_at=int(best["iteration"]) if best is not None else None,
        status=_status(jobs, _read(folder / "status.json"), trained, iteration == run.iterations),
    )


def progress(rows: list[RunStatus]) -> str:
    """How far all training is, and how long it will take at the rate of the jobs that train now."""
    total = sum(row.iterations for row in rows)
    left = sum(row.iterations - row.iteration for row in rows if row.status != "diverged")
    text = f"{total - left:,} of {total:,} iterations are trained"
    rate = sum(row.rate or 0 for row in rows)
    return f"{text}; {timedelta(seconds=round(left / rate))} left at this rate" if rate else text


def page(rows: list[RunStatus], lines: int = sys.maxsize) -> str:
    """A line per run, one that counts them by status, and one that says how far training is.

    Args:
        lines: there can be; runs that jobs work on come first, then those before the others.
    """
    shown = rows
    if len(rows) + 4 > lines:
        work = (*DOING.values(), RECONSTRUCTING)
        first = sorted(rows, key=lambda row: not row.status.startswith(work))[: max(0, lines - 5)]
        shown = [row for row in rows if row in first]
    cells = [
        ["run", "iteration", "of", "it/s", "remaining", "running loss", "lowest", "at", "status"],
        *(
            [
                row.run,
                f"{row.iteration:,}",
                f"{row.iterations:,}",
                f"{row.rate:.2f}" if row.rate else "",
                str(row.remaining or ""),
                _number(row.loss),
                _number(row.best),
                f"{row.best_at:,}" if row.best_at is not None else "",
                row.status,
            ]
            for row in shown
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    text = []
    for name, *middle, last in cells:
        numbers = (cell.rjust(width) for cell, width in zip(middle, widths[1:-1], strict=True))
        text.append("  ".join([name.ljust(widths[0]), *numbers, last]))
    if len(shown) < len(rows):
        text.append(f"… and {len(rows) - len(shown)} more")
    counts = Counter(row.status.partition(":")[0] for row in rows)
    text += [
        "",
        ", ".join(f"{count} {status}" for status, count in counts.items()),
        progress(rows),
    ]
    return "\n".join(text)


def main(path: Path, every: float | None = None) -> None:
    """Prints the status of each run of the configuration in a file.

    Args:
        every: seconds until it is shown again, until Ctrl-C; None to show it once.

    Raises:
        OSError: a file cannot be read.
        ConfigError: the configuration is not one.
    """
    config = configuration(path)

    def text(lines: int = sys.maxsize) -> str:
        rows = list(statuses(config))
        if all(row.status == WAITING and not row.iteration for row in rows):
            return f"None of the {len(rows)} runs of {path} has begun."
        return page(rows, lines)

    if every is None:
        print(text())
    else:
        watch(text, every, sys.stdout)


def _jobs(attempts: Path) -> dict[str, str]:
    """How the last attempt at each unfinished job ended; "" if it lives."""
    jobs = {}
    for job in sorted(attempts.glob("*")):
        for path in sorted(job.glob("*.json"))[-1:]:
            end = _read(path).get("end", "killed")
            with suppress(OSError):
                if end == "killed" and time.time() - path.stat().st_mtime < SILENCE:
                    end = ""
            jobs[job.name] = end
    return {job: end for job, end in jobs.items() if end != "finished"}


def _status(
    jobs: dict[str, str], fate: dict[str, Any], trained: list[dict[str, Any]], whole: bool
) -> str:
    """What `RunStatus.status` says.

    Args:
        jobs: of `_jobs`.
        fate: what became of the run, as long as it was then.
        trained: what training says of each of its segments.
        whole: whether it is trained to its end.
    """
    doing = [
        DOING.get(job.partition("-")[0], RECONSTRUCTING) for job, end in jobs.items() if not end
    ]
    if doing:
        return ", ".join(dict.fromkeys(doing))
    for end in jobs.values():
        return "interrupted" if end == "killed" else f"interrupted: {end}"
    if any(status.get("status") == "diverged" for status in trained):
        return "diverged"
    return str(fate.get("status", WAITING)) if whole else WAITING


def _progress(log: Path) -> Reached:
    """How far the training is that writes this log."""
    reached = None
    with suppress(OSError, ValueError):
        reached = last_progress(log.read_text(), "it")
    return reached or Reached(0, 0, None)


def _running_losses(path: Path) -> Any:
    """The running losses of a segment."""
    with suppress(OSError, ValueError):
        return running_losses.read([path])
    return running_losses.read([])


def _read(path: Path) -> dict[str, Any]:
    """The contents of a JSON file."""
    with suppress(OSError, ValueError):
        return dict(json.loads(path.read_text()))
    return {}


def _number(loss: float) -> str:
    return "" if np.isnan(loss) else f"{loss:.6f}"


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < np.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"it must be a number of seconds above 0, not {text!r}.")


def command(arguments: Sequence[str] | None = None) -> None:
    """`python -m wngan.status`.

    Raises:
        SystemExit: arguments that make no sense, or a configuration that is none.
    """
    parser = argparse.ArgumentParser(
        "python -m wngan.status", description="Where each run of a configuration is."
    )
    parser.add_argument("config", type=Path, nargs="?", default=Path("config.yaml"))
    parser.add_argument(
        "--watch",
        type=_seconds,
        nargs="?",
        const=EVERY,
        metavar="SECONDS",
        help=f"show it again and again, by default every {EVERY:g} seconds",
    )
    options = parser.parse_args(arguments)
    try:
        main(options.config, options.watch)
    except (OSError, ConfigError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    command()
