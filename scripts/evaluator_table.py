"""Writes what the evaluator loses by itself, on training images, and by where it starts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from safetensors.numpy import load_file

from wngan import tables
from wngan.bootstrap import unpaired_ratio
from wngan.claims import above
from wngan.log import logged
from wngan.names import NAMES

TITLES = {
    "model": ("", "model"),
    "status": ("", "status"),
    "images": ("", "images"),
    "own": ("own samples", "loss"),
    "own_standard_error": ("own samples", "± s.e."),
    "test": ("test images", "loss"),
    "test_standard_error": ("test images", "± s.e."),
    "training": ("training images", "loss"),
    "training_standard_error": ("training images", "± s.e."),
    "gap": ("test above training, %", "measured"),
    "gap_low": ("test above training, %", "from"),
    "gap_high": ("test above training, %", "to"),
    "random": ("random starts", "loss"),
    "random_best": ("random starts", "of the best"),
    "random_better": ("random starts", "better, % of images"),
}
"""The table's columns, and what the page calls them."""

BETTER = 0.99
"""Of the loss from zero: below it a random start counts as better."""


def main(
    models: list[str],
    statuses: list[Path],
    finals: list[Path],
    probes: list[Path],
    csv: Path,
    html: Path,
    caption: str,
) -> None:
    """Writes `csv` and `html` with a row per model.

    Args:
        models: of an experiment.
        statuses: for each of them, what became of its run.
        finals: for each of them, the losses of its final reconstruction.
        probes: for each of them, what scripts/probe.py wrote.
    """
    rows = []
    for model, status, final, path in zip(models, statuses, finals, probes, strict=True):
        probe = load_file(path)
        training, best = probe["training"], probe["random"].min(axis=0)
        test = pandas.read_csv(final)["loss"].to_numpy()[: len(best)]
        about = json.loads(status.read_text())
        row: dict[str, Any] = {"model": model, "status": about["status"], "images": len(best)}
        for name, losses in (("own", probe["own"]), ("test", test), ("training", training)):
            column = pandas.Series(losses, dtype=float)
            row[name] = column.mean(skipna=False)
            row[f"{name}_standard_error"] = column.sem(skipna=False)
        gap = [above(ratio, 1) for ratio in unpaired_ratio(test, training)]
        row |= dict(zip(("gap", "gap_low", "gap_high"), gap, strict=True))
        row["random"] = probe["random"].mean(dtype=float)
        row["random_best"] = best.mean(dtype=float)
        better = np.where(np.isnan(best + test), np.nan, best < BETTER * test)
        row["random_better"] = 100 * better.mean()
        rows.append(row)
    table = pandas.DataFrame(rows, columns=list(TITLES))
    table.to_csv(csv, index=False, float_format="%.6g")
    page = table.assign(model=table["model"].map(NAMES))
    page.columns = pandas.MultiIndex.from_tuples(list(TITLES.values()))
    formats = dict.fromkeys(page.columns[3:], "{:.6f}")
    formats |= dict.fromkeys(page.columns[9:12], "{:+.1f}") | {page.columns[14]: "{:.0f}"}
    html.write_text(tables.html(page, caption, formats))


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            snakemake.params.models,
            [Path(path) for path in snakemake.input.status],
            [Path(path) for path in snakemake.input.finals],
            [Path(path) for path in snakemake.input.probes],
            Path(snakemake.output.csv),
            Path(snakemake.output.html),
            f"The evaluator: {snakemake.wildcards.experiment}",
        )
