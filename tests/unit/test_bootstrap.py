"""Intervals that hold what they should, as often as they should."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wngan.bootstrap import Estimate, paired, paired_ratio, share, unpaired_ratio


def losses(seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Of two models on the same images, of which some are hard for both; the true ratio is 0.9."""
    rng = np.random.default_rng(seed)
    hard = rng.gamma(4, 0.25, count)
    return hard * 0.9 * rng.gamma(50, 0.02, count), hard * rng.gamma(50, 0.02, count)


def test_the_interval_covers_the_truth_about_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wngan.bootstrap.RESAMPLES", 1000)
    estimates = [paired_ratio(*losses(seed)) for seed in range(300)]
    covered = np.mean([low <= 0.9 <= high for _, low, high in estimates])
    assert 0.91 < covered < 0.985
    assert abs(np.mean([value for value, _, _ in estimates]) - 0.9) < 0.003


def test_pairing_narrows_the_interval() -> None:
    a, b = losses(1)
    _, low, high = paired_ratio(a, b)
    _, other_low, other_high = paired_ratio(a, np.random.default_rng(0).permutation(b))
    assert high - low < 0.5 * (other_high - other_low)


def test_it_is_what_the_standard_error_says() -> None:
    values = np.random.default_rng(2).normal(5, 1, 400)
    mean = paired(lambda means: means[:, 0], values)
    error = values.std() / 20
    np.testing.assert_allclose(
        mean, [values.mean() + k * error for k in (0, -1.96, 1.96)], rtol=2e-3
    )


def test_the_same_losses_give_the_same_numbers() -> None:
    a, b = losses(3)
    assert paired_ratio(a, b) == paired_ratio(a.tolist(), b)


def test_several_columns_are_resampled_together() -> None:
    a, b = losses(4)
    both = paired(lambda means: means[:, 0] / means[:, 1], np.column_stack([a, b]))
    assert both == paired_ratio(a, b)
    assert paired_ratio(a, 2 * a)[:3] == pytest.approx((0.5, 0.5, 0.5))


def test_what_is_missing_has_no_interval() -> None:
    a, b = losses(5)
    a[7] = np.nan
    assert np.isnan(paired_ratio(a, b)).all()
    value, low, high = paired_ratio([1.0], [2.0])
    assert value == 0.5
    assert np.isnan([low, high]).all()


def test_unpaired_intervals_cover_the_truth_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of other images, as many or fewer."""
    monkeypatch.setattr("wngan.bootstrap.RESAMPLES", 1000)
    for count in (200, 80):
        covered = []
        for seed in range(200):
            a, b = losses(seed)[0], losses(1000 + seed, count)[1]
            _, low, high = unpaired_ratio(a, b)
            covered.append(low <= 0.9 <= high)
        assert 0.9 < np.mean(covered) < 0.985


def test_unpaired_resamples_are_independent() -> None:
    """Resampled together, these columns would have a constant ratio."""
    a, _ = losses(1)
    value, low, high = unpaired_ratio(a, 2 * a)
    assert value == pytest.approx(0.5)
    spread = 2 * 1.96 * 0.5 * 2**0.5 * a.std() / a.mean() / 200**0.5
    assert high - low == pytest.approx(spread, rel=0.1)
    assert unpaired_ratio(a, 2 * a) == (value, low, high)


def test_unpaired_ratios_without_an_interval() -> None:
    a, b = losses(5)
    assert np.isnan(unpaired_ratio(np.append(a, np.nan), b)).all()
    value, low, high = unpaired_ratio([1.0, 3.0], [2.0])
    assert value == 1
    assert np.isnan([low, high]).all()


def test_what_some_resamples_leave_undefined_is_open() -> None:
    """Without the one row whose losses are not 0, a resample is 0 / 0, a third of them."""
    with np.errstate(invalid="ignore"):
        found = paired_ratio(np.array([0, 0, 0, 1.0]), np.array([0, 0, 0, 0.5]))
    assert found == Estimate(2, -np.inf, np.inf)


def test_infinity_is_a_number() -> None:
    half = paired(lambda means: np.where(means[:, 0] > 0, np.inf, 1.0), np.arange(-10, 10.5))
    assert half == Estimate(np.inf, 1, np.inf) or half == Estimate(1, 1, np.inf)


def test_images_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="images"):
        paired_ratio([1, 2, 3], [1, 2])


def test_two_thousand_images_take_seconds() -> None:
    start = time.perf_counter()
    paired_ratio(*losses(6, 2000))
    assert time.perf_counter() - start < 15


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_is_inside_its_interval(case: tuple[int, int]) -> None:
    value, low, high = share(*case)
    assert -1e-9 <= low <= value + 1e-9
    assert value - 1e-9 <= high <= 1 + 1e-9
    mirrored = share(case[1] - case[0], case[1])
    assert (1 - low, 1 - high) == pytest.approx((mirrored.high, mirrored.low), abs=1e-9)


def test_wilsons_interval() -> None:
    assert share(2, 3) == pytest.approx((2 / 3, 0.2077, 0.9385), abs=1e-4)
    assert np.isnan(share(0, 0).value)
