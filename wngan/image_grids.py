"""Figures of images that are not resampled, laid out in dots of the PNG."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from wngan.plots import DPI, FONT_SIZE, PAGE, PAGE_HEIGHT

LINE, PAD, SPACE = 24, 4, 12
"""In dots, the height of a line of text, and the space around it and between panels."""

GAP = 2
"""The least space between images, in dots."""

GRAY = 128
"""The gray of missing images, whose run diverged before it could make them."""


@dataclass(frozen=True)
class Panel:
    """A grid of images and what stands beside it.

    Attributes:
        images: uint8 (rows, columns, H, W, 3).
        title: what stands above all.
        columns: what stands above each column, or nothing.
        rows: pairs of a number of rows and what stands to their left, from the top; or nothing.
    """

    images: NDArray[np.uint8]
    title: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[tuple[int, str]] = ()


def image_figure(panels: Sequence[Sequence[Panel]]) -> Figure:
    """A figure of rows of panels whose images have the same shape.

    Each pixel of an image is k × k dots of the PNG, for the largest integer k with which the figure
    fits on a page; k is 1, and the figure larger, where none does. The PDF holds the pixels.
    """
    _, columns, _, width, _ = panels[0][0].images.shape
    for k in range(int(PAGE * DPI) // (len(panels[0]) * columns * width), 1, -1):
        figure = _enlarged(panels, k)
        if figure.get_figwidth() <= PAGE and figure.get_figheight() <= PAGE_HEIGHT:
            return figure
    return _enlarged(panels, 1)


def image_grid(images: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    """Joins images uint8 (rows, columns, H, W, 3) to one, with `gap` white pixels between them."""
    rows, columns, height, width, _ = images.shape
    grid = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, dtype=np.uint8
    )
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + gap), column * (width + gap)
            grid[top : top + height, left : left + width] = images[row, column]
    return grid


def _enlarged(panels: Sequence[Sequence[Panel]], k: int) -> Figure:
    """The figure with k × k dots for each pixel."""
    labels = [[_labels(panel, k) for panel in row] for row in panels]
    left = max(room for row in labels for room, _, _ in row)
    tops = [max(room for _, room, _ in row) for row in labels]
    grids = [[image_grid(panel.images, _gap(k)) for panel in row] for row in panels]
    high, wide, _ = np.array(grids[0][0].shape) * k
    width = 2 * PAD + len(panels[0]) * (left + wide + SPACE) - SPACE
    height = 2 * PAD + sum(tops) + len(panels) * (high + SPACE) - SPACE

    figure = Figure(figsize=(width / DPI, height / DPI))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    dots = Affine2D().scale(1 / DPI) + figure.dpi_scale_trans
    y = height - PAD
    for grids_of_row, labels_of_row, top in zip(grids, labels, tops, strict=True):
        x, y = PAD + left, y - top
        for grid, (_, _, texts) in zip(grids_of_row, labels_of_row, strict=True):
            place = Affine2D().translate(x, y) + dots
            box = (0, wide, -high, 0)
            axes.imshow(grid, extent=box, transform=place, interpolation="none", aspect="auto")
            for text in texts:
                figure.text(**text, transform=place, fontsize=FONT_SIZE, multialignment="center")
            x += wide + SPACE + left
        y -= high + SPACE
    return figure


def _labels(panel: Panel, k: int) -> tuple[int, int, list[dict[str, Any]]]:
    """The room that labels need to the left of a panel's images and above, and the labels.

    They are as `Figure.text` takes them, their places relative to the images' upper left corner.
    """
    _, columns, height, width, _ = panel.images.shape
    row, column = k * (height + _gap(k)), k * (width + _gap(k))
    heads = [_wrapped(name, column) for name in panel.columns]
    upright = any(_size(head)[0] > column for head in heads)
    if upright:
        heads = [_in_lines(name, column // LINE) for name in panel.columns]
    sizes = [_size(head)[0 if upright else 1] for head in heads]
    above = PAD + max(sizes, default=0)
    labels: list[dict[str, Any]] = [
        {"x": (n + 0.5) * column, "y": PAD, "s": head, "rotation": 90 if upright else 0}
        for n, head in enumerate(heads)
    ]
    title = _wrapped(panel.title, columns * column)
    labels.append({"x": columns * column / 2, "y": above, "s": title})
    for label in labels:
        label |= {"ha": "center", "va": "bottom"}

    sides = [(count, _wrapped(name, count * row)) for count, name in panel.rows]
    left = max((PAD + _size(side)[1] for _, side in sides), default=0)
    down = 0.0
    for count, side in sides:
        middle = {"x": -PAD, "y": -(down + count / 2) * row, "ha": "right", "va": "center"}
        labels.append(middle | {"s": side, "rotation": 90})
        down += count
    return left, above + _size(title)[1], labels


def _gap(k: int) -> int:
    """Pixels between images that make at least `GAP` dots."""
    return math.ceil(GAP / k)


def _wrapped(text: str, room: float) -> str:
    """The text with line breaks between words, at most `room` dots wide where words allow."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines[-1:] = [longer] if _size(longer)[0] <= room or not lines[-1] else [lines[-1], word]
    return "\n".join(lines)


def _in_lines(text: str, count: int) -> str:
    """The text in at most `count` lines (at least 1) that are as short as they can be."""
    texts = (_wrapped(text, room) for room in itertools.count(LINE, LINE))
    return next(text for text in texts if text.count("\n") < max(count, 1))


@cache
def _size(text: str) -> tuple[int, int]:
    """Length and height of a text in dots."""
    lines = [line for line in text.split("\n") if line]
    font = FontProperties(size=FONT_SIZE)
    sizes = [text_to_path.get_text_width_height_descent(line, font, False) for line in lines]
    longest = max((width for width, _, _ in sizes), default=0)
    return math.ceil(longest * DPI / 72), LINE * len(lines)
