"""Reconstructs what the final evaluation does not, and as it does not.

Own samples and training images; test images from random starts, within the prior, and by batch
norms with other statistics.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from wngan.checkpoint import save
from wngan.computing import compute
from wngan.data import open_images
from wngan.evaluator import reconstruct
from wngan.layers import recalibrate
from wngan.progress import Progress
from wngan.randomness import fixed_codes, rng
from wngan.settings import load_generator
from wngan.tensors import to_tensor

RECALIBRATED = 10_000
"""Fresh codes that batch norms are given, in batches of the training's size."""

LENGTHS = 10_000
"""Codes by which the length of the prior's is known."""


def codes_of_batches(size: int, length: int, device: torch.device) -> Iterator[Tensor]:
    """Batches (size, length) of fresh codes, `RECALIBRATED` in all."""
    draws = rng(0, "recalibration")
    for _ in range(RECALIBRATED // size):
        batch = draws.standard_normal((size, length), dtype=np.float32)
        yield torch.from_numpy(batch).to(device)


def main(
    info: Path,
    permutation: Path,
    generator: Path,
    probes: Path,
    images: int,
    test_images: int,
    starts: int,
    steps: int,
    lr: float,
    loss_batch: int,
    precision: str,
    label: str,
    device: torch.device,
) -> dict[str, int]:
    """Writes final losses, float32, of `images` images each, as the final evaluation finds them.

    The file has `own` (images,), of the generator's own samples; `training` (images,), of the first
    training images, which follow `test_images` in the permutation (fewer if there are fewer); and
    `random` (starts, images), of the first test images from codes drawn from the prior in place of
    zero. Codes are the same for every run. `within` (images,) is of the first test images with
    codes no longer than 99 % of the prior's are. Of a generator with batch norms there is
    `recalibrated` (images,), with their statistics over `RECALIBRATED` fresh codes in place of the
    running ones.

    Samples are not rounded to 8 bits, as images are: some code makes each of them exactly, and what
    is lost is the optimizer's. Rounding would add (1/255)² / 12 = 0.0000013.

    Returns:
        images and starts, and image_steps: how many steps all images took together.
    """
    order, known = np.load(permutation), open_images(info)
    test, training = (to_tensor(known[order[k : k + images]]) for k in (0, test_images))
    network, trained = load_generator(generator, device)
    code_length = trained["settings"]["code_length"]
    shape = (images, code_length)
    label = f"{label} probes"

    other, _ = load_generator(generator, device)
    has_norms = recalibrate(other, codes_of_batches(loss_batch, code_length, device))
    longest = np.quantile(np.linalg.norm(fixed_codes(LENGTHS, code_length), axis=1), 0.99)
    total = steps * (len(training) + (starts + 2 + has_norms) * images)
    with Progress(label, total=total, unit="image·step") as progress:

        def losses(
            targets: Tensor,
            start: Tensor | None = None,
            network: nn.Module = network,
            max_norm: float | None = None,
        ) -> Tensor:
            return reconstruct(
                network,
                targets,
                code_length=code_length,
                start=start,
                steps=steps,
                lr=lr,
                loss_batch=loss_batch,
                precision=precision,
                max_norm=max_norm,
                on_step=progress.update,
            ).losses

        codes = torch.from_numpy(fixed_codes(*shape))
        # Without a step: what the generator makes of the codes.
        made = reconstruct(
            network, test, code_length=code_length, start=codes, steps=0, precision=precision
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
            "within": losses(test, max_norm=float(longest)),
        }
        if has_norms:
            found["recalibrated"] = losses(test, network=other)
    save(probes, found, {"iteration": trained["iteration"]})
    return {"images": images, "starts": starts, "image_steps": total}


if "snakemake" in globals():
    compute(main, snakemake)
