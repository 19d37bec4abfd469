"""Joins what the jobs of a run recorded."""

import json
from pathlib import Path

from wngan.log import logged

ABOUT = ("status", "iteration", "reason", "seed", "restarts", "state")
"""What a run's record takes of its status.json."""


def main(status: Path, train: list[Path], evaluate: list[Path], output: Path) -> None:
    """Writes what became of a run (`ABOUT`), and lists of its jobs' records.

    The lists are `train` and `evaluate`, with a record per segment as `wngan.provenance.recorded`
    writes it.
    """
    about = json.loads(status.read_text())
    joined = {key: about[key] for key in ABOUT}
    for name, files in (("train", train), ("evaluate", evaluate)):
        joined[name] = [json.loads(file.read_text()) for file in files]
    output.write_text(json.dumps(joined, indent=2) + "\n")


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            Path(snakemake.input.status),
            [Path(path) for path in snakemake.input.train],
            [Path(path) for path in snakemake.input.evaluate],
            Path(snakemake.output[0]),
        )
