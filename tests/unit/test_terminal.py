"""What is left on a terminal, or in a file, of what Snakemake says."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wngan import terminal
from wngan.terminal import LINES, Terminal, show_one_line


class Screen(io.StringIO):
    """A terminal of one column more than `WIDTH`."""

    WIDTH = 40

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def lines(self) -> list[str]:
        """What can be read on it, but for the line that is written over."""
        return [line.rpartition("\x1b[K")[2] for line in self.getvalue().split("\n")]

    def line(self) -> str:
        """What stands on the line that is written over."""
        return self.lines()[-1].removesuffix("\r")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    size = SimpleNamespace(columns=Screen.WIDTH + 1)
    monkeypatch.setattr(terminal.os, "get_terminal_size", lambda _: size)
    return Screen()


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("snakemake.of.the.test")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def begin(logger: logging.Logger, number: int, rule: str = "train_segment") -> None:
    job = {"jobid": number, "rule_name": rule, "wildcards": {"model": "wn"}, "log": []}
    logger.info(None, extra={"event": "job_info", **job})


def finish(logger: logging.Logger, number: int, done: int, total: int) -> None:
    logger.info("Finished", extra={"event": "job_finished", "job_id": number})
    logger.info(None, extra={"event": "progress", "done": done, "total": total})


def run(logger: logging.Logger, total: int) -> None:
    """What Snakemake says of jobs one after another, in part."""
    stats = {"train_segment": total, "total": total}
    logger.info("Job stats", extra={"event": "run_info", "stats": stats})
    for number in range(total):
        logger.info("Select jobs to execute...")
        begin(logger, number)
        logger.info("touch a", extra={"event": "shellcmd"})
        finish(logger, number, number + 1, total)
        logger.info(f"Removing temporary output {number}.")
    logger.info("Complete log(s): a.log")


def test_a_terminal_has_one_line_that_is_written_over(
    logger: logging.Logger, screen: Screen
) -> None:
    logger.addHandler(Terminal(screen, refresh=1000))
    stats = {"train_segment": 2, "all": 1, "total": 3}
    logger.info("Job stats", extra={"event": "run_info", "stats": stats})
    begin(logger, 1)
    assert screen.line() == "0 of 3 jobs done: train segment wn"
    finish(logger, 1, 1, 3)
    begin(logger, 2)
    whole = "1 of 3 jobs done, about 0:00:00 left: train segment wn"
    assert screen.line() == whole[: Screen.WIDTH]
    assert "\n" not in screen.getvalue()


def test_the_end_stays_on_the_terminal(logger: logging.Logger, screen: Screen) -> None:
    handler = Terminal(screen, refresh=1000)
    logger.addHandler(handler)
    run(logger, 50)
    assert screen.lines() == ["50 of 50 jobs done", "Complete log(s): a.log", ""]
    handler.close()
    assert screen.line() == ""


@pytest.mark.parametrize(("total", "lines"), [(3, 3), (1000, LINES)])
def test_a_file_gets_a_few_lines(logger: logging.Logger, total: int, lines: int) -> None:
    stream = io.StringIO()
    logger.addHandler(Terminal(stream))
    run(logger, total)
    *progress, end = stream.getvalue().splitlines()
    assert end == "Complete log(s): a.log"
    assert len(progress) == lines
    assert progress[-1] == f"{total} of {total} jobs done"
    assert "\x1b" not in stream.getvalue()


def test_errors_and_warnings_are_shown(logger: logging.Logger, screen: Screen) -> None:
    handler = Terminal(screen, refresh=1000)
    handler.setFormatter(logging.Formatter("formatted: %(message)s"))
    logger.addHandler(handler)
    logger.info("Job stats", extra={"event": "run_info", "stats": {"train_segment": 2, "total": 2}})
    begin(logger, 1)
    begin(logger, 2)
    logger.error("Error in rule", extra={"event": "job_error", "jobid": 1})
    logger.error("Exiting", extra={"event": "error"})
    logger.warning("Execute is a verb.")
    logger.info("Nothing to be done.")
    expected = ["Error in rule", "Exiting", "Execute is a verb.", "Nothing to be done."]
    assert screen.lines()[:-1] == [f"formatted: {text}" for text in expected]
    assert screen.line() == "0 of 2 jobs done: train segment wn"


def test_the_line_is_updated_while_nothing_happens(
    logger: logging.Logger, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Terminal(screen, refresh=1000)
    logger.addHandler(handler)
    logger.info("Job stats", extra={"event": "run_info", "stats": {"train_segment": 1, "total": 1}})
    begin(logger, 1)
    waits = iter([False, False, True])
    monkeypatch.setattr(handler.closed, "wait", lambda _: next(waits))
    before = len(re.findall("train segment", screen.getvalue()))
    handler._keep_drawing(2)
    assert len(re.findall("train segment", screen.getvalue())) == before + 2


def test_snakemakes_own_handler_is_replaced_and_its_log_has_everything(
    logger: logging.Logger, tmp_path: Path
) -> None:
    def quiet() -> logging.Filter:
        filter_: Any = logging.Filter()
        filter_.quiet = {"rules"}
        filter_.filter = lambda record: not filter_.quiet
        return filter_

    stream = io.StringIO()
    handlers = [logging.StreamHandler(stream), logging.FileHandler(tmp_path / "log")]
    for handler, name in zip(handlers, ("Stream", "LogFile"), strict=True):
        handler.name = f"Default{name}Handler"
        handler.addFilter(quiet())
        logger.addHandler(handler)
    show_one_line(logger)
    run(logger, 1)
    assert "Removing temporary output 0." in (tmp_path / "log").read_text()
    assert stream.getvalue() == "1 of 1 jobs done\nComplete log(s): a.log\n"


def test_a_line_that_cannot_be_made_stops_nothing(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.addHandler(Terminal(io.StringIO()))
    logger.info(None, extra={"event": "job_info"})
    assert "Logging error" in capsys.readouterr().err
