"""Models of several experiments in one table: equal budgets, learning rates."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from scripts import models_table
from tests.unit.conftest import dataset
from wngan import running

ROWS = [
    {"model": "vanilla", "experiment": "a", "lr": 0.1, "iterations": 40, "trainings": 2},
    {"model": "wn", "experiment": "a", "lr": 0.1, "iterations": 40, "trainings": 1},
    {"model": "wn", "experiment": "b", "lr": 0.2, "iterations": 20, "trainings": 2},
]
# Of each training: running losses, what became of it, mean final losses at the optimum and later.
TRAININGS = [
    ([9, 3, 2, 4], "trained", 1.0, 2.0),
    ([9, 3, 1.5, 4], "collapsed", 1.2, 2.4),
    ([9, 1, 2, 3], "trained", 0.9, 2.2),
    ([9, 2, 1.2], "trained", 0.8, 1.1),
    ([9, 2, 1.3], "diverged", 0.6, np.nan),
]


def made(
    tmp_path: Path,
    at: int | None,
    folders: list[int] | None = None,
    rows: list[dict[str, Any]] = ROWS,
    trainings: list[tuple[list[float], str, float, float]] = TRAININGS,
) -> pandas.DataFrame:
    files: dict[str, list[Path]] = {"running": [], "statuses": [], "finals": []}
    later = []
    hard = np.linspace(0.5, 1.5, 20)
    for number, (losses, status, optimal, last) in enumerate(trainings):
        path = tmp_path / f"{number}"
        running.write(path.with_suffix(".csv"), [(10 * k, x, 0) for k, x in enumerate(losses)])
        path.with_suffix(".json").write_text(json.dumps({"status": status}))
        for name, level in (("optimal", optimal), ("later", last)):
            final = path.with_name(f"{number}-{name}.csv")
            pandas.DataFrame({"loss": level * hard}).to_csv(final, index_label="image")
        files["running"].append(path.with_suffix(".csv"))
        files["statuses"].append(path.with_suffix(".json"))
        files["finals"].append(tmp_path / f"{number}-optimal.csv")
        later.append(tmp_path / f"{number}-later.csv")
    files["finals"] += later if at is not None else []
    info, permutation = dataset(tmp_path, folders)
    models_table.main(
        rows,
        info=info,
        permutation=permutation,
        at=at,
        csv=tmp_path / "t.csv",
        html=tmp_path / "t.html",
        table="equal",
        **files,
    )
    return pandas.read_csv(tmp_path / "t.csv")


def column(table: pandas.DataFrame, name: str) -> list[Any]:
    return table[name].tolist()


def test_rows_are_over_all_trainings(tmp_path: Path) -> None:
    table = made(tmp_path, None)
    assert column(table, "model") == ["vanilla", "wn", "wn"]
    assert column(table, "failed") == [1, 0, 1]
    assert column(table, "evaluations") == [8, 4, 6]
    assert column(table, "iteration") == [20, 10, 20]  # of the best by running loss
    assert column(table, "running_loss") == [1.5, 1, 1.2]
    assert column(table, "final_loss") == pytest.approx([1.2, 0.9, 0.8])  # that one's own
    assert column(table, "mean") == pytest.approx([1.1, 0.9, 0.7])
    deviations = table["standard_deviation"]
    assert [deviations[0], deviations[2]] == pytest.approx([0.1 * 2**0.5] * 2, rel=1e-5)
    assert np.isnan(deviations[1])
    assert table["best_of_model"].fillna("").tolist() == ["", "", "yes"]
    assert "at" not in table


def test_rows_are_set_against_the_first(tmp_path: Path) -> None:
    table = made(tmp_path, None)
    first = 1.2**0.5
    expected = [100 * loss / first - 100 for loss in (0.9, 0.48**0.5)]
    assert np.isnan(table["above"][0])
    assert column(table, "above")[1:] == pytest.approx(expected, rel=1e-4)
    assert (table["low"] < table["above"])[1:].all()
    assert (table["above"] < table["high"])[1:].all()
    assert table["basis"].fillna("").tolist() == [
        "",
        "1 and 2 trainings, the one taken to vary as the others",
        "2 and 2 trainings",
    ]


def test_an_iteration_has_columns_of_its_own(tmp_path: Path) -> None:
    """One of a run that diverged before it has no number, and says so by its count of failures."""
    table = made(tmp_path, 20)
    assert column(table, "at") == [20] * 3
    assert column(table, "at_loss")[:2] == pytest.approx([2.2, 2.2])
    assert np.isnan(table["at_loss"][2])
    assert table["at_above"][1] == pytest.approx(100 * 2.2 / 4.8**0.5 - 100, rel=1e-4)
    assert np.isnan(table["at_above"][[0, 2]]).all()
    assert table["at_low"][1] < table["at_above"][1] < table["at_high"][1]
    deviations = table["at_standard_deviation"]
    assert deviations[0] == pytest.approx(0.2 * 2**0.5, rel=1e-5)
    assert np.isnan(deviations[1:]).all()
    assert list(table.columns) == [*models_table.COLUMNS, "at", *models_table.AT]
    page = (tmp_path / "t.html").read_text()
    assert "<title>Models: equal</title>" in page
    assert "vanilla" in page
    assert "+0.4" in page  # 2.2 above the geometric mean of 2 and 2.4, in percent
    assert "final loss at 20" in (tmp_path / "t.html").read_text()


def test_intervals_are_over_folders_where_the_split_is(tmp_path: Path) -> None:
    """Twenty images of four folders; each image counts in the means as before."""
    plain, table = made(tmp_path, 20), made(tmp_path, 20, [k // 5 for k in range(20)] + [9] * 4)
    for name in ("mean", "above", "at_above"):
        np.testing.assert_allclose(table[name], plain[name], rtol=1e-5)
    assert table["basis"].fillna("").tolist() == [
        "",
        "1 and 2 trainings, 4 folders, the one taken to vary as the others",
        "2 and 2 trainings, 4 folders",
    ]


def test_means_are_of_all_trainings_and_the_lowest_of_each_model(tmp_path: Path) -> None:
    """Not medians; one without a loss at an iteration leaves its row neither mean nor deviation."""
    rows = [
        {"model": model, "experiment": experiment, "trainings": 3 if experiment == "a" else 1}
        for model in ("vanilla", "wn")
        for experiment in ("a", "b")
    ]
    vanilla = [([9, 3], "trained", 1.0, 2.0), ([9, 2], "trained", 2.0, 3.0)]
    vanilla += [([9, 4], "trained", 6.0, 7.0), ([9, 3], "trained", 4.0, 5.0)]
    wn = [([9, 1], "trained", loss, loss) for loss in (0.5, 0.5, 0.5, 0.4)]
    wn[1] = ([9, 1], "diverged", 0.5, np.nan)
    table = made(tmp_path, 20, rows=rows, trainings=vanilla + wn)
    assert column(table, "mean") == [3, 4, 0.5, 0.4]
    assert table["best_of_model"].fillna("").tolist() == ["yes", "", "", "yes"]
    assert column(table, "at_loss")[:2] == [4, 5]
    assert table["at_loss"].isna().tolist() == [False, False, True, False]
    assert table["at_standard_deviation"].isna().tolist() == [False, True, True, True]
    assert "lowest" in (tmp_path / "t.html").read_text()
    rounded = [float(f"{100 * loss / 12 ** (1 / 3) - 100:.6g}") for loss in (4, 0.5, 0.4)]
    assert column(table, "above")[1:] == rounded  # as machines differ in the last digits


def test_one_row_of_each_model_has_no_lowest(tmp_path: Path) -> None:
    table = made(tmp_path, None, rows=ROWS[:2], trainings=TRAININGS[:3])
    assert table["best_of_model"].isna().all()
    assert "lowest" not in (tmp_path / "t.html").read_text()
