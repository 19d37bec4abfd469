"""Judges one of the paper's claims by its runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from safetensors import safe_open

from wngan import outcome
from wngan import running as running_losses
from wngan.claims import CLAIMS
from wngan.claims.record import PaperValues, Run
from wngan.claims.table import FIELDS, judge
from wngan.job import run_job


def final(path: Path) -> dict[str, Any]:
    """What claims take of a final reconstruction; its images stay in the file."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in ("losses", "curve", "steps")}


READERS: dict[str, Callable[[Path], Any]] = {
    "status": lambda path: json.loads(path.read_text()),
    "running": lambda path: running_losses.read([path]),
    "losses": np.load,
    "series": outcome.read,
    "quality": lambda path: {name: c.to_numpy() for name, c in pandas.read_csv(path).items()},
    "optimal": final,
    "last": final,
}
"""By the attribute of `Run` that a file gives."""


def main(
    claim: str,
    runs: list[list[dict[str, Any]]],
    files: list[Path],
    paper: list[dict[str, str]],
    csv: Path,
) -> None:
    """Writes a row for each part of the claim to `csv`.

    Args:
        runs: of each of the claim's experiments, the attributes of `Run` that are not read, and
            under "files" the names of those that are.
        files: all runs' files, in that order.
        paper: rows of report/paper_values.csv.
    """
    remaining = iter(files)
    groups = [
        [
            Run(
                **{key: value for key, value in run.items() if key != "files"},
                **{name: READERS[name](next(remaining)) for name in run["files"]},
            )
            for run in group
        ]
        for group in runs
    ]
    rows = judge(CLAIMS[claim], groups, PaperValues(paper))
    # Rounded, as machines differ in the last digits.
    pandas.DataFrame(rows, columns=FIELDS).to_csv(csv, index=False, float_format="%.6g")


if "snakemake" in globals():
    run_job(main, snakemake)
