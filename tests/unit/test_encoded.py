"""Images that stay encoded in an LMDB."""

import io
import json
import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import lmdb
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader

from wngan.data import open_images
from wngan.datasets.keys import write_keys
from wngan.encoded import EncodedImages, _environment, named_if_readers_die
from wngan.errors import InputError


def encoded(image: Image.Image, kind: str = "WEBP") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return buffer.getvalue()


def write_lmdb(folder: Path, values: dict[bytes, bytes]) -> None:
    folder.mkdir()
    with (
        lmdb.open(str(folder), map_size=1 << 24) as environment,
        environment.begin(write=True) as transaction,
    ):
        for key, value in values.items():
            transaction.put(key, value)


def random_pixels(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    return np.stack([random_pixels(20, 16, seed) for seed in range(7)])


@pytest.fixture
def images(tmp_path: Path, pixels: NDArray[np.uint8]) -> EncodedImages:
    """Seven images of 16×20 under 40 hexadecimal digits, opened as crops of 12×12."""
    folder = tmp_path / "lmdb"
    values = [encoded(Image.fromarray(image)) for image in pixels]
    write_lmdb(folder, {b"%040x" % number: value for number, value in enumerate(values)})
    write_keys(folder, tmp_path / "keys.npy")
    return EncodedImages(folder, tmp_path / "keys.npy", 12)


def test_gives_crops_for_indices(images: EncodedImages, pixels: NDArray[np.uint8]) -> None:
    crops = pixels[:, 4:16, 2:14]
    assert len(images) == 7
    for indices in ([5, 0, 3, 3], [6], []):
        found = images[np.array(indices, np.int64)]
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, crops[np.array(indices, np.int64)])
    with pytest.raises(IndexError):
        images[np.array([7])]


def test_the_folder_is_as_it_was(images: EncodedImages) -> None:
    before = {path: path.stat().st_mtime_ns for path in images.folder.iterdir()}
    content = (images.folder / "data.mdb").read_bytes()
    images[np.arange(7)]
    assert {path: path.stat().st_mtime_ns for path in images.folder.iterdir()} == before
    assert (images.folder / "data.mdb").read_bytes() == content


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_read_after_their_parent(
    images: EncodedImages, pixels: NDArray[np.uint8], method: str
) -> None:
    images[np.array([1])]
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        found = list(pool.map(images.__getitem__, [np.array([n, 6 - n]) for n in range(7)]))
    for number, pair in enumerate(found):
        np.testing.assert_array_equal(pair, pixels[[number, 6 - number], 4:16, 2:14])
    np.testing.assert_array_equal(images[np.array([2])], pixels[[2], 4:16, 2:14])


def open_environments(_: int) -> int:
    return _environment.cache_info().currsize


def test_a_fork_does_not_inherit_what_its_parent_has_open(images: EncodedImages) -> None:
    """It would seem to work, but LMDB forbids it."""
    images[np.array([1])]
    assert open_environments(0) > 0
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(open_environments, [0])) == [0]


def test_torch_workers_read_batches_of_indices(
    images: EncodedImages, pixels: NDArray[np.uint8]
) -> None:
    images[np.array([1])]
    batches = [np.array([0, 3]), np.array([6, 2]), np.array([5])]
    loader: DataLoader = DataLoader(images, batch_size=None, sampler=batches, num_workers=2)
    for batch, found in zip(batches, loader, strict=True):
        np.testing.assert_array_equal(found, pixels[batch, 4:16, 2:14])


def test_a_copy_is_small_whatever_was_read(images: EncodedImages) -> None:
    images[np.arange(7)]
    assert len(pickle.dumps(images)) < 1000


def test_one_folder_by_two_names_is_one(images: EncodedImages) -> None:
    """LMDB refuses to open a file twice in a process."""
    link = images.folder.with_name("link")
    link.symlink_to(images.folder)
    other = EncodedImages(link, images.index, 12)
    np.testing.assert_array_equal(images[np.array([3])], other[np.array([3])])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (encoded(Image.new("RGB", (11, 40))), "has 11×40 pixels and must have at least 12×12"),
        (b"not an image", "must be an image that can be decoded"),
        (encoded(Image.fromarray(random_pixels(40, 40)))[:-400], "must be an image that can be"),
    ],
)
def test_a_bad_image_is_named_by_its_key(tmp_path: Path, value: bytes, message: str) -> None:
    good = encoded(Image.new("RGB", (12, 12)))
    write_lmdb(tmp_path / "lmdb", {b"aa": good, b"ab": value, b"ac": good})
    write_keys(tmp_path / "lmdb", tmp_path / "keys.npy")
    images = EncodedImages(tmp_path / "lmdb", tmp_path / "keys.npy", 12)
    assert len(images[np.array([2, 0])]) == 2
    with pytest.raises(ValueError, match=rf"lmdb, key b'ab' {message}"):
        images[np.array([2, 1])]


def test_a_key_of_another_lmdb_is_named(tmp_path: Path) -> None:
    for name, key in (("one", b"aa"), ("two", b"ab")):
        write_lmdb(tmp_path / name, {key: encoded(Image.new("RGB", (12, 12)))})
        write_keys(tmp_path / name, tmp_path / f"{name}.npy")
    with pytest.raises(ValueError, match=r"one, key b'ab' must be there, as it is in .*two\.npy"):
        EncodedImages(tmp_path / "one", tmp_path / "two.npy", 12)[np.array([0])]


@pytest.mark.parametrize("content", [None, b"<html>" * 10000])
def test_what_is_no_lmdb_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "data.mdb").write_bytes(content)
    with pytest.raises(ValueError, match=rf"{tmp_path} must be a folder with an LMDB's data\.mdb"):
        write_keys(tmp_path, tmp_path / "keys.npy")


@pytest.mark.parametrize("kind", ["empty", "pipe", "folder", "link to nothing"])
def test_what_is_no_file_is_named(tmp_path: Path, kind: str) -> None:
    data = tmp_path / "data.mdb"
    {
        "empty": data.touch,
        "pipe": lambda: os.mkfifo(data),
        "folder": data.mkdir,
        "link to nothing": lambda: data.symlink_to("nothing"),
    }[kind]()
    with pytest.raises(InputError, match=r"data\.mdb, which is missing or empty"):
        write_keys(tmp_path, tmp_path / "keys.npy")


def damaged_lmdb(folder: Path, damage: str) -> Path:
    write_lmdb(folder, {b"%040x" % number: bytes(1500) for number in range(40)})
    content = bytearray((folder / "data.mdb").read_bytes())
    if damage == "cut":
        content = content[: len(content) // 8192 * 4096]
    elif damage == "cut unevenly":
        content = content[: len(content) * 3 // 4 + 100]
    elif damage == "blank":
        content[4096 * 8 : 4096 * 24] = bytes(4096 * 16)
    else:
        content[4096 * 2 : 4096 * 3] = bytes(4096)
    (folder / "data.mdb").write_bytes(content)
    return folder


@pytest.mark.parametrize("damage", ["cut", "cut unevenly", "blank", "first blank"])
def test_a_damaged_file_is_named_before_python_dies(tmp_path: Path, damage: str) -> None:
    folder = damaged_lmdb(tmp_path / "lmdb", damage)
    size = (folder / "data.mdb").stat().st_size
    sentence = "damaged: its keys can't be read"
    if "cut" in damage:
        sentence = rf"cut short: it has {size} bytes and must have \d+\. Fetch or unpack it"
    with pytest.raises(InputError, match=rf"^{folder}/data\.mdb is {sentence}"):
        write_keys(folder, tmp_path / "keys.npy")
    assert not (tmp_path / "keys.npy").exists()


def test_a_file_that_is_cut_later_is_named_when_it_is_read(images: EncodedImages) -> None:
    data = images.folder / "data.mdb"
    data.write_bytes(data.read_bytes()[:-4096])
    with pytest.raises(InputError, match=r"lmdb/data\.mdb is cut short"):
        images[np.array([1])]


def test_a_reader_that_dies_is_named_with_the_file(
    images: EncodedImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wngan.encoded.decode", lambda value, name: os._exit(7))
    loader: DataLoader = DataLoader(images, batch_size=None, sampler=[np.array([0])], num_workers=1)
    message = rf"^{images.folder}/data\.mdb: a process that read it died \(DataLoader worker"
    with pytest.raises(InputError, match=message), named_if_readers_die(images):
        list(loader)
    with pytest.raises(RuntimeError, match=r"^other$"), named_if_readers_die(images):
        raise RuntimeError("other")


def test_keys_are_in_order_and_exact(tmp_path: Path) -> None:
    keys = [b"\x00\x00", b"\x00\x01", b"\x01\x00", b"ab"]  # numpy's strings would lose a last 0
    write_lmdb(tmp_path / "lmdb", dict.fromkeys(reversed(keys), b""))
    write_keys(tmp_path / "lmdb", tmp_path / "keys.npy")
    written = np.load(tmp_path / "keys.npy")
    assert written.dtype == np.uint8
    assert [bytes(key) for key in written] == keys


def test_keys_of_other_lengths_and_none_are_errors(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "uneven", {b"aa": b"", b"aaa": b""})
    with pytest.raises(ValueError, match="the key b'aaa' is not as long as those before it"):
        write_keys(tmp_path / "uneven", tmp_path / "keys.npy")
    write_lmdb(tmp_path / "empty", {})
    with pytest.raises(ValueError, match="empty has no images"):
        write_keys(tmp_path / "empty", tmp_path / "keys.npy")


class TestOpenImages:
    def test_an_array_beside_it(self, tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
        np.save(tmp_path / "images.npy", pixels)
        (tmp_path / "images.json").write_text('{"count": 7, "size": 16}')
        images = open_images(tmp_path / "images.json")
        assert isinstance(images, np.memmap)
        np.testing.assert_array_equal(images[np.array([4, 1])], pixels[[4, 1]])

    @pytest.mark.parametrize("absolute", [True, False])
    def test_an_lmdb(self, images: EncodedImages, tmp_path: Path, absolute: bool) -> None:
        folder = str(images.folder) if absolute else "lmdb"
        (tmp_path / "images.json").write_text(json.dumps({"size": 12, "lmdb": folder}))
        assert open_images(tmp_path / "images.json") == images
