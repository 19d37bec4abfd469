"""Reconstructs what the final evaluation does not: own samples, training images, random starts."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wngan import checkpoint
from wngan.data import open_images
from wngan.device import describe, free_device
from wngan.evaluator import reconstruct
from wngan.folding import fold
from wngan.log import Progress, logged
from wngan.provenance import experiment_digest, recorded
from wngan.randomness import fixed_codes, rng
from wngan.settings import load_generator
from wngan.tensors import to_tensor


def main(
    about: Path,
    permutation: Path,
    model: Path,
    output: Path,
    count: int,
    test_images: int,
    starts: int,
    steps: int,
    lr: float,
    loss_batch: int,
    precision: str,
    label: str,
    device: torch.device,
) -> int:
    """Writes final losses, float32, of `count` images each, as the final evaluation finds them.

    The file has `own` (count,), of the generator's own samples; `training` (count,), of the first
    training images, which follow `test_images` in the permutation (fewer if there are fewer); and
    `random` (starts, count), of the first test images from codes drawn from the prior in place of
    zero. Codes are the same for every run.

    Samples are not rounded to 8 bits, as images are: some code makes each of them exactly, and what
    is lost is the optimizer's. Rounding would add (1/255)² / 12 = 0.0000013.

    Returns:
        How many steps all images took together.
    """
    order, images = np.load(permutation), open_images(about)
    test, training = (to_tensor(images[order[first : first + count]]) for first in (0, test_images))
    generator, trained = load_generator(model, device)
    folded, code_length = fold(generator), trained["settings"]["code_length"]
    shape = (count, code_length)

    total = steps * (len(training) + (starts + 1) * count)
    with Progress(label, total=total, unit="image·step") as progress:

        def losses(targets: Tensor, start: Tensor | None = None) -> Tensor:
            return reconstruct(
                folded,
                targets,
                code_length=code_length,
                start=start,
                steps=steps,
                lr=lr,
                loss_batch=loss_batch,
                precision=precision,
                on_step=progress.update,
            ).losses

        codes = torch.from_numpy(fixed_codes(*shape))
        # Without a step: what the generator makes of the codes.
        made = reconstruct(
            folded, test, code_length=code_length, start=codes, steps=0, precision=precision
        )
        drawn = (rng(0, "random starts", start) for start in range(starts))
        random = [
            losses(test, torch.from_numpy(draw.standard_normal(shape, dtype=np.float32)))
            for draw in drawn
        ]
        found = {
            "own": losses(made.images),
            "training": losses(training),
            "random": torch.stack(random),
        }
    checkpoint.save(output, found, {"iteration": trained["iteration"]})
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
            images=snakemake.params.images,
            starts=snakemake.params.starts,
        ) as record,
    ):
        record["image_steps"] = main(
            about=Path(snakemake.input.about),
            permutation=Path(snakemake.input.permutation),
            model=Path(snakemake.input.optimal),
            output=Path(snakemake.output.losses),
            count=snakemake.params.images,
            test_images=snakemake.params.test_images,
            starts=snakemake.params.starts,
            steps=snakemake.params.steps,
            lr=snakemake.params.lr,
            loss_batch=snakemake.params.loss_batch,
            precision=snakemake.params.precision,
            label="{experiment} {model}/{instance} probes".format(**snakemake.wildcards),
            device=device,
        )
