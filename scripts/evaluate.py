"""Evaluates each snapshot of a segment and keeps the best one."""

import shutil
from pathlib import Path

import numpy as np
import torch

from wngan import checkpoint
from wngan import running as running_losses
from wngan.data import open_images
from wngan.device import describe, free_device
from wngan.evaluator import reconstruct
from wngan.events import write_evaluation
from wngan.folding import fold
from wngan.log import Progress, logged
from wngan.provenance import experiment_digest, recorded
from wngan.settings import load_generator
from wngan.tensors import to_tensor


def main(
    about: Path,
    permutation: Path,
    snapshots: Path,
    running: Path,
    losses: Path,
    best: Path,
    count: int,
    steps: int,
    lr: float,
    loss_batch: int,
    precision: str,
    label: str,
    device: torch.device,
) -> int:
    """Writes the loss of each of `snapshots` on the first `count` test images to `running`.

    The table has a row per snapshot: iteration, running_loss (the mean over images) and
    standard_error (of that mean). The loss of each image goes to `losses`, float32 (snapshots,
    count). The snapshot with the lowest loss is copied to `best`; a segment that a diverged run has
    no snapshots of leaves an empty table, an empty array and an empty checkpoint.

    Returns:
        How many steps all images took together.
    """
    targets = to_tensor(open_images(about)[np.load(permutation)[:count]], device)
    rows, per_image = [], np.empty((0, count), np.float32)
    files = sorted(snapshots.glob("*.safetensors"))
    total = len(files) * count * steps
    with Progress(f"{label} evaluation", total=total, unit="image·step") as progress:
        for file in files:
            generator, snapshot = load_generator(file, device)
            found = reconstruct(
                fold(generator),
                targets,
                steps=steps,
                lr=lr,
                loss_batch=loss_batch,
                precision=precision,
                on_step=progress.update,
            ).losses.cpu()
            per_image = np.concatenate([per_image, found[None].numpy()])
            error = found.double().std().item() / count**0.5 if count > 1 else float("nan")
            rows.append((snapshot["iteration"], found.double().mean().item(), error))

    np.save(losses, per_image)
    running_losses.write(running, rows)
    if rows:
        shutil.copyfile(files[running_losses.optimum(running_losses.read([running]))], best)
    else:
        checkpoint.save(best, {}, {"iteration": None})
    return total


if "snakemake" in globals():
    torch.set_num_threads(snakemake.threads)
    with (
        logged(snakemake.log[0]),
        free_device() as device,
        recorded(
            Path(snakemake.params.attempts),
            Path(snakemake.output.provenance),
            describe(device),
            config=experiment_digest(snakemake.config, snakemake.wildcards.experiment),
            code=snakemake.params.code,
            threads=snakemake.threads,
        ) as record,
    ):
        record["image_steps"] = main(
            about=Path(snakemake.input.about),
            permutation=Path(snakemake.input.permutation),
            snapshots=Path(snakemake.input.snapshots),
            running=Path(snakemake.output.running),
            losses=Path(snakemake.output.losses),
            best=Path(snakemake.output.best),
            count=snakemake.params.images,
            steps=snakemake.params.steps,
            lr=snakemake.params.lr,
            loss_batch=snakemake.params.loss_batch,
            precision=snakemake.params.precision,
            label="{experiment} {model}/{instance}".format(**snakemake.wildcards),
            device=device,
        )
        if snakemake.config.get("tensorboard"):
            write_evaluation(
                Path(snakemake.params.events, "evaluation"),
                snakemake.wildcards.segment,
                running_losses.read([Path(snakemake.output.running)]).tolist(),
            )
