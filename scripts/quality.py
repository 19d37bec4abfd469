"""Writes how like training images the samples of generators are."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas
import torch

from wngan.computing import compute
from wngan.data import open_images
from wngan.log import logger
from wngan.needs import FEWEST
from wngan.progress import Progress
from wngan.quality import Quality, quality
from wngan.randomness import fixed_codes
from wngan.sampling import draw
from wngan.settings import load_generator
from wngan.snapshots import existing
from wngan.verification import verify


def main(
    info: Path,
    permutation: Path,
    source: Path,
    changes: Path,
    weights: Path | None,
    csv: Path,
    test_images: int,
    images: int,
    every: int,
    iterations: Sequence[int],
    features: str,
    digest: dict[str, Any] | None,
    label: str,
    device: torch.device,
) -> dict[str, int]:
    """Writes a row per generator: its iteration, `wngan.quality.Quality`, and what was compared.

    Each generator makes `images` samples of the same codes; they are compared with as many training
    images, or all if there are fewer: the first, which follow `test_images` in the permutation. If
    these are fewer than `FEWEST`, there are no numbers.

    Args:
        source: a checkpoint, or a folder of snapshots, of which those count whose iteration is a
            multiple of `every`. A segment before which its run diverged has none.
        changes: what training says of the segment.
        iterations: of the folder's snapshots, unless the segment diverged before.
        features: of `wngan.quality.FEATURES`.
        weights: of the network that has these features, if any, whose size and SHA-256 are
            `digest`'s "bytes" and "sha256".

    Returns:
        samples: how many were made.
    """
    if weights is not None and digest is not None:
        verify(weights, digest["bytes"], digest["sha256"])
    files = existing(source, [k for k in iterations if k % every == 0], changes)
    known = open_images(info)[np.load(permutation)[test_images : test_images + images]]
    if len(known) < FEWEST:
        logger.info("%d training images are too few to measure quality by.", len(known))
    rows = []
    with (
        TemporaryDirectory() as cache,
        Progress(f"{label} quality", total=len(files) * images, unit="sample") as progress,
    ):
        for file in files:
            generator, trained = load_generator(file, device)
            samples = draw(generator, fixed_codes(images, trained["settings"]["code_length"]))
            measured = (
                quality(samples, known, features, weights, device, Path(cache))
                if len(known) >= FEWEST
                else Quality(*[np.nan] * len(Quality._fields))
            )
            compared = (len(samples), len(known), features)
            rows.append((trained["iteration"], *measured, *compared))
            progress.update(images)
    columns = ["iteration", *Quality._fields, "samples", "training_images", "features"]
    # Rounded, as machines differ in the last digits.
    pandas.DataFrame(rows, columns=columns).to_csv(csv, index=False, float_format="%.6g")
    return {"samples": len(files) * images}


if "snakemake" in globals():
    compute(main, snakemake)
