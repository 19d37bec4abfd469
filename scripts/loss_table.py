"""Writes a table of running and final losses, measured and the paper's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas

from wngan import running as running_losses
from wngan import tables
from wngan.job import run_job
from wngan.model_names import NAMES


def main(
    rows: list[dict[str, Any]],
    running: list[Path],
    statuses: list[Path],
    finals: list[Path],
    trainings: list[Path],
    counts: list[int],
    csv: Path,
    html: Path,
) -> None:
    """Writes `csv` and `html`.

    Args:
        rows: of report/paper_values.csv; "" where the paper has no value.
        running: for each row, the run's running losses.
        statuses: for each row, what became of the run.
        finals: for each row that has a final loss, the losses of the final reconstruction.
        trainings: for each of these, the same of all trainings that the row is the best of.
        counts: how many trainings these are.
    """
    remaining, counted, others = iter(finals), iter(counts), iter(trainings)
    measured = []
    for row, path, status in zip(rows, running, statuses, strict=True):
        losses = running_losses.read([path])
        fate = json.loads(status.read_text())
        result = {name: row[name] for name in ("model", "instance", "checkpoint")}
        result |= {"status": fate["status"], "restarts": len(fate["restarts"])}
        if row["checkpoint"] == "optimal":
            at = losses[running_losses.optimum(losses)].tolist()
        elif fate["status"] == "diverged":
            at = (fate["iteration"], np.nan, np.nan)
        else:
            at = losses[-1].tolist()
        fields = ("iteration", "running_loss", "running_standard_error")
        result |= dict(zip(fields, at, strict=True))
        if row["final_loss"]:
            final = pandas.read_csv(next(remaining))["loss"]
            result["final_loss"] = final.mean(skipna=False)
            result["final_standard_error"] = final.sem(skipna=False)
            result["trainings"] = next(counted)
            means = pandas.Series([mean_loss(next(others)) for _ in range(result["trainings"])])
            result["trainings_mean"] = means.mean(skipna=False)
            result["trainings_standard_deviation"] = means.std(skipna=False)
        for name in ("iteration", "running_loss", "final_loss"):
            if name in result:
                result[f"paper_{name}"] = float(row[name] or "nan")
        measured.append(result)
    table = pandas.DataFrame(measured)
    table.to_csv(csv, index=False)
    html.write_text(_page(table, f"Table {rows[0]['table']}"))


def mean_loss(path: Path) -> float:
    """The mean loss of a final reconstruction; NaN if it has losses that are."""
    return float(pandas.read_csv(path)["loss"].mean(skipna=False))


def _page(table: pandas.DataFrame, caption: str) -> str:
    """The table with each measured value beside the paper's."""
    columns: dict[tuple[str, str], Any] = {
        ("", "model"): table["model"].map(NAMES),
        ("", "instance"): table["instance"],
        ("", "checkpoint"): table["checkpoint"],
        ("", "status"): table["status"],
    }
    if table["restarts"].any():
        columns["", "restarts"] = table["restarts"]
    for title, name in (
        ("iteration", "iteration"),
        ("running loss", "running_loss"),
        ("final loss", "final_loss"),
    ):
        if name not in table:
            continue
        columns[title, "measured"] = table[name]
        error = name.replace("loss", "standard_error")
        if error in table and error != name:
            columns[title, "± s.e."] = table[error]
        columns[title, "paper"] = table[f"paper_{name}"]
    if "trainings" in table:
        columns["final loss of all trainings", "number"] = table["trainings"]
        columns["final loss of all trainings", "mean"] = table["trainings_mean"]
        columns["final loss of all trainings", "± s.d."] = table["trainings_standard_deviation"]
    formats = {
        column: "{:,.0f}" if "iteration" in column or "number" in column else "{:.6f}"
        for column in columns
        if column[0]
    }
    return tables.html(pandas.DataFrame(columns), caption, formats)


if "snakemake" in globals():
    run_job(main, snakemake)
