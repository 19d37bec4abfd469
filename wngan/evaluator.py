"""The reconstruction loss of section 4: how closely a generator can come to given images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from wngan.graphs import replayed
from wngan.precision import computing_in
from wngan.rmsprop import RMSProp


@dataclass(frozen=True)
class Reconstruction:
    """What `reconstruct` found for N images.

    Attributes:
        codes: (N, L), the codes after the last step.
        images: (N, C, H, W), what the generator makes of them.
        losses: (N,), the mean squared error per pixel and channel (eq. 13 before the mean over i).
        curve: (N, S), the same after each of the steps `curve_steps(steps)`.
    """

    codes: Tensor
    images: Tensor
    losses: Tensor
    curve: Tensor


def curve_steps(steps: int) -> list[int]:
    """Up to 41 steps from 1 to `steps`, evenly spaced on a logarithmic axis; [0] for none."""
    return sorted({min(steps, round(steps ** (k / 40))) for k in range(41)})


def reconstruct(
    generator: nn.Module,
    images: Tensor,
    *,
    code_length: int | None = None,
    start: Tensor | None = None,
    steps: int,
    lr: float = 0.01,
    loss_batch: int = 32,
    compute_batch: int | None = None,
    precision: str = "float32",
    max_norm: float | None = None,
    on_step: Callable[[int], object] | None = None,
) -> Reconstruction:
    """Finds codes whose images come closest to `images`, by RMSProp from zero (section 4).

    The codes follow the gradient of Σ_i MSE_i / loss_batch. As RMSProp's ε is not negligible beside
    these gradients, `loss_batch` (the batch of training) is part of the protocol, whereas
    `compute_batch` only decides how many images are optimized at once and not what comes out.

    It is faster with `wngan.folding.fold(generator)`, if that is made of this package's layers. On
    a GPU the steps are a CUDA graph where the generator allows it.

    Args:
        generator: codes (n, L) -> images (n, C, H, W); it is used in inference mode and left as it
            was, in its parameters, buffers, gradients and mode.
        images: (N, C, H, W) in [0, 1], of the generator's dtype; moved to its device in batches.
        code_length: L; by default the generator's `code_length`.
        start: codes (N, L) to start from, left as they are; by default zero, as in section 4.
        steps: of gradient descent; 50 in running evaluations, 2,000 in final ones.
        lr: learning rate.
        loss_batch: the constant B that the summed losses are divided by.
        compute_batch: images at once; by default `images_at_once`.
        precision: of the generator, as in `wngan.precision.computing_in`.
        max_norm: codes that are longer are shortened to it after each step; by default, as in the
            paper, they may have any length.
        on_step: called after each step with the number of images that took it, for a progress bar.

    Returns:
        Codes, images, losses and curves on the generator's device, in the order of `images`. A loss
        is NaN where the generator gives NaN.

    Raises:
        ValueError: no images, images of another shape than the generator's or not floating point,
            a `start` of another shape than (N, L), a negative `steps`, a batch or a
            `max_norm` that is not positive, or an unknown `precision`.
    """
    if images.ndim != 4 or not len(images) or not images.is_floating_point():
        raise ValueError(
            f"images must be floating point (N, C, H, W) with N > 0, not {images.dtype} "
            f"{tuple(images.shape)}."
        )
    if steps < 0 or loss_batch < 1 or (compute_batch is not None and compute_batch < 1):
        raise ValueError("steps must be at least 0, loss_batch and compute_batch at least 1.")
    if max_norm is not None and not max_norm > 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}.")
    if code_length is None:
        code_length = int(generator.code_length)  # type: ignore[arg-type]
    if start is not None and start.shape != (len(images), code_length):
        raise ValueError(f"start must be {(len(images), code_length)}, not {tuple(start.shape)}.")

    kept = set(curve_steps(steps))
    like = next(generator.parameters(), images)
    modes = {module: module.training for module in generator.modules()}
    generator.eval()
    parts = []
    try:
        with torch.inference_mode(False), torch.enable_grad(), computing_in(precision, like.device):
            if compute_batch is None:
                compute_batch = images_at_once(generator, code_length)
            for first in range(0, len(images), compute_batch):
                targets = images[first : first + compute_batch].to(like.device)
                codes = like.new_zeros(len(targets), code_length)
                if start is not None:
                    codes.copy_(start[first : first + compute_batch].detach())
                codes.requires_grad_()
                optimizer = RMSProp([codes], lr)
                once = partial(_step, generator, targets, codes, optimizer, loss_batch, max_norm)
                advance = replayed(once, [], [codes, *optimizer.squares]) if steps else once
                curve = []
                for step in range(steps):
                    losses = advance()
                    if step in kept:
                        curve.append(losses.clone())
                    if on_step is not None:
                        on_step(len(targets))
                codes = codes.detach()
                with torch.no_grad():
                    made = generator(codes).to(targets.dtype)
                losses = _losses(made, targets)
                parts.append((codes, made, losses, torch.stack([*curve, losses], 1)))
    finally:
        for module, mode in modes.items():
            module.training = mode
    return Reconstruction(*(torch.cat(column) for column in zip(*parts, strict=True)))


def images_at_once(generator: nn.Module, code_length: int) -> int:
    """How many images `reconstruct` optimizes at once by default.

    On a CPU what the generator computes for them takes 128 MiB, beyond which more no longer helps;
    on a GPU an eighth of its free memory, at most 4 GiB (gradients and libraries take several times
    as much again). It is at least 1.

    Args:
        generator: in inference mode.
        code_length: of its codes.
    """
    code = next(generator.parameters(), torch.empty(0)).new_zeros(1, code_length)
    sizes: list[int] = []

    def note(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.nbytes)

    leaves = [module for module in generator.modules() if not list(module.children())]
    hooks = [module.register_forward_hook(note) for module in leaves]
    try:
        with torch.no_grad():
            image = generator(code)
    finally:
        for hook in hooks:
            hook.remove()
    memory = 2**27
    if code.device.type == "cuda":
        memory = min(torch.cuda.mem_get_info(code.device)[0] // 8, 2**32)
    return max(1, memory // (sum(sizes) + image.nbytes))


def _step(
    generator: nn.Module,
    targets: Tensor,
    codes: Tensor,
    optimizer: RMSProp,
    loss_batch: int,
    max_norm: float | None,
) -> Tensor:
    """Changes the codes (n, L) once; returns the losses (n,) before that."""
    losses = _losses(generator(codes).to(targets.dtype), targets)
    optimizer.step(torch.autograd.grad(losses.sum() / loss_batch, [codes]))
    if max_norm is not None:
        with torch.no_grad():
            codes *= (max_norm / codes.norm(dim=1, keepdim=True)).clamp(max=1)
    return losses.detach()


def _losses(made: Tensor, targets: Tensor) -> Tensor:
    """The mean squared error of each image (N,)."""
    if made.shape != targets.shape:
        raise ValueError(
            f"The generator makes {tuple(made.shape)}, the images given are {tuple(targets.shape)}."
        )
    return (made - targets).square().mean((1, 2, 3))
