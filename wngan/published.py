"""Weight-normalized layers with the gradient that the code behind the paper's numbers computed.

Its authors found after publication that the gradient of their weight-normalized layers was wrong:
where a sum over samples and positions belongs, a mean was taken. These layers compute the same
outputs as those of `wngan.layers` and that gradient, so that a training shows what it changes. As
the mean is small beside the sum, such a training nearly treats the norm as a constant. (Their ε
entered a strided transposed convolution's norm after the division by the strides, not before.)
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from wngan import kernels, layers


class _Normalize(torch.autograd.Function):
    """w / n, with the gradient (A − w⟨w, A⟩ / (n²·count)) / n · factor, where A = ∂L/∂(w / n).

    The right gradient has factor = 1 and as count the layer's `share`, 1 without strides. n and
    ⟨·, ·⟩ are per output unit.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(weight: Tensor, norm: Tensor, count: int, factor: float) -> Tensor:
        return weight / norm

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        weight, norm, ctx.count, ctx.factor = inputs
        ctx.save_for_backward(weight, norm)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = gradients
        weight, norm = ctx.saved_tensors
        others = [d for d in range(weight.ndim) if norm.shape[d] == 1]
        inner = (weight * gradient).sum(others, keepdim=True)
        wrong = (gradient - weight * inner / (norm.square() * ctx.count)) / norm
        return wrong * ctx.factor, None, None, None


class _Mean(torch.autograd.Function):
    """The identity, with a gradient that is divided by `count`."""

    generate_vmap_rule = True

    @staticmethod
    def forward(parameter: Tensor, count: int) -> Tensor:
        return parameter.view_as(parameter)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, ctx.count = inputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] / ctx.count, None


def _weight_and_bias(
    layer: layers.WeightNorm, count: int, factor: float = 1.0
) -> tuple[Tensor, Tensor | None]:
    """The weight that `layer` applies and its bias, with the published gradients.

    Args:
        count: samples times output positions, over which the mean is.
        factor: of the weight's gradient.
    """
    with torch.no_grad():
        norm = layer.norm()
    weight = _Normalize.apply(layer.weight, norm, count, factor)
    if layer.scale is None or layer.bias is None:
        return weight, None
    return weight * _Mean.apply(layer.scale, count).view_as(norm), _Mean.apply(layer.bias, count)


class PublishedStrictWNLinear(layers.StrictWNLinear):
    """`StrictWNLinear`; its gradient is 1/N of the right one, for N samples."""

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        weight, bias = _weight_and_bias(self, 1, 1 / math.prod(x.shape[:-1]))
        return F.linear(x, weight, bias)


class PublishedStrictWNConv2d(layers.StrictWNConv2d):
    """`StrictWNConv2d`; ⟨w, A⟩ in its gradient is divided by N·H_out·W_out."""

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        heights_and_widths = zip(
            x.shape[2:], self.weight.shape[2:], self.stride, self.padding, strict=True
        )
        positions = [(size + 2 * p - k) // s + 1 for size, k, s, p in heights_and_widths]
        weight, bias = _weight_and_bias(self, len(x) * math.prod(positions))
        return kernels.conv2d(x, weight, bias, self.stride, self.padding)


class PublishedStrictWNConvTranspose2d(layers.StrictWNConvTranspose2d):
    """`StrictWNConvTranspose2d`; ⟨w, A⟩ in its gradient is divided by N·H_out·W_out."""

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        heights_and_widths = zip(
            x.shape[2:], self.weight.shape[2:], self.stride, self.padding, strict=True
        )
        positions = [(size - 1) * s - 2 * p + k for size, k, s, p in heights_and_widths]
        weight, bias = _weight_and_bias(self, len(x) * math.prod(positions))
        return kernels.conv_transpose2d(x, weight, bias, self.stride, self.padding)


class PublishedAffineWNConv2d(PublishedStrictWNConv2d):
    """`AffineWNConv2d`; the gradients of its scale and bias are means over N, H and W as well."""

    affine = True


class PublishedAffineWNConvTranspose2d(PublishedStrictWNConvTranspose2d):
    """`AffineWNConvTranspose2d`; the gradients of its scale and bias are means as well."""

    affine = True
