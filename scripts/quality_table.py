"""Writes how like training images the samples of each training are."""

import json
from pathlib import Path

import pandas

from wngan import tables
from wngan.job import run_job
from wngan.model_names import NAMES

COLUMNS = {
    "model": ("", "model", "{}"),
    "instance": ("", "instance", "{}"),
    "status": ("", "status", "{}"),
    "checkpoint": ("", "checkpoint", "{}"),
    "iteration": ("", "iteration", "{:,.0f}"),
    "running_loss": ("", "running loss", "{:.6f}"),
    "fid": ("samples against training images", "Fréchet distance", "{:.4g}"),
    "kid": ("samples against training images", "kernel distance", "{:.4g}"),
    "precision": ("samples against training images", "precision", "{:.3f}"),
    "recall": ("samples against training images", "recall", "{:.3f}"),
    "features": ("compared", "features", "{}"),
    "samples": ("compared", "samples", "{:,.0f}"),
    "training_images": ("compared", "training images", "{:,.0f}"),
}
"""The table's columns; in the page the two lines above them, and their formats."""


def main(
    runs: list[str],
    qualities: list[Path],
    statuses: list[Path],
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with two rows per training: of its optimum and its last iteration.

    Args:
        runs: all trainings of the models, as in bn/2.
        qualities: for each of them, as scripts/join_quality.py writes them. Of a run that diverged
            there is no last iteration, and its row has no numbers.
        statuses: for each of them, what became of it.
    """
    rows = []
    for run, quality, path in zip(runs, qualities, statuses, strict=True):
        model, _, instance = run.partition("/")
        known = {"model": model, "instance": instance}
        known["status"] = json.loads(path.read_text())["status"]
        measured = pandas.read_csv(quality).set_index("checkpoint")
        for checkpoint in ("optimal", "last"):
            found = dict(measured.loc[checkpoint]) if checkpoint in measured.index else {}
            rows.append(known | {"checkpoint": checkpoint} | found)
    table = pandas.DataFrame(rows, columns=list(COLUMNS))
    table.to_csv(csv, index=False, float_format="%.6g")
    page = table.assign(model=table["model"].map(NAMES))
    html.write_text(tables.titled(page, COLUMNS, f"Quality of samples: {experiment}"))


if "snakemake" in globals():
    run_job(main, snakemake)
