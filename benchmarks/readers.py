"""Whether LSUN's images come as fast as a GPU takes them, and mapped arrays before they are needed.

    python -m benchmarks.readers --output benchmarks/measured/readers.csv

The first table is measured: batches of LSUN's size from an LMDB of images like LSUN's, as training
reads them, by the number of processes that read. The second is not: it says how many batches an
H100 would take at shares of the peaks of its data sheet, by the arithmetic of an iteration, and how
many readers of this machine's speed decode these. The third is measured: an array that was dropped
from memory, with a pause as long as a GPU's iteration between batches; what training waits for one
and the times that the process had to wait for a page, with images read ahead and without.
"""

import argparse
import datetime
import math
import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import lmdb
import numpy as np
import pandas
import torch

from benchmarks.cost import count
from benchmarks.speed import images_like, jpegs, settings
from wngan.batches import batches
from wngan.data import Images, Subset
from wngan.datasets.keys import write_keys
from wngan.device import describe, free_device
from wngan.encoded import EncodedImages
from wngan.randomness import rng
from wngan.tensors import to_tensor

LSUN = settings("config.yaml", "lsun_dcgan", "wn")
CELEBA = settings("config.yaml", "celeba_dcgan", "wn")
READERS = (0, 1, 2, 4)
NUMBER = 3000
"""Images of each file."""
PEAKS = {"float32": 67e12, "tf32": 495e12, "bfloat16": 989e12}
"""FLOP per second of an H100 SXM5, without sparsity, by NVIDIA's data sheet."""
SHARES = (0.35, 1.0)
PAUSE = 0.02
"""Seconds between batches of a cold file, as an iteration takes on a GPU."""


def write_lmdb(folder: Path, number: int) -> EncodedImages:
    """An LMDB of images like LSUN's."""
    with (
        lmdb.open(str(folder), map_size=2**30) as environment,
        environment.begin(write=True) as transaction,
    ):
        for index, content in enumerate(jpegs(number, 341, 256)):
            transaction.put(f"{index:040x}".encode(), content)
    write_keys(folder, folder / "keys.npy")
    return EncodedImages(folder, folder / "keys.npy", LSUN.image_size)


def milliseconds_to_decode(images: EncodedImages) -> float:
    """Of an image, in this process, the best of some batches."""
    best = math.inf
    for first in range(0, len(images) - LSUN.batch_size + 1, LSUN.batch_size):
        start = time.perf_counter()
        images[np.arange(first, first + LSUN.batch_size)]
        best = min(best, time.perf_counter() - start)
    return 1e3 * best / LSUN.batch_size


def batches_per_second(images: Images, readers: int) -> float:
    """As training gets them, on its device."""
    torch.set_num_threads(1)  # as where images are encoded
    first, last = 20, 20 + (len(images) // LSUN.batch_size)  # readers need time to start
    with free_device() as device:
        for done, batch in enumerate(batches(images, LSUN, range(1, last + 1), readers), start=1):
            to_tensor(batch, device)
            if done == first:
                start = time.perf_counter()
    return (last - first) / (time.perf_counter() - start)


def readers_table(images: EncodedImages) -> pandas.DataFrame:
    """A row per number of readers."""
    decoding = milliseconds_to_decode(images)
    rows = []
    for readers in READERS:
        rate = batches_per_second(images, readers)
        row = {"readers": readers, "batches/s": rate, "images/s": rate * LSUN.batch_size}
        rows.append(row | {"ms to decode an image, one core": decoding})
    return pandas.DataFrame(rows)


def wanted_table(rate: float) -> pandas.DataFrame:
    """What an H100 would take, and the readers for it at `rate` batches per second of one."""
    flop = count(LSUN)[0]
    rows = []
    for precision, peak in PEAKS.items():
        for share in SHARES:
            wanted = share * peak / flop
            rows.append(
                {
                    "precision": precision,
                    "TFLOP/s": peak / 1e12,
                    "share": f"{share:.0%}",
                    "ms an iteration": 1e3 / wanted,
                    "batches/s": wanted,
                    "readers": math.ceil(wanted / rate),
                }
            )
    return pandas.DataFrame(rows)


def drop(file: Path) -> None:
    """Has the system forget what it has in memory of a file that no process maps."""
    descriptor = os.open(file, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def cold(folder: Path, ahead: bool) -> tuple[float, float]:
    """Milliseconds that training waits for a batch, and its major page faults.

    To be called in a new process, which maps no file yet.
    """
    drop(folder / "images.npy")
    order = rng(0, "photographs").permutation(NUMBER)
    images = Subset(np.load(folder / "images.npy", mmap_mode="r"), order)
    iterations = range(1, NUMBER // CELEBA.batch_size + 1)
    waited, faults = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    with ExitStack() as stack:
        if not ahead:
            stack.enter_context(patch("wngan.batches.will_need"))
        coming = iter(batches(images, CELEBA, iterations))
        for _ in iterations:
            start = time.perf_counter()
            next(coming)
            waited += time.perf_counter() - start
            time.sleep(PAUSE)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_majflt - faults
    return 1e3 * waited / len(iterations), faults / len(iterations)


def cold_table(folder: Path) -> pandas.DataFrame:
    """A row without reading ahead, and one with it, of CelebA's images."""
    np.save(folder / "images.npy", images_like(CELEBA, NUMBER))
    rows = []
    for ahead in (False, True):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            waited, faults = process.submit(cold, folder, ahead).result()
        row = {"read ahead": "yes" if ahead else "no"}
        rows.append(row | {"ms waited a batch": waited, "page faults a batch": faults})
    return pandas.DataFrame(rows)


def markdown(table: pandas.DataFrame) -> str:
    """The table for people."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        return str(value)

    rows = [list(table.columns), ["---"] * len(table.columns)]
    rows += [[cell(value) for value in row.values()] for row in table.to_dict("records")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Prints the tables, and writes what is measured by numbers of readers as CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="a CSV file")
    options = parser.parse_args()
    with free_device() as device:
        hardware = f"{describe(device)}, {os.cpu_count()} cores"
    print(f"{datetime.date.today()}, {hardware}\n", flush=True)
    with TemporaryDirectory(dir=Path.cwd()) as name:  # as others may be in memory
        folder = Path(name)
        images = write_lmdb(folder, NUMBER)
        measured = readers_table(images)
        from_cold = cold_table(folder)
    (alone,) = measured.loc[measured["readers"] == 1, "batches/s"]
    tables = measured, wanted_table(alone), from_cold
    print("\n\n".join(map(markdown, tables)))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        measured.assign(device=hardware, date=datetime.date.today()).to_csv(
            options.output, index=False, float_format="%.5g"
        )


if __name__ == "__main__":
    main()
