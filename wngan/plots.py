"""Figures: one look for all of them, and each model in its own color everywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

COLUMN, PAGE = 3.35, 6.9
"""Widths of a column and of a page, in inches."""

DPI = 200

# Okabe and Ito's palette, which color-blind readers can tell apart.
COLORS = {
    "vanilla": "#0072B2",
    "bn": "#D55E00",
    "wn": "#009E73",
    "wn_published": "#56B4E9",
    "wn_critic": "#999933",
    "affine_wn": "#CC79A7",
    "wn_mean_bn": "#E69F00",
    "spectral": "#000000",
}

LINES = ("-", "--", ":")
"""Styles of a model's first, second and third instance."""


def run_style(run: str) -> dict[str, Any]:
    """The color of a run's model and the line of its instance, as `Axes.plot` takes them."""
    model, _, instance = run.partition("/")
    return {"color": COLORS[model], "linestyle": LINES[(int(instance or 1) - 1) % len(LINES)]}


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, png: Path, pdf: Path) -> None:
    """Writes both files; the same figure gives the same bytes."""
    figure.savefig(png, dpi=DPI, metadata={"Software": None})
    figure.savefig(pdf, dpi=DPI, metadata={"CreationDate": None, "Creator": None, "Producer": None})


def image_grid(images: NDArray[np.uint8], gap: int = 1) -> NDArray[np.uint8]:
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


def show_grid(
    axes: Axes,
    images: NDArray[np.uint8],
    columns: Sequence[str] = (),
    rows: Sequence[tuple[int, str]] = (),
) -> None:
    """Shows images uint8 (rows, columns, H, W, 3) as a grid.

    Args:
        columns: what stands above each column.
        rows: pairs of a number of rows and what stands to their left, from the top.
    """
    _, _, height, width, _ = images.shape
    axes.imshow(image_grid(images), interpolation="nearest")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.xaxis.tick_top()
    centers = (np.arange(len(columns)) + 0.5) * (width + 1) - 1
    axes.set_xticks(centers, columns, fontsize=6, rotation=45 if len(columns) > 8 else 0)
    counts = np.array([count for count, _ in rows])
    middles = (np.cumsum(counts) - counts / 2) * (height + 1) - 1
    axes.set_yticks(middles, [name for _, name in rows], fontsize=7, rotation=90, va="center")
    axes.tick_params(length=0)


def show_message(axes: Axes, message: str) -> None:
    """Shows a line of text in place of a panel."""
    axes.axis("off")
    axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes, fontsize=8)


def failure(status: dict[str, Any]) -> str:
    """What a label says of a run, by its status.json: "" unless its training failed."""
    match status["status"]:
        case "diverged":
            return f"diverged at {status['iteration']:,}"
        case "collapsed":
            return f"collapsed at {status['collapsed']:,}"
        case "undiverse":
            return "never diverse"
    return ""
