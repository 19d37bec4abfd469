"""Reconstructs a share of the test images with a checkpoint's generator."""

import math
from pathlib import Path

import numpy as np
import torch

from wngan import checkpoint
from wngan.data import open_images
from wngan.device import describe, free_device
from wngan.evaluator import curve_steps, reconstruct
from wngan.log import Progress, logged, logger
from wngan.provenance import config_digest, recorded
from wngan.settings import load_generator
from wngan.tensors import to_tensor, to_uint8


def main(
    about: Path,
    permutation: Path,
    model: Path,
    output: Path,
    count: int,
    shard: int,
    shards: int,
    steps: int,
    lr: float,
    loss_batch: int,
    compute_batch: int,
    label: str,
    device: torch.device,
) -> None:
    """Writes codes, images and losses of share `shard` of `shards` (from 1) of `count` test images.

    The file has `codes` float32 (n, L), `images` uint8 (n, H, W, 3), `losses` float32 (n,) and
    `curve` float32 (n, S), the losses after each of `steps` int64 (S,).
    """
    chosen = np.array_split(np.load(permutation)[:count], shards)[shard - 1]
    targets = to_tensor(open_images(about)[chosen])
    generator, trained = load_generator(model, device)
    total = steps * math.ceil(len(chosen) / compute_batch)
    with Progress(label, total=total, unit="step") as progress:
        found = reconstruct(
            generator,
            targets,
            steps=steps,
            lr=lr,
            loss_batch=loss_batch,
            compute_batch=compute_batch,
            on_step=progress.update,
        )
    tensors = {
        "codes": found.codes,
        "images": torch.from_numpy(to_uint8(found.images)),
        "losses": found.losses,
        "curve": found.curve,
        "steps": torch.tensor(curve_steps(steps)),
    }
    checkpoint.save(output, tensors, {"iteration": trained["iteration"]})
    logger.info("%s: mean loss %.6f over %d images.", label, found.losses.mean(), len(chosen))


if "snakemake" in globals():
    torch.set_num_threads(snakemake.threads)
    # Not a parameter of the rule: what comes out does not depend on it.
    settings = snakemake.config["experiments"][snakemake.wildcards.experiment]
    with (
        logged(snakemake.log[0]),
        free_device() as device,
        recorded(
            Path(snakemake.params.attempts),
            Path(snakemake.output.provenance),
            describe(device),
            config=config_digest(snakemake.config),
            code=snakemake.params.code,
        ),
    ):
        main(
            about=Path(snakemake.input.about),
            permutation=Path(snakemake.input.permutation),
            model=Path(snakemake.input.checkpoint),
            output=Path(snakemake.output.shard),
            count=snakemake.params.images,
            shard=int(snakemake.wildcards.shard),
            shards=snakemake.params.shards,
            steps=snakemake.params.steps,
            lr=snakemake.params.lr,
            loss_batch=snakemake.params.loss_batch,
            compute_batch=settings["evaluation"]["compute_batch"],
            label="{experiment} {model}/{instance} {checkpoint} reconstruction".format(
                **snakemake.wildcards
            ),
            device=device,
        )
