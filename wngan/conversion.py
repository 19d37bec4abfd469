"""Appendix A: linear and ReLU layers written as strict weight-normalized and TReLU layers."""

import torch
from torch import nn

from wngan.layers import AffineWNLinear, StrictWNLinear, TReLU


@torch.no_grad()
def to_weight_normalized(network: nn.Sequential) -> nn.Sequential:
    """The weight-normalized network that computes the same function as `network` (appendix A).

    Each linear layer but the last becomes a strict weight-normalized one, each ReLU a TReLU, and
    the last linear layer an affine weight-normalized one. With n = ‖w‖, a hidden unit
    ReLU(w·x + b) equals n·TReLU_α(w·x / n) + b where α = −b/n (eq. 16); the factor n and the
    constant b move into the next linear layer.

    Args:
        network: Linear, ReLU, Linear, ReLU, …, Linear, each linear layer with a bias.

    Returns:
        A new network of `network`'s dtype and device; `network` is not changed.

    Raises:
        ValueError: `network` is not such a stack.
    """
    linears, relus = list(network)[::2], list(network)[1::2]
    if (
        len(network) % 2 == 0
        or not all(isinstance(layer, nn.Linear) and layer.bias is not None for layer in linears)
        or not all(isinstance(layer, nn.ReLU) for layer in relus)
    ):
        raise ValueError("The network must be Linear, ReLU, …, Linear, each Linear with a bias.")

    converted: list[nn.Module] = []
    factor, constant = linears[0].weight.new_ones(()), linears[0].weight.new_zeros(())
    for linear in linears:
        # The input is factor·t + constant, with t what the previous TReLU gives.
        weight = linear.weight * factor
        bias = linear.bias + (linear.weight * constant).sum(1)
        last = linear is linears[-1]
        layer = (AffineWNLinear if last else StrictWNLinear)(
            linear.in_features, linear.out_features
        )
        layer.to(weight).weight.copy_(weight)
        norm = layer.norm().squeeze(1)
        converted.append(layer)
        if isinstance(layer, AffineWNLinear):
            assert layer.scale is not None and layer.bias is not None
            layer.scale.copy_(norm)
            layer.bias.copy_(bias)
        else:
            activation = TReLU(linear.out_features).to(weight)
            activation.threshold.copy_(-bias / norm)
            converted.append(activation)
            factor, constant = norm, bias
    return nn.Sequential(*converted)
