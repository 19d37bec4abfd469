"""Preparing data sets."""

import hashlib
import io
import json
import pickle
import shutil
import struct
import tarfile
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from wngan.datasets.cifar10 import _ArraysOnly, cifar10
from wngan.datasets.containers import find_images
from wngan.datasets.crops import crop_images
from wngan.datasets.digits import digits
from wngan.datasets.info import write_info
from wngan.datasets.unpacking import unpack_lmdb
from wngan.errors import InputError


def test_digits_are_scikit_learns() -> None:
    images = digits(16)
    assert images.shape == (1797, 16, 16, 3)
    assert images.dtype == np.uint8
    assert (images[..., :1] == images).all()  # gray
    assert images.min() == 0
    assert images.max() == 255
    assert np.unique(digits(8)).size == 17  # not enlarged: the 17 levels of the original


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

    crop_images(archive, output, 160, workers=2)
    np.testing.assert_array_equal(np.load(output), np.stack(expected))

    write_info(tmp_path / "images.json", output, "a test")
    info = json.loads((tmp_path / "images.json").read_text())
    assert info == {
        "source": "a test",
        "count": 5,
        "size": 160,
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }

    write_info(tmp_path / "images.json", output, "a test", size=3, lmdb="lmdb")
    assert json.loads((tmp_path / "images.json").read_text()) == info | {"size": 3, "lmdb": "lmdb"}


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
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
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
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path)
    unpacked = tmp_path / "cifar-10-batches-py"
    np.testing.assert_array_equal(cifar10(unpacked), images.reshape(24, 32, 32, 3))
    (unpacked / "test_batch").unlink()
    with pytest.raises(InputError, match="cifar-10-batches-py has no usable batch test_batch"):
        cifar10(unpacked)
    archive.write_bytes(archive.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"cifar-10-python\.tar\.gz "):
        cifar10(archive)


def test_what_would_run_code_is_refused(tmp_path: Path) -> None:
    data = np.zeros((1, 3072), np.uint8)
    files = dict.fromkeys(BATCHES, python2_pickle(data))
    files["data_batch_3"] = python2_pickle(data, module=b"posix")
    with pytest.raises(ValueError, match=r"batch data_batch_3: it names posix\._reconstruct"):
        cifar10(tar_of(tmp_path / "evil.tar.gz", files))
    with pytest.raises(pickle.UnpicklingError, match=r"it names os\.system"):
        _ArraysOnly(io.BytesIO(b"cos\nsystem\n(U\x04truetR.")).load()


def test_batches_of_other_images_are_named(tmp_path: Path) -> None:
    files = dict.fromkeys(BATCHES, python2_pickle(np.zeros((1, 6144), np.uint8)))
    with pytest.raises(
        InputError, match=r"data_batch_1: its data are uint8 \(1, 6144\), not uint8"
    ):
        cifar10(tar_of(tmp_path / "large.tar.gz", files))


def test_what_is_no_tar_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"^.*x\.tar\.gz can't be read: [^\n]+$"):
        cifar10(tmp_path / "x.tar.gz")


def test_an_incomplete_cifar10_is_named(tmp_path: Path) -> None:
    files = dict.fromkeys(BATCHES[:-1], python2_pickle(np.zeros((1, 3072), np.uint8)))
    with pytest.raises(ValueError, match=r"part\.tar\.gz has no usable batch test_batch"):
        cifar10(tar_of(tmp_path / "part.tar.gz", files))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four images in folders, with suffixes of all kinds, among what is to be ignored."""
    folder = tmp_path / "photos"
    for name in ("b.PNG", "a/z.jpeg", "a/y/x.WebP", "a.JPG"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        color = tuple(np.random.default_rng(len(name)).integers(0, 256, 3).tolist())
        image = Image.new("RGB", (20, 12), color)
        image.save(folder / name, {"jpg": "jpeg"}.get(name[-3:].lower(), name.split(".")[-1]))
    for name in ("notes.txt", "._a.jpg", ".cache/c.png", "__MACOSX/a.jpg", "d.png/e.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"no image")
    return folder


def zipped(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*"), reverse=True):
            file.write(path, path.relative_to(folder).as_posix())
    return archive


def image_names(source: Path) -> list[str]:
    return [image.name for image in find_images(source)]


NAMES = ["a.JPG", "a/y/x.WebP", "a/z.jpeg", "b.PNG"]


def test_images_are_found_by_suffix(photos: Path) -> None:
    assert image_names(photos) == NAMES
    assert image_names(zipped(photos)) == NAMES


def test_a_folder_and_a_zip_give_the_same(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = []
    for name in NAMES:
        with Image.open(photos / name) as image:
            expected.append(np.asarray(image.convert("RGB"))[1:11, 5:15])
    monkeypatch.setattr("wngan.datasets.crops.BLOCK", 3)
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    crop_images(photos, tmp_path / "images.npy", 10, workers=2)
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy"), np.stack(expected))
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before
    crop_images(zipped(photos), tmp_path / "zipped.npy", 10, workers=2)
    assert (tmp_path / "zipped.npy").read_bytes() == (tmp_path / "images.npy").read_bytes()


def test_the_shorter_side_is_resized(tmp_path: Path) -> None:
    """Smaller and larger images, upright and lying: stripes stay in proportion, without aliases."""
    (tmp_path / "photos").mkdir()
    lying = np.zeros((40, 120, 3), np.uint8)
    lying[:, 40:80] = 200  # the middle third, which is the central crop
    fine = np.zeros((400, 400, 3), np.uint8)
    fine[:, ::2] = 200  # stripes too fine for the result: gray, not black or white
    images = {"1": lying, "2": lying.transpose(1, 0, 2), "3": lying[::8, ::8], "4": fine}
    for name, pixels in images.items():
        Image.fromarray(pixels).save(tmp_path / f"photos/{name}.png")
    crop_images(tmp_path / "photos", tmp_path / "images.npy", 10, workers=1, resize=True)
    found = np.load(tmp_path / "images.npy").astype(int)
    assert found.shape == (4, 10, 10, 3)
    assert (abs(found[:3, 3:7, 3:7] - 200) <= 20).all()
    assert (abs(found[3] - 100) <= 3).all()
    with pytest.raises(ValueError, match=r"photos/3\.png has 15×5 pixels"):
        crop_images(tmp_path / "photos", tmp_path / "images.npy", 10, workers=1)


@pytest.mark.parametrize("resize", [True, False])
def test_a_bad_image_of_a_folder_is_named(photos: Path, tmp_path: Path, resize: bool) -> None:
    content = (photos / "a/z.jpeg").read_bytes()
    for broken in (b"", b"<html>", content[: len(content) // 2]):
        (photos / "a/z.jpeg").write_bytes(broken)
        for source in (photos, zipped(photos)):
            message = rf"{source}/a/z\.jpeg must be an image that can be decoded"
            with pytest.raises(ValueError, match=message):
                crop_images(source, tmp_path / "images.npy", 10, workers=1, resize=resize)


def test_what_has_no_images_is_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("readme.txt", "")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "empty.zip"):
        message = rf"{name} has no images.*; their names must end as those of Pillow's formats do"
        with pytest.raises(ValueError, match=message):
            crop_images(tmp_path / name, tmp_path / "images.npy", 10, workers=1)
    (tmp_path / "notes.txt").write_text("")
    for name in ("notes.txt", "missing"):
        with pytest.raises(
            ValueError, match=rf"{name} must be a folder, a zip or a tar with images"
        ):
            crop_images(tmp_path / name, tmp_path / "images.npy", 10, workers=1)


class Usage(NamedTuple):
    free: int = 1000


def test_room_is_checked_before_images_are_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage())
    with pytest.raises(OSError, match=f"^{tmp_path} needs 0.00 MB"):
        crop_images(photos, tmp_path / "images.npy", 10, workers=1)  # 4 × 300 bytes
    with ZipFile(tmp_path / "lsun.zip", "w") as file:
        file.writestr("lsun/data.mdb", bytes(1001))
    with pytest.raises(OSError, match=f"^{tmp_path} needs 0.00 MB"):
        unpack_lmdb(tmp_path / "lsun.zip", tmp_path / "data.mdb")
    assert not list(tmp_path.glob("*.npy"))
    assert not list(tmp_path.glob("*.mdb"))


class TestUnpackLmdb:
    def test_only_the_one_member_is_unpacked(self, tmp_path: Path) -> None:
        content = np.random.default_rng(0).bytes(3_000_000)
        (tmp_path / "to").mkdir()
        with ZipFile(tmp_path / "lsun.zip", "w") as file:
            file.writestr("../escaped.txt", "no")
            file.writestr("../../lsun/data.mdb", content)
            file.writestr("lsun/lock.mdb", "no")
        unpack_lmdb(tmp_path / "lsun.zip", tmp_path / "to/file")
        assert (tmp_path / "to/file").read_bytes() == content
        written = {path.name for path in tmp_path.rglob("*")}
        assert written == {"lsun.zip", "to", "file"}

    def test_none_and_several_are_errors(self, tmp_path: Path) -> None:
        for count in (0, 2):
            with ZipFile(tmp_path / "lsun.zip", "w") as file:
                for number in range(count):
                    file.writestr(f"{number}/data.mdb", "")
            message = rf"lsun\.zip must have one data\.mdb, not {count}\.$"
            with pytest.raises(ValueError, match=message):
                unpack_lmdb(tmp_path / "lsun.zip", tmp_path / "data.mdb")

    def test_a_zip_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        archive = tmp_path / "lsun.zip"
        with ZipFile(archive, "w") as file:
            file.writestr("lsun/data.mdb", np.random.default_rng(0).bytes(3000))
        content = archive.read_bytes()
        flipped = bytearray(content)
        flipped[1000] ^= 1
        for damaged, sentence in (
            (content[:-30], f"^{archive} can't be read: .* Fetch it or make it again"),
            (bytes(flipped), f"^lsun/data.mdb in {archive} can't be read: Bad CRC-32"),
        ):
            archive.write_bytes(damaged)
            with pytest.raises(InputError, match=sentence):
                unpack_lmdb(archive, tmp_path / "data.mdb")
