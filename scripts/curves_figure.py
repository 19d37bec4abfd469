"""Draws the running loss of runs against iterations."""

import json
from pathlib import Path

import numpy as np
from matplotlib.ticker import FuncFormatter

from wngan import plots
from wngan import running as running_losses
from wngan.log import logged
from wngan.names import run_name


def main(
    running: list[Path], statuses: list[Path], runs: list[str], until: int, png: Path, pdf: Path
) -> None:
    """Draws a line per run up to iteration `until`.

    A dot marks its lowest point, a cross where it collapsed.
    """
    figure = plots.figure(plots.COLUMN, 2.4)
    axes = figure.add_subplot()
    peaks = []
    for path, status, run in zip(running, statuses, runs, strict=True):
        rows = running_losses.read([path])
        rows = rows[(rows["iteration"] > 0) & (rows["iteration"] <= until)]
        iterations, losses = rows["iteration"], rows["running_loss"]
        style = plots.run_style(run)
        about = json.loads(status.read_text())
        label = f"{run_name(run)} {plots.failure(about)}".strip()
        axes.plot(iterations, losses, linewidth=1, label=label, **style)
        if about["collapsed"] is not None and about["collapsed"] <= until:
            height = np.interp(about["collapsed"], iterations, losses)
            axes.plot(about["collapsed"], height, "x", color=style["color"])
        if np.isfinite(losses).any():
            lowest, loss, _ = rows[running_losses.optimum(rows)].tolist()
            axes.plot(lowest, loss, "o", markersize=3, color=style["color"], clip_on=False)
            peaks.append(np.nanquantile(losses, 0.98))
    axes.set_xlim(0, until)
    if peaks:
        axes.set_ylim(0, 1.15 * max(peaks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel("iteration", fontsize=8)
    axes.set_ylabel("running reconstruction loss\n(MSE per pixel and channel)", fontsize=8)
    axes.grid(linewidth=0.3)
    axes.legend(fontsize=7, frameon=False)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            [Path(path) for path in snakemake.input.running],
            [Path(path) for path in snakemake.input.status],
            snakemake.params.runs,
            snakemake.params.until,
            Path(snakemake.output.png),
            Path(snakemake.output.pdf),
        )
