"""Encoded images as arrays of pixels."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps


def decode(content: bytes, name: str) -> Image.Image:
    """An encoded image, upright and in RGB: 16 bits become 8, what is transparent lies on white.

    Raises:
        ValueError: `name`, as errors call it, is not an image or damaged.
    """
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        if image.mode.startswith("I"):  # 16-bit gray, which Pillow would clip
            image = Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return image.convert("RGB")
    except Exception as error:  # decoders raise all kinds of errors
        raise ValueError(f"{name} must be an image that can be decoded ({error}).") from error


def central_crop(image: Image.Image, size: int, name: str) -> NDArray[np.uint8]:
    """The central uint8 (size, size, 3) of an RGB image, not resized.

    Raises:
        ValueError: `name`, as errors call it, is smaller than that.
    """
    left, top = (image.width - size) // 2, (image.height - size) // 2
    if left < 0 or top < 0:
        raise ValueError(
            f"{name} has {image.width}×{image.height} pixels and must have at least {size}×{size}, "
            "or be resized."
        )
    return np.asarray(image.crop((left, top, left + size, top + size)))
