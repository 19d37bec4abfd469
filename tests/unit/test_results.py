"""The table that every experiment has."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest

from scripts import results_table
from wngan import baselines, running

# Of each training: running losses, mean final loss, Fréchet distance of its optimum if measured.
TRAININGS: dict[str, tuple[list[float], float, float | None]] = {
    "vanilla/1": ([9, 3, 2, 4], 1.0, 5.0),
    "vanilla/2": ([9, 3, 1, 4], 1.5, 7.0),
    "wn/1": ([9, 1, 2, 3], 0.5, None),
}
NAN = float("nan")


@pytest.fixture
def table(tmp_path: Path) -> pandas.DataFrame:
    return made(tmp_path, TRAININGS)


def made(
    tmp_path: Path, trainings: dict[str, tuple[list[float], float, float | None]]
) -> pandas.DataFrame:
    """The table of these trainings; the last image has another final loss, or none."""
    files: dict[str, list[Path]] = {"running": [], "statuses": [], "finals": [], "qualities": []}
    for number, (losses, final, fid) in enumerate(trainings.values()):
        curve, status, csv, quality = (
            tmp_path / f"{number}-{name}" for name in ("running", "status", "final", "quality")
        )
        running.write(curve, [(10 * k, loss, 0) for k, loss in enumerate(losses)])
        status.write_text(json.dumps({"status": f"of {number}"}))
        first = np.nan_to_num(final - 0.2)
        pandas.DataFrame({"loss": [first, first, final + 0.4]}).to_csv(csv)
        known = {"fid": fid, "kid": 0.1, "precision": 0.2, "recall": 0.3, "features": "pixels"}
        rows = [known | {"checkpoint": "last", "fid": 99}, known | {"checkpoint": "optimal"}]
        pandas.DataFrame(rows).to_csv(quality, index=False)
        paths = (curve, status, csv, *([quality] if fid is not None else []))
        for name, path in zip(files, paths, strict=False):
            files[name].append(path)
    losses = np.arange(12.0).reshape(3, 4)  # of 4 images, of which 3 are in the final evaluation
    baselines.write(tmp_path / "baselines.csv", baselines.Baselines(*losses))
    results_table.main(
        list(trainings),
        measured=[run for run, (_, _, fid) in trainings.items() if fid is not None],
        **files,
        baselines=tmp_path / "baselines.csv",
        running_images=1,
        csv=tmp_path / "t.csv",
        html=tmp_path / "t.html",
        experiment="flowers",
    )
    return pandas.read_csv(tmp_path / "t.csv", dtype={"instance": str})


def test_each_training_has_a_row_and_several_their_mean(table: pandas.DataFrame) -> None:
    models = table[["model", "instance"]].fillna("").apply("/".join, axis=1).tolist()
    trainings = ["vanilla/1", "vanilla/2", "vanilla/mean", "vanilla/s.d.", "wn/1"]
    assert models == [*trainings, "mean_image/", "nearest_image/", "principal_components/"]
    assert table.columns.tolist() == list(results_table.COLUMNS)
    assert table["status"][[0, 1, 4]].tolist() == ["of 0", "of 1", "of 2"]
    assert table["iteration"][[0, 1, 4]].tolist() == [20, 20, 10]
    assert table["running_loss"][:5].tolist() == [2, 1, 1.5, pytest.approx(0.707107), 1]
    assert table["final_loss"][:5].tolist() == [1, 1.5, 1.25, pytest.approx(0.353553), 0.5]
    assert table["fid"][:4].tolist() == [5, 7, 6, pytest.approx(1.41421)]  # not the last's
    assert table["fid"][4:].isna().all()  # not measured


def test_baselines_are_of_the_same_images(table: pandas.DataFrame) -> None:
    assert table["running_loss"][5:].tolist() == [0, 4, 8]
    assert table["final_loss"][5:].tolist() == [1, 5, 9]


def test_what_has_no_loss_leaves_its_model_no_mean(tmp_path: Path) -> None:
    """And means are no medians, nor is a mean of some images one of all."""
    trainings: dict[str, tuple[list[float], float, float | None]] = {
        f"bn/{k}": ([9, k], final, k * k) for k, final in enumerate((1, NAN, 3), 1)
    }
    table = made(tmp_path, trainings).set_index("instance")
    assert table["final_loss"][:3].isna().tolist() == [False, True, False]
    assert table.loc[["mean", "s.d."], "final_loss"].isna().all()
    assert table.loc["mean", "fid"] == 4.66667


def test_the_page_is_for_people(table: pandas.DataFrame, tmp_path: Path) -> None:
    text = (tmp_path / "t.html").read_text()
    assert ">principal components</td>" in text
    assert ">WN</td>" in text
    assert "nan" not in text
