"""Networks for inference alone: what does not change between calls is computed once."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from wngan import layers


@torch.no_grad()
def fold(network: nn.Module) -> nn.Module:
    """A copy of `network` in inference mode, with as few normalizations as can be.

    Weight-normalized layers become plain ones. Batch normalization, mean-only or not, and scales
    and biases of channels become part of a convolution that stands directly before them in a
    `torch.nn.Sequential`. All other modules are copied. No parameter needs a gradient.

    Args:
        network: of floating point parameters; it is left as it was.

    Returns:
        The copy, of the same dtype. It is computed in float64, so that its outputs differ by no
        more than the rounding of its weights.
    """
    dtype = next((parameter.dtype for parameter in network.parameters()), torch.float32)
    return _fold(copy.deepcopy(network).double()).to(dtype).eval().requires_grad_(False)


def _fold(module: nn.Module) -> nn.Module:
    """`module`, changed in place or another one in its place."""
    for name, child in module.named_children():
        setattr(module, name, _fold(child))
    if type(module) is nn.Sequential:
        return nn.Sequential(*_join(module))
    return _without_norm(module)


def _join(sequence: nn.Sequential) -> list[nn.Module]:
    """The layers of `sequence`, those of sequences within it in their place, fewer if possible."""
    joined: list[nn.Module] = []
    for child in sequence:
        for layer in child if type(child) is nn.Sequential else [child]:
            before, affine = joined[-1] if joined else None, _factor_and_shift(layer)
            if (
                affine is not None
                and isinstance(before, nn.Conv2d | nn.ConvTranspose2d)
                and not is_parametrized(before)
            ):
                joined[-1] = _scaled(before, *affine)
            else:
                joined.append(layer)
    return joined


def _without_norm(layer: nn.Module) -> nn.Module:
    """A plain layer in place of a weight-normalized one; another layer as it is."""
    plain: nn.Linear | nn.Conv2d | nn.ConvTranspose2d
    if isinstance(layer, layers.StrictWNLinear):
        plain = nn.Linear(*layer.weight.shape[::-1])
    elif isinstance(layer, layers.StrictWNConv2d):
        c_out, c_in, *kernel = layer.weight.shape
        plain = layers.Conv2d(c_in, c_out, (kernel[0], kernel[1]), layer.stride, layer.padding)
    elif isinstance(layer, layers.StrictWNConvTranspose2d):
        c_in, c_out, *kernel = layer.weight.shape
        plain = layers.ConvTranspose2d(
            c_in, c_out, (kernel[0], kernel[1]), layer.stride, layer.padding
        )
    else:
        return layer
    plain.weight, plain.bias = nn.Parameter(layer.normalized_weight()), layer.bias
    return plain


def _factor_and_shift(layer: nn.Module) -> tuple[Tensor, Tensor] | None:
    """What `layer` multiplies each channel by and then adds to it, if that is all it does."""
    if isinstance(layer, layers.ChannelAffine):
        return layer.scale, layer.bias
    if isinstance(layer, layers.MeanOnlyBatchNorm2d):
        return torch.ones_like(layer.bias), layer.bias - layer.running_mean
    if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None and layer.affine:
        assert layer.running_var is not None
        factor = layer.weight / (layer.running_var + layer.eps).sqrt()
        return factor, layer.bias - layer.running_mean * factor
    return None


def _scaled(
    conv: nn.Conv2d | nn.ConvTranspose2d, factor: Tensor, shift: Tensor
) -> nn.Conv2d | nn.ConvTranspose2d:
    """A copy of `conv` whose channels are multiplied by `factor` and shifted by `shift`."""
    conv = copy.deepcopy(conv)  # it may stand in other places, too
    if isinstance(conv, nn.ConvTranspose2d):
        of_group = factor.view(conv.groups, 1, -1, 1, 1)
        groups = conv.weight.view(conv.groups, -1, *conv.weight.shape[1:])
        weight = (groups * of_group).view_as(conv.weight)
    else:
        weight = conv.weight * factor.view(-1, 1, 1, 1)
    bias = shift if conv.bias is None else conv.bias * factor + shift
    conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)
    return conv
