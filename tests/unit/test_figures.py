"""Figures: images pixel by pixel, labels that do not overlap, and colors and marks."""

import itertools
import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from scripts import collapse_figure, curves_figure
from wngan import baselines, outcome, plots, running
from wngan.baselines import Baselines
from wngan.image_grids import Panel, image_figure
from wngan.model_names import NAMES


def noise(rows: int, columns: int, size: int) -> np.ndarray:
    shape = (rows, columns, size, size, 3)
    return np.random.default_rng(size).integers(0, 256, shape, np.uint8)


def pixels(figure: Figure, folder: Path) -> np.ndarray:
    """What the PNG has: uint8 (H, W, 3)."""
    plots.save(figure, folder / "figure.png", folder / "figure.pdf")
    return np.array(Image.open(folder / "figure.png").convert("RGB"))


def shows(page: np.ndarray, image: np.ndarray, k: int) -> bool:
    """Whether each of the image's pixels is k × k dots of the page, somewhere."""
    block = image.repeat(k, axis=0).repeat(k, axis=1)
    height, width, _ = block.shape
    for y in range(len(page) - height + 1):
        x, rest = divmod(page[y].tobytes().find(block[0].tobytes()), 3)
        if not rest and np.array_equal(page[y : y + height, x : x + width], block):
            return True
    return False


@pytest.mark.parametrize(
    ("size", "columns", "k"), [(8, 15, 10), (16, 10, 7), (32, 5, 8), (160, 6, 1), (160, 15, 1)]
)
def test_images_are_not_resampled(size: int, columns: int, k: int, tmp_path: Path) -> None:
    images = noise(2, columns, size)
    labels = [f"{134_000 + 100 * number:,}" for number in range(columns)]
    panel = Panel(images, "iteration", labels, [(1, "BN-1"), (1, "WN-1")])
    page = pixels(image_figure([[panel]]), tmp_path)
    assert all(shows(page, image, k) for image in images.reshape(-1, size, size, 3))
    widest = plots.PAGE * plots.DPI
    assert page.shape[1] <= widest or k == 1
    assert page.shape[1] + columns * (size + 1) > widest  # as with k + 1
    pdf = (tmp_path / "figure.pdf").read_bytes()
    gap = 2 if k == 1 else 1
    assert b"/Width %d" % (columns * (size + gap) - gap) in pdf  # the pixels themselves
    assert b"/FontFile2" in pdf  # text is text, of a TrueType font


def test_a_figure_of_many_rows_is_no_higher_than_a_page(tmp_path: Path) -> None:
    page = pixels(image_figure([[Panel(noise(20, 2, 8))]]), tmp_path)
    assert 0.9 * plots.PAGE_HEIGHT < len(page) / plots.DPI <= plots.PAGE_HEIGHT


@pytest.mark.parametrize("size", [8, 16, 32, 160])
@pytest.mark.parametrize("across", [1, 2])
def test_labels_overlap_nothing(size: int, across: int) -> None:
    columns = [f"{134_000 + 100 * number:,}" for number in range(14)] + ["BN-1 never diverse"]
    rows = [(3, "vanilla-1 collapsed at 134,500")]
    panel = Panel(noise(3, 15, size), "WN, published gradient-1, iteration 1", columns, rows)
    figure = image_figure([[panel] * across] * 2)
    figure.dpi = plots.DPI
    boxes = [text.get_window_extent() for text in figure.texts]
    boxes += [image.get_window_extent() for image in figure.axes[0].images]
    assert len(boxes) == 2 * across * (1 + 15 + 1 + 1)
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert min(box.extents) >= 0
        assert np.all(box.max <= figure.bbox.max)


def test_the_look_is_that_of_figures_only() -> None:
    before = dict(matplotlib.rcParams)
    inside = plots.styled(lambda: matplotlib.rcParams["font.size"])()
    assert inside == plots.FONT_SIZE != before["font.size"]
    assert dict(matplotlib.rcParams) == before


# Machado, Oliveira and Fernandes 2009, for linear RGB.
SIGHTS = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_models_have_colors_that_can_be_told_apart(sight: str) -> None:
    assert set(NAMES) <= set(plots.COLORS)
    values = np.array([matplotlib.colors.to_rgb(color) for color in plots.COLORS.values()])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.transpose(SIGHTS[sight])).clip(0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(seen @ np.transpose(to_xyz) / [0.9505, 1, 1.089]).T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    nearest = min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(lab, 2))
    assert nearest > 15  # about 2.3 is just noticeable


def test_instances_have_lines_of_their_own() -> None:
    styles = [plots.run_style(f"bn/{number}")["linestyle"] for number in range(1, 9)]
    assert len(set(styles)) == 8
    assert plots.run_style("bn")["linestyle"] == "-" == styles[0]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that scripts draw and save."""
    figures: list[Figure] = []
    save = plots.save

    def keep(figure: Figure, *files: Path) -> None:
        save(figure, *files)
        figures.append(figure)

    monkeypatch.setattr(plots, "save", keep)
    return figures


def draw_curves(
    folder: Path,
    losses: list[float],
    paper: dict[str, float],
    others: list[list[float]] | None = None,
    **status: Any,
) -> None:
    """Draws the curve of bn, with evaluations every 10 iterations, the best of several or alone."""
    trainings = [losses, *(others or [])]
    for number, each in enumerate(trainings):
        rows = [(10 * k, loss, 0.0) for k, loss in enumerate(each)]
        running.write(folder / f"{number}.csv", rows)
    known = {"status": "trained", "iteration": 100, "collapsed": None}
    (folder / "status.json").write_text(json.dumps(known | status))
    levels = Baselines(*np.array([[0.05, 0.07, 9], [0.02, 0.04, 9], [0.001, 0.003, 9]]))
    baselines.write(folder / "baselines.csv", levels)
    curves_figure.main(
        [folder / "0.csv"],
        [folder / f"{number}.csv" for number in range(len(trainings))],
        [len(trainings)],
        [folder / "status.json"],
        folder / "baselines.csv",
        ["bn"],
        100,
        2,
        paper,
        folder / "figure.png",
        folder / "figure.pdf",
    )


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_curves_mark_optimum_collapse_and_the_papers_loss(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    losses = [0.2, 0.1, 0.03, 0.02, 0.05, 0.06]
    collapse = {"status": "collapsed", "collapsed": 45}
    draw_curves(tmp_path, losses, {"bn@optimal": 0.01}, **collapse)
    axes = drawn[0].axes[0]
    points = [line.get_xydata().tolist() for line in axes.lines]
    assert [[30, 0.02]] in points
    assert [[45, 0.055]] in points
    assert [[1.01, 0.01], [1.06, 0.01]] in points  # beside the axes
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert 0.002 < low < 0.01 < 0.1 < high  # a baseline far below the curves is off the axis
    assert legend_of(drawn[0]) == [
        "BN collapsed at 45",
        "mean image 0.06",
        "nearest image 0.03",
        "principal components 0.002",
        "lowest",
        "collapse",
        "paper",
    ]
    heights = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 0.5]
    assert heights == pytest.approx([0.06, 0.03, 0.002])  # of the running evaluation's two images


def test_a_band_is_over_all_trainings(tmp_path: Path, drawn: list[Figure]) -> None:
    losses, others = [9, 0.1, 0.03, 0.02], [[9, 0.2, 0.02, 0.03], [9, 0.3]]  # one diverged
    draw_curves(tmp_path, losses, {}, others, status="diverged")
    (band,) = drawn[0].axes[0].collections[:1]
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}
    lowest, highest = {(10, 0.1), (20, 0.02), (30, 0.02)}, {(10, 0.3), (20, 0.03), (30, 0.03)}
    assert corners == lowest | highest
    assert "all trainings" in legend_of(drawn[0])


def test_a_baseline_near_the_curves_is_on_the_axis(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_curves(tmp_path, [9, 0.01, 0.005], {})
    assert drawn[0].axes[0].get_ylim()[0] < 0.002


@pytest.mark.parametrize("losses", [[0.2], [np.nan] * 3, [0.2, 0.1, np.inf, np.nan]])
def test_curves_of_failed_runs_are_drawn(
    losses: list[float], tmp_path: Path, drawn: list[Figure]
) -> None:
    draw_curves(tmp_path, losses, {}, [losses], status="diverged")
    assert legend_of(drawn[0])[0] == "BN diverged at 100"
    assert "paper" not in legend_of(drawn[0])


def draw_collapse(folder: Path, diversity: list[float], **status: Any) -> None:
    """Draws six samples of a run every 10 iterations; the n-th is all of the gray 40·n."""
    grays = 40 * np.arange(1, 7, dtype=np.uint8)
    samples = np.broadcast_to(grays[:, None, None, None, None], (6, 2, 4, 4, 3))
    np.save(folder / "1.npy", samples[:3])
    np.save(folder / "2.npy", samples[3:])
    rows = [(10 * (k + 1), share, 1, np.nan) for k, share in enumerate(diversity)]
    outcome.write(folder / "series.csv", np.array(rows, outcome.FIELDS))
    known = {"status": "trained", "iteration": 60, "collapsed": None, "learned": 20}
    (folder / "status.json").write_text(json.dumps(known | status))
    collapse_figure.main(
        [folder / "1.npy", folder / "2.npy"],
        folder / "series.csv",
        folder / "status.json",
        "bn/1",
        2,
        3,
        10,
        folder / "figure.png",
        folder / "figure.pdf",
    )


@pytest.mark.parametrize(
    ("diversity", "status", "label", "columns"),
    [
        (
            [0.5, 0.5, 0.5, 0.5, 0.01, 0.01],
            {"status": "collapsed", "collapsed": 50},
            "BN-1 collapsed at 50; iteration",
            [40, 50, 60],
        ),
        # The least diverse samples are those after it had learned, not its first noise.
        (
            [0.01, 0.5, 0.4, 0.3, 0.4, 0.5],
            {},
            "BN-1 did not collapse; least diverse at 40 (30% of real images); iteration",
            [30, 40, 50],
        ),
    ],
)
def test_a_collapse_or_the_least_diverse_moment_is_shown(
    diversity: list[float],
    status: dict[str, Any],
    label: str,
    columns: list[int],
    tmp_path: Path,
    drawn: list[Figure],
) -> None:
    draw_collapse(tmp_path, diversity, **status)
    texts = {text.get_text() for text in drawn[0].texts}
    assert texts == {label, *map(str, columns)}
    page = np.array(Image.open(tmp_path / "figure.png").convert("RGB"))
    shown = {gray for gray in range(40, 241, 40) if (page == gray).all(axis=-1).sum() > 100}
    assert shown == {4 * at for at in columns}


def test_a_run_that_learned_nothing_has_no_such_moment(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_collapse(tmp_path, [0.5] * 6, status="learned_nothing", learned=None)
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["BN-1 learned nothing."]


@plots.styled
def test_a_wide_legend_is_within_the_figure() -> None:
    figure = plots.figure(plots.COLUMN, 3)
    axes = figure.add_subplot()
    for number in range(4):
        axes.plot([0, 1], label=f"WN, published gradient-{number} collapsed at 134,500")
    plots.legend(figure, axes, lowest=True)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert len(figure.legends) == 1
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= axes.get_window_extent().y1
