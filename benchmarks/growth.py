"""How time and memory grow with iterations, images, steps and image size.

    python -m benchmarks.growth benchmarks/growth.png

Each point is a process of its own that trains the demo's WN model, or reconstructs with it, on a
CPU. Memory is the most that the process took, less what it had before it began; pages of files do
not count, as the system takes them back when it needs them.
"""

import argparse
import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from matplotlib import pyplot as plt

from benchmarks.speed import SIZES, images_like, memory, settings
from scripts import reconstruct
from wngan import checkpoint
from wngan.device import free_device
from wngan.training import train

GROWS = {
    "iterations": (250, 500, 1000, 2000, 4000),
    "images to train on": (1000, 4000, 16000, 64000),
    "images to reconstruct": (400, 800, 1600, 3200, 6400),
    "steps": (50, 100, 200, 400, 800),
    "image size, training": (16, 32, 64, 128),
    "image size, reconstruction": (16, 32, 64, 128),
}


def point(connection: Connection, what: str, value: int, folder: Path) -> None:
    """Measures a point: seconds and MB."""
    run, size = settings(*SIZES["digits"], "wn"), 32 if what == "images to reconstruct" else 16
    if what.startswith("image size"):
        size = value
    if size != run.image_size:
        depth = size.bit_length() - 3  # the halvings that end at a map of 4×4
        run = replace(run, image_size=size, channels=(16, 32, 32, 32, 32)[:depth])
    iterations = value if what == "iterations" else 50
    run = replace(run, snapshot_every=iterations, sample_every=iterations)
    number = value if what.startswith("images") else 1000 if what == "steps" else 64
    np.save(folder / "images.npy", images_like(run, number))
    images = np.load(folder / "images.npy", mmap_mode="r")
    np.save(folder / "permutation.npy", np.arange(number))
    (folder / "images.json").write_text(json.dumps({}))
    generator = checkpoint.with_prefix("generator", run.generator().state_dict())
    metadata = {"settings": vars(run), "iteration": 0}
    checkpoint.save(folder / "model.safetensors", generator, metadata)
    with free_device() as device, most_memory() as took:
        start = time.perf_counter()
        if what in ("images to reconstruct", "steps", "image size, reconstruction"):
            reconstruct.main(
                info=folder / "images.json",
                permutation=folder / "permutation.npy",
                model=folder / "model.safetensors",
                output=folder / "found.safetensors",
                count=number,
                shard=1,
                shards=1,
                steps=value if what == "steps" else 20,
                lr=0.01,
                loss_batch=32,
                precision="float32",
                label="growth",
                device=device,
            )
        else:
            train(run, images, folder / "run", stop=iterations)
        seconds = time.perf_counter() - start
    connection.send((seconds, max(took)))


@contextmanager
def most_memory() -> Iterator[list[float]]:
    """A list that fills, a hundred times a second, with the MB that this process took since."""
    start, over = memory("RssAnon"), threading.Event()
    took = [0.0]

    def look() -> None:
        while not over.wait(0.01):
            took.append(memory("RssAnon") - start)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def measure(what: str, value: int) -> tuple[float, float]:
    """Seconds and MB of a point."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        ours, theirs = context.Pipe()
        process = context.Process(target=point, args=(theirs, what, value, Path(folder)))
        process.start()
        found: tuple[float, float] = ours.recv()
        process.join()
    return found


def main() -> None:
    """Prints the points and draws them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", type=Path)
    path = parser.parse_args().figure
    torch.set_num_threads(1)
    figure, axes = plt.subplots(2, len(GROWS), figsize=(3 * len(GROWS), 5), layout="constrained")
    print("| what grows | to | seconds | MB |\n| --- | ---: | ---: | ---: |")
    for column, (what, values) in zip(axes.T, GROWS.items(), strict=True):
        points = [measure(what, value) for value in values]
        for value, (seconds, megabytes) in zip(values, points, strict=True):
            print(f"| {what} | {value:,} | {seconds:.2f} | {megabytes:,.0f} |", flush=True)
        for axis, name, numbers in zip(
            column, ("seconds", "MB"), zip(*points, strict=True), strict=True
        ):
            axis.plot([v**2 for v in values] if "size" in what else values, numbers, "o-")
            axis.set(xlabel=f"({what})²" if "size" in what else what, ylabel=name)
            axis.set_ylim(0, 1.15 * max(numbers))
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
