"""Encoded images as arrays of pixels."""

import io
import warnings
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from wngan.errors import START, InputError, is_html

NOT_DECODED = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
"""Formats that Pillow only recognizes, or draws by another program."""

PNG = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"iCCP", b"iTXt", b"tEXt", b"zTXt")
ORIENTED = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")
"""Texts of a PNG that may say how it is turned."""

ORIENTATION, PHOTOMETRIC, BITS, SAMPLE_FORMAT = 0x0112, 262, 258, 339
"""Tags of EXIF and TIFF."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of each orientation upright (EXIF 2.32, section 4.6.4)."""


@cache
def formats() -> tuple[str, ...]:
    """The formats that can be decoded, as Pillow names them."""
    Image.preinit()  # the common ones first
    Image.init()
    return tuple(name for name in Image.ID if name not in NOT_DECODED)


@cache
def suffixes() -> frozenset[str]:
    """The suffixes of names of images that can be decoded, in lower case: .jpg, .png, …"""
    known = {*formats(), "MPO"}  # which opens as a JPEG
    return frozenset(end for end, name in Image.registered_extensions().items() if name in known)


def decode(content: bytes, name: str) -> Image.Image:
    """An encoded image, upright and in RGB: 16 bits become 8, what is transparent lies on white.

    Of several frames or pages it is the first. Color profiles are not applied.

    Raises:
        InputError: `name`, as errors call it, is not an image, damaged, has values of which the
            format does not say which is white, or more pixels than Pillow's limit (179 million).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about metadata, and name no file
            image = _open(content)
            image.load()
            if image.format in ("JPEG", "MPO") and not _has_end(content):
                raise InputError("it is cut short: the mark of its end is missing")
            orientation = _orientation(image)
            image = _on_white(_eight_bits(image, content))
        return image.transpose(TURNS[orientation]) if orientation in TURNS else image
    except MemoryError:
        raise
    except Exception as error:  # decoders raise all kinds of errors
        reason = _reason(error, content)
        raise InputError(f"{name} must be an image that can be decoded ({reason}).") from error


def has_more_frames(content: bytes) -> bool:
    """Whether an image that can be decoded has more frames or pages than the one that is taken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _open(content)
        # A PSD's frames are layers, which are all in the image.
        return image.format != "PSD" and getattr(image, "is_animated", False)


def central_crop(image: Image.Image, size: int, name: str) -> NDArray[np.uint8]:
    """The central uint8 (size, size, 3) of an RGB image, not resized.

    Raises:
        InputError: `name`, as errors call it, is smaller than that.
    """
    left, top = (image.width - size) // 2, (image.height - size) // 2
    if left < 0 or top < 0:
        raise InputError(
            f"{name} has {image.width}×{image.height} pixels and must have at least {size}×{size}, "
            "or be resized."
        )
    return np.asarray(image.crop((left, top, left + size, top + size)))


def _open(content: bytes) -> Image.Image:
    """An image that is not yet decoded."""
    return Image.open(io.BytesIO(_without_texts(content)), formats=formats())


def _without_texts(content: bytes) -> bytes:
    """A PNG without texts and profile, as Pillow refuses one with long ones; others as they are."""
    if not content.startswith(PNG):
        return content
    kept, start = [PNG], len(PNG)
    while start < len(content):
        stop = start + 12 + int.from_bytes(content[start : start + 4], "big")
        chunk = content[start:stop]
        if chunk[4:8] not in TEXTS or chunk[8:].startswith(ORIENTED):
            kept.append(chunk)
        start = stop
    return b"".join(kept)


def _has_end(content: bytes) -> bool:
    """Whether a JPEG has the marker of its end after its pixels began (ISO 10918-1, annex B).

    Decoders fill what is missing, as where a download was stopped and the rest of the file is 0.
    """
    at = 2
    while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] != b"\xda":
        filled = content[at + 1 : at + 2] == b"\xff"
        at += 1 if filled else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return content.find(b"\xff\xd9", at) >= 0


def _orientation(image: Image.Image) -> int:
    """How a decoded image is turned, as in EXIF. Metadata that can't be read say nothing."""
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1


def _eight_bits(image: Image.Image, content: bytes) -> Image.Image:
    """A decoded image of 8 bits a channel, with the transparent color that its file says."""
    key = image.info.get("transparency")
    if image.format == "PNG" and key is not None:
        depth = content[24]  # after the signature, the head of the chunk, width and height
        if depth == 16 and image.mode == "RGB":
            raise InputError(
                "it has 16 bits a channel and a transparent color; save it with 8 bits"
            )
        if depth < 8 and image.mode == "L":  # Pillow spreads the values, but not the key
            image.info["transparency"] = key * (255 // (2**depth - 1))
    tags = getattr(image, "tag_v2", {})
    signed = 2 in tags.get(SAMPLE_FORMAT, ())
    if image.mode in ("I", "F") or image.format == "FITS" or signed:
        if image.mode == "F" or image.format != "PPM":
            raise InputError("its format does not say which value is white; save it with 8 bits")
    elif not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image).astype(np.int64)
    white = 2 ** tags.get(BITS, (16,))[0] - 1
    gray = (values * 255 / white).round().astype(np.uint8)
    if tags.get(PHOTOMETRIC) == 0:  # white is zero, which Pillow heeds up to 8 bits only
        gray = 255 - gray
    if key is None:
        return Image.fromarray(gray)
    return Image.fromarray(np.stack([gray, np.where(values == key, 0, 255).astype(np.uint8)], -1))


def _on_white(image: Image.Image) -> Image.Image:
    """An image of 8 bits a channel in RGB, on white where it is transparent."""
    if image.mode == "La":  # Pillow has no way from it to RGBA
        image = image.convert("LA")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def _reason(error: Exception, content: bytes) -> str:
    """Why an image could not be decoded."""
    if isinstance(error, InputError):
        return str(error)
    if not content:
        return "it is empty"
    if is_html(content[:START]):
        return "it is an HTML page"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels; make it smaller"
    if isinstance(error, UnidentifiedImageError):
        return "it is of no kind that Pillow reads"
    return f"it is damaged or cut short: {error}"
