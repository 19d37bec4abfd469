"""Copies the files of a model's best instance."""

import shutil
from pathlib import Path

import numpy as np

from wngan import running
from wngan.log import logged, logger


def main(instances: list[dict[str, Path]], outputs: dict[str, Path]) -> None:
    """Copies the files of the instance whose table `running` has the lowest running loss.

    Args:
        instances: for each instance, its files by the names that `outputs` has.
        outputs: where they go.
    """
    tables = [running.read([files["running"]]) for files in instances]
    rows = np.array([table[running.optimum(table)] for table in tables])
    best = running.optimum(rows)
    for name, path in outputs.items():
        shutil.copyfile(instances[best][name], path)
    logger.info(
        "Instance %d is the best, with a running loss of %.6f.",
        best + 1,
        rows[best]["running_loss"],
    )


if "snakemake" in globals():
    with logged(snakemake.log[0]):
        names = snakemake.output.keys()
        files = zip(*(snakemake.input[name] for name in names), strict=True)
        main(
            [dict(zip(names, map(Path, paths), strict=True)) for paths in files],
            {name: Path(path) for name, path in snakemake.output.items()},
        )
