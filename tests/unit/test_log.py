"""Progress in log lines, and what is read out of them."""

from pathlib import Path

import pytest

from wngan.log import logged
from wngan.progress import Progress, Reached, last_progress


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


def test_progress_of_another_unit_is_not_meant(tmp_path: Path) -> None:
    with logged(tmp_path / "log"):
        for _ in Progress("results", iterable=range(3), unit="file"):
            pass
    log = (tmp_path / "log").read_text()
    assert last_progress(log, "file") is not None
    assert last_progress(log, "it") is None
    assert last_progress("", "it") is None
