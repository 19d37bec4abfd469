"""Fetches a data set's archive."""

from pathlib import Path

from wngan.download import download
from wngan.log import logged

if "snakemake" in globals():
    with logged(snakemake.log[0]):
        archive = snakemake.params.archive
        download(archive["sources"], Path(snakemake.output[0]), archive["bytes"], archive["sha256"])
