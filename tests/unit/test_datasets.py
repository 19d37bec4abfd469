"""Preparing data sets."""

import hashlib
import io
import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from wngan.datasets import central_crop, crop_archive, digits, write_about
from wngan.download import DownloadError, verify


def test_digits_are_scikit_learns() -> None:
    images = digits(16)
    assert images.shape == (1797, 16, 16, 3)
    assert images.dtype == np.uint8
    assert (images[..., :1] == images).all()  # gray
    assert images.min() == 0
    assert images.max() == 255
    assert np.unique(digits(8)).size == 17  # not enlarged: the 17 levels of the original


def test_crops_are_central() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (218, 178, 3), dtype=np.uint8)
    np.testing.assert_array_equal(central_crop(Image.fromarray(pixels), 160), pixels[29:189, 9:169])
    with pytest.raises(ValueError, match="has no crop of 200×200"):
        central_crop(Image.fromarray(pixels), 200)


def test_an_archive_is_cropped_in_the_order_of_names(tmp_path: Path) -> None:
    """Laid out as CelebA's, with names out of order and JPEGs of 178×218."""
    generator = np.random.default_rng(0)
    expected = []
    archive, output = tmp_path / "img_align_celeba.zip", tmp_path / "images.npy"
    files = {}
    for number in range(5):
        image = Image.fromarray(generator.integers(0, 256, (218, 178, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG")
        files[f"img_align_celeba/{number + 1:06d}.jpg"] = buffer.getvalue()
        with Image.open(io.BytesIO(buffer.getvalue())) as decoded:
            expected.append(np.asarray(decoded)[29:189, 9:169])
    with ZipFile(archive, "w") as zipped:
        zipped.writestr("img_align_celeba/", "")
        for name in reversed(files):
            zipped.writestr(name, files[name])

    crop_archive(archive, output, 160, workers=2)
    np.testing.assert_array_equal(np.load(output), np.stack(expected))

    write_about(tmp_path / "images.json", output, "a test")
    about = json.loads((tmp_path / "images.json").read_text())
    assert about == {
        "source": "a test",
        "count": 5,
        "size": 160,
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }


def test_an_archive_without_images_is_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "empty.zip", "w") as zipped:
        zipped.writestr("readme.txt", "")
    with pytest.raises(ValueError, match=r"empty\.zip has no JPEG images"):
        crop_archive(tmp_path / "empty.zip", tmp_path / "images.npy", 160, workers=1)


def test_a_wrong_archive_is_named(tmp_path: Path) -> None:
    file = tmp_path / "celeba.zip"
    file.write_bytes(b"<html>quota</html>")
    digest = hashlib.sha256(b"<html>quota</html>").hexdigest()
    verify(file, 18, digest)
    with pytest.raises(DownloadError, match=r"celeba\.zip has 18 bytes, not 1000\."):
        verify(file, 1000, digest)
    with pytest.raises(DownloadError, match=rf"celeba\.zip has sha256 {digest}, not {'0' * 64}\."):
        verify(file, 18, "0" * 64)
