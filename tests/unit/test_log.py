"""Progress in log lines, and what is read out of them."""

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from wngan.errors import InputError
from wngan.log import GO_ON, UNTOLD, WHEN_FULL, failures, logged, logger
from wngan.progress import Progress, Reached, last_progress, seconds_left


@pytest.mark.parametrize(("iteration", "rate"), [(0.01, 100), (2.0, 0.5)])
def test_what_progress_logs_can_be_read(iteration: float, rate: float, tmp_path: Path) -> None:
    """Also where an iteration takes seconds, for which tqdm would write s/it."""
    now = 1000.0
    with logged(tmp_path / "log"), Progress("e bn/1", initial=500, total=2000) as progress:
        progress._time = lambda: now  # type: ignore[attr-defined]
        progress.start_t = progress.last_print_t = now  # type: ignore[attr-defined]
        assert last_progress((tmp_path / "log").read_text(), "it") == Reached(500, 2000, None)
        for _ in range(100):
            now += iteration
            progress.update()
        progress.refresh()
        found = last_progress((tmp_path / "log").read_text(), "it")
    assert found is not None
    assert (found.done, found.total) == (600, 2000)
    assert found.rate == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("iteration", [0.01, 2.0, 100.0])
def test_what_progress_logs_of_the_time_left(
    iteration: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In seconds, minutes and days."""
    now = 1000.0
    with logged(tmp_path / "log"), Progress("e bn/1", total=2000) as progress:
        progress._time = lambda: now  # type: ignore[attr-defined]
        progress.start_t = progress.last_print_t = now  # type: ignore[attr-defined]
        assert seconds_left((tmp_path / "log").read_text()) is None
        for _ in range(100):
            now += iteration
            progress.update()
        progress.refresh()
        left = seconds_left((tmp_path / "log").read_text())
    assert left == pytest.approx(1900 * iteration, rel=0.02, abs=1)
    assert capfd.readouterr() == ("", "")  # also at the end


def test_a_log_that_goes_on_says_nothing_of_the_time_left() -> None:
    bar = "2026-01-01 00:00:00 e bn/1 |██    | 500/4000 20.00it/s 1:02:03 left\n"
    assert seconds_left(bar) == 3723
    assert seconds_left(f"{bar}\n") == 3723
    assert seconds_left(f"{bar}2026-01-01 00:00:09 finished\n") is None
    assert seconds_left("") is None


def test_an_error_is_a_sentence_and_its_traceback_is_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, sentence in (
        (ValueError("photos has no images."), "photos has no images."),
        (KeyError("lmdb"), "KeyError('lmdb')"),
        (InputError("photos has no images."), "photos has no images."),
    ):
        with pytest.raises(SystemExit, match="1"), logged(tmp_path / "log"):
            raise error
        printed = capsys.readouterr().err
        assert printed.endswith(f" Failed: {sentence}\n")
        assert "Traceback" not in printed
        log = (tmp_path / "log").read_text()
        assert log.endswith(f" Failed: {sentence}\n")
        assert ("Traceback" in log) == (not isinstance(error, InputError))
        (tmp_path / "log").unlink()


ERROR = """\
[Thu Jan  1 00:00:00 2026]
Error in rule train_segment:
    message: {message}
    jobid: {job}
    input: data/digits/images.json
    output: state.safetensors, status.json
    log: {log} (check log file(s) for error details)

"""


def snakemakes(folder: Path, logs: Sequence[str], message: str = "None", more: str = "") -> str:
    """Snakemake's log, which says that jobs 0, 1, … with these logs failed."""
    own = folder / "own"
    blocks = [ERROR.format(message=message, job=k, log=log) for k, log in enumerate(logs)]
    own.write_text("".join(blocks) + more)
    return str(own)


def test_failures_of_several_jobs_are_found(tmp_path: Path) -> None:
    """Not those of a job that was tried again and finished; an executor names its log as well."""
    for name, sentence in (("a", "x.jpg is bad.\ny.jpg is bad."), ("b", "The disk is full.")):
        with pytest.raises(SystemExit), logged(tmp_path / name):
            raise InputError(sentence)
    logs = [f"{tmp_path}/a", f"{tmp_path}/b, slurm/7.log", f"{tmp_path}/c"]
    assert failures([snakemakes(tmp_path, logs, more="Finished jobid: 2 (Rule: sample)\n")]) == [
        "Failed: x.jpg is bad.\ny.jpg is bad.",
        "Failed: The disk is full.",
    ]
    assert failures([]) == []


def test_jobs_that_were_killed_are_named(tmp_path: Path) -> None:
    """In the middle of their work, or before there was a log; of a cluster's its word is given."""
    (tmp_path / "a").write_text("2026-01-01 00:00:00 Computing on CPU.\n")
    untold = f"{tmp_path}/a does not say why its job failed: {UNTOLD}"
    assert failures([snakemakes(tmp_path, [f"{tmp_path}/a"])]) == [untold]
    for said, calls, logs, see in (
        (
            "SLURM-job '7' failed, status is: 'OUT_OF_MEMORY'.",
            "",
            "b, logs/7.log",
            " See logs/7.log.",
        ),
        (
            "SLURM sbatch failed: 'no account\nno job'.",
            "\n    sbatch call:\n        -p cpu\n",
            "b",
            "",
        ),
    ):
        message = f"{said}{calls}For further error details see the cluster/cloud log"
        assert failures([snakemakes(tmp_path, [logs], message)]) == [
            f"b does not say why its job failed: {said}{see}"
        ]


def test_what_was_stopped_goes_on_by_the_same_command(tmp_path: Path) -> None:
    """Where an earlier attempt failed, too, and whatever the jobs were doing."""
    line = "tiny bn/1 stopped at iteration 15 of 80000 on SIGINT; the state is kept."
    with pytest.raises(SystemExit), logged(tmp_path / "a"):
        raise ValueError("an error.")
    (tmp_path / "b").write_text(f"{(tmp_path / 'a').read_text()}2026-01-01 00:00:00 {line}\n")
    with pytest.raises(SystemExit), logged(tmp_path / "c"):
        raise KeyboardInterrupt
    logs = [f"{tmp_path}/{name}" for name in "abc"]
    expected = ["Failed: an error.", line, "Stopped on SIGINT.", GO_ON]
    assert failures([snakemakes(tmp_path, logs)]) == expected
    for said in ("Terminating processes on user request,", "Will exit after finishing currently"):
        assert failures([snakemakes(tmp_path, [f"{tmp_path}/d"], more=said)]) == [GO_ON]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.npy"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        OSError("1000000 requested and 12784 written"),  # NumPy's
        OSError("a.npy could not be written: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_said_to_be_full(error: OSError, tmp_path: Path) -> None:
    for raised, full in ((error, True), (OSError(errno.EACCES, "Permission denied"), False)):
        with pytest.raises(SystemExit), logged(tmp_path / "log"):
            raise raised
        assert (WHEN_FULL in (tmp_path / "log").read_text()) == full
        (tmp_path / "log").unlink()


@pytest.mark.parametrize(
    ("error", "beside"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.npy"), False),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (OSError("1000000 requested and 12784 written"), True),
    ],
)
def test_where_a_disk_is_full_is_said(error: OSError, beside: bool, tmp_path: Path) -> None:
    with pytest.raises(SystemExit), logged(tmp_path / "log"):
        raise error
    named = f" (of a file beside {tmp_path}/log). {WHEN_FULL}"
    assert (named in (tmp_path / "log").read_text()) == beside


def test_names_in_no_encoding_can_be_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "propagate", False)  # to pytest, which can't show them
    monkeypatch.setattr(sys, "stderr", terminal := io.StringIO())
    name = os.fsdecode(b"\xff.png")
    for error in (InputError(f"{name} is bad."), ValueError(f"{name} is bad.")):
        with pytest.raises(SystemExit), logged(tmp_path / "log"):
            raise error
        assert (tmp_path / "log").read_text().endswith(" Failed: \\udcff.png is bad.\n")
    assert "Logging error" not in terminal.getvalue()


def test_a_log_on_a_full_disk_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Why the job failed is on the terminal; Python would add a traceback for each line."""

    def work() -> None:
        logger.info("Computing.")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.npy")

    with pytest.raises(SystemExit), logged("/dev/full"):
        work()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.split(" ", 2)[2] == (
        f"Failed: [Errno 28] No space left on device: 'a.npy'. {WHEN_FULL}"
    )


def test_jobs_without_room_for_a_log_had_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wngan.log.TemporaryFile", lambda dir: open("/dev/full", "wb"))  # noqa: SIM115
    assert failures([snakemakes(tmp_path, [f"{tmp_path}/a"])]) == [WHEN_FULL]


def test_progress_of_another_unit_is_not_meant(tmp_path: Path) -> None:
    with logged(tmp_path / "log"):
        for _ in Progress("results", iterable=range(3), unit="file"):
            pass
    log = (tmp_path / "log").read_text()
    assert last_progress(log, "file") is not None
    assert last_progress(log, "it") is None
    assert last_progress("", "it") is None
