"""Tables of losses, of networks and of rates, from small files."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from scripts import architecture_table, loss_table, rates_table
from wngan import running
from wngan.dcgan import Discriminator, Generator

NAN = float("nan")
MODELS = ["vanilla", "bn", "wn", "affine_wn", "wn_mean_bn", "spectral"]


def printed(model: str, instance: str, checkpoint: str, *values: str) -> dict[str, Any]:
    """A row of report/paper_values.csv: iteration, running loss and final loss."""
    names = ("iteration", "running_loss", "final_loss")
    row = {"table": "2", "model": model, "instance": instance, "checkpoint": checkpoint}
    return row | dict(zip(names, values, strict=True))


def losses(path: Path, values: list[float]) -> Path:
    pandas.DataFrame({"loss": values}).to_csv(path, index_label="image")
    return path


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Any]:
    """A run at its optimum and at its end, one that diverged at both, and one without a final."""
    rows = [
        printed("vanilla", "best", "optimal", "30500", "0.0145", "0.006"),
        printed("vanilla", "1", "last", "", "0.5", ""),
        printed("bn", "best", "optimal", "30500", "0.0172", "0.0064"),
        printed("bn", "best", "last", "700000", "", "0.0065"),
        printed("wn", "1", "optimal", "463000", "0.0130", ""),
    ]
    curves = {
        "vanilla": [(0, 9.0, 0.9), (10, 2.0, 0.2), (20, 3.0, 0.3)],
        "bn": [(0, NAN, NAN), (10, 5.0, 0.5)],
        "wn": [(0, 8.0, 0.8), (10, 7.0, 0.7), (20, 6.0, 0.6)],
    }
    fates = {
        "vanilla": {"status": "trained", "iteration": 20, "restarts": []},
        "bn": {"status": "diverged", "iteration": 17, "restarts": [{}, {}]},
        "wn": {"status": "collapsed", "iteration": 20, "restarts": []},
    }
    for model, curve in curves.items():
        running.write(tmp_path / f"{model}.csv", curve)
        (tmp_path / f"{model}.json").write_text(json.dumps(fates[model]))
    finals = {"vanilla": [1.0, 2.0, 6.0], "bn": [2.0, 4.0, 3.0], "none": [1.0, NAN, 3.0]}
    others = {"vanilla": [[1.0, 2.0, 6.0], [5.0, 5.0, 8.0], [12.0] * 3], "bn": [[3.0, 3.0, 3.0]]}
    trainings = [
        losses(tmp_path / f"{model}-{number}.csv", each)
        for model, of_model in (*others.items(), ("none", [finals["none"], [1.0] * 3, [2.0] * 3]))
        for number, each in enumerate(of_model)
    ]
    return {
        "rows": rows,
        "running": [tmp_path / f"{row['model']}.csv" for row in rows],
        "statuses": [tmp_path / f"{row['model']}.json" for row in rows],
        "finals": [losses(tmp_path / f"{name}-final.csv", each) for name, each in finals.items()],
        "trainings": trainings,
        "counts": [3, 1, 3],
        "csv": tmp_path / "table.csv",
        "html": tmp_path / "table.html",
    }


def cells(page: str) -> list[list[str]]:
    """The texts of a page's table, row by row."""
    rows = re.findall(r"<tr>.*?</tr>", page, re.S)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]


def test_losses_are_at_the_checkpoint_of_each_row(runs: dict[str, Any]) -> None:
    """At the lowest or the last; a diverged run has no last but the iteration that it reached."""
    loss_table.main(**runs)
    table = pandas.read_csv(runs["csv"])
    assert table.columns[:4].tolist() == ["model", "instance", "checkpoint", "status"]
    assert table["model"].tolist() == ["vanilla", "vanilla", "bn", "bn", "wn"]
    assert table["instance"].tolist() == ["best", "1", "best", "best", "1"]
    assert table["checkpoint"].tolist() == ["optimal", "last", "optimal", "last", "optimal"]
    statuses = ["trained", "trained", "diverged", "diverged", "collapsed"]
    assert table["status"].tolist() == statuses
    assert table["restarts"].tolist() == [0, 0, 2, 2, 0]
    assert table["iteration"].tolist() == [10, 20, 10, 17, 20]
    np.testing.assert_array_equal(table["running_loss"], [2, 3, 5, NAN, 6])
    np.testing.assert_array_equal(table["running_standard_error"], [0.2, 0.3, 0.5, NAN, 0.6])
    np.testing.assert_array_equal(table["paper_iteration"], [30500, NAN, 30500, 700000, 463000])
    np.testing.assert_array_equal(table["paper_running_loss"], [0.0145, 0.5, 0.0172, NAN, 0.0130])


def test_final_losses_are_of_the_rows_that_the_paper_has_them_of(runs: dict[str, Any]) -> None:
    """With their standard errors, and the mean and spread over all trainings of the model."""
    loss_table.main(**runs)
    table = pandas.read_csv(runs["csv"])

    def column(name: str, *expected: float) -> None:
        np.testing.assert_allclose(table[name], expected, rtol=1e-12)

    column("final_loss", 3, NAN, 3, NAN, NAN)  # the last one has an image without a loss
    column("final_standard_error", (7 / 3) ** 0.5, NAN, (1 / 3) ** 0.5, NAN, NAN)
    column("trainings", 3, NAN, 1, 3, NAN)
    column("trainings_mean", 7, NAN, 3, NAN, NAN)
    column("trainings_standard_deviation", 21**0.5, NAN, NAN, NAN, NAN)
    column("paper_final_loss", 0.006, NAN, 0.0064, 0.0065, NAN)


def test_the_page_has_measured_values_beside_the_papers(runs: dict[str, Any]) -> None:
    loss_table.main(**runs)
    page = runs["html"].read_text()
    assert "<title>Table 2</title>" in page
    _, names, *rows = cells(page)
    titles = ["measured", "paper"] + 2 * ["measured", "± s.e.", "paper"]
    known = ["model", "instance", "checkpoint", "status", "restarts"]
    assert names == known + titles + ["number", "mean", "± s.d."]
    first = ["vanilla", "best", "optimal", "trained", "0", "10", "30,500"]
    first += ["2.000000", "0.200000", "0.014500", "3.000000", "1.527525", "0.006000"]
    assert rows[0] == [*first, "3", "7.000000", "4.582576"]
    assert rows[3][5:10] == ["17", "700,000", "–", "–", "–"]


def test_a_page_without_restarts_or_finals_has_no_columns_of_them(runs: dict[str, Any]) -> None:
    one = {name: runs[name][1:2] for name in ("rows", "running", "statuses")}
    none: dict[str, Any] = {"finals": [], "trainings": [], "counts": []}
    loss_table.main(**runs | one | none)
    _, names, row = cells(runs["html"].read_text())
    titles = ["measured", "paper", "measured", "± s.e.", "paper"]
    assert names == ["model", "instance", "checkpoint", "status", *titles]
    last = ["20", "–", "3.000000", "0.300000", "0.500000"]
    assert row == ["vanilla", "1", "last", "trained", *last]


@pytest.fixture
def networks(tmp_path: Path) -> pandas.DataFrame:
    """The table of small networks."""
    networks = {"image_size": 16, "channels": [5, 7], "code_length": 6, "models": MODELS}
    architecture_table.main(networks, tmp_path / "table.csv", tmp_path / "table.html")
    return pandas.read_csv(tmp_path / "table.csv")


def test_networks_have_the_shape_of_table_1(networks: pandas.DataFrame) -> None:
    """Two halvings and the whole map in the discriminator, and the same backwards."""
    assert networks["network"].tolist() == ["discriminator"] * 3 + ["generator"] * 3
    assert networks["layer"].tolist() == [1, 2, 3] * 2
    shape = ["kernel", "stride", "padding", "channels", "size"]
    assert networks[shape].to_numpy().tolist() == [
        [4, 2, 1, 5, 8],
        [4, 2, 1, 7, 4],
        [4, 1, 0, 1, 1],
        [4, 1, 0, 7, 4],
        [4, 2, 1, 5, 8],
        [4, 2, 1, 3, 16],
    ]


@pytest.mark.parametrize("model", MODELS)
def test_shapes_are_the_same_whichever_model_is_first(
    model: str, networks: pandas.DataFrame, tmp_path: Path
) -> None:
    """Also where the generator's first layer is fully connected, whose kernel is the whole map."""
    given = {"image_size": 16, "channels": [5, 7], "code_length": 6, "models": [model]}
    architecture_table.main(given, tmp_path / "one.csv", tmp_path / "one.html")
    shape = ["network", "layer", "kernel", "stride", "padding", "channels", "size"]
    assert pandas.read_csv(tmp_path / "one.csv")[shape].equals(networks[shape])


def test_networks_have_the_layers_of_table_1(networks: pandas.DataFrame) -> None:
    columns = {
        "bn": "Conv, PReLU | Conv, BN, PReLU | Conv || "
        "Conv, BN, PReLU | Conv, BN, PReLU | Conv, Sigmoid",
        "wn": "SWNConv, TPReLU | SWNConv, TPReLU | AWNConv || "
        "SWNConv, TPReLU | SWNConv, TPReLU | AWNConv, Sigmoid",
        "affine_wn": "AWNConv, PReLU | AWNConv, PReLU | AWNConv || "
        "SWNConv, affine, PReLU | AWNConv, PReLU | AWNConv, Sigmoid",
        "spectral": "SNConv, PReLU | SNConv, PReLU | SNConv || "
        "Conv, PReLU | Conv, PReLU | Conv, Sigmoid",
    }
    for model, layers in columns.items():
        assert networks[model].tolist() == re.split(r" \|\|? ", layers)


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_is_counted_once(model: str, networks: pandas.DataFrame) -> None:
    counted = networks.groupby("network")[f"{model}_parameters"].sum()
    for name, network in (
        ("discriminator", Discriminator(16, (5, 7), model)),
        ("generator", Generator(16, (5, 7), 6, model)),
    ):
        assert counted[name] == sum(each.numel() for each in network.parameters())


def test_a_layers_parameters_are_in_its_row(networks: pandas.DataFrame, tmp_path: Path) -> None:
    """A convolution's with its bias, the norm's and the slopes: of 4×4 kernels and 5, 7, 1 maps."""
    expected = [3 * 5 * 16 + 5 + 5, 5 * 7 * 16 + 7 + 2 * 7 + 7, 7 * 16 + 1]
    expected += [6 * 7 * 16 + 2 * 7 + 2 * 7, 7 * 5 * 16 + 5 + 2 * 5 + 5, 5 * 3 * 16 + 3]
    assert networks["bn_parameters"].tolist() == expected
    _, names, *rows = cells((tmp_path / "table.html").read_text())
    models = ["vanilla", "BN", "WN", "affine WN", "mean-only BN", "spectral"]
    assert names[:2] + names[8:13] == ["network", "layer", *networks.columns[8:13]]
    assert rows[1][8:13] == ["4", "2", "1", "7", "4"]
    assert rows[1][14] == "588"
    assert len(rows) == 6
    assert len(names) == 7 + 2 * len(models)


def test_rates_are_of_all_jobs_of_a_run_and_stage(tmp_path: Path) -> None:
    """On one device with one number of threads; memory is the most that any attempt took."""

    def job(seconds: float, threads: int = 1, *attempts: Any, **counts: int) -> dict[str, Any]:
        tried = [{"device": device} | more for device, more in attempts or [("a", {})]]
        return {"threads": threads, "seconds": seconds, "attempts": tried, **counts}

    two = [("a", {"megabytes": 9}), ("a", {"megabytes": 7})]
    other = [("b", {}), ("a", {})]
    names = ["experiment", "run", "stage", "device", "threads", "unit", "jobs", "done", "seconds"]
    trained = [job(2.0, 1, *two, iterations=30), job(3.0, iterations=20)]
    trained += [job(5.0, 2, iterations=5), job(6.0, 1, *other, iterations=12)]
    others = {"evaluate": [job(0.5, image_steps=10)], "measure": [job(2.0, samples=10)]}
    runs = {
        "e/bn/2": {"reconstruct": [job(4.0, image_steps=8)], "restarts": []},
        "e/bn/1": {"train": trained} | others,
    }
    (tmp_path / "provenance.json").write_text(json.dumps({"runs": runs}))
    files = [tmp_path / name for name in ("provenance.json", "rates.csv", "rates.html")]
    rates_table.main(*files)
    table = pandas.read_csv(files[1])
    assert table.columns.tolist() == [*names, "megabytes", "rate"]
    assert table["experiment"].tolist() == ["e"] * 6
    assert table["run"].tolist() == ["bn/1"] * 5 + ["bn/2"]
    stages = ["training"] * 3 + ["evaluation", "quality of samples", "reconstruction"]
    assert table["stage"].tolist() == stages
    assert table["device"].tolist() == ["a", "a", "a, b", "a", "a", "a"]
    assert table["threads"].tolist() == [1, 2, 1, 1, 1, 1]
    assert table["jobs"].tolist() == [2, 1, 1, 1, 1, 1]
    assert table["done"].tolist() == [50, 5, 12, 10, 10, 8]
    assert table["seconds"].tolist() == [5, 5, 6, 0.5, 2, 4]
    assert table["rate"].tolist() == [10, 1, 2, 20, 5, 2]
    np.testing.assert_array_equal(table["megabytes"], [9, NAN, NAN, NAN, NAN, NAN])
    units = ["iterations/s"] * 3 + ["image·steps/s", "samples/s", "image·steps/s"]
    assert table["unit"].tolist() == units
    row = ["e", "bn/1", "training", "10.0", "iterations/s", "a", "1", "2", "50", "5.0", "9"]
    assert cells(files[2].read_text())[1] == row
