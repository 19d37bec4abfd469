"""Fetches a data set's archive."""

from pathlib import Path

from wngan.download import download
from wngan.log import logged

if "snakemake" in globals():
    with logged(snakemake.log[0]):
        output = Path(snakemake.output[0])
        archives = [entry.get("archive", {}) for entry in snakemake.config["datasets"].values()]
        archive = next(each for each in archives if each.get("file") == snakemake.wildcards.file)
        download(archive["sources"], output, archive["bytes"], archive["sha256"])
