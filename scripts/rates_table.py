"""Writes how fast each run was computed, and on what."""

import json
import math
from pathlib import Path
from typing import Any

import pandas

from wngan import tables
from wngan.job import run_job

STAGES = {
    "train": ("training", "iterations", "iterations/s"),
    "evaluate": ("evaluation", "image_steps", "image·steps/s"),
    "reconstruct": ("reconstruction", "image_steps", "image·steps/s"),
    "measure": ("quality of samples", "samples", "samples/s"),
}
"""Of the records in provenance.json: the stage, what it counts, and the unit of its rate."""


def main(provenance: Path, csv: Path, html: Path) -> None:
    """Writes a row per run, stage, device and number of threads to `csv` and `html`.

    Args:
        provenance: as scripts/provenance_table.py writes it.
    """
    runs = json.loads(provenance.read_text())["runs"]
    rows = [
        _row(run, stage, job)
        for run, record in sorted(runs.items())
        for stage in STAGES
        for job in record.get(stage, [])
    ]
    names = ["experiment", "run", "stage", "device", "threads", "unit"]
    names += ["done", "seconds", "megabytes"]
    groups = pandas.DataFrame(rows, columns=names).groupby(names[:6], as_index=False, sort=False)
    table = groups.agg(
        jobs=("done", "size"),
        done=("done", "sum"),
        seconds=("seconds", "sum"),
        megabytes=("megabytes", "max"),
    )
    table["rate"] = table["done"] / table["seconds"]
    table.to_csv(csv, index=False)
    formats = {"done": "{:,}", "seconds": "{:,.1f}", "rate": "{:,.1f}", "memory, MB": "{:,.0f}"}
    order = ["experiment", "run", "stage", "rate", "unit", "device", "threads", "jobs"]
    texts = ["experiment", "run", "stage", "unit", "device"]
    page = table[[*order, "done", "seconds", "megabytes"]]
    page = page.rename(columns={"megabytes": "memory, MB"})
    html.write_text(tables.html(page, "Rates", formats, texts))


def _row(run: str, stage: str, job: dict[str, Any]) -> dict[str, Any]:
    """How much a job did, in how many seconds, and the memory that it took at most."""
    experiment, _, name = run.partition("/")
    title, counted, unit = STAGES[stage]
    return {
        "experiment": experiment,
        "run": name,
        "stage": title,
        "device": ", ".join(sorted({attempt["device"] for attempt in job["attempts"]})),
        "threads": job["threads"],
        "unit": unit,
        "done": job[counted],
        "seconds": job["seconds"],
        "megabytes": max(attempt.get("megabytes", math.nan) for attempt in job["attempts"]),
    }


if "snakemake" in globals():
    run_job(main, snakemake)
