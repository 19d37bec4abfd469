"""Training and reconstruction in plain PyTorch: what `benchmarks.speed` compares with.

Modules run eagerly in torch's own operations and memory layout, and compute their norms whenever
they are called. Images are fetched and converted one by one, codes are optimized in batches of 32
with a new optimizer each, and each loss is read as soon as it is there. There are two of each:

- tutorial, as examples of DCGANs train: nothing is frozen, so that `backward` computes the
  gradients of all parameters, also where only the generator or the codes are to change; real and
  generated images pass the discriminator apart.
- careful, as projectors of codes and well-kept trainings do: networks are frozen where they are not
  to learn, and real and generated images pass the discriminator joined, unless it has batch norms,
  whose statistics are of either.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from wngan import kernels, layers
from wngan.layers import MeanOnlyBatchNorm2d, clip_slopes
from wngan.recipes import recipe
from wngan.settings import Settings


def use_torchs_operations() -> None:
    """Makes this process use torch's operations in place of `wngan.kernels`, and its layout."""
    setattr(layers.ToMap, "forward", nn.Unflatten.forward)  # noqa: B010 (mypy takes it for a mistake)
    kernels.prelu, kernels.conv2d = F.prelu, F.conv2d
    kernels.conv_transpose2d = F.conv_transpose2d


def rmsprop(parameters: list[Tensor], lr: float) -> torch.optim.Optimizer:
    """Section 5.1's optimizer."""
    return torch.optim.RMSprop(parameters, lr=lr, alpha=0.9, eps=1e-6)


class Training:
    """A run's networks, which `iterate` changes.

    Args:
        settings: of the run.
        generator, discriminator: as `settings` makes them.
        images: uint8 (N, H, W, 3).
        careful: whether the discriminator is frozen while the generator learns, and so on.
    """

    def __init__(
        self,
        settings: Settings,
        generator: nn.Module,
        discriminator: nn.Module,
        images: NDArray[np.uint8],
        careful: bool = False,
    ) -> None:
        self.careful = careful
        kinds = nn.BatchNorm2d, MeanOnlyBatchNorm2d
        self.joined = careful and not any(isinstance(m, kinds) for m in discriminator.modules())
        self.generator, self.discriminator, self.images = generator, discriminator, images
        self.g_optimizer = rmsprop(list(generator.parameters()), settings.lr)
        self.d_optimizer = rmsprop(list(discriminator.parameters()), settings.lr)
        self.loss = recipe(settings.model).loss
        self.like = next(generator.parameters())

    def real(self, indices: NDArray[np.int64]) -> Tensor:
        """The images at `indices`, (n, 3, H, W) in [0, 1]."""
        one_by_one = [torch.from_numpy(self.images[i]).permute(2, 0, 1) for i in indices]
        floats = [image.to(self.like.dtype) / 255 for image in one_by_one]
        return torch.stack(floats).to(self.like.device)

    def train_step(
        self, indices: NDArray[np.int64], d_codes: Tensor, g_codes: Tensor
    ) -> list[float]:
        """One iteration; returns the losses of the discriminator and of the generator."""
        real = self.real(indices)
        self.d_optimizer.zero_grad()
        fake = self.generator(d_codes.to(self.like)).detach()
        d_loss = self.loss.discriminator(*self._judged(real, fake))
        d_loss.backward()
        self.d_optimizer.step()
        clip_slopes(self.discriminator)

        self.discriminator.requires_grad_(not self.careful)
        self.g_optimizer.zero_grad()
        g_loss = self.loss.generator(self.discriminator(self.generator(g_codes.to(self.like))))
        g_loss.backward()
        self.g_optimizer.step()
        clip_slopes(self.generator)
        self.discriminator.requires_grad_()
        return [d_loss.item(), g_loss.item()]

    def _judged(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """What the discriminator says of either."""
        if self.joined:
            of_real, of_fake = self.discriminator(torch.cat([real, fake])).chunk(2)
            return of_real, of_fake
        return self.discriminator(real), self.discriminator(fake)


def reconstruct(
    generator: nn.Module,
    images: Tensor,
    code_length: int,
    steps: int,
    lr: float = 0.01,
    careful: bool = False,
) -> Tensor:
    """The losses (N,) of `images` (N, 3, H, W) after `steps`.

    Args:
        careful: whether the generator is frozen, and stays so.
    """
    generator.eval()
    if careful:
        generator.requires_grad_(False)
    found = []
    for targets in images.split(32):
        codes = torch.zeros(len(targets), code_length).to(images).requires_grad_()
        optimizer = rmsprop([codes], lr)
        for _ in range(steps):
            optimizer.zero_grad()
            losses = (generator(codes) - targets).square().mean((1, 2, 3))
            (losses.sum() / 32).backward()
            optimizer.step()
        with torch.no_grad():
            found.append((generator(codes) - targets).square().mean((1, 2, 3)))
    return torch.cat(found)
