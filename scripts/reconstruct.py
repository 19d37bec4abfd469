"""Reconstructs a share of the test images with a checkpoint's generator."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from wngan.checkpoint import save
from wngan.computing import compute
from wngan.data import open_images
from wngan.evaluator import curve_steps, reconstruct
from wngan.log import logger
from wngan.progress import Progress
from wngan.settings import load_generator
from wngan.snapshots import existing
from wngan.tensors import to_tensor, to_uint8


def main(
    info: Path,
    permutation: Path,
    generator: Path,
    changes: Path,
    shard_file: Path,
    images: int,
    shard: int,
    shards: int,
    steps: int,
    lr: float,
    loss_batch: int,
    precision: str,
    checkpoint: str,
    label: str,
    device: torch.device,
) -> dict[str, int]:
    """Writes the reconstructions of share `shard` (from 1) of the `shards` of `images` test images.

    The file has `codes` float32 (n, L), `images` uint8 (n, H, W, 3), `losses` float32 (n,) and
    `curve` float32 (n, S), the losses after each of `steps` int64 (S,). Of a run that diverged
    before an iteration there is no snapshot; losses are NaN then, images gray and codes empty.

    Args:
        generator: the checkpoint that has it, or a folder of snapshots that has the iteration
            `checkpoint`.
        changes: for such a folder, what training says of the segment.

    Returns:
        image_steps: how many steps all images took together.
    """
    chosen = np.array_split(np.load(permutation)[:images], shards)[shard - 1]
    tests = open_images(info)
    label = f"{label} {checkpoint} reconstruction"
    files = existing(generator, [int(checkpoint)] if checkpoint.isdecimal() else [], changes)
    if not files:
        save(shard_file, _nothing(tests[chosen], steps), {"iteration": int(checkpoint)})
        logger.info("%s: there is no such snapshot, as the run diverged before.", label)
        return {"image_steps": 0}
    network, trained = load_generator(files[0], device)
    with Progress(label, total=steps * len(chosen), unit="image·step") as progress:
        found = reconstruct(
            network,
            to_tensor(tests[chosen]),
            code_length=trained["settings"]["code_length"],
            steps=steps,
            lr=lr,
            loss_batch=loss_batch,
            precision=precision,
            on_step=progress.update,
        )
    tensors = {
        "codes": found.codes,
        "images": torch.from_numpy(to_uint8(found.images)),
        "losses": found.losses,
        "curve": found.curve,
        "steps": torch.tensor(curve_steps(steps)),
    }
    save(shard_file, tensors, {"iteration": trained["iteration"]})
    logger.info("%s: mean loss %.6f over %d images.", label, found.losses.mean(), len(chosen))
    return {"image_steps": steps * len(chosen)}


def _nothing(tests: NDArray[np.uint8], steps: int) -> dict[str, torch.Tensor]:
    """What stands in for reconstructions of `tests` that cannot be made."""
    after = torch.tensor(curve_steps(steps))
    return {
        "codes": torch.zeros(len(tests), 0),
        "images": torch.full(tests.shape, 128, dtype=torch.uint8),
        "losses": torch.full((len(tests),), torch.nan),
        "curve": torch.full((len(tests), len(after)), torch.nan),
        "steps": after,
    }


if "snakemake" in globals():
    compute(main, snakemake)
