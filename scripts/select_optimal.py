"""Joins a run's running losses and keeps the snapshot with the lowest."""

import shutil
from pathlib import Path

import pandas

from wngan.log import logged, logger


def main(segments: list[Path], best: list[Path], running: Path, optimal: Path) -> None:
    """Writes the joined tables of `segments` to `running` and copies one of `best` to `optimal`."""
    tables = [pandas.read_csv(path) for path in segments]
    joined = pandas.concat(tables, ignore_index=True)
    joined.to_csv(running, index=False)
    lowest = [table["running_loss"].min() for table in tables]
    shutil.copyfile(best[pandas.Series(lowest).idxmin()], optimal)
    row = joined.loc[joined["running_loss"].idxmin()]
    logger.info("Lowest running loss %.6f at %d.", row["running_loss"], row["iteration"])


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        main(
            segments=[Path(path) for path in snakemake.input.running],
            best=[Path(path) for path in snakemake.input.best],
            running=Path(snakemake.output.running),
            optimal=Path(snakemake.output.optimal),
        )
