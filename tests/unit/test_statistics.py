"""Tables of what the paper leaves out, and the prior of a code's norm."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from safetensors.numpy import save_file

from scripts import codes_figure, evaluator_table, pairs_table, spread_table
from tests.unit.conftest import dataset
from wngan import baselines, running
from wngan.baselines import Baselines
from wngan.bootstrap import above, paired_ratio, ratio_of_models, unpaired_ratio


def status(path: Path, what: str) -> Path:
    path.write_text(json.dumps({"status": what, "iteration": 7, "collapsed": None}))
    return path


def final(path: Path, losses: Any) -> Path:
    pandas.DataFrame({"loss": losses}).to_csv(path, index_label="image")
    return path


def paper(model: str, instance: str, running_loss: str, final_loss: str = "") -> dict[str, str]:
    names = ("model", "instance", "running_loss", "final_loss")
    return dict(zip(names, (model, instance, running_loss, final_loss), strict=True))


def test_pairs_of_models(tmp_path: Path) -> None:
    """The first final loss that the paper prints counts; what diverged to NaN has no numbers."""
    losses = {
        "vanilla/1": [1, 2, 3, 4],
        "bn/1": [2, 1, 3, 5.5],
        "bn/2": [2, 1, 3, 5.5],
        "wn/1": [1, 2, np.nan, 4],
    }
    trained, failed = status(tmp_path / "ok", "trained"), status(tmp_path / "failed", "diverged")
    rows = [paper("vanilla", "best", "9", "4"), paper("bn", "best", "9", "5")]
    pairs_table.main(
        list(losses),
        [trained, trained, failed, failed],
        [final(tmp_path / name.replace("/", "-"), each) for name, each in losses.items()],
        *dataset(tmp_path),
        [*rows, paper("vanilla", "1", "9", "40"), paper("wn", "1", "9")],
        tmp_path / "table.csv",
        tmp_path / "table.html",
        "Pairs",
    )
    table = pandas.read_csv(tmp_path / "table.csv")
    assert list(table.columns) == list(pairs_table.COLUMNS)
    pairs = list(zip(table["model"], table["against"], strict=True))
    assert pairs == [("bn", "vanilla"), ("wn", "vanilla"), ("wn", "bn")]
    assert table["trainings"].tolist() == [2, 1, 1]
    assert table["against_trainings"].tolist() == [1, 1, 2]
    assert table["failed"].tolist() == [1, 1, 1]
    assert table["against_failed"].tolist() == [0, 0, 1]
    assert table["basis"].tolist() == [
        "2 and 1 trainings, the one taken to vary as the others",
        "one training each, images alone",
        "1 and 2 trainings, the one taken to vary as the others",
    ]
    first = table.iloc[0]
    assert first[["above", "paper_above", "better"]].tolist() == [15, 25, 25]
    ratio = ratio_of_models([losses["bn/1"], losses["bn/2"]], [losses["vanilla/1"]])
    bounds = [float(f"{above(each, 1):.6g}") for each in ratio]  # as machines differ
    assert first[["above", "low", "high"]].tolist() == bounds
    assert table.loc[1:, ["above", "low", "high", "paper_above", "better"]].isna().all(axis=None)
    assert "+25.0" in (tmp_path / "table.html").read_text()


def test_pairs_over_folders(tmp_path: Path) -> None:
    """Whoever is better on one photograph need not be on others, however many patches it has."""
    files = [
        final(tmp_path / name, each) for name, each in (("a", [1, 2] * 9), ("b", [1.1, 1.9] * 9))
    ]
    trained = status(tmp_path / "ok", "trained")
    rows = []
    for folders in (None, [0, 1] * 9 + [7] * 5):  # the last are for training
        pairs_table.main(
            ["vanilla/1", "bn/1"],
            [trained] * 2,
            files,
            *dataset(tmp_path, folders),
            [],
            tmp_path / "table.csv",
            tmp_path / "table.html",
            "Pairs",
        )
        rows.append(pandas.read_csv(tmp_path / "table.csv").iloc[0])
    images, two = rows
    assert [row["above"] for row in rows] == pytest.approx([0, 0], abs=1e-9)
    assert two["basis"] == "one training each, 2 folders alone"
    assert two["high"] - two["low"] > 3 * (images["high"] - images["low"])
    assert two["better"] == images["better"] == 50


def test_one_model_has_no_pairs(tmp_path: Path) -> None:
    pairs_table.main(
        ["bn/1"],
        [status(tmp_path / "status", "trained")],
        [final(tmp_path / "final", [1.0])],
        *dataset(tmp_path),
        [],
        tmp_path / "table.csv",
        tmp_path / "table.html",
        "Pairs",
    )
    assert pandas.read_csv(tmp_path / "table.csv").empty


def test_spread_of_instances(tmp_path: Path) -> None:
    """The standard deviation is of single instances; one has none, and the paper's one has none."""
    lowest = {"bn/1": 2.0, "bn/2": 4.0, "bn/3": 9.0, "wn/1": 3.0}
    lowest |= {"vanilla/1": np.nan, "vanilla/2": 5.0, "vanilla/3": 6.0}
    files = []
    for run, loss in lowest.items():
        files.append(tmp_path / run.replace("/", "-"))
        running.write(files[-1], [(0, loss + 1, 0.1), (5, loss, 0.1), (10, loss + 2, 0.1)])
    ends = ["trained", "collapsed", "never_diverse", "converged", "diverged", "trained", "trained"]
    spread_table.main(
        list(lowest),
        files,
        [status(tmp_path / f"{k}", end) for k, end in enumerate(ends)],
        [paper("bn", "best", "9"), paper("wn", "1", "8")]
        + [paper("bn", str(k), loss) for k, loss in enumerate("126", 1)]
        + [paper("vanilla", str(k), loss) for k, loss in enumerate("24", 1)],
        tmp_path / "table.csv",
        tmp_path / "table.html",
        "Spread",
    )
    table = pandas.read_csv(tmp_path / "table.csv").set_index("model")
    assert list(table.columns) == list(spread_table.COLUMNS)[1:]
    assert table["instances"].tolist() == [3, 1, 3]
    assert table["failed"].tolist() == [2, 0, 1]
    bn = table.loc["bn", ["mean", "standard_deviation", "min", "max"]].tolist()
    assert bn == [5, 3.60555, 2, 9]  # rounded, as machines differ in the last digits
    of_paper = ["paper_instances", "paper_mean", "paper_standard_deviation"]
    assert table.loc["bn", of_paper].tolist() == [3, 3, 2.64575]
    assert table.loc["vanilla", of_paper].tolist() == [2, 3, 1.41421]
    assert table.loc["wn", of_paper].isna().all()
    assert table.loc["wn", "mean"] == 3
    assert table.loc[["wn", "vanilla"], "standard_deviation"].isna().all()
    assert table.loc["vanilla", ["mean", "min", "max"]].isna().all()
    page = (tmp_path / "table.html").read_text()
    assert "3.605551" in page
    assert "–" in page


def test_the_evaluator(tmp_path: Path) -> None:
    """Of two images; the final evaluation had a third. Another model has losses that are NaN.

    The first test image, which the running evaluation had, is not set against training images.
    """
    found = {
        "own": np.array([1, 3], np.float32),
        "training": np.array([4, 6], np.float32),
        "random": np.array([[5, 7.95], [9, 20], [4.9, 30]], np.float32),
    }
    found["within"] = np.array([6, 10], np.float32)
    save_file(found, tmp_path / "probes")
    found["recalibrated"] = np.array([6, 10], np.float32)
    gaps = {
        name: np.where(np.arange(array.shape[-1]), array, np.nan) for name, array in found.items()
    }
    save_file({name: array.astype(np.float32) for name, array in gaps.items()}, tmp_path / "none")
    known = Baselines(*np.array([[9, 50, 70, 9], [9, 20, 40, 9], [9, 6, 10, 9]]))
    baselines.write(tmp_path / "baselines.csv", known)
    evaluator_table.main(
        ["wn", "bn"],
        [status(tmp_path / "trained", "trained"), status(tmp_path / "failed", "diverged")],
        [final(tmp_path / "wn", [5, 8, 12]), final(tmp_path / "bn", [np.nan, 8, np.nan])],
        [tmp_path / "probes", tmp_path / "none"],
        tmp_path / "baselines.csv",
        *dataset(tmp_path),
        4,
        1,
        tmp_path / "table.csv",
        tmp_path / "table.html",
        "Evaluator",
    )
    table = pandas.read_csv(tmp_path / "table.csv")
    assert list(table.columns) == ["model", *evaluator_table.QUANTITIES]
    counts = ["images", "training_images", "test_images", "starts"]
    assert table.loc[:1, counts].to_numpy().tolist() == [[2, 2, 2, 3]] * 2
    wn = table.iloc[0]
    assert wn[["own", "test", "training", "zero", "starts"]].tolist() == [2, 10, 5, 6.5, 3]
    errors = ["own_standard_error", "test_standard_error", "training_standard_error"]
    assert wn[errors].tolist() == [1, 2, 1]
    assert wn["gap"] == pytest.approx(100)
    assert -100 <= wn["gap_low"] < 100 * 8 / 6 - 100  # two images say next to nothing
    assert wn["gap_high"] > 200
    assert wn["random"] == pytest.approx(np.mean(found["random"]), rel=1e-5)
    more = wn[["random_above", "random_low", "random_high"]].tolist()
    ratio = paired_ratio(found["random"].mean(0), [5, 8])
    assert more == pytest.approx([above(each, 1) for each in ratio], rel=1e-4)
    assert more[0] == pytest.approx(100 * wn["random"] / 6.5 - 100, rel=1e-4)
    assert wn["random_best"] == pytest.approx((4.9 + 7.95) / 2)
    assert wn["random_better"] == pytest.approx(100 / 6, rel=1e-4)  # 7.95 is hardly below 8
    assert table.loc[1].drop(["model", "status", *counts]).isna().all()
    assert wn["within"] == 8
    assert wn["within_above"] == pytest.approx(100 * 8 / 6.5 - 100, rel=1e-5)
    assert wn["within_low"] < 20 < 25 < wn["within_high"]
    assert np.isnan(wn["recalibrated"])
    # The same test images without a generator.
    names = ["model", "test_images", "test", "test_standard_error"]
    assert table.loc[2:, names].to_numpy().tolist() == [
        ["mean_image", 2, 60, 10],
        ["nearest_image", 2, 30, 10],
        ["principal_components", 2, 8, 2],
    ]
    page = (tmp_path / "table.html").read_text()
    assert "diverged" in page
    assert "nearest image" in page


def test_the_evaluator_over_folders(tmp_path: Path) -> None:
    """Of four test images in three folders, the first for the running evaluation, and training's.

    Means are over images as before; standard errors and intervals are of folders' means.
    """
    found = {
        "own": np.array([1, 3], np.float32),
        "training": np.array([4, 6, 8], np.float32),
        "random": np.array([[4, 7, 10], [6, 9, 14]], np.float32),
        "within": np.array([6, 10, 8], np.float32),
        "recalibrated": np.array([3, 6, 7], np.float32),
    }
    save_file(found, tmp_path / "probes")
    known = [2, 5, 9, 16]
    baselines.write(tmp_path / "baselines.csv", Baselines(*np.array([known] * 3, float)))
    losses = [4, 5, 7, 15]
    rows = []
    for folders in (None, [0, 1, 1, 2, 5, 6, 6, 7, 8]):
        evaluator_table.main(
            ["wn"],
            [status(tmp_path / "trained", "trained")],
            [final(tmp_path / "wn", losses)],
            [tmp_path / "probes"],
            tmp_path / "baselines.csv",
            *dataset(tmp_path, folders),
            4,
            1,
            tmp_path / "table.csv",
            tmp_path / "table.html",
            "Evaluator",
        )
        rows.append(pandas.read_csv(tmp_path / "table.csv"))
    images, table = rows
    means = ["own", "training", "test", "zero", "random", "random_best", "within", "recalibrated"]
    assert table.loc[0, means].tolist() == images.loc[0, means].tolist()
    assert table.loc[0, means[:4]].tolist() == [2, 6, 9, 5.33333]
    wn = table.iloc[0]
    # Half of the differences of folders: in sums, 12 and 15 of test images, 4 and 14 of training's.
    errors = ["own_standard_error", "training_standard_error", "test_standard_error"]
    assert wn[errors].tolist() == [1, 3.33333, 1]
    assert table.loc[1:, "test"].tolist() == [10] * 3
    assert table.loc[1:, "test_standard_error"].tolist() == [0.666667] * 3
    gaps = unpaired_ratio([5, 7, 15], [4, 6, 8], np.array([1, 1, 2]), np.array([5, 6, 6]))
    names = ["gap", "gap_low", "gap_high"]
    assert wn[names].tolist() == pytest.approx([above(each, 1) for each in gaps], rel=1e-4)
    for name, sums in (("random", [5, 20]), ("within", [6, 18]), ("recalibrated", [3, 13])):
        ratio = [above(each, 1) for each in paired_ratio(sums, [4, 12])]
        columns = [f"{name}_above", f"{name}_low", f"{name}_high"]
        assert wn[columns].tolist() == pytest.approx(ratio, rel=1e-4)


@pytest.mark.parametrize("code_length", [1, 6, 256, 512])
def test_the_prior_is_that_of_random_codes(code_length: int) -> None:
    drawn = np.random.default_rng(0).standard_normal((4000, code_length))
    norm = np.linspace(0, code_length**0.5 + 6, 20_001)[1:]
    density = codes_figure.prior(norm, code_length)
    step = norm[1] - norm[0]
    assert density.sum() * step == pytest.approx(1, abs=1e-3)
    mean = (density * norm).sum() * step
    assert mean == pytest.approx(np.linalg.norm(drawn, axis=1).mean(), abs=0.05)
    spread = ((density * norm**2).sum() * step - mean**2) ** 0.5
    assert spread == pytest.approx(np.linalg.norm(drawn, axis=1).std(), rel=0.05)


def test_codes_that_are_not_finite_have_no_norm(tmp_path: Path) -> None:
    """Nor does a run with no others spoil its figure."""
    codes = np.array([[3, 4], [np.nan, 0], [np.inf, 0]], np.float32)
    for name, rows in (("wn", codes), ("bn", codes[1:])):
        save_file({"codes": rows, "images": np.zeros(1, np.uint8)}, tmp_path / name)
    assert codes_figure.norms(tmp_path / "wn").tolist() == [5]
    codes_figure.main(
        [tmp_path / "wn", tmp_path / "bn"],
        [status(tmp_path / "trained", "trained"), status(tmp_path / "failed", "diverged")],
        ["wn", "bn"],
        2,
        tmp_path / "figure.png",
        tmp_path / "figure.pdf",
    )
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
