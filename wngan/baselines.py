"""Losses by which to read those of generators: what can be had without training one."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CHUNK = 100
"""Images at once, which bounds the memory."""


class Baselines(NamedTuple):
    """Reconstruction losses float64 (N,) of test images, per pixel and channel.

    Attributes:
        mean_image: by the mean training image.
        nearest_image: by the nearest training image.
        principal_components: by the mean and the first principal components of training images, in
            the least squares' sense the best linear generator.
    """

    mean_image: NDArray[np.float64]
    nearest_image: NDArray[np.float64]
    principal_components: NDArray[np.float64]


NAMES = {
    "mean_image": "mean image",
    "nearest_image": "nearest image",
    "principal_components": "principal components",
}
"""What tables and figures call them."""


def baselines(training: NDArray[np.uint8], test: NDArray[np.uint8], components: int) -> Baselines:
    """What test images lose.

    Args:
        training: uint8 (M, H, W, 3), M > 0.
        test: uint8 (N, H, W, 3).
        components: as many numbers as a code has. Of M images or images of D values there are at
            most M - 1 or D.
    """
    known = training.reshape(len(training), -1).astype(np.float32) / np.float32(255)
    center = known.mean(axis=0, dtype=np.float64).astype(np.float32)
    known -= center
    basis = _principal_components(known, components)
    squares = np.einsum("md,md->m", known, known, dtype=np.float64)
    found = []
    for start in range(0, len(test), CHUNK):
        images = test[start : start + CHUNK].reshape(-1, known.shape[1]).astype(np.float32)
        images = images / np.float32(255) - center
        own = np.einsum("nd,nd->n", images, images, dtype=np.float64)
        distances = (own[:, None] + squares - 2 * (images @ known.T)).min(axis=1)
        explained = np.square(images @ basis, dtype=np.float64).sum(axis=1)
        found.append([own, np.maximum(distances, 0), np.maximum(own - explained, 0)])
    return Baselines(*(np.concatenate(found, axis=1) / known.shape[1]))


def write(path: Path, losses: Baselines) -> None:
    """Writes a row per image as a CSV file, rounded, as machines differ in the last digits."""
    names = ",".join(losses._fields)
    np.savetxt(path, np.column_stack(losses), "%.6g", delimiter=",", header=names, comments="")


def read(path: Path, images: slice = slice(None)) -> Baselines:
    """What `write` wrote, or some of its images."""
    return Baselines(*np.genfromtxt(path, delimiter=",", skip_header=1, ndmin=2)[images].T)


def _principal_components(known: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """An orthonormal basis (D, K) of the `count` first of centered images (M, D); K may be less."""
    images, values = known.shape
    gram = (known @ known.T if images < values else known.T @ known).astype(np.float64)
    variances, vectors = np.linalg.eigh(gram)
    # What is left of a direction without variance is rounding.
    kept = [k for k in range(len(gram) - 1, -1, -1)[:count] if variances[k] > 1e-6 * variances[-1]]
    if images >= values:
        return vectors[:, kept].astype(np.float32)
    return known.T @ (vectors[:, kept] / np.sqrt(variances[kept])).astype(np.float32)
