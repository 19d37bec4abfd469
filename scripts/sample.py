"""Draws images of fixed codes with a checkpoint's generator."""

from pathlib import Path

import numpy as np
import torch

from wngan.computing import compute
from wngan.randomness import fixed_codes
from wngan.sampling import draw
from wngan.settings import load_generator
from wngan.snapshots import existing


def main(
    source: Path, changes: Path, at: str, samples: Path, images: int, device: torch.device
) -> None:
    """Writes uint8 (images, H, W, 3); the codes are the same for every run.

    Args:
        source: a checkpoint, or a folder of snapshots that has the iteration `at`; a run that
            diverged before has no such snapshot, and its samples are none: (0, 0, 0, 3).
        changes: for such a folder, what training says of the segment.
    """
    files = existing(source, [] if at == "optimal" else [int(at)], changes)
    if not files:
        np.save(samples, np.empty((0, 0, 0, 3), np.uint8))
        return
    generator, metadata = load_generator(files[0], device)
    np.save(samples, draw(generator, fixed_codes(images, metadata["settings"]["code_length"])))


if "snakemake" in globals():
    compute(main, snakemake)
