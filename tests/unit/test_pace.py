"""How long the jobs of a workflow will take."""

from collections import Counter
from pathlib import Path

import pytest

from wngan.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """Of five jobs, none of which has begun."""
    pace = Pace(clock)
    pace.waiting, pace.total = Counter({"train": 2, "table": 2, "all": 1}), 5
    return pace


def test_nothing_is_said_of_the_time_before_a_job_has_told(pace: Pace) -> None:
    pace.begin(1, "train", ["tiny", "wn"], ["missing.log"])
    assert pace.left() is None
    assert str(pace) == "0 of 5 jobs done: train tiny wn"


def test_jobs_take_as_long_as_others_of_their_rule(pace: Pace, clock: Clock) -> None:
    """10 s for a training, 2 s for each table, and as a table for what is not known."""
    pace.begin(1, "train", [], [])
    clock.now += 10
    pace.end(1, well=True)
    pace.done = 1
    assert pace.left() == 10 + 10 + 10 + 10
    for number in (2, 3):
        pace.begin(number, "table", [], [])
        clock.now += 2
        pace.end(number, well=True)
    pace.done = 3
    assert pace.left() == 10 + 2
    pace.begin(4, "train", [], [])
    clock.now += 3
    assert pace.left() == 7 + 2
    assert str(pace) == "3 of 5 jobs done, about 0:00:09 left: train"
    clock.now += 100
    assert pace.left() == 2


def test_a_job_that_failed_says_nothing(pace: Pace, clock: Clock) -> None:
    pace.begin(1, "train", [], [])
    clock.now += 10
    pace.end(1, well=False)
    assert pace.left() is None
    assert pace.running == {}


def test_logs_say_how_long_jobs_take(pace: Pace, clock: Clock, tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(
        "0123456789\n" * 1000
        + "2026-01-01 00:00:00 tiny wn/1 |██    | 500/4000 20.00it/s 02:00 left\n\n"
    )
    pace.begin(1, "train", [], [str(log)])
    clock.now += 30
    assert pace.left() == 120 + 150 + 2 * 150 + 150
    log.write_text(log.read_text() + "finished\n")
    assert pace.left() is None


def test_as_many_run_at_once_as_have(pace: Pace, clock: Clock) -> None:
    pace.waiting, pace.total = Counter({"train": 6}), 6
    for number in (1, 2):
        pace.begin(number, "train", [], [])
    clock.now += 10
    for number in (1, 2):
        pace.end(number, well=True)
    pace.done = 2
    assert pace.left() == 4 * 10 / 2
    pace.begin(3, "train", [], [])
    pace.waiting.clear()
    pace.total = 3
    assert pace.left() == 10  # which no second core makes shorter


def test_one_of_a_kind_says_nothing_of_many_others(
    pace: Pace, clock: Clock, tmp_path: Path
) -> None:
    """A preparation of ten minutes before a hundred short jobs."""
    log = tmp_path / "prepare.log"
    log.write_text("tiny |██    | 1/4 1.00image/s 10:00 left\n")
    pace.waiting, pace.total = Counter({"prepare": 1, "train": 9, "table": 90}), 100
    pace.begin(1, "prepare", [], [str(log)])
    assert pace.left() is None
    clock.now += 600
    pace.end(1, well=True)
    pace.done = 1
    for number in (2, 3):
        pace.begin(number, "train", [], [])
        assert pace.left() is None
    clock.now += 10
    pace.end(2, well=True)
    pace.done = 2
    assert pace.left() == (7 * 10 + 90 * 10) / 2


def test_near_the_end_what_is_known_will_do(pace: Pace, clock: Clock) -> None:
    pace.waiting, pace.total = Counter({"train": 2, "table": 1, "all": 1}), 4
    for number in (1, 2):
        pace.begin(number, "train", [], [])
        clock.now += 10
        pace.end(number, well=True)
    pace.done = 2
    assert pace.left() == 10 + 10


def test_jobs_that_a_checkpoint_adds_count(pace: Pace, clock: Clock) -> None:
    pace.waiting, pace.total = Counter({"train": 1}), 1
    pace.begin(1, "train", [], [])
    clock.now += 10
    pace.end(1, well=True)
    pace.done, pace.total = 1, 4
    assert pace.left() == 3 * 10
