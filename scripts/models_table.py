"""Writes a table of models, of several experiments perhaps, over all trainings of each."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from wngan import running as running_losses
from wngan import tables
from wngan.bootstrap import above, basis, per_folder, ratio_of_models
from wngan.datasets.folders import folders_of_images
from wngan.job import run_job
from wngan.model_names import NAMES
from wngan.outcome import FAILURES

AT = {
    "at_loss": ("mean of all", "{:.6f}"),
    "at_standard_deviation": ("± s.d.", "{:.6f}"),
    "at_above": ("above the first row's, %", "{:+.1f}"),
    "at_low": ("from", "{:+.1f}"),
    "at_high": ("to", "{:+.1f}"),
}
"""Columns of final losses at an iteration."""

COLUMNS = {
    "model": ("", "model", "{}"),
    "experiment": ("", "experiment", "{}"),
    "lr": ("", "learning rate", "{:g}"),
    "iterations": ("", "iterations", "{:,}"),
    "trainings": ("trainings", "number", "{}"),
    "failed": ("trainings", "failed", "{}"),
    "evaluations": ("trainings", "evaluations", "{:,}"),
    "iteration": ("best training", "optimum", "{:,}"),
    "running_loss": ("best training", "running loss", "{:.6f}"),
    "final_loss": ("best training", "final loss", "{:.6f}"),
    "mean": ("final loss at the optima", "mean of all", "{:.6f}"),
    "standard_deviation": ("final loss at the optima", "± s.d.", "{:.6f}"),
    "best_of_model": ("final loss at the optima", "model's lowest", "{}"),
    "above": ("final loss at the optima", "above the first row's, %", "{:+.1f}"),
    "low": ("final loss at the optima", "from", "{:+.1f}"),
    "high": ("final loss at the optima", "to", "{:+.1f}"),
    "basis": ("final loss at the optima", "interval of", "{}"),
}
"""The table's columns; in the page the two lines above them, and their formats."""


def main(
    rows: list[dict[str, Any]],
    running: list[Path],
    statuses: list[Path],
    finals: list[Path],
    info: Path,
    permutation: Path,
    at: int | None,
    csv: Path,
    html: Path,
    table: str,
) -> None:
    """Writes `csv` and `html` with a row per model and experiment.

    Of each row's trainings the best has the lowest running loss, of all their `evaluations` that
    there were to choose from. Means are over all trainings; ratios are of geometric means.

    Args:
        rows: model, experiment, learning rate, iterations and the number of trainings of each.
        running, statuses: for each training, row by row, its running losses and what became of it.
        finals: for each training the losses of its final reconstruction at its optimum, and then,
            if there is an iteration `at`, for each training those at that iteration.
        info, permutation: of the data set; where it is split by folder, intervals are over folders.
    """
    folders = folders_of_images(info, permutation)
    curves = map(running_losses.read, ([path] for path in running))
    fates = (json.loads(path.read_text())["status"] for path in statuses)
    losses = (pandas.read_csv(path)["loss"].to_numpy() for path in finals)
    measured = [_row(row, curves, fates, losses) for row in rows]
    first = measured[0][1]
    folders = folders if folders is None else folders[: len(first[0])]
    for row, found in measured:
        means = [other["mean"] for other, _ in measured if other["model"] == row["model"]]
        lowest = len(means) > 1 and row["mean"] == min(means)
        row["best_of_model"] = "yes" if lowest else ""
        row |= _against(found, first, folders, ("above", "low", "high"))
        row["basis"] = basis(found, first, folders=folders) if found is not first else ""
    if at is not None:
        later = [list(islice(losses, row["trainings"])) for row in rows]
        for (row, _), found in zip(measured, later, strict=True):
            means = [each.mean() for each in found]
            row |= {"at": at, "at_loss": np.mean(means)}
            row["at_standard_deviation"] = pandas.Series(means).std(skipna=False)
            row |= _against(found, later[0], folders, ("at_above", "at_low", "at_high"))
    columns = [*COLUMNS, *(["at", *AT] if at is not None else [])]
    measured_rows = pandas.DataFrame([row for row, _ in measured], columns=columns)
    measured_rows.to_csv(csv, index=False, float_format="%.6g")
    html.write_text(_page(measured_rows, at, table))


def _row(
    known: dict[str, Any], curves: Any, fates: Any, losses: Any
) -> tuple[dict[str, Any], list[NDArray[np.float64]]]:
    """A row over its trainings, which are the next of each iterator, and their final losses."""
    count = known["trainings"]
    of_row = list(islice(curves, count))
    found = list(islice(losses, count))
    optima = np.array([curve[running_losses.optimum(curve)] for curve in of_row])
    best = running_losses.optimum(optima)
    means = [each.mean() for each in found]
    row = known | {
        "failed": sum(fate in FAILURES for fate in islice(fates, count)),
        "evaluations": sum(len(curve) for curve in of_row),
        "iteration": optima[best]["iteration"],
        "running_loss": optima[best]["running_loss"],
        "final_loss": means[best],
        "mean": np.mean(means),
        "standard_deviation": pandas.Series(means).std(),
    }
    return row, found


def _against(
    found: list[NDArray[np.float64]],
    first: list[NDArray[np.float64]],
    folders: NDArray[np.int64] | None,
    names: tuple[str, ...],
) -> dict[str, float]:
    """By how many percent losses are above the first row's, with the interval; NaN for itself."""
    if found is first:
        return dict.fromkeys(names, np.nan)
    over, under = ([per_folder(each, folders) for each in of] for of in (found, first))
    ratios = ratio_of_models(over, under)
    return dict(zip(names, (above(ratio, 1) for ratio in ratios), strict=True))


def _page(rows: pandas.DataFrame, at: int | None, name: str) -> str:
    shown = COLUMNS | {
        column: (f"final loss at {at:,}", *rest) for column, rest in AT.items() if at
    }
    if not rows["best_of_model"].any():  # no model has several rows
        del shown["best_of_model"]
    page = rows.assign(model=rows["model"].map(NAMES))
    return tables.titled(page, shown, f"Models: {name}", ["model", "experiment"])


if "snakemake" in globals():
    run_job(main, snakemake)
