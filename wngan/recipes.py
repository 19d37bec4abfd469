"""What the models use where they differ from one another (table 1, appendix D.2)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torch import nn
from torch.nn.utils import parametrizations

from wngan import layers, published
from wngan.losses import LOGISTIC, WASSERSTEIN, Loss

Layer = Callable[..., nn.Module]


def plain_first(code_length: int, channels: int, map_size: int) -> nn.Module:
    """The generator's first layer without normalization: codes (N, L) -> (N, C, map, map).

    A transposed convolution of a 1×1 map is a fully connected layer whose bias is shared by the
    elements of a channel; as such its weights start in U(±1/sqrt(L)).
    """
    conv = layers.ConvTranspose2d(code_length, channels, map_size)
    bound = 1 / math.sqrt(code_length)
    for parameter in conv.parameters():
        nn.init.uniform_(parameter, -bound, bound)
    return nn.Sequential(nn.Unflatten(1, (code_length, 1, 1)), conv)


def strict_first(
    code_length: int,
    channels: int,
    map_size: int,
    linear_type: type[layers.StrictWNLinear] = layers.StrictWNLinear,
) -> nn.Sequential:
    """The same as a strict weight-normalized layer (appendix B).

    The norm is per output element, over the code only; the weights start in U(±0.01/sqrt(L)).
    """
    linear = linear_type(code_length, channels * map_size**2)
    bound = 0.01 / math.sqrt(code_length)
    nn.init.uniform_(linear.weight, -bound, bound)
    return nn.Sequential(linear, layers.ToMap(channels, map_size))


def affine_first(code_length: int, channels: int, map_size: int) -> nn.Sequential:
    """The same with a scale and bias that are shared by the elements of a channel."""
    return strict_first(code_length, channels, map_size).append(layers.ChannelAffine(channels))


def spectral_conv(*arguments: Any) -> nn.Module:
    """A convolution of largest singular value 1 (Miyato et al. 2018, arXiv 1802.05957).

    The kernel, as a matrix (c_out, c_in·k_h·k_w), is divided by an estimate of its largest singular
    value, which one step of power iteration improves in each pass in training mode.
    """
    return parametrizations.spectral_norm(layers.Conv2d(*arguments))


@dataclass(frozen=True)
class Recipe:
    """The layers of one model.

    Attributes:
        conv: the discriminators' convolution; called as `torch.nn.Conv2d` is.
        conv_transpose: the generators'; called as `torch.nn.ConvTranspose2d` is.
        last_conv, last_conv_transpose: the same for the last layer of either network.
        first: the generator's first layer, called with code length, channels and map size.
        activation: called with the number of channels.
        norm: called with the number of channels; None where the model has no such layer.
        add: joins the branches of a residual block; called with the number of channels.
        loss: what the networks minimize.
    """

    conv: Layer
    conv_transpose: Layer
    last_conv: Layer
    last_conv_transpose: Layer
    first: Layer
    activation: Layer
    norm: Layer | None = None
    add: Layer = layers.Add
    loss: Loss = LOGISTIC


_PLAIN = Recipe(
    conv=layers.Conv2d,
    conv_transpose=layers.ConvTranspose2d,
    last_conv=layers.Conv2d,
    last_conv_transpose=layers.ConvTranspose2d,
    first=plain_first,
    activation=layers.PReLU,
)
_AFFINE = Recipe(
    conv=layers.AffineWNConv2d,
    conv_transpose=layers.AffineWNConvTranspose2d,
    last_conv=layers.AffineWNConv2d,
    last_conv_transpose=layers.AffineWNConvTranspose2d,
    first=affine_first,
    activation=layers.PReLU,
)
_WN = Recipe(
    conv=layers.StrictWNConv2d,
    conv_transpose=layers.StrictWNConvTranspose2d,
    last_conv=layers.AffineWNConv2d,
    last_conv_transpose=layers.AffineWNConvTranspose2d,
    first=strict_first,
    activation=layers.TPReLU,
    add=layers.WNAdd,
)

RECIPES = {
    "vanilla": _PLAIN,
    "bn": replace(_PLAIN, norm=layers.BatchNorm2d),
    "wn": _WN,
    "wn_published": Recipe(
        conv=published.PublishedStrictWNConv2d,
        conv_transpose=published.PublishedStrictWNConvTranspose2d,
        last_conv=published.PublishedAffineWNConv2d,
        last_conv_transpose=published.PublishedAffineWNConvTranspose2d,
        first=partial(strict_first, linear_type=published.PublishedStrictWNLinear),
        activation=layers.TPReLU,
        add=layers.WNAdd,
    ),
    "wn_critic": replace(_WN, last_conv=layers.StrictWNConv2d, loss=WASSERSTEIN),
    "affine_wn": _AFFINE,
    "wn_mean_bn": replace(_AFFINE, norm=layers.MeanOnlyBatchNorm2d),
    "spectral": replace(_PLAIN, conv=spectral_conv, last_conv=spectral_conv),
}
"""By the names that configurations give models; the paper has all but `spectral`."""


def recipe(model: str) -> Recipe:
    """The recipe of `model`.

    Raises:
        ValueError: there is no model of that name.
    """
    if model not in RECIPES:
        raise ValueError(f"There is no model {model!r}; the models are {', '.join(RECIPES)}.")
    return RECIPES[model]
