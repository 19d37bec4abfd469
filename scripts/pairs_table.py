"""Writes how far each model's final loss is from each other's, over the same test images."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas

from wngan import tables
from wngan.bootstrap import above, paired_ratio
from wngan.job import run_job
from wngan.model_names import NAMES

TITLES = {
    "model": ("", "model"),
    "status": ("", "status"),
    "against": ("against", "model"),
    "against_status": ("against", "status"),
    "images": ("", "images"),
    "above": ("final loss above the other's, %", "measured"),
    "low": ("final loss above the other's, %", "from"),
    "high": ("final loss above the other's, %", "to"),
    "paper_above": ("final loss above the other's, %", "paper"),
    "better": ("better on", "% of images"),
}
"""The table's columns, and what the page calls them."""


def main(
    models: list[str],
    statuses: list[Path],
    finals: list[Path],
    paper: list[dict[str, str]],
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with a row per pair, each model against those before it.

    Args:
        models: of an experiment.
        statuses: for each of them, what became of its run.
        finals: for each of them, the losses of its final reconstruction.
        paper: rows of report/paper_values.csv; the first final loss of a model counts.
    """
    status = [json.loads(path.read_text())["status"] for path in statuses]
    losses = [pandas.read_csv(path)["loss"].to_numpy() for path in finals]
    printed = {row["model"]: float(row["final_loss"]) for row in paper[::-1] if row["final_loss"]}
    rows = []
    for j, i in combinations(range(len(models)), 2):
        a, b = losses[i], losses[j]
        measured, low, high = paired_ratio(a, b)
        rows.append(
            {
                "model": models[i],
                "status": status[i],
                "against": models[j],
                "against_status": status[j],
                "images": len(a),
                "above": above(measured, 1),
                "low": above(low, 1),
                "high": above(high, 1),
                "paper_above": above(*(printed.get(models[k], np.nan) for k in (i, j))),
                "better": 100 * np.where(np.isnan(a + b), np.nan, a < b).mean(),
            }
        )
    table = pandas.DataFrame(rows, columns=list(TITLES))
    table.to_csv(csv, index=False, float_format="%.6g")
    page = table.assign(**{name: table[name].map(NAMES) for name in ("model", "against")})
    page.columns = pandas.MultiIndex.from_tuples(list(TITLES.values()))
    formats = dict.fromkeys(page.columns[5:9], "{:+.1f}") | {page.columns[9]: "{:.0f}"}
    html.write_text(tables.html(page, f"Pairs of models: {experiment}", formats))


if "snakemake" in globals():
    run_job(main, snakemake)
