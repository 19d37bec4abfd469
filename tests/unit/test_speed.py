"""The benchmarks measure what they say: both sides do the same work."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch

from benchmarks import precision_of_training, speed
from benchmarks.cost import count
from wngan.datasets.crops import crop_images


@pytest.mark.slow
def test_every_line_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speed, "TURNS", 2)
    monkeypatch.setattr(speed, "SECONDS", 0.2)
    arguments = ["speed", "--sizes", "digits", "--models", "bn", "--output", str(tmp_path / "a/b")]
    monkeypatch.setattr(sys, "argv", arguments)
    speed.main()
    table = pandas.read_csv(tmp_path / "a/b")
    assert table["task"].tolist() == list(speed.TASKS)
    assert (table["from"] <= table["times careful"]).all()
    assert (table["times careful"] <= table["to"]).all()
    shares = table[["share of peak", "share of data"]].to_numpy()
    assert ((shares >= 0) & (shares < 1)).all()
    assert (table["share of peak"] > 0).all()
    names = [f"{side} ms" for side in speed.SIDES] + ["times tutorial", "careful MB", "ours MB"]
    assert (table[names] > 0).all(axis=None)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].endswith(f"torch {torch.__version__}")
    assert len([line for line in printed if line.startswith("| digits | bn |")]) == 2 * len(table)


def test_both_prepare_the_same(tmp_path: Path) -> None:
    contents = list(speed.jpegs(3, 178, 218))
    for index, content in enumerate(contents):
        (tmp_path / f"{index}.jpg").write_bytes(content)
    speed.prepare_plainly(iter(contents), 160, tmp_path / "plain.npy")
    crop_images(tmp_path, tmp_path / "fast.npy", 160, workers=2)
    np.testing.assert_array_equal(np.load(tmp_path / "plain.npy"), np.load(tmp_path / "fast.npy"))


@pytest.mark.parametrize("name", ["celeba", "lsun"])
def test_preparation_is_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "TURNS", 1)
    jpegs = speed.jpegs
    monkeypatch.setattr(speed, "jpegs", lambda number, width, height: jpegs(5, width, height))
    row = speed.compare_preparation(name, tmp_path)
    assert row["careful ms"] > 0
    assert row["ours ms"] > 0


def test_rates_are_of_the_precision() -> None:
    assert min(speed.peak_rates("float32").values()) > 1e9


@pytest.mark.slow
def test_sizes_are_the_papers() -> None:
    """A step of CIFAR-10's reconstruction, 0.16 GFLOP, is the smallest of the paper's."""
    steps = {}
    for name, (file, experiment) in speed.SIZES.items():
        steps[name] = count(speed.settings(file, experiment, "wn"))[1]
    assert 0.15e9 < steps["cifar10"] < 0.17e9
    assert sorted(steps, key=steps.__getitem__)[:2] == ["digits", "cifar10"]


def test_readme_says_what_was_measured() -> None:
    measured = pandas.read_csv(speed.ROOT / "benchmarks/measured/cpu.csv")
    measured = measured[measured["precision"] == "float32"]
    readme = " ".join((speed.ROOT / "README.md").read_text().split())

    def said(sizes: list[str], task: str, name: str = "times careful", digits: int = 1) -> str:
        rows = measured["size"].isin(sizes) & measured["task"].str.startswith(task)
        values = measured[rows][name] * (100 if name.startswith("share") else 1)
        least, most = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
        return least if least == most else f"{least} to {most}"

    small, large = [["digits"], ["cifar10"]], ["celeba", "lsun", "resnet"]
    steps, iterations = "reconstruction", "training"
    for text in (
        "{} times as fast on digits, {} times on CIFAR-10's networks and {} times on larger".format(
            *(said(sizes, steps) for sizes in (*small, large))
        ),
        "training {} times on digits and {} times on CIFAR-10's".format(
            *(said(sizes, iterations) for sizes in small)
        ),
        "{} % of the peak in reconstruction and {} % in training, where 85 % was the goal".format(
            *(said(["cifar10"], task, "share of peak", 0) for task in (steps, iterations))
        ),
        "{} and {} times as fast".format(
            *(said(sizes, steps, "times tutorial") for sizes in small)
        ),
    ):
        assert text in readme


def test_the_tables_are_of_what_was_measured() -> None:
    readme = (speed.ROOT / "benchmarks/README.md").read_text()
    folder = speed.ROOT / "benchmarks/measured"
    for name in ("cpu", "tutorial"):
        measured = pandas.read_csv(folder / f"{name}.csv")
        assert speed.markdown(measured.drop(columns=["device", "torch", "date"])) in readme
    assert speed.markdown(pandas.read_csv(folder / "at_once.csv")) in readme
    changes = pandas.read_csv(folder / "precision.csv")
    assert precision_of_training.markdown(changes) in readme
    # As the text says.
    assert ((changes["from"] < 0) & (changes["to"] > 0) & (changes["change"] > 0)).all()


def test_reconstruction_is_never_slower_than_the_careful_loop() -> None:
    table = pandas.read_csv(speed.ROOT / "benchmarks/measured/cpu.csv")
    steps = table[table["task"].str.startswith("reconstruction")]
    tasks = [task for task in speed.TASKS if task.startswith("reconstruction")]
    pairs = set(zip(steps["size"], steps["task"], strict=True))
    assert pairs == set(product(speed.SIZES, tasks))
    assert (steps["times careful"] >= 1).all()
