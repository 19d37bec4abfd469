"""Draws how diverse a run's samples are, and how far they drift, against iterations."""

import json
from pathlib import Path

from wngan import outcome, plots
from wngan.job import run_job
from wngan.model_names import run_name


@plots.styled
def main(
    series: list[Path], statuses: list[Path], runs: list[str], lag: int, png: Path, pdf: Path
) -> None:
    """Draws a line per run in two panels; a cross marks where a run collapsed.

    Args:
        series: for each run, diversity and drift of its samples.
        statuses: for each run, what became of it.
        lag: iterations over which the drift is.
    """
    figure = plots.figure(plots.COLUMN, 3.8)
    above, below = figure.subplots(2, 1, sharex=True)
    collapses = []
    for path, status, run in zip(series, statuses, runs, strict=True):
        rows = outcome.read(path)
        fate = json.loads(status.read_text())
        style = plots.run_style(run)
        label = f"{run_name(run)} {plots.failure(fate)}".strip()
        above.plot(rows["iteration"], rows["diversity"], label=label, **style)
        below.plot(rows["iteration"], rows["drift"], **style)
        if fate["collapsed"] is not None:
            mark = plots.MARKS["collapse"]
            above.plot(fate["collapsed"], outcome.ALIKE, color=style["color"], **mark)
            collapses.append(run)
    for threshold in (outcome.ALIKE, outcome.DIVERSE):
        above.axhline(threshold, color="gray", linewidth=0.6, linestyle=":")
    below.axhline(outcome.STEADY_SAMPLES, color="gray", linewidth=0.6, linestyle=":")
    above.set_ylabel("diversity of samples\n(1: as real images)")
    below.set_ylabel(f"drift of samples\nin {lag:,} iterations")
    below.set_xlim(left=0)
    below.set_ylim(0, 2)
    plots.iteration_axis(below)
    plots.legend(figure, above, collapse=bool(collapses))
    plots.save(figure, png, pdf)


if "snakemake" in globals():
    run_job(main, snakemake)
