"""Draws samples of many codes, in panels of a run at a checkpoint each."""

import json
from pathlib import Path

import numpy as np

from wngan import plots
from wngan import running as running_losses
from wngan.image_grids import GRAY, Panel, image_figure
from wngan.job import run_job
from wngan.model_names import run_name


@plots.styled
def main(
    samples: list[Path],
    running: list[Path],
    statuses: list[Path],
    runs: list[str],
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
    losses_of, status_of = (dict(zip(runs, each, strict=True)) for each in (running, statuses))
    loaded = [np.load(path)[: rows * columns] for path in samples]
    none = (rows * columns, 8, 8, 3)  # no file says what size the images would have had
    shape = max([none, *(images.shape for images in loaded)])
    drawn = []
    for images, name in zip(loaded, (name for row in panels for name in row), strict=True):
        run, at = name.split("@")
        losses = running_losses.read([losses_of[run]])
        optimum = losses["iteration"][running_losses.optimum(losses)]
        where = f"optimum, iteration {optimum:,}" if at == "optimal" else f"iteration {int(at):,}"
        if not len(images):
            where = plots.failure(json.loads(status_of[run].read_text()))
            images = np.full(shape, GRAY, np.uint8)
        grid = images.reshape(rows, columns, *shape[1:])
        drawn.append(Panel(grid, title=f"{run_name(run)}, {where}"))
    across = len(panels[0])
    figure = image_figure([drawn[k : k + across] for k in range(0, len(drawn), across)])
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
