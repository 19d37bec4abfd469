"""How well a generator reconstructs images, in one call: the mean loss and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from wngan.bootstrap import Estimate, only_column, paired
from wngan.evaluator import Reconstruction, reconstruct
from wngan.tensors import to_tensor


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        loss: the mean over images of the squared error per pixel and channel, for values in [0, 1],
            with its 95 % interval over resampled images (`low` and `high`, NaN for one image).
        found: of each image the loss, the reconstruction, its code, and the loss after each step.
    """

    loss: Estimate
    found: Reconstruction


def evaluate(
    generator: nn.Module,
    images: Tensor | NDArray[np.uint8],
    *,
    code_length: int | Sequence[int] | None = None,
    value_range: tuple[float, float] = (0, 1),
    steps: int = 2000,
    **options: Any,
) -> Evaluation:
    """How closely a generator comes to images that it was not trained on (section 4).

    Args:
        generator: any module that makes images (n, C, H, W) of codes (n, L). It is left as it was.
        images: floating point (N, C, H, W) in [0, 1], or uint8 (N, H, W, C).
        code_length: L, or the shape of one code, such as (100, 1, 1); by default the generator's
            `code_length`.
        value_range: of the generator's images, (-1, 1) for one that ends in tanh.
        steps: of gradient descent; 2,000 are the paper's, 50 a first look.
        **options: others of `wngan.evaluator.reconstruct`.

    Raises:
        ValueError: as `wngan.evaluator.reconstruct`, which warns of the same as well.
    """
    if not isinstance(images, Tensor) or not images.is_floating_point():
        images = _from_uint8(images)
    found = reconstruct(
        generator, images, code_length=code_length, value_range=value_range, steps=steps, **options
    )
    return Evaluation(mean(found.losses), found)


def mean(losses: Tensor) -> Estimate:
    """The mean of losses (N,), with its 95 % interval over resampled images."""
    return paired(only_column, losses.double().cpu().numpy())


def difference(a: Tensor, b: Tensor) -> Estimate:
    """mean(a) - mean(b) of losses (N,) of the same images, with its 95 % interval over images.

    Raises:
        ValueError: there are not as many losses in `a` as in `b`.
    """
    columns = (losses.double().cpu().numpy() for losses in (a, b))
    return paired(lambda means: means[:, 0] - means[:, 1], *columns)


def _from_uint8(images: Tensor | NDArray[np.uint8]) -> Tensor:
    kind = str(getattr(images, "dtype", type(images).__name__)).removeprefix("torch.")
    shape = tuple(getattr(images, "shape", ()))
    if kind != "uint8" or len(shape) != 4 or shape[3] > 4:
        raise ValueError(
            f"images must be a floating point tensor (N, C, H, W) or uint8 (N, H, W, C), not "
            f"{kind} {shape}."
        )
    return to_tensor(images)
