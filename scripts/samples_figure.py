"""Draws samples of many codes, at one or more checkpoints of a run."""

import json
from pathlib import Path

import numpy as np

from wngan import plots
from wngan import running as running_losses
from wngan.log import logged
from wngan.names import run_name


def main(
    samples: list[Path],
    running: Path,
    status: Path,
    run: str,
    at: list[str | int],
    rows: int,
    columns: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws rows × columns images for each checkpoint, the checkpoints below one another.

    Args:
        samples: uint8 (N, H, W, 3) for each checkpoint, N ≥ rows·columns, or none.
        running: the run's running losses, which say where its optimum is.
        status: what became of the run.
        at: "optimal" or an iteration, for each checkpoint.
    """
    losses = running_losses.read([running])
    optimum = losses["iteration"][running_losses.optimum(losses)]
    figure = plots.figure(plots.PAGE, plots.PAGE * rows / columns * len(at) + 0.3 * len(at))
    panels = figure.subplots(len(at), 1, squeeze=False)[:, 0]
    for axes, path, checkpoint in zip(panels, samples, at, strict=True):
        images = np.load(path)[: rows * columns]
        if not len(images):
            plots.show_message(
                axes, f"{run_name(run)} {plots.divergence(json.loads(status.read_text()))}"
            )
            continue
        name = f"optimum, {optimum:,}" if checkpoint == "optimal" else f"iteration {checkpoint:,}"
        plots.show_grid(
            axes,
            images.reshape(rows, columns, *images.shape[1:]),
            rows=[(rows, f"{run_name(run)}, {name}")],
        )
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            [Path(path) for path in snakemake.input.samples],
            Path(snakemake.input.running[0]),
            Path(snakemake.input.status[0]),
            snakemake.params.run,
            snakemake.params.at,
            snakemake.params.rows,
            snakemake.params.columns,
            Path(snakemake.output.png),
            Path(snakemake.output.pdf),
        )
