"""Appendix A: the converted network computes what the given one does."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from wngan.conversion import to_weight_normalized
from wngan.layers import AffineWNLinear, StrictWNLinear, TReLU

widths = st.lists(st.integers(1, 8), min_size=2, max_size=7)
seeds = st.integers(0, 2**31)
quick = settings(deadline=None, max_examples=60)


def relu_network(widths: list[int], seed: int = 0, scale: float = 1.0) -> nn.Sequential:
    """Linear, ReLU, …, Linear with normal parameters in float64."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential()
    for depth in range(len(widths) - 1):
        if depth:
            network.append(nn.ReLU())
        network.append(nn.Linear(widths[depth], widths[depth + 1]).double())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, scale, generator=generator)
    return network


def inputs(width: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(50, width, generator=generator, dtype=torch.float64)


def check_equal(network: nn.Sequential, converted: nn.Sequential, x: Tensor) -> None:
    expected = network(x)
    error = float((converted(x) - expected).detach().abs().max())
    assert error <= 1e-9 * max(1, float(expected.detach().abs().max()))


@given(widths=widths, seed=seeds, scale=st.sampled_from([0.05, 1.0, 3.0]))
@quick
def test_computes_the_same_function(widths: list[int], seed: int, scale: float) -> None:
    network = relu_network(widths, seed, scale)
    check_equal(network, to_weight_normalized(network), inputs(widths[0], seed + 1))


@given(widths=widths)
@quick
def test_layers_are_strict_ones_and_trelus_and_at_last_an_affine_one(widths: list[int]) -> None:
    converted = to_weight_normalized(relu_network(widths))
    hidden = len(widths) - 2
    assert list(map(type, converted)) == [StrictWNLinear, TReLU] * hidden + [AffineWNLinear]
    shapes = [tuple(layer.weight.shape) for layer in converted if not isinstance(layer, TReLU)]
    assert shapes == list(zip(widths[1:], widths[:-1], strict=True))
    assert {parameter.dtype for parameter in converted.parameters()} == {torch.float64}


def test_thresholds_are_those_of_equation_16() -> None:
    network = relu_network([3, 4, 2])
    converted = to_weight_normalized(network)
    for unit in range(4):
        norm = math.sqrt(sum(float(w) ** 2 for w in network[0].weight[unit].detach()) + 1e-6)
        expected = -network[0].bias[unit].item() / norm
        assert converted[1].threshold[unit].item() == pytest.approx(expected, rel=1e-12)


def test_units_without_weights_are_converted_too() -> None:
    network = relu_network([3, 4, 4, 2])
    with torch.no_grad():
        network[0].weight[1].zero_()
        network[2].weight[:2].zero_()
        network[4].weight[0].zero_()
    check_equal(network, to_weight_normalized(network), inputs(3))


def test_the_given_network_is_neither_changed_nor_shared() -> None:
    network = relu_network([3, 4, 2])
    before = {name: value.clone() for name, value in network.state_dict().items()}
    converted = to_weight_normalized(network)
    with torch.no_grad():
        for parameter in converted.parameters():
            parameter.zero_()
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_converted_network_can_be_trained() -> None:
    converted = to_weight_normalized(relu_network([3, 4, 2]))
    converted(inputs(3)).square().sum().backward()
    for name, parameter in converted.named_parameters():
        assert parameter.is_leaf, name
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_float32_stays_float32() -> None:
    converted = to_weight_normalized(relu_network([3, 4, 2]).float())
    assert {parameter.dtype for parameter in converted.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(),
        nn.Sequential(nn.ReLU()),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU()),
        nn.Sequential(nn.ReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.PReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2, bias=False)),
    ],
)
def test_other_networks_are_refused(network: nn.Sequential) -> None:
    with pytest.raises(ValueError, match="Linear, ReLU, …, Linear, each Linear with a bias"):
        to_weight_normalized(network)
