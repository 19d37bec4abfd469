"""Operations of the networks in the forms that are computed fastest.

Convolutions over a whole map, of the generators' first layer and the discriminators' last, are the
matrix products that they are. Other forms are for CPUs: on other devices, in reduced precision, and
under transforms and tracers, those operations are torch's own. Finite results differ by rounding
alone. What each form gains is in `benchmarks/README.md`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional as F

FEW = 4
"""Channels of an image, at most; oneDNN is slow at transposed convolutions to so few."""


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """`torch.nn.functional.prelu`, for floating point `x` (N, C, …) and `slope` (C,)."""
    return _PReLU.apply(x, slope) if _here(x) else F.prelu(x, slope)


def _here(x: Tensor) -> bool:
    """Whether this module's forms are for `x`: only torch's own can be compiled and transformed."""
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return False
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:
        return False
    return x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """`torch.nn.functional.conv2d`."""
    if x.shape[2:] == weight.shape[2:] and padding == (0, 0):
        # A fully connected layer. As networks are channels last, its parts are views.
        product = F.linear(_by_pixel(x), _by_pixel(weight), bias)
        return product.view(*product.shape, 1, 1)
    if weight.shape[1] <= FEW and _here(x) and len(x):
        return _ConvFromFew.apply(x, weight, bias, stride, padding)
    return F.conv2d(x, weight, bias, stride, padding)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """`torch.nn.functional.conv_transpose2d`."""
    if x.shape[2:] == (1, 1) and padding == (0, 0):
        _, c_out, height, width = weight.shape
        product = x.flatten(1) @ _by_pixel(weight)
        # Not len(x), which a tracer would take for a constant.
        made = product.view(x.shape[0], height, width, c_out).permute(0, 3, 1, 2)
        return made if bias is None else made + bias.to(made.dtype).view(-1, 1, 1)
    if weight.shape[1] <= FEW and _here(x) and len(x):
        # A matrix product and a sum of its columns.
        return torch.ops.aten.slow_conv_transpose2d(
            x, weight, weight.shape[2:], bias, stride, padding
        )
    return F.conv_transpose2d(x, weight, bias, stride, padding)


def _by_pixel(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, H·W·C)."""
    return x.permute(0, 2, 3, 1).flatten(1)


class _PReLU(torch.autograd.Function):
    """PReLU whose gradient is computed in vectorized passes over memory, unlike torch's."""

    @staticmethod
    def forward(x: Tensor, slope: Tensor) -> Tensor:
        return F.prelu(x, slope)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None]:
        (gradient,), (x, slope) = gradients, ctx.saved_tensors
        above = torch.ops.aten.threshold_backward(gradient, x, 0)
        by_channel = slope.view(-1, *[1] * (x.ndim - 2))
        if not ctx.needs_input_grad[1]:
            return above.lerp_(gradient, by_channel), None
        below = gradient - above
        of_x = above.addcmul_(below, by_channel)
        return of_x, (below * x).sum([dim for dim in range(x.ndim) if dim != 1])


class _ConvFromFew(torch.autograd.Function):
    """The gradient of an image is a transposed convolution to few channels."""

    @staticmethod
    def forward(
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> Tensor:
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, weight, _, ctx.stride, ctx.padding = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,), (x, weight) = gradients, ctx.saved_tensors
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            # Rows and columns at the end that no step of the convolution reaches have none.
            sizes = zip(
                x.shape[2:],
                gradient.shape[2:],
                weight.shape[2:],
                ctx.stride,
                ctx.padding,
                strict=True,
            )
            rest = [n + 2 * p - k - (m - 1) * s for n, m, k, s, p in sizes]
            of_x = torch.ops.aten.slow_conv_transpose2d(
                gradient, weight, weight.shape[2:], None, ctx.stride, ctx.padding, rest
            )
        if any(ctx.needs_input_grad[1:3]):
            _, of_weight, of_bias = torch.ops.aten.convolution_backward(
                gradient,
                x,
                weight,
                weight.shape[:1],
                ctx.stride,
                ctx.padding,
                (1, 1),
                False,
                (0, 0),
                1,
                (False, *ctx.needs_input_grad[1:3]),
            )
        return of_x, of_weight, of_bias, None, None
