"""Evaluates each snapshot of a segment and keeps the best one."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from wngan import checkpoint
from wngan import running as running_losses
from wngan.computing import compute
from wngan.data import open_images
from wngan.evaluator import reconstruct
from wngan.events import write_evaluation
from wngan.progress import Progress
from wngan.settings import load_generator
from wngan.snapshots import existing
from wngan.tensors import to_tensor


def main(
    info: Path,
    permutation: Path,
    snapshots: Path,
    changes: Path,
    running: Path,
    losses: Path,
    best: Path,
    iterations: Sequence[int],
    images: int,
    steps: int,
    lr: float,
    loss_batch: int,
    precision: str,
    segment: str,
    label: str,
    events: Path | None,
    device: torch.device,
) -> dict[str, int]:
    """Writes the loss of each of `snapshots` on the first `images` test images to `running`.

    The table has a row per snapshot: iteration, running_loss (the mean over images) and
    standard_error (of that mean). The loss of each image goes to `losses`, float32 (snapshots,
    images). The snapshot with the lowest loss is copied to `best`; a segment of which a diverged
    run has no snapshots leaves an empty table, an empty array and an empty checkpoint.

    Args:
        changes: what training says of the segment.
        iterations: of the segment's snapshots, unless it diverged before.
        segment: its number, for event files.
        events: where event files go, if any.

    Returns:
        image_steps: how many steps all images took together.
    """
    targets = to_tensor(open_images(info)[np.load(permutation)[:images]], device)
    rows, per_image = [], np.empty((0, images), np.float32)
    files = existing(snapshots, iterations, changes)
    total = len(files) * images * steps
    with Progress(f"{label} evaluation", total=total, unit="image·step") as progress:
        for file in files:
            generator, snapshot = load_generator(file, device)
            found = reconstruct(
                generator,
                targets,
                steps=steps,
                lr=lr,
                loss_batch=loss_batch,
                precision=precision,
                on_step=progress.update,
            ).losses.cpu()
            per_image = np.concatenate([per_image, found[None].numpy()])
            error = found.double().std().item() / images**0.5 if images > 1 else float("nan")
            rows.append((snapshot["iteration"], found.double().mean().item(), error))

    np.save(losses, per_image)
    running_losses.write(running, rows)
    if rows:
        shutil.copyfile(files[running_losses.optimum(running_losses.read([running]))], best)
    else:
        checkpoint.save(best, {}, {"iteration": None})
    if events is not None:
        write_evaluation(events / "evaluation", segment, running_losses.read([running]).tolist())
    return {"image_steps": total}


if "snakemake" in globals():
    compute(main, snakemake)
