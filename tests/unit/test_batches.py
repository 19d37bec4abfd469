"""The images of each iteration, and what is read before it is needed."""

import ctypes
import mmap
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wngan import batches as module
from wngan import read_ahead
from wngan.batches import batches
from wngan.data import Images, Subset
from wngan.errors import InputError
from wngan.randomness import rng
from wngan.read_ahead import PIECE, will_need
from wngan.settings import Settings

COUNT = 11
Advice = list[tuple[int, int]]


@pytest.fixture
def images(tiny: Settings, tmp_path: Path) -> np.memmap:
    """Eleven images, mapped from a file."""
    shape = (COUNT, tiny.image_size, tiny.image_size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.save(tmp_path / "images.npy", pixels)
    (tmp_path / "images.npy").chmod(0o444)
    return np.load(tmp_path / "images.npy", mmap_mode="r")


@pytest.fixture
def advice(monkeypatch: pytest.MonkeyPatch) -> Advice:
    """What is asked of the system: addresses and lengths."""
    asked: Advice = []
    monkeypatch.setattr(read_ahead, "_advise", lambda: lambda *part: asked.append(part))
    return asked


def expected(images: NDArray[np.uint8], settings: Settings, iterations: range) -> list[np.ndarray]:
    """By the description: a new permutation in each epoch, whose rest is left out."""
    in_epoch = len(images) // settings.batch_size
    found = []
    for iteration in iterations:
        epoch, batch = divmod(iteration - 1, in_epoch)
        order = rng(settings.seed, "order of images", epoch).permutation(len(images))
        first = batch * settings.batch_size
        found.append(images[order[first : first + settings.batch_size]])
    return found


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("iterations", [range(1, 60), range(5, 8), range(0)])
def test_batches_are_the_same_however_they_are_read(
    workers: int,
    iterations: range,
    images: np.memmap,
    tiny: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when they come to places in memory where others have been."""
    monkeypatch.setattr(module, "SMALL", 0)
    found = batches(images, tiny, iterations, workers)
    for batch, wanted in zip(found, expected(images, tiny, iterations), strict=True):
        np.testing.assert_array_equal(batch, wanted)
        assert np.asarray(batch).dtype == np.uint8


def test_a_batch_stays_while_the_next_ones_are_read(images: np.memmap, tiny: Settings) -> None:
    """Readers, which by then have done all that they may, have left it alone."""
    found = batches(images, tiny, range(1, 60), 2)
    for _ in range(3):
        batch = next(found)
    before = np.array(batch)
    for _ in range(10):  # other processes are let in
        os.sched_yield()
    np.testing.assert_array_equal(batch, before)
    np.testing.assert_array_equal(before, expected(images, tiny, range(3, 4))[0])


def test_what_readers_raise_is_raised(tiny: Settings) -> None:
    class Damaged:
        def __len__(self) -> int:
            return COUNT

        def __getitem__(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
            raise InputError("the file is damaged")

    with pytest.raises(InputError, match="the file is damaged"):
        next(iter(batches(Damaged(), tiny, range(1, 9), 1)))


@pytest.mark.parametrize("wrap", [lambda images: images, lambda images: Subset(images, ORDER)])
def test_images_are_asked_for_before_they_are_needed(
    wrap: Callable[[Images], Images],
    images: np.memmap,
    tiny: Settings,
    advice: Advice,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of `AHEAD` batches more, of which each is asked for once, and wholly."""
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(module, "AHEAD", 3)
    given = wrap(images)
    iterations = range(1, 20)
    wanted = expected(given[np.arange(COUNT)], tiny, iterations)
    start, size = images.__array_interface__["data"][0], images[0].nbytes

    def asked() -> list[np.ndarray]:
        """The images at the ends of what was asked for."""
        return [images[(first + length - start) // size - 1] for first, length in advice]

    for done, _ in enumerate(batches(given, tiny, iterations), start=1):
        known = wanted[: min(done + 3, len(wanted))]
        np.testing.assert_array_equal(asked(), np.concatenate(known))
    for first, length in advice:
        assert first % mmap.PAGESIZE == 0
        assert length >= size


ORDER = np.arange(COUNT)[::-1].copy()


def test_what_needs_no_reading_is_not_asked_for(
    images: np.memmap, tiny: Settings, advice: Advice
) -> None:
    """Small files, and arrays in memory."""
    list(batches(images, tiny, range(1, 9)))
    list(batches(np.array(images), replace(tiny, seed=2), range(1, 9)))
    assert advice == []


@pytest.mark.parametrize("first", [0, 1, 5000])
@pytest.mark.parametrize("length", [0, 1, 5000, PIECE, 3 * PIECE + 1])
def test_all_of_a_part_is_asked_for_in_pieces(first: int, length: int, advice: Advice) -> None:
    array = np.zeros(first + length, np.uint8)[first:]
    will_need(array)
    pages = {at for start, size in advice for at in range(start, start + size)}
    address = array.__array_interface__["data"][0]
    assert set(range(address, address + length)) <= pages
    assert all(0 < size <= PIECE and start % mmap.PAGESIZE == 0 for start, size in advice)
    assert sum(size for _, size in advice) == len(pages) < length + mmap.PAGESIZE


@pytest.fixture
def unknown() -> None:
    read_ahead._advise.cache_clear()


@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize("place", ["file", "shared memory", "process"])
def test_the_system_takes_it(
    place: str, images: np.memmap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that is only read, of a file in memory, and of memory that maps none."""
    answers: list[int] = []
    library = ctypes.CDLL(None)
    real = library.madvise
    real.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

    class Library:
        def __init__(self, name: None) -> None:
            pass

        @staticmethod
        def madvise(*arguments: int) -> None:
            answers.append(real(*arguments))

    monkeypatch.setattr(ctypes, "CDLL", Library)
    array: np.ndarray = images
    if place == "shared memory":
        array = np.frombuffer(mmap.mmap(-1, 10_000), np.uint8)
    elif place == "process":
        array = np.zeros(10_000, np.uint8)
    before = array.tobytes()
    will_need(array)
    read_ahead._advise.cache_clear()
    assert answers
    assert place == "process" or not any(answers)
    assert array.tobytes() == before


@pytest.mark.parametrize("missing", ["constant", "function"])
@pytest.mark.usefixtures("unknown")
def test_systems_without_it_do_nothing(
    missing: str, images: np.memmap, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "constant":
        monkeypatch.delattr(mmap, "MADV_WILLNEED")
    else:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    will_need(images)
    read_ahead._advise.cache_clear()
