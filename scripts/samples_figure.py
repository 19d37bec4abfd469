"""Draws samples of many codes, in panels of a run at a checkpoint each."""

import json
from pathlib import Path

import numpy as np

from wngan import plots
from wngan import running as running_losses
from wngan.log import logged
from wngan.names import run_name


def main(
    samples: list[Path],
    running: dict[str, Path],
    status: dict[str, Path],
    panels: list[list[str]],
    rows: int,
    columns: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws panels of rows × columns images, row by row.

    Args:
        samples: for each panel, uint8 (N, H, W, 3) with N ≥ rows·columns, or none.
        running: for each run, its running losses, which say where its optimum is.
        status: for each run, what became of it.
        panels: rows of a run and its checkpoint, as in "bn/1@optimal" or "bn/1@110000".
    """
    width = plots.PAGE / len(panels[0])
    height = width * rows / columns + 0.25
    figure = plots.figure(plots.PAGE, height * len(panels))
    axes = figure.subplots(len(panels), len(panels[0]), squeeze=False).flat
    names = [name for row in panels for name in row]
    for panel, path, name in zip(axes, samples, names, strict=True):
        run, at = name.split("@")
        images = np.load(path)[: rows * columns]
        if not len(images):
            failure = plots.failure(json.loads(status[run].read_text()))
            plots.show_message(panel, f"{run_name(run)} {failure}")
            continue
        losses = running_losses.read([running[run]])
        optimum = losses["iteration"][running_losses.optimum(losses)]
        where = f"optimum, {optimum:,}" if at == "optimal" else f"iteration {int(at):,}"
        plots.show_grid(panel, images.reshape(rows, columns, *images.shape[1:]))
        panel.set_title(f"{run_name(run)}, {where}", fontsize=7)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            [Path(path) for path in snakemake.input.samples],
            dict(zip(snakemake.params.runs, map(Path, snakemake.input.running), strict=True)),
            dict(zip(snakemake.params.runs, map(Path, snakemake.input.status), strict=True)),
            snakemake.params.panels,
            snakemake.params.rows,
            snakemake.params.columns,
            Path(snakemake.output.png),
            Path(snakemake.output.pdf),
        )
