"""Writes what came out of each training of an experiment: losses, quality, and baselines."""

import json
from pathlib import Path
from typing import Any

import pandas

from wngan import baselines as losses_without
from wngan import running as running_losses
from wngan import tables
from wngan.job import run_job
from wngan.model_names import NAMES

NUMBERS = {
    "iteration": ("optimum", "iteration", "{:,.0f}"),
    "running_loss": ("optimum", "running loss", "{:.6f}"),
    "final_loss": ("optimum", "final loss", "{:.6f}"),
    "fid": ("its samples against training images", "Fréchet distance", "{:.4g}"),
    "kid": ("its samples against training images", "kernel distance", "{:.4g}"),
    "precision": ("its samples against training images", "precision", "{:.3f}"),
    "recall": ("its samples against training images", "recall", "{:.3f}"),
}
"""Columns of numbers; in the page the two lines above them, and their formats."""

COLUMNS = {
    "model": ("", "model", "{}"),
    "instance": ("", "training", "{}"),
    "status": ("", "status", "{}"),
    **NUMBERS,
    "features": ("its samples against training images", "features", "{}"),
}
"""All columns."""


def main(
    runs: list[str],
    running: list[Path],
    statuses: list[Path],
    finals: list[Path],
    measured: list[str],
    qualities: list[Path],
    baselines: Path,
    running_images: int,
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with a row per training, and what test images lose without any.

    Below several trainings of a model stand their mean and standard deviation (with n − 1).

    Args:
        runs: all trainings, as in bn/2.
        running, statuses, finals: for each, its running losses, what became of it, and the losses
            of the final reconstruction at its optimum.
        measured: those whose samples' quality was measured, and for each of them
        qualities: as scripts/join_quality.py writes them.
        baselines: losses without a generator, of the final evaluation's images and more.
        running_images: of the running evaluation, the first of them.
    """
    quality = dict(zip(measured, qualities, strict=True))
    rows: list[dict[str, Any]] = []
    for run, losses, status, final in zip(runs, running, statuses, finals, strict=True):
        model, _, instance = run.partition("/")
        curve = running_losses.read([losses])
        found = pandas.read_csv(final)["loss"]
        row = {"model": model, "instance": instance}
        row["status"] = json.loads(status.read_text())["status"]
        optimum = curve[running_losses.optimum(curve)]
        row |= {name: optimum[name] for name in ("iteration", "running_loss")}
        if run in quality:
            row |= dict(pandas.read_csv(quality[run]).set_index("checkpoint").loc["optimal"])
        rows.append(row | {"final_loss": found.mean(skipna=False)})
    known = losses_without.read(baselines)
    for name, losses in known._asdict().items():
        row = {"model": name, "running_loss": losses[:running_images].mean()}
        rows.append(row | {"final_loss": losses[: len(found)].mean()})
    table = _with_means(pandas.DataFrame(rows, columns=list(COLUMNS)))
    table.to_csv(csv, index=False, float_format="%.6g")
    texts = ["model", "instance", "status", "features"]
    page = table.assign(model=table["model"].map(NAMES | losses_without.NAMES))
    page[texts] = page[texts].fillna("")
    page["status"] = page["status"].str.replace("_", " ")
    html.write_text(tables.titled(page, COLUMNS, f"Results: {experiment}", texts))


def _with_means(table: pandas.DataFrame) -> pandas.DataFrame:
    """The table with two rows more below each model that has several."""
    parts = []
    for model, rows in table.groupby("model", sort=False):
        parts.append(rows)
        if len(rows) > 1:
            numbers = rows[list(NUMBERS)].astype(float)
            more = pandas.DataFrame([numbers.mean(skipna=False), numbers.std(skipna=False)])
            parts.append(more.assign(model=model, instance=["mean", "s.d."]))
    return pandas.concat(parts, ignore_index=True)[list(table)]


if "snakemake" in globals():
    run_job(main, snakemake)
