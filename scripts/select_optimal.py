"""Joins a run's running losses and keeps the snapshot with the lowest."""

import shutil
from pathlib import Path

from wngan import running as running_losses
from wngan.log import logged, logger


def main(segments: list[Path], best: list[Path], running: Path, optimal: Path) -> None:
    """Writes the joined rows of `segments` to `running` and copies one of `best` to `optimal`."""
    rows = running_losses.read(segments)
    running_losses.write(running, rows)
    iteration, loss, _ = running_losses.optimum(rows).tolist()
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
            running=Path(snakemake.output.running),
            optimal=Path(snakemake.output.optimal),
        )
