"""Intervals that hold what they should, as often as they should."""

import time

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from wngan.bootstrap import (
    Estimate,
    above,
    basis,
    mean_of_trainings,
    only_column,
    paired,
    paired_ratio,
    per_folder,
    rank_correlation,
    ratio_of_models,
    ratio_of_spreads,
    ratio_within,
    share,
    unpaired_ratio,
)


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
    """Here a third of them."""
    found = paired(
        lambda means: np.where(means[:, 0] > 4, means[:, 0], np.nan), np.arange(10, dtype=float)
    )
    assert found == Estimate(4.5, -np.inf, np.inf)


def test_infinity_is_a_number() -> None:
    half = paired(lambda means: np.where(means[:, 0] > 10, np.inf, 1.0), np.arange(21))
    assert half == Estimate(np.inf, 1, np.inf) or half == Estimate(1, 1, np.inf)


def test_images_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="images"):
        paired_ratio([1, 2, 3], [1, 2])


def test_two_thousand_images_take_seconds() -> None:
    start = time.perf_counter()
    paired_ratio(*losses(6, 2000))
    assert time.perf_counter() - start < 15


def trainings(rng: np.random.Generator, count: int, spread: float) -> list[np.ndarray]:
    """Losses of 60 images by `count` trainings that differ by so much, and by image."""
    hard = np.random.default_rng(0).gamma(4, 0.25, 60)
    return [
        hard * np.exp(spread * rng.standard_normal()) * rng.gamma(50, 0.02, 60)
        for _ in range(count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("counts", "spreads"),
    [
        ((3, 3), (0.05, 0.05)),
        ((3, 3), (0.01, 0.06)),
        ((3, 1), (0.05, 0.05)),
        ((10, 10), (0.05, 0.02)),
    ],
)
def test_models_that_do_not_differ_come_out_different_in_one_of_twenty(
    counts: tuple[int, int], spreads: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most: where one spread is many times the other, or taken from the other, it is cautious.

    Resampling three trainings, as one resamples images, says so far more often.
    """
    monkeypatch.setattr("wngan.bootstrap.RESAMPLES", 1000)
    rng = np.random.default_rng(1)
    ours, plain = [], []
    for _ in range(300):
        a, b = (trainings(rng, *each) for each in zip(counts, spreads, strict=True))
        _, low, high = ratio_of_models(a, b)
        ours.append(not low <= 1 <= high)
        means = [np.array([each.mean() for each in group]) for group in (a, b)]
        drawn = [group[rng.integers(len(group), size=(1000, len(group)))] for group in means]
        logs = [np.log(each).mean(axis=1) for each in drawn]
        low, high = np.quantile(logs[0] - logs[1], [0.025, 0.975])
        plain.append(not low <= 0 <= high)
    assert np.mean(ours) < 0.07
    if counts == (3, 3):
        assert np.mean(plain) > 0.12 > 2 * np.mean(ours)


def test_a_difference_beyond_how_trainings_differ_is_found() -> None:
    rng = np.random.default_rng(1)
    a, b = trainings(rng, 3, 0.02), [1.3 * each for each in trainings(rng, 3, 0.02)]
    value, low, high = ratio_of_models(a, b)
    assert low < 1 / 1.3 < high < 1
    assert value == pytest.approx(
        np.exp(np.mean([np.log(each.mean()) for each in a]))
        / np.exp(np.mean([np.log(each.mean()) for each in b]))
    )
    mirrored = ratio_of_models(b, a)
    assert [1 / mirrored.value, 1 / mirrored.high, 1 / mirrored.low] == pytest.approx(
        [value, low, high], rel=0.02
    )


def test_one_training_each_is_over_images_alone() -> None:
    a, b = losses(1)
    assert ratio_of_models([a], [b]) == pytest.approx(paired_ratio(a, b), rel=1e-9)


def test_one_training_is_taken_to_vary_as_the_others_do() -> None:
    rng = np.random.default_rng(2)
    alike, different = trainings(rng, 3, 0.001), trainings(rng, 3, 0.3)
    one = trainings(rng, 1, 0.001)
    narrow, wide = (ratio_of_models(one, others) for others in (alike, different))
    assert np.log(wide.high / wide.low) > 5 * np.log(narrow.high / narrow.low)
    # Two degrees of freedom, and the standard error of one and three.
    logs = np.log([each.mean() for each in different])
    half = 4.303 * logs.std(ddof=1) * (1 + 1 / 3) ** 0.5
    assert np.log(wide.high / wide.low) == pytest.approx(2 * half, rel=0.1)


def test_trainings_without_images_have_welchs_interval() -> None:
    a, b = [1.0, 1.2, 1.1], [2.0, 2.3, 1.9]
    value, low, high = ratio_of_models([[x] for x in a], [[x] for x in b])
    logs = np.log(a), np.log(b)
    errors = [each.var(ddof=1) / 3 for each in logs]
    freedom = sum(errors) ** 2 / sum(error**2 / 2 for error in errors)
    assert 2 < freedom < 4
    assert value == pytest.approx(np.exp(logs[0].mean() - logs[1].mean()))
    half = 2.80 * sum(errors) ** 0.5  # Student's t of about 3.9 degrees
    assert [np.log(value / low), np.log(high / value)] == pytest.approx([half, half], rel=0.05)
    assert ratio_of_models([[2.0]], [[1.0]])[:1] == (2,)
    assert np.isnan(ratio_of_models([[2.0]], [[1.0]])[1:]).all()


def test_pairs_of_the_same_trainings() -> None:
    """What makes a training bad at both does not widen the interval."""
    rng = np.random.default_rng(3)
    early = trainings(rng, 3, 0.3)
    late = [0.9 * each for each in early]
    assert ratio_within(late, early) == pytest.approx((0.9, 0.9, 0.9))
    value, low, high = ratio_of_models(late, early)
    assert low < 0.7 < value < 1.3 < high
    columns = [np.column_stack([each, each]) for each in early]
    largest = ratio_within(columns, columns, lambda means: means.max(axis=1))
    assert largest == pytest.approx((1, 1, 1))
    with pytest.raises(ValueError, match="columns"):
        ratio_within([columns[0], early[0]], [columns[0], early[0]])


def test_models_with_what_is_missing_or_infinite() -> None:
    a, b = losses(1)
    assert np.isnan(ratio_of_models([a * np.nan], [b])).all()
    value, *interval = ratio_of_models([a, np.full_like(a, np.inf)], [b])
    assert value == np.inf
    assert np.isnan(interval).all()
    with pytest.raises(ValueError, match="images"):
        ratio_of_models([a], [b[1:]])


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0.1, 9)), min_size=1, max_size=20))
def test_the_mean_over_folders_is_the_mean_over_images(images: list[tuple[int, float]]) -> None:
    folders, losses = map(np.array, zip(*images, strict=True))
    both = np.column_stack([losses, 2 * losses])
    rows = per_folder(both, np.append(folders, [7, 8]))  # of images that are not measured
    assert len(rows) == len(set(folders.tolist()))
    assert rows.mean(axis=0) == pytest.approx(both.mean(axis=0))
    np.testing.assert_array_equal(per_folder(losses, None), losses)


def test_every_image_in_a_folder_of_its_own_is_as_without_folders() -> None:
    a, b = losses(3)
    folders = np.arange(len(a))
    assert paired_ratio(per_folder(a, folders), per_folder(b, folders)) == paired_ratio(a, b)
    assert unpaired_ratio(a, b, folders, folders) == unpaired_ratio(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["the same images", "other images"])
def test_folders_that_differ_are_not_images_that_do(
    side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of eight folders, from 5 to 60 images each; models do better on some folders by chance.

    Resampling images finds a difference between equal models far too often.
    """
    monkeypatch.setattr("wngan.bootstrap.RESAMPLES", 1000)
    rng = np.random.default_rng(5)
    of_folders, of_images = [], []
    for _ in range(300):
        sides = []
        for _ in range(2):
            folders = np.repeat(np.arange(8), rng.integers(5, 60, 8))
            if sides and side == "the same images":
                folders = sides[0][0]
            likes = np.exp(0.2 * rng.standard_normal(8))[folders]
            sides.append((folders, likes * rng.gamma(50, 0.02, len(folders))))
        (folders, a), (others, b) = sides
        if side == "the same images":
            found = ratio_of_models([per_folder(a, folders)], [per_folder(b, folders)])
            plain = ratio_of_models([a], [b])
        else:
            found, plain = unpaired_ratio(a, b, folders, others), unpaired_ratio(a, b)
        of_folders.append(not found.low <= 1 <= found.high)
        of_images.append(not plain.low <= 1 <= plain.high)
    assert np.mean(of_folders) < 0.09
    assert np.mean(of_images) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 8])
def test_few_rows_are_covered_as_often_as_many(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Means of nearly normal numbers; plain resampling leaves them out twice as often or more."""
    monkeypatch.setattr("wngan.bootstrap.RESAMPLES", 1000)
    rng = np.random.default_rng(6)
    ours, plain = [], []
    for _ in range(400):
        values = rng.gamma(100, 0.01, count)
        _, low, high = paired(only_column, values)
        ours.append(low <= 1 <= high)
        low, high = np.quantile(rng.choice(values, (1000, count)).mean(axis=1), [0.025, 0.975])
        plain.append(low <= 1 <= high)
    assert 0.92 < np.mean(ours) < 0.985
    assert np.mean(plain) < 0.91


@pytest.mark.slow
def test_spreads_have_an_interval_that_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(200):
        a, b = np.exp(0.3 * rng.standard_normal(3)), np.exp(0.1 * rng.standard_normal(4))
        _, low, high = ratio_of_spreads(a, b)
        covered.append(low <= 3 <= high)
    assert 0.91 < np.mean(covered) < 0.985


def test_spreads() -> None:
    value, low, high = ratio_of_spreads([1, 1.2, 1.1], [1, 1.02, 1.01])
    assert value == pytest.approx(np.log([1, 1.2, 1.1]).std() / np.log([1, 1.02, 1.01]).std())
    assert [value / low, high / value] == pytest.approx([39**0.5] * 2, rel=0.02)  # F of 2 and 2
    assert np.isnan(ratio_of_spreads([1.0], [1, 2])).all()
    assert ratio_of_spreads([1, 2], [1, 1]).value == np.inf


def test_a_basis_can_be_read() -> None:
    assert basis([1]) == "one training, images alone"
    assert basis([1], [2]) == "one training each, images alone"
    assert basis([1], [2], spread="as the paper's") == "one training each, as the paper's"
    assert basis([1], [2], spread="") == "one training each"
    assert basis([1, 2, 3], [1]) == "3 and 1 trainings, the one taken to vary as the others"
    assert basis([1, 2, 3]) == "3 trainings"
    folders = np.array([4, 4, 9])
    assert basis([1], folders=folders) == "one training, 2 folders alone"
    assert basis([1, 2, 3], folders=folders[:1]) == "3 trainings, 1 folder"
    assert basis([1, 2], [1], folders=folders) == (
        "2 and 1 trainings, 2 folders, the one taken to vary as the others"
    )
    assert above(3, 2) == 50


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


@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5)), min_size=5, max_size=12).filter(
        lambda pairs: all(len(set(column)) > 1 for column in zip(*pairs, strict=True))
    )
)
def test_rank_correlations_are_spearmans(pairs: list[tuple[int, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    value, low, high = rank_correlation(a, b)
    assert value == pytest.approx(scipy.stats.spearmanr(a, b).statistic)
    assert -1 <= low <= value + 1e-9
    assert value - 1e-9 <= high <= 1
    assert rank_correlation(np.negative(a), b).value == pytest.approx(-value)


def test_a_perfect_order_of_few_is_not_certain() -> None:
    value, low, high = rank_correlation(range(5), range(5))
    assert value == high == 1
    assert low == pytest.approx(rank_correlation(range(5), [0, 1, 2, 4, 3]).low)
    assert np.isnan(rank_correlation([1, 2, 3, 4, 5, np.nan], range(6))).all()


def test_the_interval_of_a_rank_correlation_is_bonett_and_wrights() -> None:
    a, b = range(9), [0, 1, 2, 3, 4, 5, 6, 8, 7]
    value, low, high = rank_correlation(a, b)
    assert value == pytest.approx(1 - 6 * 2 / (9 * 80))
    half = 1.959964 * ((1 + value**2 / 2) / 6) ** 0.5
    assert [low, high] == pytest.approx(np.tanh(np.arctanh(value) + np.array([-half, half])))


def test_two_images_have_an_interval_and_one_has_none() -> None:
    two, one = ([1.0, 3.0], [2.0, 5.0]), ([1.0], [2.0])
    for interval in (paired_ratio, unpaired_ratio, lambda a, b: ratio_of_models([a], [b])):
        value, low, high = interval(*two)
        assert low < value < high
        assert np.isnan(interval(*one)[1:]).all()


def test_two_trainings_tell_how_they_differ() -> None:
    same = np.ones(20)
    value, low, high = ratio_of_models([same, 1.2 * same], [same])
    assert value == pytest.approx(1.2**0.5)
    assert low < value < high


def test_spreads_that_are_said_count_with_their_freedom() -> None:
    """Of images that are all alike the interval is Student's, by Welch of two and two degrees."""
    same = np.ones(50)
    value, low, high = ratio_of_models([same], [same], spreads=(0.1, 0.02))
    freedom = (0.1**2 + 0.02**2) ** 2 / (0.1**4 / 2 + 0.02**4 / 2)
    half = (0.1**2 + 0.02**2) ** 0.5 * scipy.stats.t.ppf(0.975, freedom)
    assert value == 1
    assert np.log([low, high]) == pytest.approx([-half, half], rel=0.06)
    more = (0.1**2 + 0.02**2) ** 0.5 * scipy.stats.t.ppf(0.975, 3)
    assert half > 1.2 * more


def test_rank_correlations_of_too_little() -> None:
    assert np.isnan(rank_correlation([], [])).all()
    assert np.isnan(rank_correlation([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])).all()
    value, low, high = rank_correlation([1, 2, 3, 4], [1, 3, 2, 4])
    assert value == pytest.approx(0.8)
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("count", [5, 7, 15])
def test_numbers_without_relation_correlate_in_one_of_twenty(count: int) -> None:
    rng = np.random.default_rng(count)
    found = [rank_correlation(*rng.normal(size=(2, count))) for _ in range(2000)]
    assert np.mean([not low <= 0 <= high for _, low, high in found]) < 0.06


@pytest.mark.parametrize("count", [2, 3, 9])
def test_the_mean_of_trainings_has_students_interval(count: int) -> None:
    values = np.random.default_rng(count).normal(3, 2, count)
    low, high = scipy.stats.t.interval(0.95, count - 1, values.mean(), scipy.stats.sem(values))
    found = mean_of_trainings(values)
    half = (high - low) / 2
    assert found == pytest.approx([values.mean(), low, high], abs=0.02 * half)


def test_the_mean_of_one_training_has_none() -> None:
    assert mean_of_trainings([0.5])[0] == 0.5
    assert np.isnan(mean_of_trainings([0.5])[1:]).all()
    assert np.isnan(mean_of_trainings([0.5, np.nan])).all()
