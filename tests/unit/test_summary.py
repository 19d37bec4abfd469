"""What came out: losses and their ratios to vanilla's, in a table and in a sentence."""

from pathlib import Path
from typing import Any

import pandas
import pytest

from scripts import summary as script
from wngan import summary
from wngan.verdicts import COLORS, VERDICTS


def row(model: str, final: float, paper: float | None = None, **others: Any) -> dict[str, Any]:
    known = {"table": "2", "experiment": "a", "model": model, "instance": "best"}
    known |= {"checkpoint": "optimal", "status": "trained", "running_loss": 2 * final}
    known |= {"paper_running_loss": None, "final_loss": final, "paper_final_loss": paper}
    known |= {"trainings": 3, "trainings_mean": final, "trainings_standard_deviation": 0.001}
    return known | others


def test_ratios_are_to_vanilla_of_the_same_experiment() -> None:
    first = pandas.DataFrame([row("vanilla", 0.02, 0.006), row("wn", 0.01, 0.0045)])
    others = [row("wn", 0.03, 0.02, experiment="b"), row("bn", 0.01, 0.02, experiment="c")]
    others.append(row("vanilla", 0.04, 0.04, experiment="c"))
    table = summary.losses([first, pandas.DataFrame(others).assign(table="8")])
    found = table.set_index(["experiment", "model"])
    assert found.loc[("a", "wn"), "final_ratio"] == 0.5
    assert found.loc[("a", "wn"), "running_ratio"] == 0.5
    assert found.loc[("a", "wn"), "paper_final_ratio"] == 0.75
    assert found.loc[("a", "vanilla"), "final_ratio"] == 1
    assert found.loc[("c", "bn"), ["final_ratio", "paper_final_ratio"]].tolist() == [0.25, 0.5]
    assert pandas.isna(found.loc[("b", "wn"), "final_ratio"])  # without vanilla there is none


def test_a_loss_of_two_tables_is_listed_once_with_its_final_loss() -> None:
    running_alone = row("vanilla", 0.02).copy() | {"table": "1", "final_loss": None}
    table = summary.losses(
        [pandas.DataFrame([running_alone]), pandas.DataFrame([row("vanilla", 1)])]
    )
    assert table["final_loss"].tolist() == [1]


def test_the_sentence_orders_models_by_all_their_trainings() -> None:
    rows = [
        row("vanilla", 9, trainings_mean=0.005),
        row("bn", 1, trainings_mean=0.006, trainings=1, status="never_diverse"),
        row("wn", 5, trainings_mean=0.004, trainings_standard_deviation=0.00042),
    ]
    assert summary.order([pandas.DataFrame(rows)], {"a": "digits"}) == (
        "On digits, WN has the lowest mean final loss: 0.004 ± 0.0004 (3 trainings); "
        "vanilla's is 25% higher (3 trainings), BN's is 50% higher (one training, the best never "
        "diverse)."
    )


@pytest.mark.parametrize("rows", [[row("wn", 1)], [row("wn", 1), row("bn", float("nan"))]])
def test_one_model_alone_makes_no_sentence(rows: list[dict[str, Any]]) -> None:
    rows = [each | {"trainings_mean": each["final_loss"]} for each in rows]
    assert summary.order([pandas.DataFrame(rows)], {"a": "digits"}) == ""


def test_the_page_shows_sentence_bar_and_poster(tmp_path: Path) -> None:
    rows = [row("vanilla", 0.02, 0.006), row("wn", 0.01, 0.0045)]
    frame = pandas.DataFrame([each | {"paper_running_loss": 0.01} for each in rows])
    frame.drop(columns=["table", "experiment"]).to_csv(tmp_path / "table2.csv", index=False)
    verdicts = ["reproduced", "undecided", "reproduced"]
    pandas.DataFrame({"verdict": verdicts}).to_csv(tmp_path / "claims.csv")
    (tmp_path / "poster.png").write_bytes(b"PNG")
    csv, html = tmp_path / "s.csv", tmp_path / "s.html"
    tables = ([tmp_path / "table2.csv"], {"table2": "a"}, [], [])
    files = (tmp_path / "claims.csv", [tmp_path / "poster.png"], csv, html)
    script.main(*tables, {"a": "digits"}, *files)
    text = html.read_text()
    assert "On digits, WN has the lowest mean final loss" in text
    assert "one for each training: 2 reproduced, 1 undecided." in text
    assert "flex: 2 0 auto" in text
    assert 'src="data:image/png;base64,UE5H"' in text
    for number in ("0.040000", "0.020000", "0.010000", "0.500", "0.750"):
        assert f">{number}</td>" in text
    table = pandas.read_csv(csv)
    assert table.columns[:5].tolist() == ["table", *summary.RUN]
    assert table["final_ratio"].tolist() == [1, 0.5]
    assert table[["table", "experiment"]].to_numpy().tolist() == [[2, "a"]] * 2


def test_an_experiment_without_a_table_of_losses_is_summed_up_by_its_results(
    tmp_path: Path,
) -> None:
    rows = [
        ("vanilla", "1", "trained", 0.3, 0.05),
        ("vanilla", "2", "collapsed", 0.2, 0.06),
        ("vanilla", "mean", "", 0.25, 0.055),
        ("wn", "1", "trained", 0.1, 0.044),
        ("nearest_image", "", "", 0.1, 0.01),
    ]
    names = ["model", "instance", "status", "running_loss", "final_loss"]
    pandas.DataFrame(rows, columns=names).to_csv(tmp_path / "results_own.csv", index=False)
    csv, html = tmp_path / "s.csv", tmp_path / "s.html"
    others = ([tmp_path / "results_own.csv"], ["own"])
    script.main([], {}, *others, {"own": "flowers"}, None, [], csv, html)
    table = pandas.read_csv(csv)
    assert table["model"].tolist() == ["vanilla", "wn"]
    assert table["instance"].tolist() == ["best", "1"]
    assert table["table"].tolist() == ["results_own"] * 2
    assert table["experiment"].tolist() == ["own"] * 2
    assert table["final_loss"].tolist() == [0.06, 0.044]
    assert table["final_ratio"].tolist() == [1, 0.7333]
    text = html.read_text()
    assert (
        "On flowers, WN has the lowest mean final loss: 0.044 (one training); vanilla&#x27;s is "
        "25% higher (2 trainings, the best collapsed)."
    ) in text
    assert "paper" not in text
    assert 'class="verdicts"' not in text


def results(**losses: list[float]) -> pandas.DataFrame:
    rows = [
        (model, instance, loss)
        for model, found in losses.items()
        for instance, loss in [*((str(k), loss) for k, loss in enumerate(found, 1)), ("mean", 0.0)]
    ]
    rows.append(("nearest_image", "", 0.0))
    return pandas.DataFrame(rows, columns=["model", "instance", "final_loss"])


def test_models_that_trainings_cannot_tell_apart_are_named() -> None:
    vanilla, bn, wn = [0.043, 0.045, 0.049], [0.0134, 0.0129, 0.0131], [0.0125, 0.0150, 0.0131]
    assert summary.undecided(results(vanilla=vanilla, bn=bn, wn=wn)) == (
        "By so few trainings WN's can't be told from BN's: the 95 % interval of their ratio "
        "includes 1."
    )
    assert summary.undecided(results(vanilla=vanilla, bn=bn)) == ""
    assert summary.undecided(results(bn=bn, wn=[0.0132])) == ""
    assert summary.undecided(results(bn=bn, wn=[0.0132, float("nan")])) == ""
    assert summary.undecided(results(bn=[0.1], wn=[0.2])) == ""


def test_results_of_one_training_of_each_model_are_summed_up(tmp_path: Path) -> None:
    rows = [("vanilla", "1", "trained", 0.3, 0.05), ("wn", "1", "trained", 0.1, 0.04)]
    rows.append(("nearest_image", "", "", 0.1, 0.01))
    names = ["model", "instance", "status", "running_loss", "final_loss"]
    pandas.DataFrame(rows, columns=names).to_csv(tmp_path / "results_own.csv", index=False)
    files = (tmp_path / "s.csv", tmp_path / "s.html")
    others = ([tmp_path / "results_own.csv"], ["own"])
    script.main([], {}, *others, {"own": "flowers"}, None, [], *files)
    table = pandas.read_csv(files[0])
    assert table["model"].tolist() == ["vanilla", "wn"]
    assert table["final_ratio"].tolist() == [1, 0.8]


def test_every_verdict_has_colors_that_can_be_read() -> None:
    assert tuple(COLORS) == VERDICTS

    def light(color: str) -> float:
        parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for background, text in COLORS.values():
        assert (light(background) + 0.05) / (light(text) + 0.05) > 6
