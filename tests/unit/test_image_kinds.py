"""Images of all kinds in all containers: pixels are those of arithmetic and of another decoder."""

import io
import tarfile
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import lmdb
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from torchvision.io import ImageReadMode, decode_image

from tests.unit.image_files import TURNED, chunk, exif, png, pnm, tiff
from wngan.datasets.crops import crop_images
from wngan.datasets.keys import write_keys
from wngan.decoding import decode, suffixes
from wngan.encoded import EncodedImages

SIZE = 6

Sample = tuple[str, bytes, NDArray[np.float64]]
"""A suffix, an encoded image, and the pixels (H, W, 3) of it, from 0 to 255 and not rounded."""


def shown(values: NDArray[Any], white: float) -> NDArray[np.float64]:
    """Gray, RGB, or either with alpha, in RGB on white."""
    scaled = values / white
    alpha = scaled[..., -1:] if scaled.shape[-1] in (2, 4) else 1
    color = scaled[..., :1] if scaled.shape[-1] < 3 else scaled[..., :3]
    return np.broadcast_to(255 * (color * alpha + 1 - alpha), (*values.shape[:2], 3))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    height, width = draw(st.integers(SIZE, 9)), draw(st.integers(SIZE, 9))

    def values(depth: int, channels: int) -> NDArray[np.int64]:
        return random.integers(0, 2**depth, (height, width, channels))

    kind = draw(st.sampled_from(["png", "palette", "key", "tiff", "cmyk", "pnm", "lossless"]))
    if kind == "png":
        channels = draw(st.sampled_from([1, 2, 3, 4]))
        depth = draw(st.sampled_from([1, 2, 4, 8, 16] if channels == 1 else [8, 16]))
        found, turn = values(depth, channels), draw(st.sampled_from(sorted(TURNED)))
        content = png(found, depth, more=chunk(b"eXIf", exif(turn)))
        if channels > 1:
            found, depth = found >> (depth - 8), 8
        return ".png", content, TURNED[turn](shown(found, 2**depth - 1))
    if kind == "palette":
        depth = draw(st.sampled_from([1, 2, 4, 8]))
        palette = random.integers(0, 256, (2**depth, 4), dtype=np.uint8)
        found = values(depth, 1)
        return ".png", png(found, depth, palette=palette), shown(palette[found[..., 0]], 255)
    if kind == "key":
        channels = draw(st.sampled_from([1, 3]))
        depth = 8 if channels == 3 else draw(st.sampled_from([1, 2, 4, 8, 16]))
        found = values(depth, channels)
        key = tuple(found[1, 2].tolist())
        pixels = np.where((found == key).all(-1, keepdims=True), 255, shown(found, 2**depth - 1))
        return ".png", png(found, depth, key), pixels
    if kind == "tiff":
        white_is_zero = draw(st.booleans())
        order = draw(st.sampled_from("<>"))
        depth = draw(st.sampled_from([1, 2, 4, 8, 16]))
        if white_is_zero and order == ">":
            depth = min(depth, 8)  # Pillow does not read the other
        found, turn = values(depth, 1), draw(st.sampled_from(sorted(TURNED)))
        content = tiff(found, depth, int(not white_is_zero), order, orientation=turn)
        pixels = shown(found, 2**depth - 1)
        return ".tif", content, TURNED[turn](255 - pixels if white_is_zero else pixels)
    if kind == "cmyk":
        depth = draw(st.sampled_from([8, 16]))
        found = values(depth, 4)
        ink = (found >> (depth - 8)) / 255
        return ".tiff", tiff(found, depth, 5), 255 * (1 - ink[..., :3]) * (1 - ink[..., 3:])
    if kind == "pnm":
        channels, white = draw(st.sampled_from([1, 3])), draw(st.sampled_from([255, 1023, 65535]))
        found = random.integers(0, white + 1, (height, width, channels))
        return ".pgm" if channels == 1 else ".ppm", pnm(found, white), shown(found, white)
    suffix, options = draw(
        st.sampled_from(
            [(".bmp", {}), (".webp", {"lossless": True}), (".jp2", {}), (".qoi", {}), (".tga", {})]
        )
    )
    found, buffer = values(8, 3), io.BytesIO()
    kind = Image.registered_extensions()[suffix]
    Image.fromarray(found.astype(np.uint8)).save(buffer, kind, **options)
    return suffix, buffer.getvalue(), shown(found, 255)


Files = dict[str, bytes]


def folder(path: Path, files: Files) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zipped(path: Path, files: Files) -> Path:
    with ZipFile(path := path.with_suffix(".zip"), "w", ZIP_DEFLATED) as archive:
        for name, content in reversed(files.items()):
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: Files, mode: Any = "w") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path := path.with_suffix(".tar"), mode) as archive:
        for name, content in reversed(files.items()):
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def shards(path: Path, files: Files) -> Path:
    for number, (name, content) in enumerate(files.items()):
        tarred(path / f"{number:03}", {name: content})
    return path


CONTAINERS: dict[str, Callable[[Path, Files], Path]] = {
    "folder": folder,
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda path, files: tarred(path, files, "w:gz"),
    "tar.xz": lambda path, files: tarred(path, files, "w:xz"),
    "folder of tars": shards,
}


def crop(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    top, left = (pixels.shape[0] - SIZE) // 2, (pixels.shape[1] - SIZE) // 2
    return pixels[top : top + SIZE, left : left + SIZE]


@given(st.lists(samples(), min_size=1, max_size=8), st.sampled_from([*CONTAINERS, "lmdb"]))
@settings(deadline=None, max_examples=60)
def test_pixels_are_right_whatever_holds_them(images: list[Sample], container: str) -> None:
    """To one level, as Pillow rounds where it blends; of 16-bit colors it takes the upper 8."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if container == "lmdb":
            with lmdb.open(str(place / "lmdb")) as opened, opened.begin(write=True) as transaction:
                for number, (_, content, _) in enumerate(images):
                    transaction.put(b"%04d" % number, content)
            write_keys(place / "lmdb", place / "keys.npy")
            found = EncodedImages(place / "lmdb", place / "keys.npy", SIZE)[np.arange(len(images))]
        else:
            files = {f"a/{n:03}{each[0]}": each[1] for n, each in enumerate(images)}
            source = CONTAINERS[container](place / "source", files)
            crop_images(source, place / "images.npy", SIZE, workers=1)
            found = np.load(place / "images.npy")
    expected = np.stack([crop(pixels) for _, _, pixels in images])
    assert found.shape == expected.shape
    assert abs(found - expected).max() <= 1.01


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"quality": 95, "subsampling": 0}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "L", {}),
        ("PNG", "RGB", {}),
        ("PNG", "P", {}),
        ("WEBP", "RGB", {}),
    ],
)
def test_another_decoder_finds_the_same(kind: str, mode: str, options: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 256, (24, 40, 3), dtype=np.uint8)).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    content = torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision will drop its decoders
        other = decode_image(content, ImageReadMode.RGB).permute(1, 2, 0).numpy()
    assert abs(np.asarray(decode(buffer.getvalue(), "x"), np.int64) - other).max() <= 1


SAVED = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}


@pytest.mark.parametrize(
    "kind",
    [
        "AVIF",
        "BMP",
        "GIF",
        "ICO",
        "JPEG",
        "JPEG2000",
        "PCX",
        "PNG",
        "PPM",
        "QOI",
        "SGI",
        "TGA",
        "TIFF",
        "WEBP",
    ],
)
def test_an_image_that_is_cut_is_refused(kind: str) -> None:
    """Nothing is decoded from the half of a file, unless all pixels were in it."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    image.save(buffer, kind, **SAVED.get(kind, {}))  # type: ignore[arg-type]
    decode(buffer.getvalue(), "x")
    for part in (0.02, 0.3, 0.6, 0.9):
        content = buffer.getvalue()[: int(len(buffer.getvalue()) * part)]
        with pytest.raises(ValueError, match=r"^x must be an image that can be decoded \(it is"):
            decode(content, "x")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_whose_rest_is_zero_is_refused(progressive: bool) -> None:
    """As of a download that was stopped; where all of it is there, what follows is no matter."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    comment = {"comment": b"\xff\xd9"}  # the marker of the end, in no place for it
    Image.fromarray(pixels).save(buffer, "JPEG", progressive=progressive, **comment)  # type: ignore[arg-type]
    whole = buffer.getvalue()
    for more in (bytes(5000), b"\xff\xda" + bytes(100)):
        decode(whole + more, "x")
    for part in (0.3, 0.5, 0.9, 0.99):
        kept = whole[: int(len(whole) * part)]
        with pytest.raises(ValueError, match=r"^x must be an image .* \(it is .*cut short: "):
            decode(kept.ljust(len(whole), b"\0"), "x")


def test_every_suffix_of_pillows_is_known() -> None:
    """But for those of what it recognizes and does not decode."""
    assert {".jpg", ".png", ".tif", ".gif", ".bmp", ".webp", ".avif", ".jp2", ".mpo"} <= suffixes()
    assert not {".h5", ".pdf", ".eps", ".mpg", ".wmf", ".txt", ".zip"} & suffixes()
