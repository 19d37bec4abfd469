"""Fetches a data set's archive."""

from pathlib import Path
from typing import Any

from wngan.download import download
from wngan.job import run_job


def main(archive: Path, file: str, datasets: dict[str, Any]) -> None:
    """Fetches to `archive` the file that is called `file` in the settings of one of `datasets`."""
    settings = [dataset.get("archive", {}) for dataset in datasets.values()]
    wanted = next(each for each in settings if each.get("file") == file)
    download(wanted["sources"], archive, wanted["bytes"], wanted["sha256"])


if "snakemake" in globals():
    run_job(main, snakemake, datasets=snakemake.config["datasets"])
