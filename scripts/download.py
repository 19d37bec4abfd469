"""Fetches a data set's archive, or a network's weights."""

from pathlib import Path
from typing import Any

from wngan.download import download
from wngan.job import run_job


def main(path: Path, file: str, datasets: dict[str, Any], inception: dict[str, Any] | None) -> None:
    """Fetches to `path` the file that is called `file` in the settings.

    Args:
        datasets: their settings, some with an archive.
        inception: the settings of weights, if there are any.
    """
    settings = [inception or {}, *(dataset.get("archive", {}) for dataset in datasets.values())]
    wanted = next(each for each in settings if each and Path(each["file"]) == Path(file))
    download(wanted["sources"], path, wanted["bytes"], wanted["sha256"])


if "snakemake" in globals():
    known = {name: snakemake.config.get(name) for name in ("datasets", "inception")}
    run_job(main, snakemake, **known)
