"""Encoded images as arrays of pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.unit.test_encoded import encoded, random_pixels
from wngan.decoding import central_crop, decode


def test_crops_are_central() -> None:
    pixels = random_pixels(218, 178)
    crop = central_crop(Image.fromarray(pixels), 160, "x")
    np.testing.assert_array_equal(crop, pixels[29:189, 9:169])
    message = r"^x has 178×218 pixels and must have at least 200×200, or be resized\.$"
    with pytest.raises(ValueError, match=message):
        central_crop(Image.fromarray(pixels), 200, "x")


class TestDecode:
    """Every kind of image becomes what a viewer shows, in RGB."""

    def test_rgb_stays(self) -> None:
        pixels = random_pixels(5, 7)
        for kind in ("PNG", "WEBP"):
            image = decode(encoded(Image.fromarray(pixels), kind), "x")
            assert image.mode == "RGB"
            np.testing.assert_array_equal(image, pixels)

    def test_gray(self) -> None:
        gray = random_pixels(5, 7)[..., 0]
        image = decode(encoded(Image.fromarray(gray), "PNG"), "x")
        np.testing.assert_array_equal(image, np.stack([gray] * 3, -1))

    def test_16_bit_gray(self) -> None:
        gray = np.array([[0, 100, 257, 300, 32768, 65535]], np.uint16)
        image = decode(encoded(Image.fromarray(gray), "PNG"), "x")
        np.testing.assert_array_equal(np.asarray(image)[0, :, 0], [0, 0, 1, 1, 128, 255])

    def test_one_bit(self) -> None:
        image = decode(encoded(Image.fromarray(np.array([[True, False]])), "PNG"), "x")
        np.testing.assert_array_equal(image, [[[255] * 3, [0] * 3]])

    def test_palette(self) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 40, 50, 60])
        image.putpixel((1, 0), 1)
        found = decode(encoded(image, "PNG"), "x")
        np.testing.assert_array_equal(found, [[[10, 20, 30], [40, 50, 60]]])

    def test_a_transparent_palette(self) -> None:
        image = Image.new("P", (2, 1))
        image.putpalette([10, 20, 30, 40, 50, 60])
        image.putpixel((1, 0), 1)
        image.info["transparency"] = 0
        found = decode(encoded(image, "PNG"), "x")
        np.testing.assert_array_equal(found, [[[255, 255, 255], [40, 50, 60]]])

    def test_cmyk(self) -> None:
        image = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), "x")
        assert image.mode == "RGB"
        np.testing.assert_allclose(np.asarray(image, np.int64)[0, 0], [255, 0, 0], atol=3)

    def test_alpha_lies_on_white(self) -> None:
        pixels = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
        for kind in ("PNG", "WEBP"):
            image = Image.fromarray(pixels)
            buffer = io.BytesIO()
            image.save(buffer, kind, lossless=True, exact=True)
            found = decode(buffer.getvalue(), "x")
            np.testing.assert_array_equal(found, [[[10, 20, 30], [255] * 3, [204] * 3]])

    def test_gray_with_alpha(self) -> None:
        pixels = np.array([[[10, 255], [10, 0]]], np.uint8)
        found = decode(encoded(Image.fromarray(pixels), "PNG"), "x")
        np.testing.assert_array_equal(found, [[[10] * 3, [255] * 3]])

    def test_orientation(self) -> None:
        """6: the camera was held so that the image must be turned clockwise."""
        pixels = random_pixels(8, 16)
        exif = Image.Exif()
        exif[0x0112] = 6
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
        np.testing.assert_array_equal(decode(buffer.getvalue(), "x"), np.rot90(pixels, -1))
