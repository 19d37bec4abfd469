"""What each experiment of config.yaml costs: jobs, arithmetic, hours at a rate, disk.

    python -m benchmarks.cost              # hours at the rate that this machine is measured to have
    python -m benchmarks.cost --rate 10    # hours at 10 TFLOP/s

The arithmetic of training, running and final reconstructions is counted from the networks. The rate
is that of training iterations of the CIFAR-10 WN model. Disk is what snapshots, end states, samples
in training and final reconstructions take.
"""

import argparse
import csv
import time
from itertools import product
from pathlib import Path
from typing import Any

import pandas
import torch
import yaml
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from wngan.device import free_device
from wngan.losses import LOGISTIC
from wngan.settings import Settings

ROOT = Path(__file__).parents[1]
PAPER_VALUES = ROOT / "report/paper_values.csv"


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


def settings_of(config: dict[str, Any], experiment: dict[str, Any], model: str) -> Settings:
    """The settings of a model's runs."""
    return Settings(
        architecture=experiment["architecture"],
        model=model,
        image_size=config["datasets"][experiment["dataset"]]["image_size"],
        channels=tuple(experiment["channels"]),
        code_length=experiment["code_length"],
        batch_size=experiment["batch_size"],
        lr=experiment["lr"],
        seed=config["seed"],
        snapshot_every=experiment["evaluation"]["running"]["every"],
        sample_every=experiment["samples"]["every"],
        sample_codes=experiment["samples"]["codes"],
    )


def cost(config: dict[str, Any]) -> pandas.DataFrame:
    """A row per experiment: training jobs, the longest chain of them, PFLOP of each stage, disk.

    Final reconstructions are those of the tables, of the figures of reconstruction steps, and of
    the statistics.
    """
    finals = set()
    for spec in config["figures"]["steps"].values():
        pairs = product(spec["runs"], spec["checkpoints"])
        finals |= {(spec["experiment"], *pair) for pair in pairs}
    for row in csv.DictReader(PAPER_VALUES.read_text().splitlines()):
        name = config["tables"].get(f"table{row['table']}")
        if row["final_loss"]:
            models = ("wn", "wn_published") if row["model"] == "wn" else (row["model"],)
            finals |= {(name, model, row["checkpoint"]) for model in models}
    rows = []
    for name, experiment in config["experiments"].items():
        row: dict[str, Any] = dict.fromkeys(
            ("training jobs", "longest chain", "train", "evaluate", "reconstruct", "GB"), 0
        )
        running, final = (experiment["evaluation"][kind] for kind in ("running", "final"))
        probes = config["statistics"].get(name, {"models": []})
        for model, run in experiment["models"].items():
            settings = settings_of(config, experiment, model)
            iteration, step, snapshot, state = count(settings)
            segments = run["iterations"] // experiment["segment"]
            snapshots = run["iterations"] // settings.snapshot_every + 1
            samples = run["iterations"] // settings.sample_every * settings.sample_codes
            size = 3 * settings.image_size**2
            row["training jobs"] += run["instances"] * segments
            row["longest chain"] = max(row["longest chain"], segments)
            row["train"] += run["instances"] * run["iterations"] * iteration / 1e15
            images = snapshots * running["images"] * running["steps"]
            row["evaluate"] += run["instances"] * images * step / 1e15
            checkpoints = sum((name, model, kind) in finals for kind in ("optimal", "last"))
            reconstructed = checkpoints * final["images"]
            if model in probes["models"]:
                reconstructed += (2 + probes["random_starts"]) * probes["images"]
            row["reconstruct"] += reconstructed * final["steps"] * step / 1e15
            kept = snapshots * snapshot + segments * state + samples * size
            row["GB"] += (run["instances"] * kept + checkpoints * final["images"] * size) / 1e9
        rows.append({"experiment": name} | row)
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
    table = table.assign(hours=table[["train", "evaluate", "reconstruct"]].sum(axis=1) / rate / 3.6)
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
    if rate is None:
        cifar = config["experiments"]["cifar10_dcgan"]
        rate = measured_rate(settings_of(config, cifar, "wn")) / 1e12
    print(f"PFLOP of each stage, and hours at {rate:.3g} TFLOP/s:\n")
    print(markdown(cost(config), rate))


if __name__ == "__main__":
    main()
