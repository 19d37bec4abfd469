"""The reconstruction loss of section 4: how closely a generator can come to given images."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wngan.rmsprop import RMSProp


@dataclass(frozen=True)
class Reconstruction:
    """What `reconstruct` found for N images.

    Attributes:
        codes: (N, L), the codes after the last step.
        images: (N, 3, H, W), what the generator makes of them.
        losses: (N,), the mean squared error per pixel and channel (eq. 13 before the mean over i).
    """

    codes: Tensor
    images: Tensor
    losses: Tensor


def reconstruct(
    generator: nn.Module,
    images: Tensor,
    *,
    code_length: int | None = None,
    steps: int,
    lr: float = 0.01,
    loss_batch: int = 32,
    compute_batch: int | None = None,
    on_step: Callable[[], object] | None = None,
) -> Reconstruction:
    """Finds codes whose images come closest to `images`, by RMSProp from zero (section 4).

    The codes follow the gradient of Σ_i MSE_i / loss_batch. As RMSProp's ε is not negligible beside
    these gradients, `loss_batch` (the batch of training) is part of the protocol, whereas
    `compute_batch` only decides how many images are optimized at once and not what comes out.

    Args:
        generator: codes (n, L) -> images (n, 3, H, W); it is used in inference mode and left as it
            was given, in its parameters, buffers, gradients and mode.
        images: (N, 3, H, W) in [0, 1], of the generator's dtype; moved to its device bit by bit.
        code_length: L; by default the generator's `code_length`.
        steps: of gradient descent; 50 in running evaluations, 2,000 in final ones.
        lr: learning rate.
        loss_batch: the constant B that the summed losses are divided by.
        compute_batch: images at once; by default `loss_batch`.
        on_step: called after each step with each `compute_batch` images, for a progress bar.

    Returns:
        Codes, images and losses on the generator's device, in the order of `images`. A loss is NaN
        where the generator gives NaN.

    Raises:
        ValueError: there are no images, `steps` is negative, or a batch is not positive.
    """
    compute_batch = loss_batch if compute_batch is None else compute_batch
    if images.ndim != 4 or not len(images):
        raise ValueError(f"images must be (N, 3, H, W) with N > 0, not {tuple(images.shape)}.")
    if steps < 0 or loss_batch < 1 or compute_batch < 1:
        raise ValueError("steps must be at least 0, loss_batch and compute_batch at least 1.")
    if code_length is None:
        code_length = int(generator.code_length)  # type: ignore[arg-type]

    frozen = copy.deepcopy(generator).eval().requires_grad_(False)
    frozen.to(memory_format=torch.channels_last)  # same numbers, faster convolutions
    like = next(frozen.parameters(), images)
    parts = []
    for first in range(0, len(images), compute_batch):
        targets = images[first : first + compute_batch]
        targets = targets.to(like.device, memory_format=torch.channels_last)
        codes = like.new_zeros(len(targets), code_length).requires_grad_()
        optimizer = RMSProp([codes], lr)
        for _ in range(steps):
            with torch.enable_grad():
                loss = (frozen(codes) - targets).square().mean((1, 2, 3)).sum() / loss_batch
            optimizer.step(torch.autograd.grad(loss, [codes]))
            if on_step is not None:
                on_step()
        with torch.no_grad():
            made = frozen(codes)
            losses = (made - targets).square().mean((1, 2, 3))
        parts.append((codes.detach(), made, losses))
    return Reconstruction(*(torch.cat(column) for column in zip(*parts, strict=True)))
