"""Draws images of fixed codes with a checkpoint's generator."""

from pathlib import Path

import numpy as np
import torch

from wngan.device import free_device
from wngan.log import logged
from wngan.randomness import fixed_codes
from wngan.sampling import draw
from wngan.settings import load_generator


def main(source: Path, at: str, output: Path, count: int, device: torch.device) -> None:
    """Writes uint8 (count, H, W, 3); the codes are the same for every run.

    Args:
        source: a checkpoint, or a folder of snapshots that has the iteration `at`; a run that
            diverged before has no such snapshot, and its samples are none: (0, 0, 0, 3).
    """
    file = source / f"{int(at):07d}.safetensors" if source.is_dir() else source
    if not file.exists():
        np.save(output, np.empty((0, 0, 0, 3), np.uint8))
        return
    generator, about = load_generator(file, device)
    np.save(output, draw(generator, fixed_codes(count, about["settings"]["code_length"])))


if "snakemake" in globals():
    torch.set_num_threads(snakemake.threads)
    with logged(snakemake.log[0]), free_device() as device:
        main(
            Path(snakemake.input.source),
            snakemake.wildcards.at,
            Path(snakemake.output[0]),
            snakemake.params.images,
            device,
        )
