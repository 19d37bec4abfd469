"""Writes how far apart the instances of a model are."""

import json
from pathlib import Path
from typing import Any

import pandas

from wngan import running as running_losses
from wngan import tables
from wngan.job import run_job
from wngan.model_names import NAMES
from wngan.outcome import FAILURES

COLUMNS = {
    "model": ("", "model", "{}"),
    "instances": ("", "instances", "{}"),
    "failed": ("", "failed", "{}"),
    "mean": ("lowest running loss", "mean", "{:.6f}"),
    "standard_deviation": ("lowest running loss", "s.d.", "{:.6f}"),
    "min": ("lowest running loss", "from", "{:.6f}"),
    "max": ("lowest running loss", "to", "{:.6f}"),
    "paper_instances": ("paper", "instances", "{:.0f}"),
    "paper_mean": ("paper", "mean", "{:.6f}"),
    "paper_standard_deviation": ("paper", "s.d.", "{:.6f}"),
}
"""The table's columns; in the page the two lines above them, and their formats."""


def main(
    runs: list[str],
    running: list[Path],
    statuses: list[Path],
    paper: list[dict[str, str]],
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with a row per model, of its instances' lowest running losses.

    Args:
        runs: all instances, as in bn/2.
        running: for each of them, its running losses.
        statuses: for each of them, what became of it.
        paper: rows of report/paper_values.csv, of which those of several instances count.
    """
    losses = [running_losses.read([path]) for path in running]
    lowest = pandas.DataFrame(
        {
            "model": [run.partition("/")[0] for run in runs],
            "loss": [rows["running_loss"][running_losses.optimum(rows)] for rows in losses],
            "failed": [json.loads(path.read_text())["status"] in FAILURES for path in statuses],
        }
    )
    rows = []
    for model, of_model in lowest.groupby("model", sort=False):
        loss = of_model["loss"]
        row: dict[str, Any] = {
            "model": model,
            "instances": len(loss),
            "failed": of_model["failed"].sum(),
            "mean": loss.mean(skipna=False),
            "standard_deviation": loss.std(skipna=False),
            "min": loss.min(skipna=False),
            "max": loss.max(skipna=False),
        }
        printed = pandas.Series(
            [
                float(row["running_loss"])
                for row in paper
                if row["model"] == model and row["instance"].isdecimal()
            ]
        )
        if len(printed) > 1:
            row["paper_instances"] = len(printed)
            row["paper_mean"] = printed.mean()
            row["paper_standard_deviation"] = printed.std()
        rows.append(row)
    table = pandas.DataFrame(rows, columns=list(COLUMNS))
    table.to_csv(csv, index=False, float_format="%.6g")
    page = table.assign(model=table["model"].map(NAMES))
    html.write_text(tables.titled(page, COLUMNS, f"Spread of instances: {experiment}"))


if "snakemake" in globals():
    run_job(main, snakemake)
