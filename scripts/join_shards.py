"""Joins the shares of a final reconstruction."""

import csv
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from wngan.digests import file_sha256
from wngan.job import run_job


def main(
    shards: list[Path],
    records: list[Path],
    reconstructions: Path,
    digest: Path,
    losses: Path,
    provenance: Path,
) -> None:
    """Writes all shares' arrays to `reconstructions` and a table of losses to `losses`.

    `digest` is the SHA-256 of `reconstructions`, a small file that changes whenever that one does.

    The table has a row per test image, in the order of the permutation: image (from 0) and loss.
    `provenance` is a list of the shares' records of how they were made.
    """
    parts = [load_file(path) for path in shards]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    joined["steps"] = parts[0]["steps"]
    save_file(joined, reconstructions)
    digest.write_text(f"{file_sha256(reconstructions)}\n")
    with open(losses, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("image", "loss"))
        writer.writerows(enumerate(joined["losses"].tolist()))
    jobs = [json.loads(path.read_text()) for path in records]
    provenance.write_text(json.dumps(jobs, indent=2) + "\n")


if "snakemake" in globals():
    run_job(main, snakemake)
