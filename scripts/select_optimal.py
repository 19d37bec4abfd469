"""Joins a run's running losses and keeps the snapshot with the lowest."""

import shutil
from pathlib import Path

import numpy as np

from wngan import running as running_losses
from wngan.job import run_job
from wngan.log import logger


def main(
    segments: list[Path],
    segment_losses: list[Path],
    best: list[Path],
    running: Path,
    losses: Path,
    optimal: Path,
) -> None:
    """Joins a run's segments.

    Args:
        segments: their running losses, which go to `running`.
        segment_losses: the same for each image, which go to `losses`.
        best: their best snapshots, of which one goes to `optimal`.
    """
    np.save(losses, np.concatenate([np.load(path) for path in segment_losses]))
    rows = running_losses.read(segments)
    running_losses.write(running, rows)
    iteration, loss, _ = rows[running_losses.optimum(rows)].tolist()
    holder = next(
        number
        for number, path in enumerate(segments)
        if iteration in running_losses.read([path])["iteration"]
    )
    shutil.copyfile(best[holder], optimal)
    logger.info("The lowest running loss is %.6f, at %d.", loss, iteration)


if "snakemake" in globals():
    run_job(main, snakemake)
