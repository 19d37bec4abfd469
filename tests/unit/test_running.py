"""Tables of running losses."""

from pathlib import Path

import numpy as np
import pytest

from wngan import running

ROWS = [(0, 0.3, 0.01), (6, 0.1, float("nan")), (12, 0.1 + 2e-17, 0.02)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    running.write(tmp_path / "1.csv", ROWS)
    running.write(tmp_path / "2.csv", [])
    running.write(tmp_path / "3.csv", [(18, 1 / 3, 0.0)])
    rows = running.read([tmp_path / f"{k}.csv" for k in (1, 2, 3)])
    expected = np.array([*ROWS, (18, 1 / 3, 0.0)], running.FIELDS)
    for name in running.FIELDS.names or ():
        np.testing.assert_array_equal(rows[name], expected[name])
    assert b"\r" not in (tmp_path / "1.csv").read_bytes()
    assert (
        (tmp_path / "1.csv").read_text().startswith("iteration,running_loss,standard_error\n0,0.3,")
    )


@pytest.mark.parametrize(
    ("losses", "iteration"),
    [([3, 1, 2], 1), ([3, 1, 1], 1), ([np.nan, 2, 3], 1), ([np.nan] * 3, 0)],
)
def test_the_optimum_is_the_first_lowest(losses: list[float], iteration: int) -> None:
    rows = np.array([(k, loss, 0) for k, loss in enumerate(losses)], running.FIELDS)
    assert running.optimum(rows) == iteration
