"""What each experiment of config.yaml costs: jobs, arithmetic, hours at a rate, disk.

    python -m benchmarks.cost              # hours at the rate that this machine is measured to have
    python -m benchmarks.cost --rate 10    # hours at 10 TFLOP/s

The arithmetic of training, running and final reconstructions is counted from the networks, that of
the quality of samples from torchvision's Inception, which is as large as the one that is used; the
matrix root of each FID, seconds on one core, is left out. The rate is that of training iterations
of the CIFAR-10 WN model. Disk is what snapshots, end states, samples in training and final
reconstructions take.
"""

import argparse
import csv
import time
from functools import cache
from pathlib import Path
from typing import Any

import pandas
import torch
import yaml
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import inception_v3

from wngan.device import free_device
from wngan.losses import LOGISTIC
from wngan.plan import Plan
from wngan.runs import Experiment
from wngan.settings import Settings

ROOT = Path(__file__).parents[1]
STAGES = ("train", "evaluate", "reconstruct", "quality")
COLUMNS = ("training jobs", "longest chain", *STAGES, "GB")


def train_once(settings: Settings, generator: nn.Module, discriminator: nn.Module) -> None:
    """The gradients of one iteration (section 4)."""
    like = next(generator.parameters())
    images = like.new_zeros(settings.batch_size, 3, settings.image_size, settings.image_size)
    codes = like.new_zeros(settings.batch_size, settings.code_length)
    with torch.no_grad():
        fake = generator(codes)
    real_logits, fake_logits = discriminator(torch.cat([images, fake])).chunk(2)
    loss = LOGISTIC.discriminator(real_logits, fake_logits)
    torch.autograd.backward(loss, inputs=list(discriminator.parameters()))
    loss = LOGISTIC.generator(discriminator(generator(codes)))
    torch.autograd.backward(loss, inputs=list(generator.parameters()))


def reconstruct_once(settings: Settings, generator: nn.Module) -> None:
    """The gradient of one step of one image's reconstruction."""
    leaf = next(generator.parameters()).new_zeros(1, settings.code_length).requires_grad_()
    codes = leaf.clone()  # the counter does not support the gradient of a leaf
    torch.autograd.grad(generator.eval()(codes).sum(), [codes])


def count(settings: Settings) -> tuple[int, int, int, int]:
    """FLOP of an iteration and of a reconstruction step; bytes of a snapshot and of a state."""
    with torch.device("meta"):
        generator, discriminator = settings.generator(), settings.discriminator()
        with FlopCounterMode(display=False) as training:
            train_once(settings, generator, discriminator)
        with FlopCounterMode(display=False) as reconstruction:
            reconstruct_once(settings, generator)
    snapshot = 4 * sum(p.numel() for p in generator.parameters())
    state = 2 * (snapshot + 4 * sum(p.numel() for p in discriminator.parameters()))
    return training.get_total_flops(), reconstruction.get_total_flops(), snapshot, state


@cache
def inception_flops() -> int:
    """Of the features of one image."""
    with torch.device("meta"):
        network = inception_v3(weights=None, aux_logits=False, init_weights=False).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.zeros(1, 3, 299, 299))
    return counter.get_total_flops()


def quality_images(plan: Plan, experiment: Experiment, model: str) -> int:
    """Samples of one training and training images whose features are compared."""
    asked = plan.quality.get(experiment.name)
    if asked is None or model not in asked.settings["models"] or asked.weights is None:
        return 0
    run = experiment.instance(model, "1")
    checkpoints = 2 + run.iterations // asked.settings["every"]  # the optimum and iteration 0
    jobs = 1 + len(run.segments)
    return (checkpoints + jobs) * asked.settings["images"]


def settings_of(experiment: Experiment, model: str) -> Settings:
    """The settings of a model's first run."""
    trained = experiment.training(experiment.instance(model, "1"))
    return Settings(**trained | {"channels": tuple(trained["channels"])})


def cost(plan: Plan) -> pandas.DataFrame:
    """A row per experiment: training jobs, the longest chain of them, PFLOP of each stage, disk."""
    rows = []
    for experiment in plan.experiments.values():
        row: dict[str, Any] = {"experiment": experiment.name} | dict.fromkeys(COLUMNS, 0)
        running, final = (experiment.settings["evaluation"][kind] for kind in ("running", "final"))
        for model in experiment.settings["models"]:
            runs = experiment.model(model).runs
            settings = settings_of(experiment, model)
            iteration, step, snapshot, state = count(settings)
            iterations, segments = runs[0].iterations, len(runs[0].segments)
            snapshots = iterations // settings.snapshot_every + 1
            samples = iterations // settings.sample_every * settings.sample_codes
            size = 3 * settings.image_size**2
            row["training jobs"] += len(runs) * segments
            row["longest chain"] = max(row["longest chain"], segments)
            row["train"] += len(runs) * iterations * iteration / 1e15
            images = snapshots * running["images"] * running["steps"]
            row["evaluate"] += len(runs) * images * step / 1e15
            own = [
                f
                for f in plan.known_finals
                if (f.run.experiment, f.run.model) == (experiment.name, model)
            ]
            measured = len(runs) * quality_images(plan, experiment, model)
            row["quality"] += measured * inception_flops() / 1e15
            kept = probed = 0
            for f in own:
                if f.checkpoint == "probes":
                    probed += plan.statistics[experiment.name].probes
                else:
                    kept += final["images"]
            row["reconstruct"] += (kept + probed) * final["steps"] * step / 1e15
            row["GB"] += (
                len(runs) * (snapshots * snapshot + segments * state + samples * size) / 1e9
            )
            row["GB"] += kept * size / 1e9
        rows.append(row)
    return pandas.DataFrame(rows)


def measured_rate(settings: Settings, seconds: float = 20) -> float:
    """FLOP per second of training iterations on the present device."""
    with free_device() as device:
        networks = [settings.generator().to(device), settings.discriminator().to(device)]
        train_once(settings, *networks)
        start, done = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds:
            train_once(settings, *networks)
            if device.type == "cuda":
                torch.cuda.synchronize()
            done += 1
    return count(settings)[0] * done / elapsed


def markdown(table: pandas.DataFrame, rate: float) -> str:
    """The table with hours at `rate` TFLOP/s and a last row of sums."""
    table = table.assign(hours=table[list(STAGES)].sum(axis=1) / rate / 3.6)
    sums: dict[str, Any] = table.sum(numeric_only=True).to_dict()
    sums |= {"experiment": "all", "longest chain": table["longest chain"].max()}
    rows = [table.columns, ["---"] + ["---:"] * (len(table.columns) - 1)]
    rows += [*table.itertuples(index=False), [sums[name] for name in table.columns]]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 1 else f"{value:.1f}" if value else "–"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, help="TFLOP/s; by default measured")
    rate = parser.parse_args().rate
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    with open(ROOT / "report/paper_values.csv", newline="") as file:
        plan = Plan(config, list(csv.DictReader(file)))
    if rate is None:
        rate = measured_rate(settings_of(plan.experiments["cifar10_dcgan"], "wn")) / 1e12
    print(f"PFLOP of each stage, and hours at {rate:.3g} TFLOP/s:\n")
    print(markdown(cost(plan), rate))


if __name__ == "__main__":
    main()
