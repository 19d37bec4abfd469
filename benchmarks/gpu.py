"""Whether all that is for GPUs works on one, and how fast it is, in ten minutes.

    make gpu                       # with .venv, which is made if it is missing
    make gpu PYTHON=python         # with a Python that has torch already, and no network

Runs the tests of tests/gpu and the measurements of `benchmarks.gpu_speed`. The last thing printed
is a table to paste into an issue, also in results/gpu/report.md; beside it are speed.csv, in the
form of those in benchmarks/measured, and a log of each group of tests. A group is a file, and has a
process of its own, as one error of CUDA ends all that a process computes on a GPU. What is about
memory runs alone, the others side by side, as most of their time is that of starting processes.
"""

import csv
import datetime
import importlib.metadata
import os
import platform
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import torch

from wngan import __version__
from wngan.gpus import GpuError, driver, usable

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests/gpu"
FOLDER = ROOT / "results/gpu"
SECONDS = {"tests": 330.0, "all": 585.0}
"""That the tests, and the tests and measurements, may take."""

GRACE = 15.0
"""Seconds in which what took too long may end by itself."""

ALONE = TESTS / "test_memory.py"
LONGEST = TESTS / "test_workflow.py"
DEVICES = TESTS / "test_devices.py"

Row = tuple[str, str, str]
"""What was tested or measured, the outcome, and more about it."""


@cache
def absence() -> str:
    """Why nothing can be computed on a GPU here; "" if it can."""
    try:
        found = usable()
    except GpuError as error:
        return str(error)
    return "" if found else "no GPU here: torch finds none, and nothing says that there is one."


def missing() -> list[str]:
    """Packages that the tests and measurements need and this Python lacks, or has too old."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["workflow"], "pytest"]
    return sorted({each for each in wanted if not _is_installed(each)})


def _is_installed(requirement: str) -> bool:
    name, _, oldest = requirement.partition(">=")
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return _numbers(found) >= _numbers(oldest)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def hardware() -> str:
    """The GPU, driver, torch and commit."""
    gpu = torch.cuda.get_device_properties(usable()[0])
    return (
        f"{gpu.name} ({gpu.total_memory / 2**30:.0f} GiB, compute capability {gpu.major}."
        f"{gpu.minor}), driver {driver() or 'unknown'}, torch {torch.__version__}, CUDA "
        f"{torch.version.cuda}, Python {platform.python_version()}, wngan {__version__}{_commit()}"
    )


def _commit() -> str:
    """As in " at 1a2b3c4, edited"; "" without git."""
    said = []
    for command in (
        ["rev-parse", "--short", "HEAD"],
        ["status", "--porcelain", "--untracked-files=no"],
    ):
        try:
            done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True)
        except OSError:
            return ""
        said.append(done.stdout.strip())
    commit, edited = said
    return (f" at {commit}" + (", edited" if edited else "")) if commit else ""


def run(
    module: str, arguments: Sequence[str | Path], log: Path, seconds: float, all_gpus: bool = False
) -> int | None:
    """Runs a Python module, with its output in a file; what it starts ends with it.

    It has a folder of its own for temporary files, and so for the locks of GPUs.

    Args:
        all_gpus: whether it may use them all; else it is the first, so that jobs must share it.

    Returns:
        Its exit status; None if it took longer than `seconds`.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with open(log, "w") as file, TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        own = os.environ | {"TMPDIR": folder} | ({} if all_gpus else _first_gpu())
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=own,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(max(1.0, seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # on which it ends what it has started
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _first_gpu() -> dict[str, str]:
    """What of the environment shows a process the first GPU alone."""
    numbers = usable()
    if len(numbers) < 2:  # so that a part of a GPU stays the one that is seen
        return {}
    uuid = torch.cuda.get_device_properties(numbers[0]).uuid
    return {"CUDA_VISIBLE_DEVICES": f"GPU-{uuid}"}


def tested(file: Path, seconds: float) -> Row:
    """The row of a group of tests, which it runs."""
    name = file.stem.removeprefix("test_")
    log, found = FOLDER / f"{name}.log", FOLDER / f"{name}.xml"
    found.unlink(missing_ok=True)
    start = time.monotonic()
    arguments = ["-p", "no:cacheprovider", f"--junitxml={found}", file]
    status = run("pytest", arguments, log, seconds, all_gpus=file == DEVICES)
    title = file.read_text().partition("\n")[0].strip('".')
    took = f"{time.monotonic() - start:.0f} s"
    if status is None or not found.exists():
        ended = "not over" if status is None else f"ended with status {status}"
        return title, "**fail**", f"{ended} after {took}; see {log.relative_to(ROOT)}"
    return title, *outcome(ElementTree.parse(found).iter("testcase"), took)


def outcome(cases: Iterable[ElementTree.Element], took: str) -> tuple[str, str]:
    """Whether a group passed, by its JUnit file, and a line of why or how much."""
    failed, skipped, passed = [], [], 0
    for case in cases:
        bad = next(
            (part for tag in ("failure", "error") if (part := case.find(tag)) is not None), None
        )
        said = case.find("skipped")
        if bad is not None:
            failed.append(f"`{case.get('name')}`: {_line(bad.get('message', ''))}")
        elif said is not None:
            skipped.append(_line(said.get("message", "")))
        else:
            passed += 1
    counts = f"{passed} passed" + (f", {len(skipped)} skipped" if skipped else "") + f", {took}"
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return "**fail**", f"{failed[0]}{more}; {counts}"
    reasons = "; ".join(sorted(set(skipped)))
    return "pass" if passed else "skipped", f"{reasons}; {counts}" if reasons else counts


def _line(message: str) -> str:
    """In one line, short, as a cell of a table."""
    return " ".join(message.split())[:300].replace("|", "\\|")


def measured(end: float) -> list[Row]:
    """The rows of the measurements, which it runs until about `end`, by `time.monotonic`."""
    rows = []
    for what in ("jobs", "speed"):
        log, made = FOLDER / f"{what}.log", FOLDER / f"{what}.csv"
        made.unlink(missing_ok=True)
        seconds = end - time.monotonic()
        arguments = [what, "--output", made, "--seconds", f"{seconds:.0f}"]
        status = run("benchmarks.gpu_speed", arguments, log, seconds + GRACE)
        found = _read(made)
        rows += jobs_rows(found) if what == "jobs" else [*map(speed_row, found)]
        if status is None and found:
            rows.append((f"other measurements of {what}", "skipped", "there was no time for them"))
        elif status != 0:
            last = _line(log.read_text().strip().rpartition("\n")[2])
            rows.append((f"measurements of {what}", "**fail**", last or "not over"))
    return rows


def _read(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with open(file, newline="") as lines:
        return list(csv.DictReader(lines))


def speed_row(line: dict[str, str]) -> Row:
    """Of a line of speed.csv."""
    what = f"{line['task']}, {line['size']} {line['model']}, {line['precision']}"
    careful, low, high, tutorial, share, took, memory, other = (
        float(line[name])
        for name in (
            *("times careful", "from", "to", "times tutorial"),
            *("share of peak", "ours ms", "ours MB", "careful MB"),
        )
    )
    return (
        what,
        f"{careful:.2f} × careful, {share:.0%} of the peak",
        f"{low:.2f} to {high:.2f}; {tutorial:.2f} × tutorial; {took:.3g} ms; "
        f"{memory:,.0f} MB, careful {other:,.0f} MB",
    )


def jobs_rows(lines: list[dict[str, str]]) -> list[Row]:
    """Of jobs.csv: what several trainings at once do, and the price of `deterministic`."""
    rows = []
    alone = {}
    for line in lines:
        rate, jobs = float(line["iterations per second"]), int(line["jobs"])
        what = f"training, {line['size']} {line['model']}, {line['precision']}"
        told = f"{rate:.4g} iterations/s"
        if line["deterministic"] == "True":
            rows.append((f"{what}, deterministic", f"{alone[what] / rate:.2f} × the time", told))
            continue
        alone.setdefault(what, rate)
        rows.append((f"{what}, {jobs} at once", f"{rate / alone[what]:.2f} × one", told))
    return rows


def report(about: str, rows: Sequence[Row]) -> str:
    """What is to be pasted, in Markdown."""
    failed, skipped = (sum(word in row[1] for row in rows) for word in ("fail", "skipped"))
    verdict = f"Of {len(rows)} rows {failed or 'none'} failed"
    verdict += f", {skipped} skipped." if skipped else "."
    lines = ["| what | outcome | more |", "| --- | --- | --- |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"{datetime.date.today()}, {about}. {verdict}", "", *lines, ""])


def main() -> None:
    """Runs everything and prints the table; exits with 1 if something failed or can't be run."""
    if absence():
        sys.exit(absence())
    if lacking := missing():
        sys.exit(
            f"{sys.executable} lacks {', '.join(lacking)}. Install what is missing: "
            f"{sys.executable} -m pip install '{ROOT}[workflow]' pytest"
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    start, about, rows = time.monotonic(), hardware(), []
    print(f"{about}\nTen minutes at most; logs are in {FOLDER}.", flush=True)

    def of(file: Path) -> Row:
        row = tested(file, start + SECONDS["tests"] - time.monotonic())
        print(*row, sep=": ", flush=True)
        return row

    rows.append(of(ALONE))
    others = sorted({*TESTS.glob("test_*.py")} - {ALONE}, key=lambda file: (file != LONGEST, file))
    with ThreadPoolExecutor(3) as pool:
        rows += pool.map(of, others)
    rows += measured(start + SECONDS["all"] - 2 * GRACE)
    text = report(about, rows)
    (FOLDER / "report.md").write_text(text)
    print(f"\n{text}")
    sys.exit(any("fail" in result for _, result, _ in rows))


if __name__ == "__main__":
    main()
