"""Preparing data sets."""

import hashlib
import io
import json
import pickle
import struct
import tarfile
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wngan.datasets import (
    _ArraysOnly,
    central_crop,
    cifar10,
    crop_archive,
    digits,
    write_about,
)
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


def python2_pickle(data: NDArray[np.uint8], module: bytes = b"numpy.core.multiarray") -> bytes:
    """A batch of CIFAR-10 as Python 2 and the numpy of 2009 pickled it, opcode by opcode."""
    reconstruct = b"c" + module + b"\n_reconstruct\n"
    empty = reconstruct + b"(cnumpy\nndarray\nK\x00\x85U\x01btR"
    minus_one = b"J\xff\xff\xff\xff"
    dtype = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNN" + 2 * minus_one + b"K\x00tb"
    rows, columns = (struct.pack("<I", count) for count in data.shape)
    content = b"T" + struct.pack("<I", data.nbytes) + data.tobytes()
    state = b"(K\x01J" + rows + b"J" + columns + b"\x86" + dtype + b"\x89" + content + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([row % 10]) for row in range(len(data))) + b"e"
    name = b"U\x0bbatch_labelU\x15training batch 1 of 5"
    return b"\x80\x02}(" + name + b"U\x06labels" + labels + b"U\x04data" + empty + state + b"u."


def tar_of(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return path


BATCHES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def test_cifar10_is_joined_in_the_order_of_its_batches(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (6, 4, 32, 32, 3), dtype=np.uint8)
    files = {"readme.html": b"<html>", "batches.meta": b"not read"}
    for name, batch in zip(BATCHES, images, strict=True):
        files[name] = python2_pickle(batch.transpose(0, 3, 1, 2).reshape(4, 3072))
    archive = tar_of(tmp_path / "cifar-10-python.tar.gz", dict(reversed(files.items())))
    np.testing.assert_array_equal(cifar10(archive), images.reshape(24, 32, 32, 3))


def test_what_would_run_code_is_refused(tmp_path: Path) -> None:
    data = np.zeros((1, 3072), np.uint8)
    files = dict.fromkeys(BATCHES, python2_pickle(data))
    files["data_batch_3"] = python2_pickle(data, module=b"posix")
    with pytest.raises(ValueError, match=r"batch data_batch_3: it names posix\._reconstruct"):
        cifar10(tar_of(tmp_path / "evil.tar.gz", files))
    with pytest.raises(pickle.UnpicklingError, match=r"it names os\.system"):
        _ArraysOnly(io.BytesIO(b"cos\nsystem\n(U\x04truetR.")).load()


def test_an_incomplete_cifar10_is_named(tmp_path: Path) -> None:
    files = dict.fromkeys(BATCHES[:-1], python2_pickle(np.zeros((1, 3072), np.uint8)))
    with pytest.raises(ValueError, match=r"part\.tar\.gz has no usable batch test_batch"):
        cifar10(tar_of(tmp_path / "part.tar.gz", files))


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
