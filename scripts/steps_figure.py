"""Draws the reconstruction loss against the steps of the reconstruction."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from wngan import plots
from wngan.job import run_job
from wngan.model_names import run_name

LINES = {"optimal": "-", "last": "--"}
"""How the line of a checkpoint is drawn; that of an iteration is dotted."""


@plots.styled
def main(
    finals: list[Path],
    statuses: list[Path],
    runs: list[str],
    checkpoints: list[str],
    paper: dict[str, float],
    png: Path,
    pdf: Path,
) -> None:
    """Draws a line per run and checkpoint with its standard error, both axes logarithmic.

    Args:
        finals: final reconstructions, for each checkpoint those of all runs.
        statuses: for each run, what became of it.
        checkpoints: "optimal", "last", or iterations.
        paper: the paper's final losses, such as that of "bn@optimal".
    """
    figure = plots.figure(plots.COLUMN, 2.7)
    axes = figure.add_subplot()
    colors = {run: plots.run_style(run)["color"] for run in runs}
    for run, status in zip(runs, statuses, strict=True):
        label = f"{run_name(run)} {plots.failure(json.loads(status.read_text()))}".strip()
        axes.plot([], [], color=colors[run], label=label)
    for checkpoint in checkpoints:
        style: dict[str, Any] = {"color": "gray", "linestyle": LINES.get(checkpoint, ":")}
        label = f"iteration {int(checkpoint):,}" if checkpoint.isdecimal() else checkpoint
        axes.plot([], [], label=label, **style)
    lines = [(run, checkpoint) for checkpoint in checkpoints for run in runs]
    for path, (run, checkpoint) in zip(finals, lines, strict=True):
        final = load_file(path)
        mean = final["curve"].mean(0, dtype=np.float64)
        error = final["curve"].std(0, dtype=np.float64, ddof=1) / len(final["curve"]) ** 0.5
        style = {"color": colors[run], "linestyle": LINES.get(checkpoint, ":")}
        axes.plot(final["steps"], mean, **style)
        band = {"color": colors[run], "alpha": 0.2, "linewidth": 0}
        axes.fill_between(final["steps"], mean - error, mean + error, **band)
        if f"{run}@{checkpoint}" in paper:
            plots.paper_mark(axes, paper[f"{run}@{checkpoint}"], **style)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(plots.THOUSANDS)
    axes.set_xlabel("step of the reconstruction")
    plots.loss_axis(axes, "reconstruction loss")
    plots.legend(figure, axes, paper=bool(paper))
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
