"""Networks for inference alone: what does not change between calls is computed once."""

import copy
from collections import Counter

import torch
from torch import Tensor, nn

from wngan import layers, published

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d, layers.Conv2d, layers.ConvTranspose2d)
LINEAR = (layers.StrictWNLinear, layers.AffineWNLinear, published.PublishedStrictWNLinear)
CONV = (
    layers.StrictWNConv2d,
    layers.AffineWNConv2d,
    published.PublishedStrictWNConv2d,
    published.PublishedAffineWNConv2d,
)
CONV_TRANSPOSE = (
    layers.StrictWNConvTranspose2d,
    layers.AffineWNConvTranspose2d,
    published.PublishedStrictWNConvTranspose2d,
    published.PublishedAffineWNConvTranspose2d,
)
"""Exactly these types are folded: what a class derived from them computes is not known."""


def fold(network: nn.Module) -> nn.Module:
    """A copy of `network` in inference mode, with as few normalizations as can be.

    Weight-normalized layers become plain ones. Batch normalization, mean-only or not, and scales
    and biases of channels become part of a convolution that stands directly before them in a
    `torch.nn.Sequential`, which keeps an `nn.Identity` in their place. Everything else is copied as
    it is: subclasses of such layers, layers with hooks, parametrizations or a `forward` that was
    replaced, and layers that stand in several places. No parameter needs a gradient.

    A layer must be used as a layer: one whose `weight` the network reads itself, or whose output it
    takes from within a sequence, would not be the same.

    Args:
        network: it is left as it was.

    Returns:
        The copy, each tensor of its own dtype. What is folded is computed in float64, so that
        outputs differ by no more than the rounding of its weights.

    Raises:
        RuntimeError, TypeError: `network` cannot be copied by `copy.deepcopy`.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    return _Folding(folded).folded(folded).requires_grad_(False)


def can_fold(network: nn.Module) -> bool:
    """Whether `network` has a layer that `fold` might replace."""
    kinds = (*LINEAR, *CONV, *CONV_TRANSPOSE, *AFFINE)
    return any(type(module) in kinds for module in network.modules())


class _Folding:
    """One call of `fold`: changes a network in place."""

    def __init__(self, network: nn.Module) -> None:
        self.uses = Counter(module for _, module in network.named_modules(remove_duplicate=False))
        self.dtypes: dict[nn.Module, torch.dtype] = {}  # of layers that are in float64 as yet

    @torch.no_grad()
    def folded(self, network: nn.Module) -> nn.Module:
        """`network`, or what takes its place."""
        network = self._replaced(network)
        for layer, dtype in self.dtypes.items():
            layer.to(dtype)
        return network

    def _replaced(self, module: nn.Module) -> nn.Module:
        if self._is(module, (*LINEAR, *CONV, *CONV_TRANSPOSE)):
            assert isinstance(module, layers.WeightNorm)
            dtype, plain = module.weight.dtype, _plain(module)
            self.dtypes[plain], self.uses[plain] = dtype, 1
            return plain
        for name, child in module.named_children():
            setattr(module, name, self._replaced(child))
        if self._is(module, (nn.Sequential,)):
            self._join(module, None)
        return module

    def _is(self, module: nn.Module, kinds: tuple[type[nn.Module], ...]) -> bool:
        """Whether `module` is one of `kinds`, unchanged and in one place."""
        hooks = (
            module._forward_hooks,
            module._forward_pre_hooks,
            module._backward_hooks,
            module._backward_pre_hooks,
        )
        changed = any(hooks) or "forward" in vars(module)
        return type(module) in kinds and self.uses[module] == 1 and not changed

    def _join(self, sequence: nn.Module, before: nn.Module | None) -> nn.Module | None:
        """Joins layers with the convolution before them, which may be `before`.

        Returns:
            The convolution, if any, that comes last.
        """
        for name, child in sequence.named_children():
            if self._is(child, (nn.Sequential,)):
                before = self._join(child, before)
            elif before is not None and self._is(child, AFFINE) and (affine := _affine(child)):
                self._scale(before, *affine)
                setattr(sequence, name, nn.Identity().eval())
            elif type(child) is not nn.Identity:
                before = child if self._is(child, CONVOLUTIONS) else None
        return before

    def _scale(self, conv: nn.Module, factor: Tensor, shift: Tensor) -> None:
        """Multiplies the channels of a convolution by `factor` and adds `shift`."""
        assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
        self.dtypes.setdefault(conv, conv.weight.dtype)
        old = conv.weight.double()
        if isinstance(conv, nn.ConvTranspose2d):
            of_group = factor.view(conv.groups, 1, -1, 1, 1)
            groups = old.view(conv.groups, -1, *old.shape[1:])
            weight = (groups * of_group).view_as(old)
        else:
            weight = old * factor.view(-1, 1, 1, 1)
        bias = shift if conv.bias is None else conv.bias.double() * factor + shift
        conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)


def _plain(layer: layers.WeightNorm) -> nn.Module:
    """A plain layer in place of a weight-normalized one, in float64."""
    plain: nn.Linear | nn.Conv2d | nn.ConvTranspose2d
    with torch.device("meta"):  # which draws no parameters
        if isinstance(layer, layers.StrictWNConv2d):
            c_out, c_in, *kernel = layer.weight.shape
            plain = layers.Conv2d(c_in, c_out, (kernel[0], kernel[1]), layer.stride, layer.padding)
        elif isinstance(layer, layers.StrictWNConvTranspose2d):
            c_in, c_out, *kernel = layer.weight.shape
            plain = layers.ConvTranspose2d(
                c_in, c_out, (kernel[0], kernel[1]), layer.stride, layer.padding
            )
        else:
            plain = nn.Linear(*layer.weight.shape[::-1])
    layer = copy.deepcopy(layer).double()  # its parameters may be another layer's, too
    plain.weight, plain.bias = nn.Parameter(layer.normalized_weight()), layer.bias
    return plain.eval()


AFFINE = (
    layers.ChannelAffine,
    layers.MeanOnlyBatchNorm2d,
    layers.BatchNorm2d,
    nn.BatchNorm2d,
)
"""What multiplies and shifts channels, in inference mode."""


def _affine(layer: nn.Module) -> tuple[Tensor, Tensor] | None:
    """What `layer` multiplies each channel by and then adds to it, if that is all it does."""
    if isinstance(layer, layers.ChannelAffine):
        return layer.scale.double(), layer.bias.double()
    if isinstance(layer, layers.MeanOnlyBatchNorm2d):
        shift = layer.bias.double() - layer.running_mean.double()
        return torch.ones_like(shift), shift
    if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None and layer.affine:
        assert layer.running_var is not None
        factor = layer.weight.double() / (layer.running_var.double() + layer.eps).sqrt()
        return factor, layer.bias.double() - layer.running_mean.double() * factor
    return None
