"""Joins what is known of the quality of a run's samples, and sets it beside its running losses."""

import json
from pathlib import Path

import pandas

from wngan.job import run_job


def main(
    parts: list[Path],
    records: list[Path],
    running: Path,
    csv: Path,
    provenance: Path,
    iterations: int,
) -> None:
    """Writes all rows of `parts` with their `checkpoint` and `running_loss`.

    The checkpoint is "optimal" in rows of the first part, "last" at the last iteration, and
    "snapshot" elsewhere. A run that diverged has no last one.

    Args:
        parts: as scripts/quality.py writes them: of the optimum, and of each segment's snapshots.
        records: of each of them, how it was made; `provenance` is the list of these.
        running: the run's running losses.
        iterations: that the run was to have.
    """
    optimal, *segments = (pandas.read_csv(path) for path in parts)
    snapshots = pandas.concat(segments, ignore_index=True)
    names = snapshots["iteration"].eq(iterations).map({True: "last", False: "snapshot"})
    rows = pandas.concat([optimal, snapshots], ignore_index=True)
    rows.insert(0, "checkpoint", ["optimal"] * len(optimal) + names.tolist())
    losses = pandas.read_csv(running).set_index("iteration")["running_loss"]
    rows.insert(2, "running_loss", rows["iteration"].map(losses))
    rows.to_csv(csv, index=False)
    jobs = [json.loads(path.read_text()) for path in records]
    provenance.write_text(json.dumps(jobs, indent=2) + "\n")


if "snakemake" in globals():
    run_job(main, snakemake)
