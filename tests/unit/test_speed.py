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


PROCESSORS = ("cpu", "cpu_avx512")
"""Files of measurements, of a processor each."""


def measured_on(processor: str) -> pandas.DataFrame:
    return pandas.read_csv(speed.ROOT / f"benchmarks/measured/{processor}.csv")


def test_readme_says_what_was_measured() -> None:
    lines = {name: measured_on(name).query("precision == 'float32'") for name in PROCESSORS}
    lines["both"] = pandas.concat(lines.values())
    readme = " ".join((speed.ROOT / "README.md").read_text().split())

    def said(sizes: list[str], task: str, name: str = "times careful", on: str = "both") -> str:
        rows = lines[on]["size"].isin(sizes) & lines[on]["task"].str.startswith(task)
        values, digits = lines[on][rows][name], 1
        if name.startswith("share"):
            values, digits = 100 * values, 0
        least, most = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
        return least if least == most else f"{least} to {most}"

    small, large = [["digits"], ["cifar10"]], ["celeba", "lsun", "resnet"]
    steps, iterations = "reconstruction", "training"
    for text in (
        "{} times as fast on digits, {} times on CIFAR-10's networks and {} times on larger".format(
            *(said(sizes, steps) for sizes in (*small, large))
        ),
        "training {} times on digits, {} times on CIFAR-10's networks and {} times on "
        "larger".format(*(said(sizes, iterations) for sizes in (*small, large))),
        "{} % of the peak in reconstruction and {} % in training with AVX2, {} % and {} % with "
        "AVX-512, where 85 % was the goal".format(
            *(
                said(["cifar10"], task, "share of peak", name)
                for name in PROCESSORS
                for task in (steps, iterations)
            )
        ),
        "{} and {} times as fast".format(
            *(said(sizes, steps, "times tutorial") for sizes in small)
        ),
    ):
        assert text in readme


def test_the_tables_are_of_what_was_measured() -> None:
    readme = (speed.ROOT / "benchmarks/README.md").read_text()
    folder = speed.ROOT / "benchmarks/measured"
    for name in PROCESSORS:
        measured = measured_on(name).drop(columns=["device", "torch", "date"])
        assert speed.markdown(measured) in readme
    assert speed.markdown(pandas.read_csv(folder / "at_once.csv")) in readme
    changes = pandas.read_csv(folder / "precision.csv")
    assert precision_of_training.markdown(changes) in readme
    # As the text says.
    assert ((changes["from"] < 0) & (changes["to"] > 0) & (changes["change"] > 0)).all()


def test_nothing_is_slower_than_the_careful_loop() -> None:
    """On either processor; at all sizes on one of them."""
    table = pandas.concat(map(measured_on, PROCESSORS))
    steps = table[table["task"].str.startswith("reconstruction")]
    tasks = [task for task in speed.TASKS if task.startswith("reconstruction")]
    pairs = set(zip(steps["size"], steps["task"], strict=True))
    assert pairs == set(product(speed.SIZES, tasks))
    assert (table["times careful"] >= 1).all()
