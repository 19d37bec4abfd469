"""Judges one of the paper's claims by its runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray
from safetensors import safe_open

from wngan import outcome
from wngan import running as running_losses
from wngan.bootstrap import per_folder
from wngan.claims import CLAIMS
from wngan.claims.record import FINALS, PaperValues, Run
from wngan.claims.table import FIELDS, judge
from wngan.datasets.folders import folders_of_images
from wngan.job import run_job


def final(path: Path) -> dict[str, Any]:
    """What claims take of a final reconstruction; its images stay in the file."""
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in ("losses", "curve", "steps")}


READERS: dict[str, Callable[[Path], Any]] = {
    "status": lambda path: json.loads(path.read_text()),
    "running": lambda path: running_losses.read([path]),
    "losses": np.load,
    "series": outcome.read,
    "quality": lambda path: {name: c.to_numpy() for name, c in pandas.read_csv(path).items()},
    "optimal": final,
    "last": final,
}
"""By the attribute of `Run` that a file gives."""


def read(known: dict[str, Any], files: Iterator[Path], folders: NDArray[np.int64] | None) -> Run:
    """A run, by what is known of it and by its files, which are the next.

    Args:
        folders: of the data set's images, if it is split by them.
    """
    found = {name: READERS[name](next(files)) for name in known["files"]}
    images = [len(found[name]["losses"]) for name in FINALS if name in found]
    images += [found["losses"].shape[1]] if "losses" in found else []
    if folders is not None and images:
        found["folders"] = folders[: min(images)]
        for name in FINALS:
            for column in ("losses", "curve") if name in found else ():
                found[name][column] = per_folder(found[name][column], folders)
        if "losses" in found:
            found["losses"] = per_folder(found["losses"].T, folders).T
    return Run(**{key: value for key, value in known.items() if key != "files"}, **found)


def main(
    claim: str,
    runs: list[list[dict[str, Any]]],
    files: list[Path],
    infos: list[Path],
    permutations: list[Path],
    paper: list[dict[str, str]],
    csv: Path,
) -> None:
    """Writes a row for each part of the claim to `csv`.

    Args:
        runs: of each of the claim's experiments, the attributes of `Run` that are not read, and
            under "files" the names of those that are.
        files: all runs' files, in that order.
        infos, permutations: of the data set of each experiment.
        paper: rows of report/paper_values.csv.
    """
    remaining = iter(files)
    groups = []
    for group, info, permutation in zip(runs, infos, permutations, strict=True):
        folders = folders_of_images(info, permutation)
        groups.append([read(run, remaining, folders) for run in group])
    rows = judge(CLAIMS[claim], groups, PaperValues(paper))
    # Rounded, as machines differ in the last digits.
    pandas.DataFrame(rows, columns=FIELDS).to_csv(csv, index=False, float_format="%.6g")


if "snakemake" in globals():
    run_job(main, snakemake)
