"""Baselines: against plain float64 code, and on images whose losses are known."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import baselines as script
from wngan import baselines as module
from wngan.baselines import Baselines, baselines
from wngan.datasets.digits import digits


def images(count: int, size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def plain(training: np.ndarray, test: np.ndarray, components: int) -> Baselines:
    """In float64, an image at a time."""
    known, asked = (each.reshape(len(each), -1) / 255 for each in (training, test))
    center = known.mean(axis=0)
    directions = np.linalg.svd(known - center, full_matrices=False)[2]
    directions = directions[: min(components, len(known) - 1)]
    found = []
    for image in asked:
        rest = image - center
        without = rest - directions.T @ (directions @ rest)
        nearest = min(np.square(image - each).mean() for each in known)
        found.append((np.square(rest).mean(), nearest, np.square(without).mean()))
    return Baselines(*np.array(found).T)


@pytest.mark.parametrize(
    ("training", "size", "components"),
    [(30, 4, 5), (200, 4, 5), (20, 4, 50), (200, 2, 50), (1, 2, 3), (12, 2, 4)],
)
def test_they_agree_with_plain_float64(training: int, size: int, components: int) -> None:
    known, asked = images(training, size, 0), images(150, size, 1)
    for ours, expected in zip(
        baselines(known, asked, components), plain(known, asked, components), strict=True
    ):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_digits_agree_with_plain_float64() -> None:
    known, asked = digits(8)[100:700], digits(8)[:40]
    for ours, expected in zip(baselines(known, asked, 10), plain(known, asked, 10), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


@given(st.integers(2, 20), st.integers(1, 30), st.integers(0, 9))
def test_training_images_are_their_own_nearest(count: int, components: int, seed: int) -> None:
    known = images(count, 2, seed)
    mean, nearest, linear = baselines(known, known, components)
    np.testing.assert_allclose(nearest, 0, atol=1e-6)
    assert (linear <= mean + 1e-9).all()
    if components >= min(count - 1, 12):
        np.testing.assert_allclose(linear, 0, atol=1e-6)


def test_the_script_takes_training_images_from_training(tmp_path: Path) -> None:
    """No test image has the gray of a training image; of four of these three are asked for."""
    levels = np.array([200, 10, 20, 100, 30, 250], np.uint8)
    np.save(tmp_path / "images.npy", np.tile(levels[:, None, None, None], (1, 2, 2, 3)))
    (tmp_path / "images.json").write_text("{}")
    np.save(tmp_path / "permutation.npy", np.array([3, 0, 4, 1, 2, 5]))
    script.main(
        tmp_path / "images.json", tmp_path / "permutation.npy", tmp_path / "found.csv", 2, 3, 1
    )
    found = module.read(tmp_path / "found.csv")
    asked, known = np.array([100, 200]) / 255, np.array([30, 10, 20]) / 255
    np.testing.assert_allclose(found.mean_image, (asked - known.mean()) ** 2, rtol=1e-5)
    np.testing.assert_allclose(found.nearest_image, (asked - 30 / 255) ** 2, rtol=1e-5)
    np.testing.assert_allclose(found.principal_components, 0, atol=1e-6)
    only = module.read(tmp_path / "found.csv", slice(1))
    np.testing.assert_allclose(only.mean_image, found.mean_image[:1])


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_written_is_read(count: int, tmp_path: Path) -> None:
    known = Baselines(*(np.arange(1, count + 1) / 3 + k for k in range(3)))
    module.write(tmp_path / "a.csv", known)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[:2] == [
        "mean_image,nearest_image,principal_components",
        "0.333333,1.33333,2.33333",
    ]
    np.testing.assert_allclose(module.read(tmp_path / "a.csv"), known, rtol=1e-5)
    last = module.read(tmp_path / "a.csv", slice(count - 1, None))
    assert [len(each) for each in last] == [1, 1, 1]
    assert last.mean_image[0] == pytest.approx(count / 3, rel=1e-5)
