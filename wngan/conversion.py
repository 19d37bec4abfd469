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
    linears = [layer for layer in network if isinstance(layer, nn.Linear)]
    kinds = [nn.Linear, *[nn.ReLU, nn.Linear] * (len(linears) - 1)]
    if list(map(type, network)) != kinds or any(layer.bias is None for layer in linears):
        raise ValueError("The network must be Linear, ReLU, …, Linear, each Linear with a bias.")

    converted: list[nn.Module] = []
    # The input of a layer is factor·t + constant, with t what the previous TReLU gives.
    factor, constant = linears[0].weight.new_ones(()), linears[0].weight.new_zeros(())
    for linear in linears:
        weight = linear.weight * factor
        bias = linear.bias + (linear.weight * constant).sum(1)
        if linear is linears[-1]:
            last = AffineWNLinear(linear.in_features, linear.out_features).to(weight)
            last.weight.copy_(weight)
            scale = last.norm().squeeze(1)
            last.load_state_dict({"weight": weight, "scale": scale, "bias": bias})
            converted.append(last)
        else:
            hidden = StrictWNLinear(linear.in_features, linear.out_features).to(weight)
            hidden.weight.copy_(weight)
            factor, constant = hidden.norm().squeeze(1), bias
            activation = TReLU(linear.out_features).to(weight)
            activation.threshold.copy_(-constant / factor)
            converted += [hidden, activation]
    return nn.Sequential(*converted)
