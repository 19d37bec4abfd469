"""Writes how far each model's final loss is from each other's, over trainings and test images."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas

from wngan import tables
from wngan.bootstrap import above, basis, per_folder, ratio_of_models
from wngan.datasets.folders import folders_of_images
from wngan.job import run_job
from wngan.model_names import NAMES
from wngan.outcome import FAILURES

COLUMNS = {
    "model": ("", "model", "{}"),
    "trainings": ("", "trainings", "{}"),
    "failed": ("", "failed", "{}"),
    "against": ("against", "model", "{}"),
    "against_trainings": ("against", "trainings", "{}"),
    "against_failed": ("against", "failed", "{}"),
    "images": ("", "images", "{:,}"),
    "above": ("final loss above the other's, %", "measured", "{:+.1f}"),
    "low": ("final loss above the other's, %", "from", "{:+.1f}"),
    "high": ("final loss above the other's, %", "to", "{:+.1f}"),
    "basis": ("final loss above the other's, %", "interval of", "{}"),
    "paper_above": ("final loss above the other's, %", "paper", "{:+.1f}"),
    "better": ("better on", "% of images", "{:.0f}"),
}
"""The table's columns; in the page the two lines above them, and their formats."""


def main(
    runs: list[str],
    statuses: list[Path],
    finals: list[Path],
    info: Path,
    permutation: Path,
    paper: list[dict[str, str]],
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with a row per pair, each model against those before it.

    A loss of a model is the geometric mean of its trainings'.

    Args:
        runs: all trainings of the models, as in bn/2.
        statuses: for each of them, what became of it.
        finals: for each of them, the losses of its final reconstruction.
        info, permutation: of the data set; where it is split by folder, intervals are over folders.
        paper: rows of report/paper_values.csv; the first final loss of a model counts.
    """
    known = pandas.DataFrame(
        {
            "model": [run.partition("/")[0] for run in runs],
            "failed": [json.loads(path.read_text())["status"] in FAILURES for path in statuses],
        }
    )
    losses = [pandas.read_csv(path)["loss"].to_numpy() for path in finals]
    folders = folders_of_images(info, permutation)
    folders = folders if folders is None else folders[: len(losses[0])]
    printed = {row["model"]: float(row["final_loss"]) for row in paper[::-1] if row["final_loss"]}
    models = known.groupby("model", sort=False)
    rows = []
    for (against, others), (model, of_model) in combinations(models, 2):
        a, b = ([losses[k] for k in group.index] for group in (of_model, others))
        over, under = ([per_folder(each, folders) for each in of] for of in (a, b))
        measured, low, high = ratio_of_models(over, under)
        means = np.log(a).mean(axis=0), np.log(b).mean(axis=0)
        rows.append(
            {
                "model": model,
                "trainings": len(a),
                "failed": of_model["failed"].sum(),
                "against": against,
                "against_trainings": len(b),
                "against_failed": others["failed"].sum(),
                "images": len(a[0]),
                "above": above(measured, 1),
                "low": above(low, 1),
                "high": above(high, 1),
                "basis": basis(a, b, folders=folders),
                "paper_above": above(*(printed.get(str(k), np.nan) for k in (model, against))),
                "better": 100 * np.where(np.isnan(sum(means)), np.nan, means[0] < means[1]).mean(),
            }
        )
    table = pandas.DataFrame(rows, columns=list(COLUMNS))
    table.to_csv(csv, index=False, float_format="%.6g")
    page = table.assign(**{name: table[name].map(NAMES) for name in ("model", "against")})
    html.write_text(tables.titled(page, COLUMNS, f"Pairs of models: {experiment}"))


if "snakemake" in globals():
    run_job(main, snakemake)
