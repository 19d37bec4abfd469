"""Joins a run's running losses and keeps the snapshot with the lowest."""

import shutil
from pathlib import Path

from wngan import running as running_losses
from wngan.log import logged, logger


def main(
    segments: list[Path],
    best: list[Path],
    statuses: list[Path],
    running: Path,
    optimal: Path,
    status: Path,
) -> None:
    """Joins a run's segments.

    Args:
        segments: their running losses, which go to `running`.
        best: their best snapshots, of which one goes to `optimal`.
        statuses: what became of them, of which the last goes to `status`.
    """
    shutil.copyfile(statuses[-1], status)
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
    with logged(snakemake.log[0]):
        main(
            segments=[Path(path) for path in snakemake.input.running],
            best=[Path(path) for path in snakemake.input.best],
            statuses=[Path(path) for path in snakemake.input.status],
            running=Path(snakemake.output.running),
            optimal=Path(snakemake.output.optimal),
            status=Path(snakemake.output.status),
        )
