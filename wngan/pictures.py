"""Pictures of images for the command line: grids, with text beside them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torchvision.utils import make_grid

SHOWN, GAP, MARGIN = 128, 4, 160
"""Pixels: of a side of an image, at least; between images; for text."""


def grid(images: NDArray[np.uint8], columns: int) -> Image.Image:
    """Images uint8 (N, H, W, 3) in rows of `columns`, which divides N."""
    scale = -(-SHOWN // images.shape[1])
    large = torch.from_numpy(images.repeat(scale, axis=1).repeat(scale, axis=2))
    joined = make_grid(large.permute(0, 3, 1, 2), columns, GAP, pad_value=255)
    return Image.fromarray(joined.permute(1, 2, 0).numpy())


def labeled(images: NDArray[np.uint8], columns: Sequence[str], rows: Sequence[str]) -> Image.Image:
    """Images uint8 (rows, columns, H, W, 3) with text above columns and to the right of rows."""
    picture = grid(images.reshape(-1, *images.shape[2:]), len(columns))
    whole = Image.new("RGB", (picture.width + MARGIN, picture.height + 24), "white")
    whole.paste(picture, (0, 24))
    text = ImageDraw.Draw(whole)
    width, height = picture.width / len(columns), picture.height / len(rows)
    for column, label in enumerate(columns):
        text.text(((column + 0.5) * width, 12), label, "black", anchor="mm", font_size=12)
    for row, label in enumerate(rows):
        at = (picture.width + GAP, 24 + (row + 0.5) * height)
        text.multiline_text(at, label, "black", anchor="lm", font_size=12)
    return whole


def with_errors(
    given: NDArray[np.uint8], made: NDArray[np.uint8], rows: Sequence[str]
) -> Image.Image:
    """A row for each image (N, H, W, 3): given, reconstructed, and the error, by one factor."""
    errors = np.abs(given.astype(np.int16) - made)
    factor = 255 / max(1, int(errors.max()))
    shown = np.stack([given, made, (errors * factor).round().astype(np.uint8)], axis=1)
    return labeled(shown, ["given", "reconstruction", f"error x {factor:.1f}"], rows)
