"""The report, read as a file and used in a browser."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas
import pytest
import yaml
from playwright.sync_api import Page

from tests.workflow.browser import NEEDS_A_BROWSER, tab
from tests.workflow.conftest import Repository
from wngan.items.item import TITLES
from wngan.items.statistics import STATISTICS
from wngan.verdicts import VERDICTS, counts


@pytest.fixture(scope="module", params=["html", "zip"])
def report(
    request: pytest.FixtureRequest, finished: Repository, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report of everything, as one page and as a folder that was zipped."""
    file = tmp_path_factory.mktemp("report") / f"report.{request.param}"
    finished.tiny("--report", str(file))
    if file.suffix == ".zip":
        with ZipFile(file) as archive:
            archive.extractall(file.parent)
        return file.with_suffix("") / "report.html"
    return file


def parts(report: Path) -> tuple[str, dict[str, Any]]:
    """The front page, and all that the report says of each item."""
    text = report.read_text()
    variables = [
        rf'<script id="[\w-]+">\s*var {name} = (.*);\n' for name in ("workflow_desc", "results")
    ]
    found = [re.search(variable, text) for variable in variables]
    front, items = (json.loads(match[1]) for match in found if match)
    return front, items


def expected(finished: Repository) -> dict[str, list[str]]:
    """The first label of each category's items."""
    config = yaml.safe_load((finished.root / "tiny.yaml").read_text())
    tables, figures = (
        [
            f"{name.removeprefix('table').removeprefix('figure')}: {TITLES[kind]}"
            for kind, names in config[key].items()
            for name in names
        ]
        for key in ("tables", "figures")
    )
    statistics = [TITLES[kind] for kind in (*STATISTICS, "quality")]
    statistics += [TITLES["results"] for _ in config["experiments"]]
    figures += [
        f"{kind}_{name}: {TITLES[kind]}"
        for kind in ("curves", "samples")
        for name in config["experiments"]
    ]
    return {
        "Tables": [*tables, "what came out", *statistics],
        "Figures": [*figures, TITLES["quality"]],
        "Claims": ["all"],
        "Runs": ["seeds, devices, times, digests"],
        "Benchmarks": ["rates of these runs"],
    }


def test_every_item_has_labels_and_says_what_to_look_for(report: Path) -> None:
    _, items = parts(report)
    for path, item in items.items():
        caption = re.sub(r"<[^>]*>", "", item["caption"])
        assert list(item["labels"])[1:] == ["Experiment", "Models"], path
        assert "Look for" in caption or "Look along" in caption, path
        assert "paper" in caption, path
        assert "Provenance:" in caption, path
        if re.search("(tables|figures)/", path):
            assert re.match("On (digits|others)\\.", caption.strip()), path
        assert "system-message" not in item["caption"], path
    caption = items["results/tables/table3.html"]["caption"]
    assert "tiny/vanilla/1, tiny/vanilla/2. Their" in " ".join(caption.split())


def test_the_front_page_says_what_was_run_on_what_and_what_came_out(
    report: Path, finished: Repository
) -> None:
    front, _ = parts(report)
    text = " ".join(re.sub(r"<[^>]*>", " ", front).split())
    assert "system-message" not in front
    assert "tiny_resnet dcgan" not in text
    network = "tiny_resnet resnet 4, batch 4, learning rate 0.001"
    assert f"{network} others, 8×8, 12 of them for testing vanilla 1 × 20" in text
    assert re.search(r"(CPU|NVIDIA).* torch [\d.]+.* \d+:\d\d:\d\d 20\d\d-\d\d-\d\d", text)
    claims = pandas.read_csv(finished.root / "results/claims.csv")["verdict"]
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts(claims).items())
    assert f"one for each training: {found}." in html.unescape(text)
    assert set(counts(claims)) <= set(VERDICTS)
    assert "On digits, " in text
    assert "has the lowest mean final loss: 0." in text
    assert '<img alt="poster"' in front


def test_the_summary_has_every_loss_of_the_paper_once(finished: Repository) -> None:
    root = finished.root
    table = pandas.read_csv(root / "results/summary.csv", dtype={"table": str})
    paper = pandas.read_csv(root / "report/paper_values.csv")
    for name in ("running_loss", "final_loss"):
        known = {*paper[name][paper["model"].isin(["vanilla", "bn", "wn"])].dropna()}
        left_out = {0.014734, 0.01881, 0.005525}  # instances, a rounding
        assert known - {*table[f"paper_{name}"].dropna()} <= left_out
    assert not table.duplicated(["model", "instance", "checkpoint", "paper_running_loss"]).any()
    measured = pandas.read_csv(root / "results/tables/table2.csv").set_index("model")
    row = table[(table["table"] == "2") & (table["model"] == "wn")].iloc[0]
    assert row["final_loss"] == round(measured.loc["wn", "final_loss"], 6)
    ratio = measured.loc["wn", "final_loss"] / measured.loc["vanilla", "final_loss"]
    assert row["final_ratio"] == pytest.approx(ratio, abs=1e-4)
    assert row["paper_final_ratio"] == pytest.approx(0.005524 / 0.006171, abs=1e-4)


def test_rates_are_those_of_the_records(finished: Repository) -> None:
    table = pandas.read_csv(finished.root / "results/rates.csv")
    runs = json.loads((finished.root / "results/provenance.json").read_text())["runs"]
    row = table[(table["run"] == "wn/1") & (table["experiment"] == "tiny")].set_index("stage")
    assert row["done"].to_dict() == {
        "training": 40,
        "evaluation": 5 * 6 * 3,
        "reconstruction": 3 * 12 * 4 + (1 + 1 + 2 + 1) * 5 * 4,  # and probes
        "quality of samples": (1 + 5) * 12,
    }
    seconds = sum(job["seconds"] for job in runs["tiny/wn/1"]["train"])
    assert row.loc["training", "rate"] == pytest.approx(40 / seconds)
    assert set(table["run"][table["experiment"] == "tiny_resnet"]) == {"vanilla/1", "bn/1", "wn/1"}


def test_a_report_of_one_result(finished: Repository, tmp_path: Path) -> None:
    """There its front page has no table, says so, and shows no error."""
    file = tmp_path / "report.html"
    finished.tiny("results/tables/table2.csv", "--report", str(file))
    front, items = parts(file)
    assert list(items) == ["results/tables/table2.html"]
    assert "This report is of single results." in front
    assert "system-message" not in front
    assert "tiny_resnet" not in front


def test_a_figure_is_added_by_an_entry_of_the_configuration(
    rerun: Repository, tmp_path: Path
) -> None:
    """It is all that is made, and the report shows it with a caption."""
    entry = "figure31: { experiment: tiny, runs: [vanilla, spectral], until: 20 }"
    rerun.edit("tiny.yaml", "  curves:\n", f"  curves:\n    {entry}\n")
    assert dict(rerun.replanned()) == {"curves_figure": 1, "provenance": 1, "rates": 1}
    rerun.tiny()
    rerun.tiny("--report", str(tmp_path / "report.html"))
    _, items = parts(tmp_path / "report.html")
    item = items["results/figures/figure31.png"]
    title = "31: running reconstruction loss in training"
    assert item["labels"] == {"Figure": title, "Experiment": "tiny", "Models": "vanilla, spectral"}
    assert "Look for which curve is lowest" in item["caption"]
    assert "tiny/vanilla/best, tiny/spectral/1" in " ".join(item["caption"].split())


@pytest.fixture
def page(report: Path) -> Iterator[Page]:
    """The report, open in a browser; at the end nothing must have gone wrong in it."""
    with tab(report.parent.as_uri()) as page:
        page.goto(report.as_uri())
        yield page


@NEEDS_A_BROWSER
def test_the_front_page_can_be_read(page: Page, finished: Repository) -> None:
    rows = page.locator("#app table", has_text="Losses, and their ratios").locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == len(pandas.read_csv(finished.root / "results/summary.csv"))
    assert rows.locator("td", has_text="0.895").first.is_visible()  # the paper's, of WN
    top = page.get_by_text("has the lowest mean final loss").bounding_box()
    assert top is not None
    assert top["y"] >= 0  # it is not cut off


@NEEDS_A_BROWSER
def test_every_item_opens(page: Page, finished: Repository) -> None:
    for category, names in expected(finished).items():
        page.goto(page.url.partition("#")[0])
        page.locator("nav a", has_text=category).click()
        rows = page.locator("nav tbody tr")
        assert sorted(rows.locator("td:first-child").all_inner_texts()) == sorted(names)
        for number in range(rows.count()):
            view, info = rows.nth(number).locator("a").all()
            view.click()
            if category == "Figures":
                image = page.locator("#app div.p-3 > img")
                image.wait_for()
                assert (
                    image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
                )
            else:
                cell = page.frame_locator("iframe").locator("td").first
                cell.wait_for()
                size = cell.evaluate("cell => parseFloat(getComputedStyle(cell).fontSize)")
                assert size >= 12
            info.click()
            page.get_by_text("Provenance:").wait_for()
            page.get_by_role("link", name=category, exact=True).click()


@NEEDS_A_BROWSER
def test_a_table_has_the_numbers_of_its_file(page: Page, finished: Repository) -> None:
    table = pandas.read_csv(finished.root / "results/tables/table2.csv")
    page.locator("nav a", has_text="Tables").click()
    page.locator("nav tbody tr", has=page.get_by_text("2: losses")).locator("a").first.click()
    shown = page.frame_locator("iframe").locator("table")
    for name in ("running_loss", "final_loss"):
        for loss in table[name]:
            assert shown.get_by_text(f"{loss:.6f}").first.is_visible()


@NEEDS_A_BROWSER
@pytest.mark.parametrize("term", ["collapse", "Reconstruction", "re:poster|quality"])
def test_searching_finds_what_lists_show(page: Page, finished: Repository, term: str) -> None:
    titles = [name for names in expected(finished).values() for name in names]
    pattern = term.removeprefix("re:") if term.startswith("re:") else re.escape(term)
    matching = [title for title in titles if re.search(pattern, title, re.IGNORECASE)]
    assert matching
    search = page.locator("nav input")
    search.fill(term)
    search.press("Enter")
    page.locator("nav tbody tr").first.wait_for()
    shown = page.locator("nav tbody tr").all_inner_texts()
    assert all(any(title in row for row in shown) for title in matching)
    assert len(shown) < len(titles)


@NEEDS_A_BROWSER
@pytest.mark.parametrize("width", [1400, 480])
def test_nothing_is_cut_off(page: Page, finished: Repository, width: int) -> None:
    """At 480 px what is shown stands below the menu, and wide tables scroll by themselves.

    At 1400 px only the widest do, that of final losses at an iteration as well as at the optima.
    """
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_text("has the lowest mean final loss").wait_for()
    fits = "element => element.scrollWidth <= element.clientWidth + 1"
    content = page.locator("#app > div > div").last
    assert content.evaluate(fits)
    assert content.bounding_box()["width"] > 0.7 * width
    for category in expected(finished):
        page.goto(page.url.partition("#")[0])
        page.locator("nav a", has_text=category).click()
        for number in range(page.locator("nav tbody tr").count()):
            view, info = page.locator("nav tbody tr").nth(number).locator("a").all()
            view.click()
            if category == "Figures":
                page.locator("#app div.p-3 > img").wait_for()
            info.click()
            page.get_by_text("Provenance:").wait_for()
            assert content.evaluate(fits)
            if category != "Figures":
                frame = page.frame_locator("iframe")
                frame.locator("td").first.wait_for()
                assert frame.locator("body").evaluate(fits)
                wide = frame.locator("thead th").count() > 25  # of two dozen columns
                if width == 1400 and not wide:
                    assert frame.locator("div:has(> table)").evaluate(fits), number
            page.get_by_role("link", name=category, exact=True).click()
