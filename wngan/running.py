"""Running losses of a run: a table with a row per snapshot."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FIELDS = np.dtype(
    [("iteration", np.int64), ("running_loss", np.float64), ("standard_error", np.float64)]
)


def write(path: Path, rows: NDArray[np.void] | Sequence[tuple[int, float, float]]) -> None:
    """Writes the rows (of `FIELDS`) as a CSV file that gives the same numbers when read."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS.names or ())
        writer.writerows(np.array(rows, FIELDS).tolist())


def read(paths: Sequence[Path]) -> NDArray[np.void]:
    """The rows of several files, joined, as an array of `FIELDS`."""
    tables = [
        np.genfromtxt(path, FIELDS, delimiter=",", skip_header=1, ndmin=1)
        for path in paths
        if path.read_text().count("\n") > 1  # a diverged run's later segments have no rows
    ]
    return np.concatenate([np.empty(0, FIELDS), *tables])


def optimum(rows: NDArray[np.void]) -> int:
    """The index of the row with the lowest running loss; 0 if no loss is finite."""
    losses = np.where(np.isfinite(rows["running_loss"]), rows["running_loss"], np.inf)
    return int(np.argmin(losses))
