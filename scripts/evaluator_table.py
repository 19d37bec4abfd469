"""Writes how much of the loss is the optimizer's own error, and how much depends on its start."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file

from wngan import tables
from wngan.baselines import NAMES as BASELINES
from wngan.baselines import read as read_baselines
from wngan.bootstrap import above, paired_ratio, per_folder, unpaired_ratio
from wngan.datasets.folders import folders_of_images
from wngan.job import run_job
from wngan.model_names import NAMES

QUANTITIES = {
    "status": ("", "status", "{}"),
    "images": ("", "images", "{:.0f}"),
    "own": ("own samples", "loss", "{:.6f}"),
    "own_standard_error": ("", "± s.e.", "{:.6f}"),
    "training_images": ("training images", "number", "{:.0f}"),
    "training": ("", "loss", "{:.6f}"),
    "training_standard_error": ("", "± s.e.", "{:.6f}"),
    "test_images": ("test images", "number", "{:.0f}"),
    "test": ("", "loss", "{:.6f}"),
    "test_standard_error": ("", "± s.e.", "{:.6f}"),
    "gap": ("test above training images", "%", "{:+.1f}"),
    "gap_low": ("", "from", "{:+.1f}"),
    "gap_high": ("", "to", "{:+.1f}"),
    "zero": ("start at zero", "loss", "{:.6f}"),
    "random": ("random starts", "loss", "{:.6f}"),
    "random_above": ("random starts above zero", "%", "{:+.1f}"),
    "random_low": ("", "from", "{:+.1f}"),
    "random_high": ("", "to", "{:+.1f}"),
    "starts": ("random starts", "number", "{:.0f}"),
    "random_best": ("", "lowest loss", "{:.6f}"),
    "random_better": ("", "better, %", "{:.0f}"),
    "within": ("codes within the prior", "loss", "{:.6f}"),
    "within_above": ("codes within the prior above any", "%", "{:+.1f}"),
    "within_low": ("", "from", "{:+.1f}"),
    "within_high": ("", "to", "{:+.1f}"),
    "recalibrated": ("recalibrated batch norms", "loss", "{:.6f}"),
    "recalibrated_above": ("recalibrated above running", "%", "{:+.1f}"),
    "recalibrated_low": ("", "from", "{:+.1f}"),
    "recalibrated_high": ("", "to", "{:+.1f}"),
}
"""The table's columns but for the model; in the page they are rows: of what, what, its format."""

ABLATIONS = ("within", "recalibrated")
"""Other ways to reconstruct the same test images from zero; the second is of batch norms alone."""

BETTER = 0.99
"""Of the loss from zero: below it a random start counts as better."""


def main(
    models: list[str],
    statuses: list[Path],
    finals: list[Path],
    probes: list[Path],
    baselines: Path,
    info: Path,
    permutation: Path,
    tests: int,
    running_images: int,
    csv: Path,
    html: Path,
    experiment: str,
) -> None:
    """Writes `csv` and `html` with a row per model, and one per baseline.

    Test images are set against training images without the first `running_images`: checkpoints were
    chosen by the running losses of those, which are therefore low.

    Args:
        models: of an experiment.
        statuses: for each of them, what became of its run.
        finals: for each of them, the losses of its final reconstruction.
        probes: for each of them, what scripts/probe.py wrote.
        baselines: what test images lose without a generator.
        info, permutation: of the data set; where it is split by folder, intervals and standard
            errors are over folders.
        tests: how many images are for testing, the first of the permutation.
        running_images: of the running evaluation; the final one has more.
    """
    folders = folders_of_images(info, permutation)
    of_unseen, of_training = (
        folders if folders is None else folders[start:] for start in (running_images, tests)
    )
    rows = []
    for model, status, final, path in zip(models, statuses, finals, probes, strict=True):
        probe = load_file(path)
        training, random = probe["training"], probe["random"].astype(float)
        test = pandas.read_csv(final)["loss"].to_numpy()
        zero, unseen = test[: random.shape[1]], test[running_images:]
        fate = json.loads(status.read_text())
        row: dict[str, Any] = {"model": model, "status": fate["status"], "images": len(zero)}
        for name, losses, of_losses in (
            ("own", probe["own"], None),
            ("training", training, of_training),
            ("test", unseen, of_unseen),
        ):
            column = pandas.Series(losses, dtype=float)
            if name != "own":
                row[f"{name}_images"] = len(column)
            row[name] = column.mean(skipna=False)
            row[f"{name}_standard_error"] = _standard_error(losses, of_losses)
        gap = [
            above(ratio, 1) for ratio in unpaired_ratio(unseen, training, of_unseen, of_training)
        ]
        row |= dict(zip(("gap", "gap_low", "gap_high"), gap, strict=True))
        row |= {"zero": zero.mean(), "random": random.mean(), "starts": len(random)}
        of_zero = per_folder(zero, folders)
        more = _more(per_folder(random.mean(axis=0), folders), of_zero)
        row |= dict(zip(("random_above", "random_low", "random_high"), more, strict=True))
        row["random_best"] = random.min(axis=0).mean()
        better = np.where(np.isnan(random + zero), np.nan, random < BETTER * zero)
        row["random_better"] = 100 * better.mean()
        for name in filter(probe.__contains__, ABLATIONS):
            row[name] = probe[name].mean(dtype=float)
            more = _more(per_folder(probe[name], folders), of_zero)
            columns = (f"{name}_above", f"{name}_low", f"{name}_high")
            row |= dict(zip(columns, more, strict=True))
        rows.append(row)
    known = read_baselines(baselines, slice(running_images, len(test)))
    for name, losses in known._asdict().items():
        column = pandas.Series(losses.tolist(), dtype=float)
        row = {"model": name, "test_images": len(column), "test": column.mean()}
        rows.append(row | {"test_standard_error": _standard_error(losses, of_unseen)})
    table = pandas.DataFrame(rows, columns=["model", *QUANTITIES])
    table.to_csv(csv, index=False, float_format="%.6g")
    lines = [
        [
            of,
            what,
            *("–" if pandas.isna(value) else form.format(value) for value in table[column]),
        ]
        for column, (of, what, form) in QUANTITIES.items()
    ]
    page = pandas.DataFrame(
        lines, columns=["of", "quantity", *table["model"].map(NAMES | BASELINES)]
    )
    html.write_text(tables.html(page, f"The evaluator: {experiment}", {}, texts=["of", "quantity"]))


def _standard_error(losses: ArrayLike, folders: NDArray[np.int64] | None) -> float:
    """Of the mean of losses (N,); NaN of one image or folder."""
    rows = per_folder(losses, folders)
    return float(rows.std(ddof=1) / len(rows) ** 0.5) if len(rows) > 1 else np.nan


def _more(losses: ArrayLike, others: ArrayLike) -> list[float]:
    """By how many percent losses are above others of the same rows, with the interval."""
    return [above(ratio, 1) for ratio in paired_ratio(losses, others)]


if "snakemake" in globals():
    run_job(main, snakemake)
