"""What became of a run: by definition, and produced on tiny networks."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wngan import outcome
from wngan.datasets.digits import digits
from wngan.running import FIELDS as RUNNING
from wngan.settings import Settings
from wngan.training import train


def images(seed: int, count: int = 6) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.mean((a / 255 - b / 255) ** 2))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_written_is_read(count: int, tmp_path: Path) -> None:
    """Six digits of it; drift is not known from the start."""
    known = [(5 * k, 1 / 3 + k, 1 + k, np.nan if k < 2 else 0.25) for k in range(count)]
    outcome.write(tmp_path / "a.csv", np.array(known, outcome.FIELDS))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "iteration,diversity,distinct,drift"
    assert lines[1:2] == ["0,0.333333,1,nan"][:count]
    found = outcome.read(tmp_path / "a.csv")
    assert found.shape == (count,)
    assert found.dtype == outcome.FIELDS
    for name in outcome.FIELDS.names or ():
        expected = np.array(known, outcome.FIELDS)[name]
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


@given(seed=st.integers(0, 1000), count=st.integers(2, 7))
def test_the_mean_difference_is_over_all_pairs(seed: int, count: int) -> None:
    some = images(seed, count)
    pairs = [difference(a, b) for a, b in combinations(some, 2)]
    assert outcome.mean_difference(some) == pytest.approx(np.mean(pairs), rel=1e-12)


def test_diversity_is_a_share_of_real_images_and_counts_different_samples() -> None:
    some = images(0)
    real = outcome.mean_difference(images(1, 50))
    share, distinct = outcome.diversity(some, real)
    assert share == pytest.approx(1, abs=0.1)
    assert distinct == 6
    assert outcome.diversity(np.repeat(some[:1], 5, axis=0), real) == pytest.approx((0, 1))
    two_thirds = np.stack([some[0]] * 4 + [some[1]] * 2)
    assert outcome.diversity(two_thirds, real)[1] == pytest.approx(36 / (16 + 4))


@pytest.mark.parametrize(("real", "distinct"), [(0.99, 2), (1.01, 1)])
def test_samples_are_the_same_within_a_tenth_of_how_real_images_differ(
    real: float, distinct: int
) -> None:
    two = np.stack([np.full((4, 4, 3), level, np.uint8) for level in (100, 110)])
    of_real = real * (10 / 255) ** 2 / 0.1
    assert outcome.diversity(two, of_real)[1] == distinct


def test_drift_is_a_share_of_what_codes_make_different() -> None:
    now, before = images(0), images(1)
    between = np.mean([difference(a, b) for a, b in combinations(now, 2)])
    expected = difference(now, before) / between
    assert outcome.drift(now, before) == pytest.approx(expected)
    assert outcome.drift(now, now) == 0
    assert np.isnan(outcome.drift(now[[0, 0]], before[:2]))


def test_a_series_spans_segments_and_ends_with_the_run() -> None:
    segments = [np.stack([images(k) for k in ks]) for ks in ((0, 1), (2, 3))]
    rows = outcome.series(segments, every=10, lag=20, until=35, real=1.0)
    assert rows["iteration"].tolist() == [10, 20, 30]
    assert np.isnan(rows["drift"][:2]).all()
    assert rows["drift"][2] == outcome.drift(images(2), images(0))
    assert rows["diversity"][1] == outcome.diversity(images(1), 1.0)[0]


def rows_of(diversity: list[float], drift: float = 0.1) -> NDArray[np.void]:
    rows = np.zeros(len(diversity), outcome.FIELDS)
    rows["iteration"] = 10 * np.arange(1, len(diversity) + 1)
    rows["diversity"], rows["drift"] = diversity, drift
    return rows


def running_of(losses: list[float]) -> NDArray[np.void]:
    rows = np.zeros(len(losses), RUNNING)
    rows["iteration"], rows["running_loss"] = 20 * np.arange(len(losses)), losses
    return rows


DIVERSE, ALIKE = [0.9] * 10, [0.01] * 10


@pytest.mark.parametrize(
    ("diversity", "expected"),
    [
        (DIVERSE, (None, None)),
        (ALIKE, (None, None)),  # it has to be diverse first
        (ALIKE + DIVERSE, (None, None)),
        (DIVERSE + ALIKE, (110, None)),
        (ALIKE + DIVERSE + ALIKE, (210, None)),
        (DIVERSE + ALIKE + DIVERSE, (110, 210)),
        (DIVERSE + ALIKE + DIVERSE + ALIKE, (310, None)),  # the last one counts
        (DIVERSE + [0.01] * 4 + DIVERSE, (None, None)),  # four samples are a hiccup
        (DIVERSE + [0.1] * 10, (None, None)),  # less diverse, but not alike
        ([0.9] * 4 + ALIKE, (None, None)),
        ([], (None, None)),
    ],
)
def test_collapse_comes_after_diversity_and_lasts(
    diversity: list[float], expected: tuple[int | None, int | None]
) -> None:
    assert outcome.collapse(rows_of(diversity)) == expected


def test_convergence_needs_a_steady_loss_and_steady_samples() -> None:
    falling = [1.0, 0.8, 0.6, 0.4, 0.2]
    steady = running_of(falling + [0.1] * 16)
    samples = rows_of(DIVERSE * 4)
    # Medians of five: the first that is of the plateau's level starts two evaluations before it.
    assert outcome.convergence(samples, steady, lag=40) == 60
    assert outcome.convergence(rows_of(DIVERSE * 4, drift=0.6), steady, lag=40) is None
    assert outcome.convergence(samples, steady, lag=400) is None  # nothing to compare
    spiky = running_of(falling + [0.1, 0.1, 0.5] * 5 + [0.1])
    assert outcome.convergence(samples, spiky, lag=40) == 80  # single spikes do not count
    for losses in (np.linspace(1, 0.1, 21), [0.1, 0.1, 0.1, 0.5, 0.5, 0.5] * 4):
        assert outcome.convergence(samples, running_of(list(losses)), lag=40) is None
    assert outcome.convergence(samples, running_of([0.1] * 8), lag=40) is None  # too few medians


def test_convergence_at_its_bounds() -> None:
    """A quarter of the training to its very end, and drifts from the first that spans it."""
    losses = [1 - k / 50 for k in range(32)] + [0.1] * 9
    running = np.array([(10 * k, loss, 0) for k, loss in enumerate(losses)], RUNNING)
    rows = np.array([(10 * k, 1, 9, 0.1) for k in range(41)], outcome.FIELDS)
    assert outcome.convergence(rows, running, lag=10) == 300  # of 400
    rows["drift"][31] = 0.6
    assert outcome.convergence(rows, running, lag=10) is None
    rows["drift"][30:32] = 0.6, 0.1
    assert outcome.convergence(rows, running, lag=10) == 300


@pytest.mark.parametrize(
    ("status", "diversity", "losses", "expected"),
    [
        ("diverged", DIVERSE, [0.1] * 6, "diverged"),
        ("running", ALIKE, [0.1] * 6, "never_diverse"),
        ("running", DIVERSE + ALIKE, [0.1] * 11, "collapsed"),
        ("running", DIVERSE + ALIKE + DIVERSE, [0.1] * 16, "converged"),
        ("running", DIVERSE, [0.1] * 9, "converged"),
        ("running", DIVERSE, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], "trained"),
        ("running", DIVERSE, [0.9, 0.8, 0.4, 0.7, np.nan], "trained"),
        ("running", DIVERSE, [0.9, 0.8, 0.7, 0.5, np.nan], "learned_nothing"),
        ("running", DIVERSE, [0.6] * 9, "learned_nothing"),
        ("running", DIVERSE + ALIKE, [0.6] * 9, "collapsed"),
    ],
)
def test_a_run_has_one_status(
    status: str, diversity: list[float], losses: list[float], expected: str
) -> None:
    trained = {"status": status, "iteration": 100, "reason": "a reason"}
    found = outcome.fate(trained, rows_of(diversity), running_of(losses), 20, mean_image=0.5)
    assert found["status"] == expected
    assert bool(found["reason"]) == (expected != "trained")
    assert found["iteration"] == 100
    assert json.loads(json.dumps(found)) == found


def trained(folder: Path, settings: Settings, stop: int) -> dict[str, Any]:
    """The fate of a real training of a tiny network on digits."""
    tests = digits(8)[:200]
    train(settings, digits(8), folder, stop=stop)
    status = json.loads((folder / "status.json").read_text())
    rows = outcome.series(
        [np.load(folder / "samples.npy")],
        settings.sample_every,
        20,
        status["iteration"],
        outcome.mean_difference(tests),
    )
    losses = np.ones(13) if settings.lr < 1e-3 else np.linspace(1, 0.1, 13)
    return outcome.fate(status, rows, running_of(losses.tolist()), 20, mean_image=2)


@pytest.fixture
def small(tiny: Settings) -> Settings:
    return replace(tiny, channels=(8,), batch_size=8, snapshot_every=60, sample_every=2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "vanilla", "lr": 1e30}, "diverged"),
        ({"model": "wn", "lr": 0.003, "sample_codes": 6}, "collapsed"),
        ({"model": "vanilla", "lr": 1e-5, "sample_codes": 6}, "never_diverse"),
        ({"model": "wn", "lr": 1e-6, "sample_codes": 6}, "converged"),
        ({"model": "affine_wn", "lr": 0.03, "sample_codes": 6}, "trained"),
    ],
)
def test_tiny_networks_produce_each(
    changes: dict[str, Any], expected: str, small: Settings, tmp_path: Path
) -> None:
    found = trained(tmp_path, replace(small, **changes), stop=240)
    assert found["status"] == expected
    if expected == "collapsed":
        assert 20 < found["collapsed"] < 240
