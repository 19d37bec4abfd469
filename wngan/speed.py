"""How fast this machine trains and reconstructs, for `wngan.own`.

    python -m wngan.speed NETWORKS

NETWORKS is JSON: "cpu" and "gpu", of which one is there, each with the image size, channels, length
of codes and batch size of a DCGAN. What it prints is that of `wngan.own.Machine`.
"""

import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch

from wngan.device import describe, free_device, usable_cores
from wngan.evaluator import reconstruct
from wngan.gpus import GpuError, usable
from wngan.graphs import replayed
from wngan.losses import LOGISTIC
from wngan.own import MODELS
from wngan.rmsprop import RMSProp
from wngan.settings import Settings
from wngan.train_step import train_step

PATIENCE = 2.0
"""Seconds that each speed of each model is measured for."""

STEPS = 10
"""Of reconstruction; the time of a step is from these to five times as many, as calls do more."""


def measured(networks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """With as many jobs at once as will run: one on a GPU, else one on each core."""
    gpu = bool(usable())
    cores = usable_cores()
    jobs = 1 if gpu else cores
    network = networks["gpu" if gpu else "cpu"]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(partial(speed, gpu=gpu), [network] * jobs))
    names, iterations, steps = zip(*found, strict=True)
    speeds = {"iteration": float(np.mean(iterations)), "step": float(np.mean(steps))}
    speeds["start"] = start()
    return {"name": names[0], "gpu": gpu, "cores": cores, "jobs": jobs} | speeds


def start() -> float:
    """Seconds that a job takes to import what it computes with."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import wngan.evaluator, wngan.training"], check=True)
    return time.perf_counter() - began


def speed(network: dict[str, Any], gpu: bool) -> tuple[str, float, float]:
    """The device, and seconds of an iteration and of an image's step, a mean over `MODELS`."""
    torch.set_num_threads(1)  # as jobs have
    training: dict[str, Any] = {"architecture": "dcgan", "lr": 1e-4, "seed": 1}
    training |= {"snapshot_every": 1, "sample_every": 1, "sample_codes": 1}
    iterations, steps = [], []
    with free_device(int(gpu)) as device:
        for model in MODELS:
            settings = Settings(model=model, **training, **network)
            generator, discriminator = settings.generator(), settings.discriminator()
            for each in (generator, discriminator):
                each.to(device).to(memory_format=torch.channels_last)
            g_optimizer, d_optimizer = (
                RMSProp(list(each.parameters()), settings.lr) for each in (generator, discriminator)
            )
            size, batch = settings.image_size, settings.batch_size
            real = torch.rand(batch, 3, size, size, device=device)
            codes = torch.randn(batch, settings.code_length, device=device)
            networks = (generator, discriminator)
            once = partial(train_step, *networks, g_optimizer, d_optimizer, LOGISTIC)
            inputs = (real, codes, codes)
            state = [tensor for each in networks for tensor in each.state_dict().values()]
            train = replayed(once, inputs, state + g_optimizer.squares + d_optimizer.squares)
            iterations.append(seconds(partial(train, *inputs)))
            few, many = (seconds(partial(_losses, generator, real, n)) for n in (STEPS, 5 * STEPS))
            steps.append(max(many - few, 0.1 * many) / (4 * STEPS * batch))
        return describe(device), float(np.mean(iterations)), float(np.mean(steps))


def seconds(call: Callable[[], torch.Tensor]) -> float:
    """The mean time of the calls that fit into `PATIENCE`, after one to warm up."""
    call().tolist()
    start, calls = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < PATIENCE:
        call().tolist()  # waits for a GPU
        calls += 1
    return elapsed / calls


def _losses(generator: torch.nn.Module, images: torch.Tensor, steps: int) -> torch.Tensor:
    return reconstruct(generator, images, steps=steps).losses


if __name__ == "__main__":
    try:
        print(json.dumps(measured(json.loads(sys.argv[1]))))
    except GpuError as error:
        sys.exit(str(error))
