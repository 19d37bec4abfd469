"""`make gpu` where there is no GPU, and the table that it ends in where there is one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Barrier
from typing import Any
from xml.etree import ElementTree

import pandas
import pytest
import torch

from benchmarks import gpu, gpu_speed, speed
from wngan.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_without_a_gpu_it_ends_at_once_with_a_sentence() -> None:
    """With any Python that has torch: .venv is not made for it."""
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--no-print-directory", "gpu", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    sentence, make = done.stderr.splitlines()
    assert sentence == "no GPU here: torch finds none, and nothing says that there is one."
    assert make.endswith("Error 1")
    assert time.monotonic() - start < 30


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.absence.cache_clear()
    yield
    gpu.absence.cache_clear()


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_torch_cannot_use_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    start = r"There is a GPU here \(CUDA_VISIBLE_DEVICES=0\), but torch can't use it: "
    with pytest.raises(SystemExit, match=start):
        gpu.main()


def test_what_is_missing_beside_torch_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpu.missing() == []
    known = gpu.importlib.metadata.version

    def version(name: str) -> str:
        if name == "snakemake":
            raise gpu.importlib.metadata.PackageNotFoundError
        return {"torch": "2.8.1+cu128"}.get(name) or known(name)

    monkeypatch.setattr(gpu.importlib.metadata, "version", version)
    monkeypatch.setattr(gpu, "absence", lambda: "")
    with pytest.raises(SystemExit) as raised:
        gpu.main()
    sentence = str(raised.value)
    assert sentence.startswith(f"{sys.executable} lacks snakemake>=9.19, torch>=2.9. Install ")
    assert sentence.endswith(f"{sys.executable} -m pip install '{ROOT}[workflow]' pytest")


@pytest.mark.slow
def test_torch_alone_is_enough_to_be_told() -> None:
    others = "{'lmdb', 'pandas', 'pytest', 'snakemake'}"
    script = f"import benchmarks.gpu, sys; print({others} & {{*sys.modules}})"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


CASES = """<testsuite>
<testcase name="a"/>
<testcase name="b"><failure message="AssertionError: 1 | 2&#10;more">…</failure></testcase>
<testcase name="c"><skipped message="this GPU has no TF32"/></testcase>
<testcase name="d"><error message="failed on teardown"/></testcase></testsuite>"""


def test_a_group_is_one_line() -> None:
    cases = list(ElementTree.fromstring(CASES))
    failed = r"`b`: AssertionError: 1 \| 2 more and 1 more; 1 passed, 1 skipped, 3 s"
    assert gpu.outcome(cases, "3 s") == ("**fail**", failed)
    assert gpu.outcome(cases[:1], "3 s") == ("pass", "1 passed, 3 s")
    told = "this GPU has no TF32; 1 passed, 1 skipped, 3 s"
    assert gpu.outcome([cases[0], cases[2]], "3 s") == ("pass", told)
    assert gpu.outcome(cases[2:3], "3 s")[0] == "skipped"


def test_groups_run_in_processes_that_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that crash or take too long as well, with what they have started."""
    monkeypatch.setattr(gpu, "FOLDER", tmp_path)
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    rows = {}
    for name, body in {"good": "", "crash": "os._exit(9)", "slow": "time.sleep(60)"}.items():
        file = tmp_path / f"test_{name}.py"
        file.write_text(
            f'"""About {name}."""\n\nimport os, time\n\ndef test_it():\n    {body or 1}\n'
        )
        rows[name] = gpu.tested(file, 60 if name != "slow" else 3)
    assert {name: row[:2] for name, row in rows.items()} == {
        "good": ("About good", "pass"),
        "crash": ("About crash", "**fail**"),
        "slow": ("About slow", "**fail**"),
    }
    assert rows["good"][2].startswith("1 passed, ")
    assert rows["crash"][2].startswith("ended with status 9 after ")
    assert rows["crash"][2].endswith("; see crash.log")
    assert rows["slow"][2].startswith("not over after ")


def test_lines_of_the_benchmark_become_rows() -> None:
    lines = gpu._read(ROOT / "benchmarks/measured/cpu_avx512.csv")
    what, figure, more = gpu.speed_row(lines[0])
    assert what == "training iteration, digits bn, float32"
    assert figure == "1.42 × careful, 6% of the peak"
    assert more == "1.32 to 3.02; 1.60 × tutorial; 4.72 ms; 37 MB, careful 32 MB"


def test_jobs_are_compared_with_one() -> None:
    same = {"size": "cifar10", "model": "wn", "precision": "float32"}
    rates = zip(gpu_speed.JOBS, (100, 80, 150, 180), strict=True)
    lines = [
        same | {"jobs": str(jobs), "deterministic": str(fixed), "iterations per second": str(rate)}
        for (jobs, fixed), rate in rates
    ]
    assert [row[1:] for row in gpu.jobs_rows(lines)] == [
        ("1.00 × one", "100 iterations/s"),
        ("1.25 × the time", "80 iterations/s"),
        ("1.50 × one", "150 iterations/s"),
        ("1.80 × one", "180 iterations/s"),
    ]


@pytest.mark.parametrize("failed", [False, True])
def test_it_ends_in_one_table(
    failed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(gpu, "FOLDER", tmp_path / "gpu")
    monkeypatch.setattr(gpu, "absence", lambda: "")
    monkeypatch.setattr(gpu, "hardware", lambda: "A GPU, driver 1")
    outcome = "**fail**" if failed else "pass"
    monkeypatch.setattr(gpu, "tested", lambda file, seconds: (file.stem, outcome, "1 s"))
    monkeypatch.setattr(gpu, "measured", lambda end: [("training", "2.00 × careful", "")])
    with pytest.raises(SystemExit) as ended:
        gpu.main()
    assert bool(ended.value.code) == failed
    report = (tmp_path / "gpu/report.md").read_text()
    assert capsys.readouterr().out.endswith(f"\n\n{report}\n")
    groups = len(list((ROOT / "tests/gpu").glob("test_*.py")))
    verdict = f"Of {groups + 1} rows {groups if failed else 'none'} failed."
    first, empty, *table = report.splitlines()
    assert first.endswith(f"A GPU, driver 1. {verdict}")
    assert empty == ""
    assert [line.count("|") for line in table] == [4] * (groups + 3)
    some = gpu.report("A GPU", [("a", "pass", ""), ("b", "skipped", "too old")])
    assert some.startswith(f"{first[:10]}, A GPU. Of 2 rows none failed, 1 skipped.\n")


def test_every_group_is_marked_and_says_what_it_is_about() -> None:
    for file in (ROOT / "tests/gpu").glob("test_*.py"):
        text = file.read_text()
        assert text.startswith('"""')
        assert "\npytestmark = pytest.mark.gpu\n" in text


@pytest.mark.slow
def test_trainings_at_once_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = SimpleQueue()
    monkeypatch.setattr(gpu_speed, "SIZE", "digits")
    monkeypatch.setattr(gpu_speed, "WARM_UP", 2)
    monkeypatch.setattr(gpu_speed, "SECONDS", 0.2)
    settings = torch.backends.cudnn.conv, torch.backends.cudnn.rnn
    before = [setting.fp32_precision for setting in settings]
    gpu_speed.iterate(1, True, Barrier(1), rates)
    for setting, value in zip(settings, before, strict=True):
        setting.fp32_precision = value
    assert rates.get() > 1


def test_a_training_that_fails_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(2)
    with pytest.raises(MemoryError), gpu_speed._aborted_by_failure(together):
        raise MemoryError
    assert together.broken
    monkeypatch.setattr(gpu_speed, "iterate", int)  # which takes no such arguments
    with pytest.raises(
        RuntimeError, match=r"of 2 trainings at once some failed: exit codes \[1, 1"
    ):
        gpu_speed.at_once(2, False)


def test_a_process_that_dies_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "work", int)  # which takes no such arguments
    with pytest.raises(RuntimeError, match="a process that is timed has ended"):
        speed.compare("training iteration", speed.settings(*speed.SIZES["digits"], "wn"), "float32")


def test_lines_that_fail_are_named_and_the_others_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(jobs: int, fixed: bool) -> dict[str, Any]:
        if jobs == 2:
            raise RuntimeError("no memory")
        return {"jobs": jobs}

    monkeypatch.setattr(gpu_speed, "at_once", at_once)
    monkeypatch.setattr(speed, "TURNS", speed.TURNS)
    monkeypatch.setattr(speed, "SECONDS", speed.SECONDS)
    monkeypatch.setattr(sys, "argv", ["", "jobs", "--output", f"{tmp_path}/jobs.csv"])
    with pytest.raises(SystemExit, match=r"^2, False: no memory\.$"):
        gpu_speed.main()
    assert pandas.read_csv(tmp_path / "jobs.csv")["jobs"].tolist() == [1, 1, 3]


@pytest.mark.parametrize(("status", "outcome"), [(None, "skipped"), (1, "**fail**"), (0, "")])
def test_measurements_that_the_clock_stops_do_not_fail(
    status: int | None, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If some are there; those that say that they failed do."""
    lines = pandas.read_csv(ROOT / "benchmarks/measured/cpu.csv").iloc[:1]

    def run(module: str, arguments: list[Any], log: Path, seconds: float) -> int | None:
        log.write_text("2, False: no memory.\n")
        if arguments[0] == "speed":
            lines.to_csv(arguments[2], index=False)
            return status
        pandas.DataFrame().to_csv(arguments[2])
        return 0

    monkeypatch.setattr(gpu, "FOLDER", tmp_path)
    monkeypatch.setattr(gpu, "run", run)
    _, *more = gpu.measured(0)
    assert [row[1] for row in more] == ([outcome] if outcome else [])


def test_lines_are_those_of_the_benchmark_until_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones; each is written at once, in the form of those that are kept."""
    assert {*gpu_speed.TASKS} <= {*speed.TASKS}
    assert len({*gpu_speed.LINES}) == len(gpu_speed.LINES)
    known = pandas.read_csv(ROOT / "benchmarks/measured/cpu.csv").drop(columns=["size", "model"])
    line = known.drop(columns=["device", "torch", "date"]).iloc[0].to_dict()
    clock = iter(range(0, 1000, 10))

    def compare(task: str, settings: Settings, precision: str) -> dict[str, Any]:
        next(clock)
        return line | {"task": task, "precision": precision}

    monkeypatch.setattr(gpu_speed.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(speed, "compare", compare)
    monkeypatch.setattr(speed, "TURNS", speed.TURNS)
    monkeypatch.setattr(speed, "SECONDS", speed.SECONDS)
    monkeypatch.setattr(
        sys, "argv", ["", "speed", "--seconds", "100", "--output", f"{tmp_path}/speed.csv"]
    )
    gpu_speed.main()
    table = pandas.read_csv(tmp_path / "speed.csv")
    assert list(table.columns) == ["size", "model", *known.columns]
    found = table[["size", "precision", "model", "task"]].itertuples(index=False, name=None)
    assert list(found) == list(gpu_speed.LINES[:3])
    assert len([gpu.speed_row(row) for row in gpu._read(tmp_path / "speed.csv")]) == 3
