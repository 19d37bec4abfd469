"""The study's photographs, and the page about it."""

import re
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas
import pytest
import yaml
from PIL import Image

from study import patches, publish
from tests.unit.test_datasets import image_names
from wngan.provenance import config_digest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Two photographs, of which one is too small for most scales."""
    folder = tmp_path / "photographs"
    (folder / "sea").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, shape in {"sea/a.png": (400, 650, 3), "b.jpg": (130, 100, 3)}.items():
        Image.fromarray(random.integers(0, 256, shape, np.uint8)).save(folder / name)
    return folder


def test_patches_lie_side_by_side_around_the_center() -> None:
    ramp = np.arange(100, dtype=np.uint8)
    pixels = np.stack(np.broadcast_arrays(ramp[:, None], ramp[:96][None], 0), axis=-1)
    found = patches.patches(Image.fromarray(pixels.astype(np.uint8)), 32)
    assert sorted(found) == [
        f"96-{row:02}-{column:02}.png" for row in range(3) for column in range(3)
    ]
    corners = {name: tuple(np.asarray(patch)[0, 0, :2].tolist()) for name, patch in found.items()}
    assert corners["96-00-00.png"] == (2, 0)  # four rows are left over
    assert corners["96-02-01.png"] == (66, 32)


def test_a_photograph_is_a_folder_and_nothing_is_enlarged(
    photographs: Path, tmp_path: Path
) -> None:
    output = tmp_path / "patches.zip"
    patches.main(photographs, output, None, 32)
    names = image_names(output)
    of_sea = [name for name in names if name.startswith("sea_a/")]
    assert {name.split("/")[1].split("-")[0] for name in of_sea} == set(map(str, patches.SCALES))
    rest = set(names) - set(of_sea)
    assert rest == {f"b/96-{row:02}-{column:02}.png" for row in range(3) for column in range(3)}
    with ZipFile(output) as archive, archive.open(of_sea[0]) as file:
        assert Image.open(file).size == (32, 32)
    again = tmp_path / "again.zip"
    patches.main(photographs, again, None, 32)
    assert again.read_bytes() == output.read_bytes()


def test_what_exists_is_not_overwritten(photographs: Path, tmp_path: Path) -> None:
    output = tmp_path / "patches.zip"
    output.write_text("mine")
    with pytest.raises(ValueError, match=r"patches\.zip exists already"):
        patches.main(photographs, output, None, 32)
    assert output.read_text() == "mine"


def test_only_the_listed_photographs_are_taken(photographs: Path, tmp_path: Path) -> None:
    listed = tmp_path / "listed.csv"
    digest = patches.file_sha256(photographs / "b.jpg")
    listed.write_text(f"file,sha256,package\nb.jpg,{digest},photos\n")
    patches.main(photographs, tmp_path / "patches.zip", listed, 32)
    assert {name.split("/")[0] for name in image_names(tmp_path / "patches.zip")} == {"b"}
    listed.write_text("file,sha256,package\nb.jpg,0,photos\n")
    with pytest.raises(ValueError, match=r"b\.jpg is not the photograph that .*listed\.csv lists"):
        patches.listed_names(photographs, listed)
    listed.write_text("file,sha256,package\nc.jpg,0,photos\n")
    with pytest.raises(ValueError, match=r"c\.jpg is missing; it is in Debian's package photos"):
        patches.listed_names(photographs, listed)


def test_a_folder_without_photographs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no images"):
        patches.main(tmp_path, tmp_path / "patches.zip", None, 32)
    assert not (tmp_path / "patches.zip").exists()


def test_the_page_is_of_the_published_files() -> None:
    again = "python -m study.publish --page"
    assert publish.PAGE.read_text() == publish.page(), f"docs/results.md is stale; run {again}"


def test_what_the_page_concludes_follows_from_its_numbers() -> None:
    """It is prose, so another study may want other words; each of these lines is one of its."""
    tables = {
        (part, name): pandas.read_csv(publish.PUBLISHED / part / f"{name}.csv")
        for part, experiment in publish.PARTS.items()
        for name in ("equal", "sweep", "claims", f"pairs_{experiment}", f"quality_{experiment}")
    }
    means = tables["photographs", "equal"].set_index("model")["mean"]
    assert means["wn"] < means["vanilla"] < means["bn"]  # "in the paper's order"
    pairs = tables["photographs", "pairs_study"]
    assert ((pairs["low"] < 0) & (pairs["high"] > 0)).all()  # "none of the three is settled"
    sweep = tables["photographs", "sweep"].sort_values("mean").iloc[0]
    assert (sweep["model"], sweep["lr"]) == ("wn", 0.0003)  # "the lowest of all is WN's"
    rates = tables["photographs", "sweep"].set_index(["model", "lr"])
    assert rates.index[0] == ("wn", 0.0003)  # which the others are set against
    for lowest in (("bn", 0.0003), ("vanilla", 0.001)):  # "its own lowest", "is settled"
        assert rates.loc[lowest, "best_of_model"] == "yes"
        assert rates.loc[lowest, "low"] > 0
    assert rates.loc[("vanilla", 0.0003), "low"] < 0  # "is not settled"
    assert (rates.xs(0.003, level="lr")["trainings"] == 1).all()
    of_digits = tables["digits", "sweep"]
    assert (of_digits[of_digits["lr"] != 0.004]["trainings"] == 1).all()
    pairs = tables["digits", "pairs_digits"].set_index(["model", "against"])
    assert (
        pairs.loc[("bn", "vanilla"), "high"] < 0 < pairs.loc[("wn", "bn"), "low"]
    )  # BN "the best"
    for part, experiment in publish.PARTS.items():
        assert not tables[part, "sweep"]["failed"].any()  # "no collapse"
        course = publish.course(tables[part, f"quality_{experiment}"])
        assert all(each["rise"] > 0 for each in course)  # "it is higher in all of them"
        better = sum(each["better"] for each in course)
        assert len(course) / 2 < better < len(course)  # "often not where samples are best"
        claims = tables[part, "claims"].set_index(["claim", "part"])
        assert claims.loc[("C18", "a"), "low"] > 0  # "tend to be better"
        rates = pandas.read_csv(publish.PUBLISHED / part / "rates.csv").set_index("stage")
        assert rates.loc["training", "megabytes"].isna().all()  # "that of trainings is not known"
        facts = yaml.safe_load((publish.PUBLISHED / part / "provenance.json").read_text())
        assert len(facts["jobs"]["train"]["code"]) == 1  # "from the same trainings"
        ends = [set(of["ends"]) for of in facts["jobs"].values()]
        assert ends == [{"finished"}] * 4  # "all attempts … finished"
    claims = tables["photographs", "claims"].set_index(["claim", "part"])
    assert claims.loc[("C14", "a"), "low"] > 1  # "WN's samples do not stay the same"
    rise = claims.loc[("C10", "a")]
    assert rise["low"] < 0 < rise["measured"]  # "on photographs not settled"
    assert tables["digits", "claims"].set_index(["claim", "part"]).loc[("C10", "a"), "low"] > 0
    for part in publish.PARTS:  # "matters as much as the normalization"
        sweep = tables[part, "sweep"].to_dict("records")
        rate, model = publish.folds(sweep, "model", "lr"), publish.folds(sweep, "lr", "model")
        assert 0.75 < max(rate) / max(model) < 1.33


def test_a_verdict_of_some_trainings_says_of_how_many() -> None:
    rows = [
        ("C6", "1", "a"),
        ("C6", "2", "b"),
        ("C6", "3", "b"),
        ("C4", "1", "b"),
        ("C5", "a", "b"),
    ]
    claims = pandas.DataFrame(rows, columns=["claim", "part", "verdict"])
    claims["verdict"] = claims["verdict"].map({"a": "reproduced", "b": "contradicted"})
    assert publish.listed(claims) == {
        "reproduced": ["C6 (1 of 3 trainings)"],
        "contradicted": ["C6 (2 of 3 trainings)", "C4", "C5a"],
    }


def test_readme_says_what_came_out() -> None:
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert publish.headline() in readme, f"README must say: {publish.headline()}"


@pytest.mark.parametrize("part", publish.PARTS)
def test_published_files_are_of_the_configuration(part: str) -> None:
    config = yaml.safe_load((ROOT / f"study/{part}.yaml").read_text())
    facts = yaml.safe_load((publish.PUBLISHED / part / "provenance.json").read_text())
    assert facts["configuration"] == config_digest(config), f"run the study on {part} again"
    names = {Path(name).name for name in publish.files(part)} | {"provenance.json"}
    assert {path.name for path in (publish.PUBLISHED / part).iterdir()} == names


def test_what_is_published_is_small() -> None:
    sizes = [path.stat().st_size for path in publish.PUBLISHED.rglob("*") if path.is_file()]
    assert sum(sizes) < 3_000_000


def test_no_number_of_the_page_is_written_by_hand() -> None:
    """But for names of claims, sections and sizes that are settings of the paper's."""
    text = (ROOT / "study/results.md.jinja").read_text()
    text = re.sub(
        r"CIFAR-10|\{\{.*?\}\}|\{%.*?%\}|`[^`]*`|```.*?```|\]\([^)]*\)", "", text, flags=re.DOTALL
    )
    numbers = set(re.findall(r"(?<![\w.])\d[\d.,]*", text))
    assert numbers <= {"95", "2017"}, numbers
