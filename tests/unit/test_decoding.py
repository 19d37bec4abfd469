"""Encoded images as arrays of pixels."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.unit.image_files import TURNED, chunk, exif, png, tiff
from tests.unit.test_encoded import encoded, random_pixels
from wngan.decoding import central_crop, decode
from wngan.errors import InputError


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

    @pytest.mark.parametrize("turn", sorted(TURNED))
    def test_every_orientation_in_every_place(self, turn: int) -> None:
        pixels = random_pixels(8, 16)
        gray = pixels[..., :1]
        xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + f'<a tiff:Orientation="{turn}"/>'.encode()
        webp = io.BytesIO()
        Image.fromarray(pixels).save(webp, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(turn))
        for content, stored in (
            (png(pixels, 8, more=chunk(b"eXIf", exif(turn))), pixels),
            (png(pixels, 8, more=chunk(b"iTXt", xmp)), pixels),
            (webp.getvalue(), pixels),
            (tiff(gray, 8, 1, orientation=turn), gray.repeat(3, -1)),
        ):
            np.testing.assert_array_equal(decode(content, "x"), TURNED[turn](stored))

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_16_bits_of_a_tiff_and_white_that_is_zero(self, order: str) -> None:
        gray = np.array([0, 257, 65535]).reshape(1, 3, 1)
        found = np.asarray(decode(tiff(gray, 16, 1, order), "x"))[0, :, 0]
        np.testing.assert_array_equal(found, [0, 1, 255])
        if order == "<":  # Pillow does not read the other
            found = np.asarray(decode(tiff(gray, 16, 0, order), "x"))[0, :, 0]
            np.testing.assert_array_equal(found, [255, 254, 0])

    def test_12_bits(self) -> None:
        gray = np.array([0, 1365, 4095, 2048]).reshape(1, 4, 1)
        found = np.asarray(decode(tiff(gray, 12, 1), "x"))[0, :, 0]
        np.testing.assert_array_equal(found, [0, 85, 255, 128])

    @pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
    def test_a_transparent_gray(self, depth: int) -> None:
        top = 2**depth - 1
        found = decode(png(np.array([[[0], [top]]]), depth, key=(0,)), "x")
        np.testing.assert_array_equal(found, [[[255] * 3, [255] * 3]])
        found = decode(png(np.array([[[0], [top]]]), depth, key=(top,)), "x")
        np.testing.assert_array_equal(found, [[[0] * 3, [255] * 3]])

    def test_lab(self) -> None:
        """A lightness of 50 is the gray 119 of sRGB."""
        pixels = np.array([[[0, 0, 0], [128, 0, 0], [255, 0, 0]]])
        found = np.asarray(decode(tiff(pixels, 8, 8), "x"), np.int64)
        np.testing.assert_allclose(found, [[[0] * 3, [119] * 3, [255] * 3]], atol=1)

    @pytest.mark.parametrize("mode", ["PA", "LA", "CMYK", "YCbCr"])
    def test_other_modes(self, mode: str) -> None:
        image = Image.fromarray(random_pixels(4, 4)).convert("RGBA" if "A" in mode else mode)
        image = image.convert(mode)
        expected = np.asarray(image.convert("RGB"), np.int64)
        found = np.asarray(decode(encoded(image, "TIFF"), "x"), np.int64)
        np.testing.assert_allclose(found, expected, atol=1)

    @pytest.mark.parametrize("mode", ["I", "F"])
    def test_values_without_a_white_are_refused(self, mode: str) -> None:
        message = r"^x must be an image .* \(its format does not say which value is white"
        with pytest.raises(InputError, match=message):
            decode(encoded(Image.new(mode, (2, 2), 1), "TIFF"), "x")

    @pytest.mark.parametrize("depth", [8, 16])
    def test_signed_values_are_refused(self, depth: int) -> None:
        with pytest.raises(InputError, match="its format does not say which value is white"):
            decode(tiff(np.full((2, 2, 1), -3), depth, 1, sample_format=2), "x")

    def test_16_bit_colors_with_a_transparent_one_are_refused(self) -> None:
        with pytest.raises(InputError, match="16 bits a channel and a transparent color"):
            decode(png(np.full((1, 2, 3), 258), 16, key=(258, 258, 258)), "x")

    def test_more_pixels_than_pillows_limit_are_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
        content = encoded(Image.new("RGB", (10, 10)), "PNG")
        assert decode(content, "x").size == (10, 10)  # Pillow only warns up to twice as many
        with pytest.raises(InputError, match="it has more than 100 pixels; make it smaller"):
            decode(encoded(Image.new("RGB", (10, 11)), "PNG"), "x")


LONG = 3_000_000


def test_metadata_never_stop_sound_pixels() -> None:
    pixels = random_pixels(8, 16)
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a" * LONG, zip=True)
    text.add_itxt("workflow", "a" * LONG, zip=True)
    for number in range(25):
        text.add_text(f"part {number}", "a" * LONG)
    for kind, options in (
        ("PNG", {"pnginfo": text}),
        ("PNG", {"icc_profile": bytes(LONG)}),
        ("PNG", {"exif": b"no EXIF"}),
        ("WEBP", {"icc_profile": bytes(LONG), "lossless": True}),
        ("WEBP", {"exif": b"no EXIF", "lossless": True}),
        ("TIFF", {"icc_profile": bytes(LONG)}),
        ("JPEG", {"icc_profile": bytes(LONG)}),
        ("JPEG", {"exif": b"Exif\0\0no EXIF"}),
    ):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **options)  # type: ignore[arg-type]
        found = np.asarray(decode(buffer.getvalue(), "x"), np.int64)
        if kind != "JPEG":
            np.testing.assert_array_equal(found, pixels)
