"""Copies the files of a model's best instance."""

import shutil
from pathlib import Path

import numpy as np

from wngan import running
from wngan.job import run_job
from wngan.log import logger


def main(inputs: dict[str, list[Path]], outputs: dict[str, Path]) -> None:
    """Copies the files of the instance whose table `running` has the lowest running loss.

    Args:
        inputs: a file of each instance, by the names that `outputs` has.
        outputs: where they go.
    """
    tables = [running.read([path]) for path in inputs["running"]]
    rows = np.array([table[running.optimum(table)] for table in tables])
    best = running.optimum(rows)
    for name, path in outputs.items():
        shutil.copyfile(inputs[name][best], path)
    logger.info(
        "Instance %d is the best, with a running loss of %.6f.",
        best + 1,
        rows[best]["running_loss"],
    )


if "snakemake" in globals():
    run_job(main, snakemake)
