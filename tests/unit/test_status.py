"""Where runs are, by whatever files there are."""

import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from wngan import status
from wngan.config import ConfigError
from wngan.runs import Run
from wngan.status import RunStatus, page, progress, run_status

ROOT = Path(__file__).parents[2]
HEADER = "iteration,running_loss,standard_error\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def found(folder: Path) -> RunStatus:
    run = Run("e", "bn", "1", iterations=40, segment=20, seed=1, restarts=0)
    return run_status(run, folder / "run", folder)


def write(path: Path, text: str, age: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - age, time.time() - age))


def attempt(folder: Path, job: str, end: str = "killed", age: float = 0) -> None:
    write(folder / f"attempts/{job}/20260101-host-1.json", json.dumps({"end": end}), age)


def trained(folder: Path, segment: int, iteration: int, status: str = "running") -> None:
    made = {"status": status, "iteration": iteration}
    write(folder / f"run/segments/{segment}/status.json", json.dumps(made))


def test_a_run_that_waits(folder: Path) -> None:
    assert (found(folder).iteration, found(folder).status) == (0, "waiting")
    assert found(folder).best_at is None
    trained(folder, 1, 20)
    assert (found(folder).iteration, found(folder).status) == (20, "waiting")


def test_a_run_in_training(folder: Path) -> None:
    trained(folder, 1, 20)
    losses = HEADER + "0,0.5,0.1\n10,0.25,0.1\n20,0.375,0.1\n"
    write(folder / "run/segments/1/running.csv", losses)
    attempt(folder, "train-2")
    write(folder / "run/segments/2/train.log", "… |████ | 30/40 2.50it/s 00:04 left\n")
    row = found(folder)
    assert (row.iteration, row.rate, row.status) == (30, 2.5, "training")
    assert (row.loss, row.best, row.best_at) == (0.375, 0.25, 10)
    assert str(row.remaining) == "0:00:04"


def test_several_jobs_of_a_run(folder: Path) -> None:
    for job in ("train-2", "evaluate-1", "optimal-1", "optimal-2", "quality-20"):
        attempt(folder, job)
    assert found(folder).status == "evaluating, reconstructing, measuring quality, training"


@pytest.mark.parametrize(
    ("end", "says"),
    [("killed", "interrupted"), ("the disk is full", "interrupted: the disk is full")],
)
def test_a_run_whose_job_has_ended_badly(folder: Path, end: str, says: str) -> None:
    attempt(folder, "train-1", end, age=2 * status.SILENCE)
    write(folder / "run/segments/1/train.log", "… | | 10/20 2.50it/s 00:04 left\n")
    assert (found(folder).iteration, found(folder).rate) == (10, None)
    assert found(folder).status == says
    attempt(folder, "train-1", "finished")  # whose files are about to be there
    assert found(folder).status == "waiting"


def test_what_became_of_a_run(folder: Path) -> None:
    trained(folder, 1, 13, "diverged")
    assert (found(folder).iteration, found(folder).status) == (13, "diverged")


def test_what_became_of_a_run_is_known_at_its_end(folder: Path) -> None:
    """A run may have been made longer since its outcome was known."""
    write(folder / "run/status.json", '{"status": "collapsed"}')
    trained(folder, 1, 20)
    assert found(folder).status == "waiting"
    trained(folder, 2, 40)
    assert found(folder).status == "collapsed"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("only: [nope]", "only"),
        ("experiments: {celeba_dcgan: {segment: 0}}", "celeba_dcgan.segment"),
        ("experiments: {celeba_dcgan: {segment: 1000000}}", "must be a multiple"),
        ("- a", "has no keys"),
    ],
)
def test_a_configuration_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path / "mine.yaml", text)
    with pytest.raises(ConfigError, match=says):
        status.main(tmp_path / "mine.yaml")


def test_the_repositorys_configuration_must_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "config.yaml", "data: data")
    for file in ("schemas/config.schema.yaml", "report/paper_values.csv"):
        write(tmp_path / file, (ROOT / file).read_text())
    with pytest.raises(ConfigError, match="the configuration lacks 'results'"):
        status.configuration(Path("config.yaml"))


def test_files_that_are_half_written_count_as_none(folder: Path) -> None:
    attempt(folder, "train-1")
    for name in ("status.json", "segments/1/status.json", "segments/2/status.json"):
        write(folder / f"run/{name}", '{"status": "run')
    write(folder / "run/segments/1/running.csv", HEADER + "0,0.5")
    write(folder / "attempts/evaluate-1/20260101-host-1.json", "")
    (folder / "run/segments/1/train.log").write_bytes("████".encode()[:-1])
    assert (found(folder).iteration, found(folder).status) == (0, "evaluating, training")


def test_lines_are_aligned_and_runs_counted(folder: Path) -> None:
    long = RunStatus("experiment wn_mean_bn/1", 1000, 150000, 12.5, 0.02, 0.01, 500, "training")
    lines = page([found(folder), long]).splitlines()
    assert len(lines) == 6
    assert lines[0].index("status") == lines[2].index("training")
    assert lines[2].split() == (
        [
            "experiment",
            "wn_mean_bn/1",
            "1,000",
            "150,000",
            "12.50",
            "3:18:40",
            "0.020000",
            "0.010000",
            "500",
            "training",
        ]
    )
    assert lines[4] == "1 waiting, 1 training"
    total = 150000 + found(folder).iterations
    left = timedelta(seconds=round((total - 1000) / 12.5))
    assert lines[5] == f"1,000 of {total:,} iterations are trained; {left} left at this rate"


def test_what_diverged_needs_no_more_time(folder: Path) -> None:
    diverged = RunStatus("experiment bn/1", 300, 1000, None, 0.02, 0.01, 100, "diverged")
    assert progress([diverged]) == "1,000 of 1,000 iterations are trained"
    training = replace(diverged, rate=2.0, status="training")
    line = "1,300 of 2,000 iterations are trained; 0:05:50 left at this rate"
    assert progress([diverged, training]) == line


def test_a_page_that_is_too_long_has_what_is_at_work() -> None:
    rows = [
        RunStatus(f"e wn/{number}", 10, 20, None, 0.02, 0.01, 5, "waiting") for number in range(30)
    ]
    rows[20] = replace(rows[20], status="evaluating, training", rate=1.0)
    assert page(rows, 34) == page(rows)
    lines = page(rows, 12).splitlines()
    assert len(lines) == 12
    assert [line.split()[1] for line in lines[1:8]] == [f"wn/{n}" for n in (0, 1, 2, 3, 4, 5, 20)]
    assert lines[8] == "… and 23 more"
    assert lines[9:] == page(rows).splitlines()[-3:]
    assert page(rows, 1).splitlines()[1] == "… and 30 more"


def test_without_a_terminal_it_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    status.command([str(ROOT / "config.yaml"), "--watch", "0.5"])
    watched = capsys.readouterr().out
    status.command([str(ROOT / "config.yaml")])
    assert watched == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status_", "says"),
    [
        (["--watch", "config.yaml"], 2, "a number of seconds above 0, not 'config.yaml'."),
        (["config.yaml", "--watch", "0"], 2, "a number of seconds above 0, not '0'."),
        (["config.yaml", "--watch", "nan"], 2, "a number of seconds above 0, not 'nan'."),
        (["a.yaml", "b.yaml"], 2, "unrecognized arguments: b.yaml"),
        (["missing.yaml"], None, "No such file or directory: 'missing.yaml'"),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str], status_: int | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        status.command(arguments)
    if status_ is None:
        assert str(end.value.code).endswith(says)
    else:
        assert end.value.code == status_
        assert capsys.readouterr().err.splitlines()[-1].endswith(says)
