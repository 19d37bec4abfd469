"""Writes what became of a run: diversity and drift of its samples, collapse, convergence."""

import json
from pathlib import Path

import numpy as np

from wngan import outcome
from wngan import running as running_losses
from wngan.baselines import read as read_baselines
from wngan.data import open_images
from wngan.job import run_job
from wngan.log import logger


def main(
    info: Path,
    permutation: Path,
    samples: list[Path],
    trained: list[Path],
    running: Path,
    baselines: Path,
    series: Path,
    status: Path,
    test_images: int,
    running_images: int,
    every: int,
    lag: int,
) -> None:
    """Writes a row per sample of a run to `series` and what became of the run to `status`.

    Args:
        info, permutation: of the data set, whose first `test_images` the samples are compared to.
        samples: of the run's segments.
        trained: what training says of each of them.
        running: the run's running losses.
        baselines: what test images lose without a generator.
        running_images: of the running evaluation, the first of them.
        every: iterations between samples.
        lag: iterations over which samples drift.
    """
    tests = open_images(info)[np.load(permutation)[:test_images]]
    first, end = (json.loads(trained[k].read_text()) for k in (0, -1))
    end["restarts"] = first["restarts"]
    rows = outcome.series(
        [np.load(path, mmap_mode="r") for path in samples],
        every,
        lag,
        end["iteration"] - (end["status"] == "diverged"),
        outcome.mean_difference(tests),
    )
    outcome.write(series, rows)
    known = read_baselines(baselines, slice(running_images))
    mean_image = float(known.mean_image.mean())
    found = outcome.fate(end, rows, running_losses.read([running]), lag, mean_image)
    status.write_text(json.dumps(found) + "\n")
    logger.info("The run is %s. %s", found["status"], found["reason"])


if "snakemake" in globals():
    run_job(main, snakemake)
