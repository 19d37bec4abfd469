"""Joins what the jobs of a run recorded."""

import json
from pathlib import Path

from wngan.job import run_job

KEPT = ("status", "iteration", "reason", "seed", "restarts", "state")
"""What a run's record takes of its status.json."""


def main(status: Path, train: list[Path], evaluate: list[Path], provenance: Path) -> None:
    """Writes what became of a run (`KEPT`), and lists of its jobs' records.

    The lists are `train` and `evaluate`, with a record per segment as `wngan.provenance.recorded`
    writes it.
    """
    fate = json.loads(status.read_text())
    joined = {key: fate[key] for key in KEPT}
    for name, files in (("train", train), ("evaluate", evaluate)):
        joined[name] = [json.loads(file.read_text()) for file in files]
    provenance.write_text(json.dumps(joined, indent=2) + "\n")


if "snakemake" in globals():
    run_job(main, snakemake)
