"""FID, KID, precision and recall: against formulas, and against torch-fidelity's command line."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.linalg import sqrtm
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from wngan.needs import FEWEST
from wngan.quality import FEATURES, PIXELS, Quality, quality

ROOT = Path(__file__).parents[2]
Pixels = NDArray[np.uint8]


def pictures(seed: int, count: int, size: int = 16) -> Pixels:
    """Smooth random images: blocks of 4 × 4 pixels and a little noise."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(20 * (seed % 3), 230, (count, size // 4, size // 4, 3))
    noise = rng.integers(0, 20, (count, size, size, 3))
    return (blocks.repeat(4, axis=1).repeat(4, axis=2) + noise).astype(np.uint8)


def features(images: Pixels) -> NDArray[np.float64]:
    """Means of squares of pixels, in float64."""
    count, size = images.shape[:2]
    side = size // PIXELS
    blocks = images.reshape(count, PIXELS, side, PIXELS, side, 3) / 255
    return blocks.mean(axis=(2, 4)).transpose(0, 3, 1, 2).reshape(count, -1)


def test_metrics_are_those_of_the_formulas() -> None:
    samples, images = pictures(1, 260), pictures(2, 240)
    found = quality(samples, images, "pixels")
    a, b = features(samples), features(images)

    covariances = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    mixed = np.trace(sqrtm(covariances[0] @ covariances[1]).real)
    distance = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    fid = distance + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * mixed
    assert found.fid == pytest.approx(fid, rel=1e-4)

    precision, recall = (
        np.mean([(gap <= reach).any() for gap in gaps])
        for gaps, reach in ((apart(a, b), radii(b)), (apart(b, a), radii(a)))
    )
    assert 0 < precision < 1
    assert 0 < recall < 1
    assert found.precision == pytest.approx(precision, abs=1.5 / len(a))
    assert found.recall == pytest.approx(recall, abs=1.5 / len(b))


def apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(a[:, None] - b, axis=2)


def radii(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the third nearest other point is."""
    return np.sort(apart(points, points), axis=1)[:, 3]


def test_kid_of_few_images_is_of_all_of_them() -> None:
    samples, images = pictures(1, 90), pictures(2, 90)
    a, b = features(samples), features(images)
    kernels = [(x @ y.T / a.shape[1] + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    own = [(kernel.sum() - np.trace(kernel)) / (90 * 89) for kernel in kernels[:2]]
    expected = sum(own) - 2 * kernels[2].mean()
    assert quality(samples, images, "pixels").kid == pytest.approx(expected, rel=1e-3)


def test_the_same_images_are_as_like_as_can_be() -> None:
    images = pictures(1, 150)
    found = quality(images, images, "pixels")
    assert found.fid == pytest.approx(0, abs=1e-6)
    assert found.kid < 1e-6
    assert (found.precision, found.recall) == (1, 1)


def test_what_is_alike_is_precise_and_recalls_little() -> None:
    images = pictures(1, 200)
    found = quality(images[:20].repeat(10, axis=0), images, "pixels")
    assert found.precision == 1
    assert found.recall < 0.5


@pytest.mark.parametrize("size", [8, 12, 160])
def test_pixels_are_of_any_size(size: int) -> None:
    images = pictures(1, FEWEST, size)
    assert np.isfinite(quality(images, images[::-1], "pixels")).all()


@pytest.mark.parametrize("few", [0, 1])
def test_too_few_images_are_a_sentence(few: int) -> None:
    sets = [pictures(1, FEWEST), pictures(2, FEWEST)]
    sets[few] = sets[few][1:]
    with pytest.raises(ValueError, match=r"^Quality takes 10 images or more, not 9\.$"):
        quality(sets[0], sets[1], "pixels")


def test_features_are_kept_from_call_to_call(tmp_path: Path) -> None:
    samples, images = pictures(1, 30), pictures(2, 30)
    first = quality(samples, images, "pixels", cache=tmp_path)
    # Other images are not looked at, as the folder has the features of the first.
    again = quality(samples, pictures(3, 30), "pixels", cache=tmp_path)
    assert first == again == quality(samples, images, "pixels")
    assert first != quality(samples, pictures(3, 30), "pixels")


def command_line(folder: Path, samples: Pixels, images: Pixels, *options: str) -> Quality:
    """What torch-fidelity's own program says of the same images as files."""
    for name, pixels in (("samples", samples), ("images", images)):
        (folder / name).mkdir()
        for number, image in enumerate(pixels):
            Image.fromarray(image).save(folder / name / f"{number:04d}.png")
    code = "import wngan.quality, torch_fidelity.fidelity as f; f.main()"  # registers the pixels
    paths = ("--input1", str(folder / "samples"), "--input2", str(folder / "images"))
    size = str(min(len(samples), len(images)))
    flags = ("--fid", "--kid", "--prc", "--json", "--silent", "--cpu", "--no-cache")
    printed = subprocess.run(
        [sys.executable, "-c", code, *paths, *flags, "--kid-subset-size", size, *options],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = json.loads(printed)
    names = ("frechet_inception_distance", "kernel_inception_distance_mean", "precision", "recall")
    return Quality(*(found[name] for name in names))


@pytest.mark.slow
def test_numbers_agree_with_the_command_line(tmp_path: Path) -> None:
    samples, images = pictures(1, 60), pictures(2, 50)
    expected = command_line(tmp_path, samples, images, "--feature-extractor", FEATURES["pixels"])
    assert list(quality(samples, images, "pixels")) == pytest.approx(list(expected), rel=1e-5)


@pytest.mark.slow
def test_inception_is_that_of_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of random weights in a file like the published one, also through the command line."""
    path = tmp_path / "weights.pth"
    with monkeypatch.context() as patch:
        torch.manual_seed(0)
        patch.setattr(torch, "load", lambda *args, **options: None)
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = FeatureExtractorInceptionV3(FEATURES["inception"], ["2048"], str(path))
    torch.save(network.state_dict(), path)
    samples, images = pictures(1, FEWEST), pictures(2, FEWEST)
    options = ("--feature-extractor", FEATURES["inception"])
    options += ("--feature-extractor-weights-path", str(path))
    expected = command_line(tmp_path, samples, images, *options)
    found = quality(samples, images, "inception", path)
    assert list(found) == pytest.approx(list(expected), rel=1e-3)
