"""One iteration of training (section 5.1)."""

import torch
from torch import Tensor, nn

from wngan.layers import batches_at_once, clip_slopes
from wngan.losses import Loss
from wngan.published import PublishedStrictWNConv2d
from wngan.rmsprop import RMSProp

NEED_PASSES = (PublishedStrictWNConv2d,)
"""Layers that need a pass for each batch, as their gradients depend on all of its images."""


def train_step(
    generator: nn.Module,
    discriminator: nn.Module,
    g_optimizer: RMSProp,
    d_optimizer: RMSProp,
    loss: Loss,
    real: Tensor,
    d_codes: Tensor,
    g_codes: Tensor,
) -> Tensor:
    """Changes the discriminator, then the generator, once each.

    Args:
        generator, discriminator: in training mode.
        g_optimizer, d_optimizer: of their parameters.
        loss: of both.
        real: images (N, 3, H, W) in [0, 1].
        d_codes, g_codes: (N, L), of the generated images that the discriminator and that the
            generator learns from.

    Returns:
        The losses (2,) of the discriminator and of the generator, each before its change.
    """
    # The discriminator learns to tell real images from generated ones.
    with torch.no_grad():
        fake = generator(d_codes)
    if any(isinstance(layer, NEED_PASSES) for layer in discriminator.modules()):
        real_logits, fake_logits = discriminator(real), discriminator(fake)
    else:  # one pass over both gives what two passes give
        with batches_at_once(discriminator, 2):
            real_logits, fake_logits = discriminator(torch.cat([real, fake])).chunk(2)
    d_loss = loss.discriminator(real_logits, fake_logits)
    d_optimizer.step(torch.autograd.grad(d_loss, d_optimizer.parameters))
    clip_slopes(discriminator)

    # The generator learns, from other codes, to make images that pass for real.
    discriminator.requires_grad_(False)
    g_loss = loss.generator(discriminator(generator(g_codes)))
    discriminator.requires_grad_(True)
    g_optimizer.step(torch.autograd.grad(g_loss, g_optimizer.parameters))
    clip_slopes(generator)
    return torch.stack([d_loss.detach(), g_loss.detach()])
