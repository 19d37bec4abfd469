"""Which images, lines and bars figures show, by what they draw."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from safetensors.numpy import save_file

from scripts import (
    codes_figure,
    collapse_figure,
    diversity_figure,
    evolution_figure,
    groups_figure,
    poster_figure,
    quality_figure,
    reconstructions_figure,
    samples_figure,
    steps_figure,
)
from tests.unit.test_protocol import ORDER, TEST, Data, data
from wngan import baselines, outcome, plots, running
from wngan.image_grids import Panel, image_grid
from wngan.randomness import rng

__all__ = ["data"]

NAN = float("nan")
TRAINED = {"status": "trained", "iteration": 40, "collapsed": None}
DIVERGED = {"status": "diverged", "iteration": 30, "collapsed": None}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that scripts would save."""
    made: list[Figure] = []
    monkeypatch.setattr(plots, "save", lambda figure, *files: made.append(figure))
    return made


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {"png": tmp_path / "figure.png", "pdf": tmp_path / "figure.pdf"}


def panels_of(script: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[Panel]]:
    """The panels that the script will show, row by row."""
    rows: list[list[Panel]] = []
    monkeypatch.setattr(script, "image_figure", lambda shown: rows.extend(shown) or Figure())
    return rows


def written(folder: Path, name: str, *statuses: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{name}-{number}.json" for number in range(len(statuses))]
    for path, status in zip(paths, statuses, strict=True):
        path.write_text(json.dumps(status))
    return paths


def saved(folder: Path, name: str, *arrays: Any) -> list[Path]:
    paths = [folder / f"{name}-{number}.npy" for number in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        np.save(path, array)
    return paths


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, np.uint8)


def lines_of(figure: Figure, axes: int = 0) -> list[tuple[list[float], list[float]]]:
    """Abscissas and ordinates of the lines that have any."""
    lines = [line.get_data() for line in figure.axes[axes].lines]
    return [(list(x), list(y)) for x, y in lines if len(x)]


def test_images_that_all_models_do_well_come_first() -> None:
    """Each below its median, not at it, in a fixed order; a model that diverged has no say."""
    losses = np.random.default_rng(0).permuted(np.tile(np.arange(41.0) ** 2, (3, 1)), axis=1)
    losses[1] *= 9
    losses[2, 7] = NAN
    order = rng(0, "selected reconstructions").permutation(41).tolist()
    well = [k for k in order if losses[0, k] < 20**2 and losses[1, k] < 9 * 20**2]
    others = [k for k in order if k not in well]
    assert 5 < len(well) < 20
    chosen = reconstructions_figure.choose_images
    assert chosen(losses, "selected", 41).tolist() == well + others
    assert chosen(losses, "selected", 4).tolist() == well[:4]
    order = rng(0, "random reconstructions").permutation(41).tolist()
    assert chosen(losses, "random", 7).tolist() == order[:7]


def finals(folder: Path, *arrays: dict[str, Any]) -> list[Path]:
    paths = [folder / f"final-{number}.safetensors" for number in range(len(arrays))]
    for path, each in zip(paths, arrays, strict=True):
        save_file(each, path)
    return paths


def test_reconstructions_stand_beside_their_images(
    data: Callable[..., Data],
    files: dict[str, Path],
    tmp_path: Path,
    figures: list[Figure],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = panels_of(reconstructions_figure, monkeypatch)
    given, made = data(), noise(2, TEST, 8, 8, 3)
    of_runs = [{"losses": np.arange(5, dtype=np.float32), "images": images} for images in made]
    reconstructions_figure.main(
        given.info,
        given.permutation,
        finals(tmp_path, *of_runs),
        written(tmp_path, "status", TRAINED, DIVERGED),
        ["bn", "wn/2"],
        choose="random",
        rows=1,
        groups=4,
        **files,
    )
    tests = np.load(given.info.with_suffix(".npy"))[ORDER[:TEST]]
    shown = rng(0, "random reconstructions").permutation(TEST)[:4]
    expected = np.stack([tests[shown], made[0][shown], made[1][shown]], axis=1)
    [panels] = rows
    np.testing.assert_array_equal(np.concatenate([panel.images for panel in panels]), expected)
    assert [list(panel.columns) for panel in panels] == [["test", "BN", "WN-2 diverged at 30"]] * 4
    assert len(figures) == 1


def test_samples_are_the_first_of_each_panel(
    files: dict[str, Path], tmp_path: Path, figures: list[Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that diverged before there are none, and its panel is gray."""
    rows = panels_of(samples_figure, monkeypatch)
    early, late, none = noise(9, 12, 12, 3), noise(8, 12, 12, 3), np.empty((0, 0, 0, 3), np.uint8)
    curves = [tmp_path / "bn.csv", tmp_path / "wn.csv"]
    running.write(curves[0], [(0, 9.0, 0.0), (1000, 2.0, 0.0), (2000, 3.0, 0.0)])
    running.write(curves[1], [(0, 9.0, 0.0)])
    samples_figure.main(
        saved(tmp_path, "samples", early, late, none, late),
        curves,
        written(tmp_path, "status", TRAINED, DIVERGED),
        ["bn", "wn/2"],
        [["bn@optimal", "bn@2000"], ["wn/2@2000", "wn/2@optimal"]],
        rows=2,
        columns=3,
        **files,
    )
    shown = [[panel.images for panel in row] for row in rows]
    np.testing.assert_array_equal(shown[0][0], early[:6].reshape(2, 3, 12, 12, 3))
    np.testing.assert_array_equal(shown[0][1], late[:6].reshape(2, 3, 12, 12, 3))
    np.testing.assert_array_equal(shown[1][0], np.full((2, 3, 12, 12, 3), 128))
    np.testing.assert_array_equal(shown[1][1], shown[0][1])
    titles = ["BN, optimum, iteration 1,000", "BN, iteration 2,000"]
    titles += ["WN-2, diverged at 30", "WN-2, optimum, iteration 0"]
    assert [panel.title for row in rows for panel in row] == titles


def test_an_evolution_spans_segments(
    files: dict[str, Path], tmp_path: Path, figures: list[Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run's own samples at each iteration; from its divergence on they are gray."""
    rows = panels_of(evolution_figure, monkeypatch)
    samples = noise(2, 4, 5, 4, 4, 3)  # of two runs, every 10 iterations
    evolution_figure.main(
        saved(tmp_path, "samples", *(part for run in samples for part in (run[:3], run[3:]))),
        written(tmp_path, "status", TRAINED, DIVERGED),
        ["bn", "wn"],
        codes=3,
        iterations=[10, 20, 30, 40],
        every=10,
        **files,
    )
    [[panel]] = rows
    of_run = samples[:, :, :3].swapaxes(1, 2).copy()
    of_run[1, :, 2:] = 128
    np.testing.assert_array_equal(panel.images, of_run.reshape(6, 4, 4, 4, 3))
    assert list(panel.columns) == ["10", "20", "30", "40"]
    assert list(panel.rows) == [(3, "BN"), (3, "WN diverged at 30")]


@pytest.mark.parametrize(
    ("fate", "diversity", "frames"),
    [
        ({"status": "collapsed", "collapsed": 10, "learned": 10}, [0.5] * 7, [0, 1, 2]),
        ({"status": "collapsed", "collapsed": 50, "learned": 10}, [0.5] * 7, [3, 4, 5]),
        ({"status": "collapsed", "collapsed": 70, "learned": 10}, [0.5] * 7, [4, 5, 6]),
        # The least diverse since it had learned, from then on.
        ({"learned": 40}, [0.1, 0.2, 0.2, 0.3, 0.4, 0.4, 0.4], [2, 3, 4]),
        ({"status": "collapsed", "collapsed": 20, "learned": 10}, [0.5] * 2, [0, 1]),
    ],
)
def test_samples_about_a_collapse(
    fate: dict[str, Any],
    diversity: list[float],
    frames: list[int],
    files: dict[str, Path],
    tmp_path: Path,
    figures: list[Figure],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the first codes, as many as there are; a run's last segment may be shorter."""
    rows = panels_of(collapse_figure, monkeypatch)
    samples = noise(7, 5, 4, 4, 3)
    series = [(10 * k, share, 1, NAN) for k, share in enumerate(diversity, 1)]
    outcome.write(tmp_path / "series.csv", np.array(series, outcome.FIELDS))
    [status] = written(tmp_path, "status", TRAINED | fate)
    collapse_figure.main(
        saved(tmp_path, "samples", samples[:4], samples[4:]),
        tmp_path / "series.csv",
        status,
        "bn",
        codes=2,
        columns=3,
        every=10,
        **files,
    )
    [[panel]] = rows
    np.testing.assert_array_equal(panel.images, samples[frames, :2].swapaxes(0, 1))
    assert list(panel.columns) == [f"{10 * k + 10}" for k in frames]


@pytest.mark.parametrize("none", [0, 1])
def test_a_run_that_diverged_has_no_groups(
    none: int, files: dict[str, Path], tmp_path: Path, figures: list[Figure]
) -> None:
    samples = [noise(9, 4, 4, 3), noise(9, 4, 4, 3)]
    samples[none] = np.empty((0, 0, 0, 3), np.uint8)
    paths, panels = saved(tmp_path, "samples", *samples), ["bn/1@optimal", "bn/1@1200"]
    groups_figure.main(paths, panels, among=9, groups=2, size=3, **files)
    [text] = figures[0].axes[0].texts
    assert text.get_text() == "BN-1 diverged before bn/1@1200"


def test_steps_are_drawn_with_standard_errors(
    files: dict[str, Path], tmp_path: Path, figures: list[Figure]
) -> None:
    """Of each checkpoint all runs; the paper's losses are of one of each."""
    steps = np.array([1, 10, 100])
    curves = [k + np.random.default_rng(k).random((5, 3), np.float32) for k in range(1, 5)]
    steps_figure.main(
        finals(tmp_path, *({"curve": curve, "steps": steps} for curve in curves)),
        written(tmp_path, "status", TRAINED, DIVERGED),
        ["bn", "wn"],
        ["optimal", "2000"],
        {"wn@optimal": 0.5},
        **files,
    )
    axes = figures[0].axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    lines = lines_of(figures[0])
    paper = lines.pop(2)  # after the lines of both runs at their optima
    assert paper[1] == [0.5, 0.5]
    for curve, (x, y), band in zip(curves, lines, axes.collections, strict=True):
        assert x == [1, 10, 100]
        mean, error = curve.mean(axis=0), curve.std(axis=0, ddof=1) / 5**0.5
        assert y == pytest.approx(mean, rel=1e-6)
        corners = np.unique(band.get_paths()[0].vertices[:, 1])
        np.testing.assert_allclose(corners, np.sort([*(mean - error), *(mean + error)]), rtol=1e-6)
    styles = [line.get_linestyle() for line in axes.lines if len(line.get_xdata()) == 3]
    assert styles == ["-", "-", ":", ":"]
    colors = [plots.run_style(run)["color"] for run in ("bn", "wn")]
    drawn = [line.get_color() for line in axes.lines if len(line.get_xdata()) == 3]
    assert drawn == colors * 2
    labels = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert labels == ["BN", "WN diverged at 30", "optimal", "iteration 2,000", "paper"]


def test_diversity_is_above_and_drift_below(
    files: dict[str, Path], tmp_path: Path, figures: list[Figure]
) -> None:
    """With a cross where a run collapsed, and the thresholds."""
    paths = [tmp_path / "bn.csv", tmp_path / "wn.csv"]
    series = [[(10, 0.5, 1.0, 0.9), (20, 0.01, 1.0, 0.8)], [(10, 0.6, 1.0, 0.7)]]
    for path, rows in zip(paths, series, strict=True):
        outcome.write(path, np.array(rows, outcome.FIELDS))
    collapsed = {"status": "collapsed", "iteration": 20, "collapsed": 20}
    statuses = written(tmp_path, "status", collapsed, TRAINED)
    diversity_figure.main(paths, statuses, ["bn", "wn"], 10, **files)
    names = outcome.FIELDS.names or ()
    at = {name: k for k, name in enumerate(names)}
    above, below = lines_of(figures[0]), lines_of(figures[0], 1)
    expected = [
        [[row[at[name]] for row in rows] for rows in series] for name in ("diversity", "drift")
    ]
    assert above[0] == ([10, 20], expected[0][0])
    assert above[1] == ([20], [outcome.ALIKE])
    assert above[2] == ([10], expected[0][1])
    assert [y[0] for _, y in above[3:]] == [outcome.ALIKE, outcome.DIVERSE]
    assert below[:2] == [([10, 20], expected[1][0]), ([10], expected[1][1])]
    assert [y[0] for _, y in below[2:]] == [outcome.STEADY_SAMPLES]


def test_qualities_are_paths_through_snapshots(
    files: dict[str, Path], tmp_path: Path, figures: list[Figure]
) -> None:
    """But for that before training; a dot is at the optimum."""
    names = ["checkpoint", "iteration", "running_loss", "fid", "features"]
    at = [("optimal", 20), ("snapshot", 0), ("snapshot", 10), ("snapshot", 20), ("last", 30)]
    numbers = [(0.2, 5.0), (0.9, 9.0), (0.3, 7.0), (0.2, 5.0), (0.25, 6.0)]
    rows = [(*a, *b, "pixels") for a, b in zip(at, numbers, strict=True)]
    pandas.DataFrame(rows, columns=names).to_csv(tmp_path / "bn.csv", index=False)
    statuses = written(tmp_path, "status", TRAINED)
    quality_figure.main(["bn/1"], [tmp_path / "bn.csv"], statuses, **files)
    assert lines_of(figures[0]) == [([0.3, 0.2, 0.25], [7, 5, 6]), ([0.2], [5])]
    axes = figures[0].axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "of pixels" in axes.get_ylabel()
    assert axes.get_title() == "rank correlation along trainings: too few"


@pytest.mark.parametrize("factor", [3, 0.3])
def test_lengths_of_codes_are_a_density(
    factor: float, files: dict[str, Path], tmp_path: Path, figures: list[Figure]
) -> None:
    """In 25 bins from the shortest to the longest that any run has, beside the prior's."""
    draws = np.random.default_rng(0)
    codes = [draws.normal(size=(60, 9)), factor * draws.normal(size=(40, 9))]
    codes[0][0] = NAN
    codes_figure.main(
        finals(tmp_path, *({"codes": each.astype(np.float32)} for each in codes)),
        written(tmp_path, "status", DIVERGED, TRAINED),
        ["bn", "wn"],
        9,
        **files,
    )
    known = [np.linalg.norm(each, axis=1) for each in (codes[0][1:], codes[1])]
    norms = [0.5, 5.5, *known[0], *known[1]]  # there is always room about the prior's
    edges = np.linspace(min(norms), max(norms), 26)
    axes = figures[0].axes[0]
    for patch, each in zip(axes.patches, known, strict=True):
        values, found, _ = patch.get_data()
        np.testing.assert_allclose(found, edges, rtol=1e-6)
        expected, _ = np.histogram(each, edges, density=True)
        np.testing.assert_allclose(values, expected, rtol=1e-5)
    [(x, y)] = lines_of(figures[0])
    np.testing.assert_allclose([x[0], x[-1]], [edges[0], edges[-1]], atol=0.1)
    np.testing.assert_allclose(y, codes_figure.prior(np.array(x), 9))


def test_the_poster_has_samples_reconstructions_and_verdicts(
    data: Callable[..., Data],
    files: dict[str, Path],
    tmp_path: Path,
    figures: list[Figure],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Losses are of all trainings of a model; a run that has no samples is gray."""
    shown: list[tuple[np.ndarray, str]] = []
    show = poster_figure._show

    def noted(axes: Axes, grid: np.ndarray, title: str) -> None:
        shown.append((grid, title))
        show(axes, grid, title)
        np.testing.assert_array_equal(axes.images[0].get_array(), image_grid(grid, 1))
        assert axes.get_title() == title

    monkeypatch.setattr(poster_figure, "_show", noted)
    monkeypatch.setattr(poster_figure, "TESTS", 4)
    given, made = data(), noise(2, TEST, 8, 8, 3)
    samples = [noise(14, 8, 8, 3), np.empty((0, 0, 0, 3), np.uint8)]
    of_runs = [{"losses": np.arange(5, dtype=np.float32), "images": images} for images in made]
    curves = []
    for number, losses in enumerate([[9, 2.0, 3], [9, 2.0, 4], [9, 2.5, 3], [9, 6.0, 1.0]]):
        curves.append(tmp_path / f"{number}.csv")
        running.write(curves[-1], [(10 * k, loss, 0.0) for k, loss in enumerate(losses)])
    baselines.write(
        tmp_path / "baselines.csv", baselines.Baselines(*np.full((3, 5), [3, 3, 9, 9, 9]))
    )
    losses = []
    for number, values in enumerate([[1, 2, 6], [5, 5, 8], [12, 12, 12], [NAN, 1, 1]]):
        losses.append(tmp_path / f"losses-{number}.csv")
        pandas.DataFrame({"loss": values}).to_csv(losses[-1], index_label="image")
    verdicts = ["reproduced", "undecided", "reproduced"]
    pandas.DataFrame({"verdict": verdicts}).to_csv(tmp_path / "claims.csv")
    poster_figure.main(
        [curves[0], curves[3]],
        curves,
        [3, 1],
        written(tmp_path, "status", TRAINED, DIVERGED),
        tmp_path / "baselines.csv",
        saved(tmp_path, "samples", *samples),
        given.info,
        given.permutation,
        finals(tmp_path, *of_runs),
        losses,
        tmp_path / "claims.csv",
        ["bn", "wn"],
        until=20,
        running_images=2,
        samples_shown=12,
        paper={},
        dataset="digits",
        **files,
    )
    (first, title), (second, other), (grid, _) = shown
    np.testing.assert_array_equal(first, samples[0][:12].reshape(2, 6, 8, 8, 3))
    assert title == "BN samples\nfinal loss 7 ± 4.6\n(3 trainings)"
    assert (second.shape, set(second.ravel())) == (first.shape, {128})
    assert other == "WN samples\nfinal loss nan\n(one training)"
    chosen = rng(0, "random reconstructions").permutation(TEST)[:4]
    tests = np.load(given.info.with_suffix(".npy"))[ORDER[:TEST]]
    np.testing.assert_array_equal(grid, [each[chosen] for each in (tests, *made)])
    axes = {each.get_title(): each for each in figures[0].axes}
    verdicts_drawn = axes["the paper's statements, by verdict"]
    bars = verdicts_drawn.patches
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 2), (2, 1)]
    texts = [(text.get_position()[0], text.get_text()) for text in verdicts_drawn.texts]
    assert texts == [(1, "2"), (1, "reproduced"), (2.5, "1"), (2.5, "undecided")]
    curve = next(each for each in figures[0].axes if "running" in each.get_ylabel())
    lines = [line.get_data() for line in curve.lines]
    assert ([10, 20], [2, 3]) in [(list(x), list(y)) for x, y in lines]
    levels = [line.get_ydata()[0] for line in curve.lines if line.get_linewidth() == 0.5]
    assert levels == [3, 3, 3]  # of the running evaluation's two images
    names = [text.get_text() for each in figures[0].axes for text in each.get_yticklabels()]
    assert names[-3:] == ["test", "BN", "WN"]
