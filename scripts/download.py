"""Fetches a data set's archive."""

from pathlib import Path

from wngan.download import download
from wngan.log import logged

if "snakemake" in globals():
    with logged(snakemake.log[0]):
        output = Path(snakemake.output[0])
        archives = [entry.get("archive", {}) for entry in snakemake.config["datasets"].values()]
        (sources,) = (a["sources"] for a in archives if a.get("file") == snakemake.wildcards.file)
        digest = snakemake.params.archive
        download(sources, output, digest["bytes"], digest["sha256"])
