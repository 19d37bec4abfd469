"""Draws how long the codes are that the final evaluation finds, beside those of the prior."""

import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from wngan import plots
from wngan.job import run_job
from wngan.model_names import run_name


def norms(path: Path) -> NDArray[np.float64]:
    """‖z‖ of each finite code (n,) of a final reconstruction; its images stay in the file."""
    with safe_open(path, framework="numpy") as file:
        found = np.linalg.norm(file.get_tensor("codes").astype(float), axis=1)
    return found[np.isfinite(found)]


def prior(norm: NDArray[np.float64], code_length: int) -> NDArray[np.float64]:
    """The density of ‖z‖ > 0 for z ~ N(0, I): the chi distribution of `code_length` degrees."""
    half = code_length / 2
    constant = (half - 1) * math.log(2) + math.lgamma(half)
    return np.exp((code_length - 1) * np.log(norm) - norm**2 / 2 - constant)


@plots.styled
def main(
    finals: list[Path],
    statuses: list[Path],
    runs: list[str],
    code_length: int,
    png: Path,
    pdf: Path,
) -> None:
    """Draws the density of ‖z‖ as a line per run, and the prior's in gray.

    Args:
        finals: for each run, its final reconstruction.
        statuses: for each run, what became of it.
    """
    figure = plots.figure(plots.COLUMN, 2.2)
    axes = figure.add_subplot()
    found = [norms(path) for path in finals]
    expected = math.sqrt(code_length)
    known = np.concatenate([[expected - 2.5, expected + 2.5], *found])
    edges = np.linspace(max(0, known.min()), known.max(), 26)
    for run, each, status in zip(runs, found, statuses, strict=True):
        failure = plots.failure(json.loads(status.read_text()))
        label = f"{run_name(run)} {failure}".strip()
        counts, _ = np.histogram(each, edges)
        density = counts / max(1, len(each)) / (edges[1] - edges[0])
        axes.stairs(density, edges, label=label, **plots.run_style(run))
    norm = np.linspace(edges[0], edges[-1], 402)[1:]
    axes.plot(norm, prior(norm, code_length), color="gray", linewidth=0.8, zorder=0, label="prior")
    axes.set_xlabel("norm of the code")
    axes.set_ylabel("density")
    plots.legend(figure, axes)
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
