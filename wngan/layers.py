"""Weight-normalized layers and translated activations (section 3, appendix B).

A strict weight-normalized layer divides each output unit's weights by their norm and has neither
scale nor bias (eq. 4); an affine one learns both (eq. 12). For inputs that are independent with
mean 0 and variance 1, the outputs of a strict layer have mean 0 and variance 1.

All tensors are floating point; images and feature maps are (N, C, H, W).
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wngan import kernels

EPS = 1e-6
"""Added to the sum of squared weights before the root (appendix B)."""


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """`size` as (height, width)."""
    return (size, size) if isinstance(size, int) else size


class WeightNorm(nn.Module):
    """What the strict and affine linear, convolution and transposed convolution layers share.

    Args:
        shape: of `weight`.
        unit_dim: the dimension of `weight` that counts output units; the norm is over all others.
        share: how many times more weights a unit has than any one of its outputs sees.
    """

    affine = False
    weight: nn.Parameter
    scale: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(self, shape: tuple[int, ...], unit_dim: int = 0, share: int = 1) -> None:
        super().__init__()
        self.unit_dim = unit_dim
        self.share = share
        self.weight = nn.Parameter(torch.empty(shape))
        units = shape[unit_dim]
        self.scale = nn.Parameter(torch.empty(units)) if self.affine else None
        self.bias = nn.Parameter(torch.empty(units)) if self.affine else None
        self.reset_parameters()

    @property
    def fan_in(self) -> int:
        """The number of weights of one output unit: c_in, or c_in·k_h·k_w."""
        return self.weight.numel() // self.weight.shape[self.unit_dim]

    def reset_parameters(self) -> None:
        """Draws weights from U(±1/sqrt(fan_in)) (appendix B); sets scale to 1 and bias to 0."""
        bound = 1 / math.sqrt(self.fan_in)
        nn.init.uniform_(self.weight, -bound, bound)
        if self.scale is not None and self.bias is not None:
            nn.init.ones_(self.scale)
            nn.init.zeros_(self.bias)

    def norm(self) -> Tensor:
        """The norm of each unit's weights, sqrt(Σw² + EPS) / sqrt(share), to divide `weight` by.

        Returns:
            A tensor of `weight`'s rank, 1 in every dimension but `unit_dim`.
        """
        others = [d for d in range(self.weight.ndim) if d != self.unit_dim]
        squares = self.weight.square().sum(others, keepdim=True)
        return ((squares + EPS) / self.share).sqrt()

    def normalized_weight(self) -> Tensor:
        """The weight that the layer applies, scale included: `weight` / norm · scale."""
        factor = 1 / self.norm()
        if self.scale is not None:
            factor = factor * self.scale.view_as(factor)
        return self.weight * factor

    def extra_repr(self) -> str:
        """The shape of the weight, for `print(module)`."""
        return f"weight={tuple(self.weight.shape)}"


class StrictWNLinear(WeightNorm):
    """y_i = w_i·x / ‖w_i‖ (eq. 4). Input (…, in_features), output (…, out_features)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__((out_features, in_features))

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return F.linear(x, self.normalized_weight(), self.bias)


class StrictWNConv2d(WeightNorm):
    """Convolution with one norm per output channel, over (c_in, k_h, k_w) (eq. 4).

    Input (N, in_channels, H, W), output (N, out_channels, H', W') with
    H' = ⌊(H + 2·padding − kernel_size) / stride⌋ + 1, as in `torch.nn.Conv2d`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__((out_channels, in_channels, *pair(kernel_size)))
        self.stride, self.padding = pair(stride), pair(padding)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return kernels.conv2d(x, self.normalized_weight(), self.bias, self.stride, self.padding)


class StrictWNConvTranspose2d(WeightNorm):
    """Transposed convolution with one norm per output channel (eq. 4, appendix B).

    Input (N, in_channels, H, W), output (N, out_channels, H', W') with
    H' = (H − 1)·stride − 2·padding + kernel_size, as in `torch.nn.ConvTranspose2d`.

    With strides, an output element sees only 1/(s_h·s_w) of its channel's kernel, so the norm over
    the whole kernel is divided by sqrt(s_h·s_w).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self_stride = pair(stride)
        shape = (in_channels, out_channels, *pair(kernel_size))
        super().__init__(shape, unit_dim=1, share=self_stride[0] * self_stride[1])
        self.stride, self.padding = self_stride, pair(padding)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return kernels.conv_transpose2d(
            x, self.normalized_weight(), self.bias, self.stride, self.padding
        )


class AffineWNLinear(StrictWNLinear):
    """y_i = γ_i · w_i·x / ‖w_i‖ + β_i (eq. 12); γ is `scale`, β is `bias`."""

    affine = True


class AffineWNConv2d(StrictWNConv2d):
    """`StrictWNConv2d` with a learned scale and bias per output channel (eq. 12)."""

    affine = True


class AffineWNConvTranspose2d(StrictWNConvTranspose2d):
    """`StrictWNConvTranspose2d` with a learned scale and bias per output channel (eq. 12)."""

    affine = True


class Conv2d(nn.Conv2d):
    """Torch's layer, without groups and dilation; it draws parameters as the paper does."""

    stride: tuple[int, int]
    padding: tuple[int, int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return kernels.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class ConvTranspose2d(nn.ConvTranspose2d):
    """Torch's layer, without groups, dilation and output padding.

    Its weights and bias are drawn from U(±1/sqrt(c_in·k_h·k_w)) (appendix B), where torch would
    count c_out in place of c_in.
    """

    stride: tuple[int, int]
    padding: tuple[int, int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)

    def reset_parameters(self) -> None:
        """Draws the weights and the bias anew."""
        bound = 1 / math.sqrt(self.in_channels * math.prod(self.kernel_size))
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Applies the layer."""
        return kernels.conv_transpose2d(x, self.weight, self.bias, self.stride, self.padding)


class PReLU(nn.PReLU):
    """Torch's layer with a slope `weight` per channel of (N, C, …), 0.25 at the start."""

    def __init__(self, num_channels: int) -> None:
        super().__init__(num_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the activation."""
        return kernels.prelu(x, self.weight)


def _per_channel(parameter: Tensor, x: Tensor) -> Tensor:
    """`parameter` (C,) viewed so that it broadcasts over `x` (N, C, …)."""
    return parameter.view(-1, *[1] * (x.ndim - 2))


class ChannelAffine(nn.Module):
    """γ_c·x + β_c with one `scale` γ and one `bias` β per channel of (N, C, …)."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        return x * _per_channel(self.scale, x) + _per_channel(self.bias, x)


class ToMap(nn.Unflatten):
    """(N, C·s·s) -> (N, C, s, s), channels last in memory, as convolutions are fastest then."""

    def __init__(self, channels: int, map_size: int) -> None:
        super().__init__(1, (channels, map_size, map_size))

    def forward(self, x: Tensor) -> Tensor:
        """Gives a vector the shape of a map."""
        return super().forward(x).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


class TReLU(nn.Module):
    """max(x, α) per channel of (N, C, …); α is `threshold`, 0 at the start (eq. 10, 11)."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Applies the activation."""
        return torch.maximum(x, _per_channel(self.threshold, x))


class TPReLU(nn.Module):
    """PReLU_a(x − α) + α per channel of (N, C, …) (section 3).

    α is `threshold`, 0 at the start; a is `slope`, 0.25 at the start and clipped to [0, 1] after
    each optimizer step by `clip_slopes`.
    """

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(num_channels))
        self.slope = nn.Parameter(torch.full((num_channels,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        """Applies the activation."""
        threshold = _per_channel(self.threshold, x)
        return kernels.prelu(x - threshold, self.slope) + threshold


class Add(nn.Module):
    """x1 + x2, with the constructor and call of `WNAdd`."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()

    def forward(self, shortcut: Tensor, residue: Tensor) -> Tensor:
        """Adds two tensors of the same shape."""
        return shortcut + residue


class WNAdd(nn.Module):
    """(w1·x1 + w2·x2) / sqrt(w1² + w2²), a pair of weights per channel of (N, C, …) (eq. 17).

    At the start the shortcut's weight w1 is 1 and the residue's w2 is 0.
    """

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.shortcut_weight = nn.Parameter(torch.ones(num_channels))
        self.residue_weight = nn.Parameter(torch.zeros(num_channels))

    def forward(self, shortcut: Tensor, residue: Tensor) -> Tensor:
        """Adds two tensors of the same shape."""
        norm = torch.hypot(self.shortcut_weight, self.residue_weight)
        return shortcut * _per_channel(
            self.shortcut_weight / norm, shortcut
        ) + residue * _per_channel(self.residue_weight / norm, residue)


class BatchNorm2d(nn.BatchNorm2d):
    """Torch's layer, which `batches_at_once` may give several batches."""

    batches = 1

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer, and in training mode updates the running statistics."""
        if self.batches == 1:
            return super().forward(input)
        return torch.cat([nn.BatchNorm2d.forward(self, x) for x in input.chunk(self.batches)])


class MeanOnlyBatchNorm2d(nn.Module):
    """Subtracts the batch mean of each channel and adds a learned `bias` (appendix D.2).

    Input and output are (N, C, H, W). In inference mode the running mean takes the place of the
    batch's. The formulation is Salimans and Kingma's (2016).

    Args:
        num_channels: C.
        momentum: the weight of a batch in the running mean, as in `torch.nn.BatchNorm2d`.
    """

    batches = 1
    running_mean: Tensor

    def __init__(self, num_channels: int, momentum: float = 0.1) -> None:
        super().__init__()
        self.momentum = momentum
        self.bias = nn.Parameter(torch.zeros(num_channels))
        self.register_buffer("running_mean", torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer, and in training mode updates the running mean."""
        if self.batches == 1:
            return self._normalized(x)
        return torch.cat([self._normalized(batch) for batch in x.chunk(self.batches)])

    def _normalized(self, x: Tensor) -> Tensor:
        mean = self.running_mean
        if self.training:
            mean = x.mean((0, 2, 3))
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
        return x + _per_channel(self.bias - mean, x)


@contextmanager
def batches_at_once(network: nn.Module, count: int) -> Iterator[None]:
    """Inputs of `network` in the block are `count` batches of one size, one after the other.

    `BatchNorm2d` and `MeanOnlyBatchNorm2d` normalize each by itself, and update their running
    statistics by each in turn, as in separate passes.
    """
    norms = [m for m in network.modules() if isinstance(m, BatchNorm2d | MeanOnlyBatchNorm2d)]
    for norm in norms:
        norm.batches = count
    try:
        yield
    finally:
        for norm in norms:
            norm.batches = 1


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> bool:
    """Replaces the running statistics of batch norms by their means over batches of inputs.

    In training they follow networks that change; these are of the network as it is.

    Args:
        network: in inference mode, in which it stays.
        batches: inputs, each as large as those of the training.

    Returns:
        Whether there are batch norms in `network`; if not, nothing was done.
    """
    norms = [m for m in network.modules() if isinstance(m, BatchNorm2d | MeanOnlyBatchNorm2d)]
    if not norms:
        return False
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
    for number, batch in enumerate(batches, 1):
        for norm in norms:
            norm.momentum = 1 / number
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    return True


@torch.no_grad()
def clip_slopes(module: nn.Module) -> None:
    """Clips the slopes of each PReLU and TPReLU in `module` to [0, 1], in place (section 5.1)."""
    for layer in module.modules():
        if isinstance(layer, TPReLU):
            layer.slope.clamp_(0, 1)
        elif isinstance(layer, nn.PReLU):
            layer.weight.clamp_(0, 1)


def lipschitz_constant(network: nn.Module) -> float:
    """The constant K of appendix E: the ℓ1 norm of a gradient grows by at most K through `network`.

    Each strict weight-normalized layer contributes sqrt(n), with n the number of weights of one
    output unit (lemma 2; a little more where a transposed convolution's stride does not divide its
    kernel); TReLU, and TPReLU with slopes in [0, 1], contribute 1 (lemma 3). For a
    network with one output, `|f(x) − f(y)| ≤ K·max|x − y|`.

    The network must apply its layers one after another, as `torch.nn.Sequential` does.

    Raises:
        ValueError: a layer has no bound that depends on the network's structure alone (an affine
            or plain layer, batch normalization), or a slope lies outside [0, 1].
    """
    constant = 1.0
    for name, layer in network.named_modules(remove_duplicate=False):
        children = list(layer.children())
        if isinstance(layer, StrictWNConvTranspose2d) and not layer.affine:
            # What one output sees of the kernel, at most; times what the norm is divided by.
            seen = (-(-k // s) for k, s in zip(layer.weight.shape[2:], layer.stride, strict=True))
            constant *= math.sqrt(layer.share * layer.weight.shape[0] * math.prod(seen))
        elif isinstance(layer, WeightNorm) and not layer.affine:
            constant *= math.sqrt(layer.fan_in)
        elif isinstance(layer, TPReLU) and not (0 <= layer.slope.min() <= layer.slope.max() <= 1):
            raise ValueError(f"Layer {name!r} has a slope outside [0, 1]; call clip_slopes first.")
        elif not (
            isinstance(layer, TPReLU | TReLU | nn.Flatten | nn.Unflatten | nn.Sequential)
            # A wrapper, such as `wngan.dcgan.Discriminator`.
            or (len(children) == 1 and not list(layer.parameters(recurse=False)))
        ):
            raise ValueError(
                f"Layer {name!r} ({type(layer).__name__}) has no Lipschitz constant of its own: "
                "use strict weight-normalized layers with TReLU or TPReLU, and no sigmoid."
            )
    return constant
