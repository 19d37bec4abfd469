"""What the two networks minimize, given what the discriminator says of images."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


@dataclass(frozen=True)
class Loss:
    """A pair of losses.

    Attributes:
        discriminator: called with the discriminator's outputs (N,) for real and for generated
            images.
        generator: called with its outputs for generated images.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def _ones(logits: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def _zeros(logits: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))


LOGISTIC = Loss(lambda real, fake: _ones(real) + _zeros(fake), _ones)
"""The GAN loss: the discriminator learns 1 for real images, 0 for generated ones."""

WASSERSTEIN = Loss(lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean())
"""The Wasserstein loss of a critic; its layers bound its Lipschitz constant (appendix E)."""
