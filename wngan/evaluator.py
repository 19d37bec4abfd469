"""The reconstruction loss of section 4: how closely a generator can come to given images."""

import copy
import math
import operator
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from wngan.folding import can_fold, fold
from wngan.gpus import share
from wngan.graphs import replayed
from wngan.memory import freed_memory_kept
from wngan.precision import computing_in
from wngan.rmsprop import RMSProp

OUTSIDE = 1e-3
"""How far, as a share of the range, values may lie outside it by rounding."""

FIXED = 2**29
"""Bytes that images at once take on a GPU where results must not depend on what memory is free."""


@dataclass(frozen=True)
class Reconstruction:
    """What `reconstruct` found for N images.

    Attributes:
        codes: (N, L), or of the shape that was asked for: the codes after the last step.
        images: (N, C, H, W), what the generator makes of them, in [0, 1].
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
    code_length: int | Sequence[int] | None = None,
    start: Tensor | None = None,
    steps: int,
    lr: float = 0.01,
    loss_batch: int = 32,
    compute_batch: int | None = None,
    precision: str = "float32",
    max_norm: float | None = None,
    value_range: tuple[float, float] = (0, 1),
    on_step: Callable[[int], object] | None = None,
) -> Reconstruction:
    """Finds codes whose images come closest to `images`, by RMSProp from zero (section 4).

    The codes follow the gradient of Σ_i MSE_i / loss_batch. As RMSProp's ε is not negligible beside
    these gradients, `loss_batch` (the batch of training) is part of the protocol, whereas
    `compute_batch` only decides how many images are optimized at once and not what comes out.

    Layers that can be are folded first (`wngan.folding.fold`), in a copy, if that makes the same
    image. On a GPU the steps are a CUDA graph where the generator allows it; on a CPU freed memory
    is kept meanwhile (`wngan.memory.freed_memory_kept`).

    Args:
        generator: codes (n, L) -> images (n, C, H, W); it is used in inference mode and left as it
            was, in its parameters, buffers, gradients and mode.
        images: (N, C, H, W), floating point in [0, 1]; moved to its device in batches.
        code_length: L, or the shape of one code, such as (L, 1, 1); by default the generator's
            `code_length`.
        start: codes (N, L) to start from, left as they are; by default zero, as in section 4.
        steps: of gradient descent; 50 in running evaluations, 2,000 in final ones.
        lr: learning rate.
        loss_batch: the constant B that the summed losses are divided by.
        compute_batch: images at once; by default `images_at_once`.
        precision: of the generator, as in `wngan.precision.computing_in`.
        max_norm: codes that are longer are shortened to it after each step; by default, as in the
            paper, they may have any length.
        value_range: what stands for black and for white in the generator's images: (-1, 1) for one
            that ends in tanh. Losses and images are in [0, 1] whatever it is.
        on_step: called after each step with the number of images that took it, for a progress bar.

    Returns:
        Codes, images, losses and curves on the generator's device, in the order of `images`, in its
        dtype but float32 at least. A loss is NaN where the generator or the image has NaN.

    Raises:
        ValueError: no images, images of another shape than the generator's, outside [0, 1] or not
            floating point, a generator that is no module, does not take codes of that length or
            gives them no gradient, a `start` of another shape, a negative `steps`, an `lr`, a batch
            or a `max_norm` that is not positive, a `value_range` that is none, or an unknown
            `precision`.

    Warns:
        UserWarning: the generator makes values outside `value_range`, or no code moves.
    """
    if not isinstance(generator, nn.Module):
        raise ValueError(f"generator must be a torch.nn.Module, not a {type(generator).__name__}.")
    _check_images(images)
    images = images.detach()
    if steps < 0 or loss_batch < 1 or (compute_batch is not None and compute_batch < 1):
        raise ValueError("steps must be at least 0, loss_batch and compute_batch at least 1.")
    if not 0 < lr < math.inf:
        raise ValueError(f"lr must be a positive number, not {lr}.")
    if max_norm is not None and not max_norm > 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}.")
    value_range = _checked_range(value_range)
    shape = _shape_of_codes(generator, code_length)
    if start is not None and start.shape != (len(images), *shape):
        raise ValueError(f"start must be {(len(images), *shape)}, not {tuple(start.shape)}.")

    kept = set(curve_steps(steps))
    like = next((p for p in generator.parameters() if p.is_floating_point()), images)
    # In half precision most of these gradients, and their squares, are rounded to 0.
    precise = torch.promote_types(like.dtype, torch.float32)
    scale = _scale(like.dtype, images[0].numel() * loss_batch)
    parts = []
    with torch.inference_mode(False), torch.enable_grad(), _inference(generator) as generator:
        network = _chosen(generator, like, shape, images.shape[1:], value_range)
        keeping = freed_memory_kept() if like.device.type == "cpu" else nullcontext()
        with keeping, computing_in(precision, like.device):
            if compute_batch is None:
                compute_batch = images_at_once(network, shape)
            for first in range(0, len(images), compute_batch):
                targets = images[first : first + compute_batch].to(like.device)
                targets = targets.to(torch.promote_types(targets.dtype, precise))
                codes = like.new_zeros(len(targets), *shape, dtype=precise)
                if start is not None:
                    codes.copy_(start[first : first + compute_batch].detach())
                codes.requires_grad_()
                optimizer = RMSProp([codes], lr)
                once = partial(
                    _step, network, targets, codes, optimizer, loss_batch, max_norm, scale
                )
                advance = replayed(once, [], [codes, *optimizer.squares]) if steps else once
                curve = []
                for step in range(steps):
                    losses = advance()
                    if first == step == 0 and start is None and not codes.any():
                        warnings.warn(
                            "No code moves, as the generator's gradient at zero is 0. Give a "
                            "start, such as draws from its prior.",
                            stacklevel=2,
                        )
                    if step in kept:
                        curve.append(losses.clone())
                    if on_step is not None:
                        on_step(len(targets))
                del advance, once  # with a graph's memory, before the next one is recorded
                codes = codes.detach()
                with torch.no_grad():
                    made = network(codes).to(targets.dtype)
                losses = _losses(made, targets)
                parts.append((codes, made, losses, torch.stack([*curve, losses], 1)))
    return Reconstruction(*(torch.cat(column) for column in zip(*parts, strict=True)))


def images_at_once(generator: nn.Module, code_length: int | Sequence[int]) -> int:
    """How many images `reconstruct` optimizes at once by default.

    On a CPU what the generator computes for them takes 512 MiB at most, and they are at most 256:
    beyond, more gain little (benchmarks/README.md). On a GPU it takes an eighth of its free
    memory, at most 4 GiB (gradients and libraries take several times as much again), and where
    torch computes deterministically always `FIXED`. It is at least 1.

    Args:
        generator: in inference mode.
        code_length: of its codes, or the shape of one.
    """
    like = next(generator.parameters(), torch.empty(0))
    code = like.new_zeros(1, *_shape_of_codes(generator, code_length))
    sizes: list[int] = []

    def note(module: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            sizes.append(output.nbytes)

    leaves = [
        module
        for module in generator.modules()
        if not list(module.children())
        and not isinstance(module, nn.Identity | torch.jit.ScriptModule)
    ]
    hooks = [module.register_forward_hook(note) for module in leaves]
    try:
        with torch.no_grad():
            image = generator(code)
    finally:
        for hook in hooks:
            hook.remove()
    # Of a scripted one nothing is seen; others compute some 50 times their image.
    computed = sum(sizes) or 50 * image.nbytes
    most = sys.maxsize if code.device.type == "cuda" else 256
    return max(1, min(most, _memory_at_once(code.device) // (computed + image.nbytes)))


def _memory_at_once(device: torch.device) -> int:
    """Bytes for what a generator computes."""
    if device.type != "cuda":
        return 2**29
    if torch.are_deterministic_algorithms_enabled():
        return FIXED
    return min(share(device) // 8, 2**32)


class _Scaled(nn.Module):
    """A generator whose values `low` and `high` become 0 and 1, in the dtype of its codes."""

    def __init__(
        self, generator: nn.Module, dtype: torch.dtype, value_range: tuple[float, float]
    ) -> None:
        super().__init__()
        self.generator, self.dtype = generator, dtype
        self.low, self.high = value_range

    def forward(self, codes: Tensor) -> Tensor:
        made = self.generator(codes.to(self.dtype)).to(codes.dtype)
        return (made - self.low) / (self.high - self.low)


def _check_images(images: Tensor) -> None:
    """Raises a `ValueError` unless `images` are as `reconstruct` takes them."""
    if not isinstance(images, Tensor):
        raise ValueError(
            f"images must be a floating point tensor (N, C, H, W), not a {type(images).__name__}."
        )
    if images.ndim != 4 or not len(images) or not images.is_floating_point():
        raise ValueError(
            f"images must be floating point (N, C, H, W) with N > 0, not {images.dtype} "
            f"{tuple(images.shape)}."
        )
    if ((images < -OUTSIDE) | (images > 1 + OUTSIDE)).any():
        low, high = float(images.min()), float(images.max())
        how = "Scale them."
        if high <= 1 + OUTSIDE and low >= -1 - OUTSIDE:
            how = "(images + 1) / 2 brings [-1, 1] there."
        elif low >= 0 and 2 < high <= 255:
            how = "Divide them by 255."
        raise ValueError(f"images must lie in [0, 1], not in [{low:.3g}, {high:.3g}]. {how}")


def _checked_range(value_range: Sequence[float]) -> tuple[float, float]:
    """`value_range` as two numbers, or a `ValueError`."""
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        low = high = math.nan
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"value_range must be from a number to a greater one, not {value_range}.")
    return low, high


def _shape_of_codes(
    generator: nn.Module, code_length: int | Sequence[int] | None
) -> tuple[int, ...]:
    """The shape of one code."""
    if code_length is None:
        code_length = getattr(generator, "code_length", None)
        if code_length is None:
            raise ValueError(
                "code_length is needed, as the generator has no attribute of that name: the length "
                "of its codes, or their shape, such as (100, 1, 1)."
            )
    sizes = code_length if isinstance(code_length, Sequence) else (code_length,)
    try:
        shape = tuple(map(operator.index, sizes))
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1:
        raise ValueError(f"code_length must be a number or numbers from 1, not {code_length!r}.")
    return shape


@contextmanager
def _inference(network: nn.Module) -> Iterator[nn.Module]:
    """Gives `network` in inference mode, without gradients of parameters, while the block runs.

    What was made in `torch.inference_mode`, which allows no gradients, is copied.
    """
    tensors = [*network.parameters(), *network.buffers()]
    if any(tensor.is_inference() for tensor in tensors):
        network = copy.deepcopy(network)
    modes = {module: module.training for module in network.modules()}
    wanted = {parameter: parameter.requires_grad for parameter in network.parameters()}
    buffers = {module: dict(module.named_buffers(recurse=False)) for module in modes}
    values = {buffer: buffer.clone() for each in buffers.values() for buffer in each.values()}
    network.eval()
    for parameter in wanted:
        parameter.requires_grad_(False)
    try:
        yield network
    finally:
        for module, mode in modes.items():
            module.training = mode
            for name, buffer in buffers[module].items():
                setattr(module, name, buffer)
        for buffer, value in values.items():
            buffer.copy_(value)
        for parameter, needed in wanted.items():
            parameter.requires_grad_(needed)


def _chosen(
    generator: nn.Module,
    like: Tensor,
    shape: tuple[int, ...],
    image: torch.Size,
    value_range: tuple[float, float],
) -> nn.Module:
    """Codes (n, *shape), in float32 at least -> images in [0, 1]: folded, if that is the same.

    Raises:
        ValueError: it does not make images of that shape.
    """
    scaled = like.dtype != torch.promote_types(like.dtype, torch.float32) or value_range != (0, 1)
    networks = [generator]
    if can_fold(generator):
        # What can't be copied, for whatever reason, is used as it is.
        with suppress(Exception):
            networks.append(fold(generator))
    # Zero, where all codes start, and another.
    count = math.prod(shape)
    with torch.device("cpu"):
        codes = torch.stack([torch.zeros(count), torch.linspace(-1, 1, count)]).view(2, *shape)
    made: list[Tensor] = []
    with torch.no_grad(), computing_in("float32", like.device):
        for network in networks:
            made.append(_made(network, codes.to(like), image))
    low, high = float(made[0].min()), float(made[0].max())
    margin = OUTSIDE * (value_range[1] - value_range[0])
    if low < value_range[0] - margin or high > value_range[1] + margin:
        warnings.warn(
            f"The generator makes values from {low:.3g} to {high:.3g}, outside of value_range "
            f"({value_range[0]:g}, {value_range[1]:g}); for one that ends in tanh it is (-1, 1).",
            stacklevel=3,
        )
    difference, size = (made[-1] - made[0]).double().norm(), made[0].double().norm()
    same = bool(difference <= torch.finfo(made[0].dtype).eps ** 0.5 * size)
    network = networks[-1] if same else generator
    return _Scaled(network, like.dtype, value_range) if scaled else network


def _made(generator: nn.Module, codes: Tensor, image: torch.Size) -> Tensor:
    """What `generator` makes of two codes, or a `ValueError` that says what is wrong with it."""
    try:
        made = generator(codes)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a module may raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"The generator does not take codes {tuple(codes.shape)} (code_length gives the shape "
            f"of one, such as 100 or (100, 1, 1)): {reason}"
        ) from error
    if not isinstance(made, Tensor) or made.ndim != 4 or len(made) != 2:
        found = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
        raise ValueError(
            f"The generator must make a tensor of images (2, C, H, W) of codes "
            f"{tuple(codes.shape)}, not {found}."
        )
    if made.shape[1:] != image:
        raise ValueError(
            f"The generator makes images {tuple(made.shape[1:])}, those given are {tuple(image)}."
        )
    return made


def _scale(dtype: torch.dtype, numbers: int) -> float:
    """What a loss over so many `numbers` is multiplied by, so that float16 holds its gradients."""
    return 2.0 ** round(math.log2(numbers / 64)) if dtype == torch.float16 else 1.0


def _step(
    generator: nn.Module,
    targets: Tensor,
    codes: Tensor,
    optimizer: RMSProp,
    loss_batch: int,
    max_norm: float | None,
    scale: float,
) -> Tensor:
    """Changes the codes (n, …) once; returns the losses (n,) before that."""
    losses = _losses(generator(codes).to(targets.dtype), targets)
    total = losses.sum() / loss_batch
    if not total.requires_grad:
        raise ValueError(
            "The generator gives its codes no gradient: it must neither detach them nor run under "
            "torch.no_grad."
        )
    if scale == 1:
        optimizer.step(torch.autograd.grad(total, [codes]))
    else:
        (gradient,) = torch.autograd.grad(total * scale, [codes])
        optimizer.step([gradient / scale])
    if max_norm is not None:
        with torch.no_grad():
            norms = codes.flatten(1).norm(dim=1).view(-1, *[1] * (codes.ndim - 1))
            codes *= (max_norm / norms).clamp(max=1)
    return losses.detach()


def _losses(made: Tensor, targets: Tensor) -> Tensor:
    """The mean squared error of each image (N,)."""
    return (made - targets).square().mean((1, 2, 3))
