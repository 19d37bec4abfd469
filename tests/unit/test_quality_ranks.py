"""Whether losses and the quality of samples go together, and what the files say that tell it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from scripts import join_quality, quality_figure, quality_table
from wngan.quality_ranks import along_trainings, between_models


def training(losses: Any, distances: Any, optimal: tuple[float, float]) -> dict[str, Any]:
    """Columns of a training's quality.csv: the optimum, iteration 0, and snapshots."""
    return {
        "checkpoint": np.array(["optimal", "snapshot", *["snapshot"] * len(losses)]),
        "iteration": np.array([30, 0, *range(10, 10 * len(losses) + 1, 10)]),
        "running_loss": np.array([optimal[0], 1e-9, *losses]),
        "fid": np.array([optimal[1], 1e9, *distances]),
    }


def test_along_a_training_neither_the_start_nor_the_optimum_counts() -> None:
    first = training([5, 4, 3, 2, 1], [9, 8, 7, 6, 5], (1, 99))
    second = training([5, 4, 3, 2, 1], [9, 8, 7, 5, 6], (2, 1))
    assert along_trainings([first]).value == 1
    found = along_trainings([first, second])
    assert found.value == pytest.approx((1 + 0.9) / 2)
    assert found.low < found.value < found.high == 1
    third = training([5, 4, 3, 2, 1], [5, 6, 7, 8, 9], (2, 1))
    assert along_trainings([third]).value == -1
    opposite = [
        training([5, 4, 3, 2, 1], [5, 6, 7, 8, 9], (1, 1)),
        training([5, 4, 3, 2, 1], [5, 6, 7, 9, 8], (1, 1)),
    ]
    value, low, high = along_trainings(opposite)
    assert (value, low) == (pytest.approx(-0.95), -1)
    assert high > -0.95


def test_between_models_only_the_means_of_optima_count() -> None:
    optima = [(1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (4.0, 4.0), (5.0, 6.0)]
    models = [[training([3, 2, 1], [1, 2, 3], each)] for each in optima]
    assert between_models(models).value == pytest.approx(0.9)
    assert np.isnan(between_models(models[:4])).all()
    models[0].append(training([3, 2, 1], [1, 2, 3], (99.0, 99.0)))  # now its mean is the highest
    models[1].append(training([3, 2, 1], [1, 2, 3], (2.0, 3.0)))
    assert between_models(models).value == pytest.approx(0.9)
    models[2][0]["checkpoint"][0] = "snapshot"
    assert np.isnan(between_models(models)).all()


def test_trainings_of_one_model_are_not_counted_as_independent() -> None:
    """Models that differ by chance alone would rank their trainings alike once in six times."""
    random, found = np.random.default_rng(0), 0
    for _ in range(200):
        effects = np.exp(random.standard_normal((5, 2)))
        noise = np.exp(0.1 * random.standard_normal((5, 5, 2)))
        models = [
            [training([1], [1], tuple(effect * each)) for each in of_model]
            for effect, of_model in zip(effects, noise, strict=True)
        ]
        found += between_models(models).low > 0
    assert found / 200 <= 0.05


def test_few_snapshots_say_nothing() -> None:
    few = training([4, 3, 2, 1], [4, 3, 2, 1], (1, 1))
    many = training([5, 4, 3, 2, 1], [9, 8, 7, 6, 5], (1, 1))
    assert np.isnan(along_trainings([many, few])).all()


HEADER = "iteration,fid,kid,precision,recall,samples,training_images,features\n"


def parts(folder: Path, optimal: str, *segments: str) -> dict[str, list[Path]]:
    """Files of scripts/quality.py, with records."""
    files, records = [], []
    for number, rows in enumerate((optimal, *segments)):
        files.append(folder / f"{number}.csv")
        files[-1].write_text(HEADER + rows)
        records.append(folder / f"{number}.json")
        records[-1].write_text(json.dumps({"samples": number}))
    return {"parts": files, "records": records}


def joined(folder: Path, iterations: int, *rows: str) -> pandas.DataFrame:
    running = folder / "running.csv"
    losses = [f"{10 * k},{1 / (k + 1)},0" for k in range(5)]
    running.write_text("iteration,running_loss,standard_error\n" + "\n".join(losses) + "\n")
    names = [folder / "quality.csv", folder / "provenance.json"]
    join_quality.main(
        running=running, csv=names[0], provenance=names[1], iterations=iterations,
        **parts(folder, *rows),
    )  # fmt: skip
    assert json.loads(names[1].read_text()) == [{"samples": k} for k in range(len(rows))]
    return pandas.read_csv(names[0])


ROW = "{},{},0.1,0.5,0.25,12,11,pixels\n"


def test_qualities_are_joined_beside_losses(tmp_path: Path) -> None:
    table = joined(
        tmp_path,
        40,
        ROW.format(30, 3),
        ROW.format(0, 9) + ROW.format(20, 5),
        ROW.format(40, 4),
    )
    assert table["checkpoint"].tolist() == ["optimal", "snapshot", "snapshot", "last"]
    assert table["iteration"].tolist() == [30, 0, 20, 40]
    assert table["running_loss"].tolist() == pytest.approx([1 / 4, 1, 1 / 3, 1 / 5])
    assert table["fid"].tolist() == [3, 9, 5, 4]
    names = HEADER.strip().split(",")
    assert table.columns.tolist() == ["checkpoint", names[0], "running_loss", *names[1:]]


def test_a_run_that_diverged_has_no_last_quality(tmp_path: Path) -> None:
    table = joined(tmp_path, 60, ROW.format(30, 3), ROW.format(0, 9) + ROW.format(20, 5), "")
    assert table["checkpoint"].tolist() == ["optimal", "snapshot", "snapshot"]


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Any]:
    """A training, and one that diverged."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder, last in ((whole, ROW.format(40, 4)), (cut, "")):
        folder.mkdir()
        joined(folder, 40, ROW.format(30, 3), ROW.format(0, 9) + ROW.format(20, 5), last)
        status = {"status": "trained" if last else "diverged", "iteration": 27, "collapsed": None}
        (folder / "status.json").write_text(json.dumps(status))
    return {
        "runs": ["bn/1", "wn/2"],
        "qualities": [whole / "quality.csv", cut / "quality.csv"],
        "statuses": [whole / "status.json", cut / "status.json"],
    }


def test_the_table_has_each_optimum_and_each_end(runs: dict[str, Any], tmp_path: Path) -> None:
    csv, html = tmp_path / "table.csv", tmp_path / "table.html"
    quality_table.main(csv=csv, html=html, experiment="tiny", **runs)
    table = pandas.read_csv(csv)
    assert list(table.columns) == list(quality_table.COLUMNS)
    assert table["model"].tolist() == ["bn", "bn", "wn", "wn"]
    assert table["instance"].tolist() == [1, 1, 2, 2]
    assert table["checkpoint"].tolist() == ["optimal", "last"] * 2
    assert table["status"].tolist() == ["trained"] * 2 + ["diverged"] * 2
    assert table["fid"].tolist()[:3] == [3, 4, 3]
    assert table.loc[3, ["iteration", "fid", "kid", "features"]].isna().all()
    assert table.loc[0, "features"] == "pixels"
    assert "Quality of samples: tiny" in html.read_text()


def test_the_figure_is_drawn_with_little_to_show(runs: dict[str, Any], tmp_path: Path) -> None:
    quality_figure.main(png=tmp_path / "a.png", pdf=tmp_path / "a.pdf", **runs)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
