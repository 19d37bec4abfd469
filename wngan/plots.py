"""Figures: one look for all of them, and each model in its own color everywhere."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from wngan.baselines import NAMES, Baselines

COLUMN, PAGE, PAGE_HEIGHT = 3.35, 6.9, 9.0
"""Widths of a column and of a page, and a page's height, in inches."""

DPI = 200

FONT_SIZE = 7
"""Of all text, in points."""

styled = matplotlib.rc_context(
    {
        "font.size": FONT_SIZE,
        "axes.titlesize": "medium",
        "axes.labelsize": "medium",
        "xtick.labelsize": "medium",
        "ytick.labelsize": "medium",
        "legend.fontsize": "medium",
        "legend.frameon": False,
        "axes.linewidth": 0.5,
        "axes.grid": True,
        "grid.linewidth": 0.3,
        "lines.linewidth": 0.8,
        "lines.markersize": 3,
        "pdf.fonttype": 42,  # text that can be searched and edited
    }
)
"""Decorates the function that draws a figure and saves it: all figures look alike."""

# Okabe and Ito's palette, and a wine of Paul Tol's: color-blind readers can tell them apart.
COLORS = {
    "vanilla": "#0072B2",
    "bn": "#D55E00",
    "wn": "#009E73",
    "wn_published": "#56B4E9",
    "wn_critic": "#882255",
    "affine_wn": "#CC79A7",
    "wn_mean_bn": "#E69F00",
    "spectral": "#000000",
}

MARKS: dict[str, dict[str, Any]] = {
    "lowest": {"marker": "o", "linestyle": ""},
    "collapse": {"marker": "x", "linestyle": "", "markersize": 4},
    "paper": {"marker": "_", "linestyle": "", "markersize": 8, "markeredgewidth": 0.7},
}
"""What a mark in a run's color stands for, as `Axes.plot` takes it."""

BAND: dict[str, Any] = {"alpha": 0.2, "linewidth": 0}
"""A band over all trainings of a model, as `Axes.fill_between` takes it."""

THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")
"""Writes an axis's large numbers as 10,000."""


def run_style(run: str) -> dict[str, Any]:
    """The color of a run's model and the line of its instance, as `Axes.plot` takes them.

    The first instance's line is solid, the n-th's has n - 2 dots between its dashes.
    """
    model, _, instance = run.partition("/")
    dots = int(instance or 1) - 2
    return {
        "color": COLORS[model],
        "linestyle": "-" if dots < 0 else (0, (4, 1.5) + (1, 1.5) * dots),
    }


def figure(width: float, height: float) -> Figure:
    """An empty figure of that many inches."""
    return Figure(figsize=(width, height), layout="constrained")


@styled
def save(figure: Figure, png: Path, pdf: Path) -> None:
    """Writes both files; the same figure gives the same bytes."""
    figure.savefig(png, dpi=DPI, metadata={"Software": None})
    figure.savefig(pdf, dpi=DPI, metadata={"CreationDate": None, "Creator": None, "Producer": None})


def iteration_axis(axes: Axes) -> None:
    """Labels the x-axis, which is of iterations."""
    axes.set_xlabel("iteration")
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(THOUSANDS)


def loss_axis(
    axes: Axes, label: str, bottom: float | None = None, top: float | None = None
) -> None:
    """Makes the y-axis, which is of losses, logarithmic, with ticks within a decade.

    Args:
        bottom, top: where it ends; by default where the data do.
    """
    axes.set_ylabel(f"{label}\n(MSE per pixel and channel)")
    if not np.isfinite(axes.dataLim.minposy):
        return  # it has no losses
    axes.set_yscale("log")
    axes.set_ylim(bottom, top)
    plain_ticks(axes.yaxis)


def plain_ticks(axis: Axis) -> None:
    """Labels a logarithmic axis with plain numbers, also within a decade."""
    low, high = axis.get_view_interval()
    fine = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)
    ticks = fine if high < 3 * low else (1, 1.5, 2, 3, 5, 7) if high < 15 * low else (1, 2, 5)
    axis.set_major_locator(LogLocator(subs=ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def paper_mark(axes: Axes, value: float, **style: Any) -> None:
    """Marks a value of the paper's by a short thin line to the right of the axes."""
    axes.axhline(value, 1.01, 1.06, clip_on=False, linewidth=0.7, **style)


def baselines(axes: Axes, losses: Baselines) -> None:
    """Draws the mean of each of them as a thin gray line; its label has the number."""
    for (name, each), style in zip(losses._asdict().items(), (":", "-.", "--"), strict=True):
        label = f"{NAMES[name]} {each.mean():.2g}"
        axes.axhline(each.mean(), label=label, color="gray", linewidth=0.5, linestyle=style)


def legend(figure: Figure | SubFigure, axes: Axes, **marks: bool) -> None:
    """Puts a legend above all axes, where it covers nothing.

    Args:
        axes: whose labeled lines are listed.
        **marks: names from `MARKS`, and whether any is shown.
    """
    for name in (name for name, shown in marks.items() if shown):
        axes.plot([], [], color="gray", label=name, **MARKS[name])
    lines = axes.get_legend_handles_labels()
    drawn = figure.legend(*lines, loc="outside upper center", ncols=2)
    if drawn.get_window_extent().width > figure.bbox.width:
        drawn.remove()
        figure.legend(*lines, loc="outside upper center")


def show_message(axes: Axes, message: str) -> None:
    """Shows a line of text in place of a panel."""
    axes.axis("off")
    axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes)


def failure(status: dict[str, Any]) -> str:
    """What a label says of a run, by its status.json: "" unless its training failed."""
    match status["status"]:
        case "diverged":
            return f"diverged at {status['iteration']:,}"
        case "collapsed":
            return f"collapsed at {status['collapsed']:,}"
        case "never_diverse":
            return "never diverse"
        case "learned_nothing":
            return "learned nothing"
    return ""
