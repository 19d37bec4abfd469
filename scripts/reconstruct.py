"""Reconstructs a share of the test images with a checkpoint's generator."""

from pathlib import Path

import numpy as np
import torch

from wngan import checkpoint
from wngan.data import open_images
from wngan.device import describe, free_device
from wngan.evaluator import curve_steps, images_at_once, reconstruct
from wngan.folding import fold
from wngan.log import Progress, logged, logger
from wngan.provenance import experiment_digest, recorded
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
    precision: str,
    label: str,
    device: torch.device,
) -> int:
    """Writes codes, images and losses of share `shard` of `shards` (from 1) of `count` test images.

    The file has `codes` float32 (n, L), `images` uint8 (n, H, W, 3), `losses` float32 (n,) and
    `curve` float32 (n, S), the losses after each of `steps` int64 (S,).

    Returns:
        How many steps all images took together.
    """
    chosen = np.array_split(np.load(permutation)[:count], shards)[shard - 1]
    images = open_images(about)
    generator, trained = load_generator(model, device)
    folded = fold(generator)
    code_length = trained["settings"]["code_length"]
    at_once = images_at_once(folded, code_length)
    parts: dict[str, list[torch.Tensor]] = {"codes": [], "images": [], "losses": [], "curve": []}
    with Progress(label, total=steps * len(chosen), unit="image·step") as progress:
        for first in range(0, len(chosen), at_once):
            found = reconstruct(
                folded,
                to_tensor(images[chosen[first : first + at_once]]),
                code_length=code_length,
                steps=steps,
                lr=lr,
                loss_batch=loss_batch,
                compute_batch=at_once,
                precision=precision,
                on_step=progress.update,
            )
            parts["codes"].append(found.codes)
            parts["images"].append(torch.from_numpy(to_uint8(found.images)))
            parts["losses"].append(found.losses)
            parts["curve"].append(found.curve)
    tensors = {name: torch.cat(tensors) for name, tensors in parts.items()}
    tensors["steps"] = torch.tensor(curve_steps(steps))
    checkpoint.save(output, tensors, {"iteration": trained["iteration"]})
    logger.info("%s: mean loss %.6f over %d images.", label, tensors["losses"].mean(), len(chosen))
    return steps * len(chosen)


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
            model=Path(snakemake.input.checkpoint),
            output=Path(snakemake.output.shard),
            count=snakemake.params.images,
            shard=int(snakemake.wildcards.shard),
            shards=snakemake.params.shards,
            steps=snakemake.params.steps,
            lr=snakemake.params.lr,
            loss_batch=snakemake.params.loss_batch,
            precision=snakemake.params.precision,
            label="{experiment} {model}/{instance} {checkpoint} reconstruction".format(
                **snakemake.wildcards
            ),
            device=device,
        )
