"""Folded networks against those they were made of."""

from collections.abc import Sequence
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from wngan import dcgan, layers, resnet
from wngan.folding import fold
from wngan.recipes import RECIPES


def trained(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """`network` with parameters and running statistics that no part of it could ignore."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.rand(tensor.shape, generator=generator)
            centered = noise - 0.5 if tensor.ndim > 1 or name.endswith(("bias", "mean")) else noise
            tensor.copy_(centered + 0.1)
    return network.to(dtype)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)], ids=str
)
@pytest.mark.parametrize("architecture", [dcgan, resnet])
@pytest.mark.parametrize("model", list(RECIPES))
def test_generators_make_the_same(
    architecture: ModuleType, model: str, dtype: torch.dtype, tolerance: float
) -> None:
    generator = trained(architecture.Generator(16, (6, 8), 5, model), dtype).train()
    codes = torch.randn(4, 5, generator=torch.Generator().manual_seed(2), dtype=dtype)
    folded = fold(generator)
    with torch.no_grad():
        made, expected = folded(codes), generator.eval()(codes)
    assert expected.std() > 0.01
    assert ((made - expected).norm() / expected.norm()).item() < tolerance
    assert made.dtype == dtype


@pytest.mark.parametrize("architecture", [dcgan, resnet])
@pytest.mark.parametrize("model", list(RECIPES))
def test_no_norm_is_left_to_compute(architecture: ModuleType, model: str) -> None:
    folded = fold(architecture.Generator(16, (6, 8), 5, model))
    kinds = [type(layer) for layer in folded.modules()]
    assert not any(issubclass(kind, layers.WeightNorm) for kind in kinds)
    assert nn.BatchNorm2d not in kinds
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    assert not any(module.training for module in folded.modules())


@pytest.mark.parametrize("model", ["bn", "wn", "wn_mean_bn"])
def test_what_is_given_stays_as_it_is(model: str) -> None:
    generator = trained(resnet.Generator(16, (6, 8), 5, model), torch.float32).train()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    kinds = [type(layer) for layer in generator.modules()]
    fold(generator)
    torch.testing.assert_close(generator.state_dict(), before, rtol=0, atol=0)
    assert [type(layer) for layer in generator.modules()] == kinds
    assert all(module.training for module in generator.modules())
    assert all(parameter.requires_grad for parameter in generator.parameters())


class Reversed(nn.Sequential):
    """A sequence that does not apply its layers in their order."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in reversed(self):
            x = layer(x)
        return x


def sequences() -> Sequence[nn.Module]:
    conv, bn = layers.StrictWNConv2d, nn.BatchNorm2d
    return [
        nn.Sequential(conv(3, 3, 1), bn(3), bn(3), layers.ChannelAffine(3)),
        nn.Sequential(bn(3), conv(3, 3, 1)),
        nn.Sequential(nn.Sequential(conv(3, 3, 1)), nn.ReLU(), nn.Sequential(bn(3))),
        nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.BatchNorm2d(3)),
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, affine=False)),
        nn.Sequential(nn.Conv2d(3, 6, 1, groups=3), bn(6)),
        nn.Sequential(nn.ConvTranspose2d(4, 6, 2, groups=2), bn(6)),
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, track_running_stats=False)),
        Reversed(conv(3, 3, 1), bn(3)),
        nn.BatchNorm2d(3),
        layers.StrictWNConv2d(3, 4, 3, 2, 1),
        nn.Sequential(conv(3, 2, (2, 3)), layers.StrictWNConvTranspose2d(2, 4, (3, 1), 2)),
        nn.Sequential(nn.Flatten(), layers.StrictWNLinear(75, 4)),
        nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 3, 1)), bn(3)),
    ]


@pytest.mark.parametrize("number", range(len(sequences())))
def test_modules_of_others(number: int) -> None:
    """Norms are joined only with what comes directly before, in torch's own kind of sequence."""
    network = trained(sequences()[number], torch.float64)
    channels = 4 if number == 6 else 3
    x = torch.randn(2, channels, 5, 5, generator=torch.Generator().manual_seed(2)).double()
    folded = fold(network)
    torch.testing.assert_close(folded(x), network.eval()(x), rtol=1e-12, atol=1e-12)


def test_norms_join_convolutions_in_sequences_of_sequences() -> None:
    conv, bn = layers.StrictWNConv2d, nn.BatchNorm2d
    network = nn.Sequential(
        nn.Sequential(conv(3, 3, 1), nn.Sequential(bn(3))),
        nn.Sequential(bn(3), layers.ChannelAffine(3), nn.ReLU()),
        conv(3, 3, 1),
        bn(3),
    )
    folded = fold(network)
    kinds = [type(layer) for layer in folded.modules() if not list(layer.children())]
    assert [kind for kind in kinds if kind is not nn.Identity] == [
        layers.Conv2d,
        nn.ReLU,
        layers.Conv2d,
    ]
    assert [len(list(layer)) for layer in folded[:2]] == [2, 3]  # indices mean what they meant


def test_layers_used_twice_stay_right() -> None:
    """A convolution that is shared must not take over the norm behind one of its uses."""
    conv, bn = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
    network = trained(nn.Sequential(conv, nn.ReLU(), conv, bn), torch.float64)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2)).double()
    torch.testing.assert_close(fold(network)(x), network.eval()(x), rtol=1e-12, atol=1e-12)


class EqualizedConv2d(nn.Conv2d):
    """Whose weight is scaled whenever it is used."""

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, 3 * self.weight, self.bias)


class ActiveConv2d(layers.StrictWNConv2d):
    """With an activation inside."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


class Shifted(nn.BatchNorm2d):
    """Which adds something of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1


class Tied(nn.Module):
    """Reads the weight of a layer that stands in two places."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self.main, self.conv = nn.Sequential(conv, nn.BatchNorm2d(3)), conv

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + nn.functional.conv2d(x, self.conv.weight)


class Repeated(nn.Module):
    """Uses one sequence by its parts and as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(layers.StrictWNConv2d(3, 3, 1), nn.ReLU(), nn.BatchNorm2d(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.main[2](self.main[1](self.main[0](x))) + len(self.main)


def hooked() -> nn.Module:
    layer = layers.StrictWNConv2d(3, 3, 1)
    layer.register_forward_hook(lambda module, inputs, output: 2 * output)
    return layer


def forwarded() -> nn.Module:
    layer = layers.StrictWNConv2d(3, 3, 1)
    whole = layer.forward
    layer.forward = lambda x: 2 * whole(x)  # type: ignore[method-assign]
    return layer


def weights_in_common() -> nn.Module:
    first, second = layers.StrictWNConv2d(3, 3, 1), layers.StrictWNConv2d(3, 3, 1)
    second.weight = first.weight
    return nn.Sequential(first, nn.BatchNorm2d(3), nn.ReLU(), second, nn.BatchNorm2d(3))


OTHERS = {
    "a scaled weight": lambda: nn.Sequential(EqualizedConv2d(3, 3, 1), nn.BatchNorm2d(3)),
    "an activation inside": lambda: nn.Sequential(ActiveConv2d(3, 3, 1), nn.BatchNorm2d(3)),
    "a norm of one's own": lambda: nn.Sequential(nn.Conv2d(3, 3, 1), Shifted(3)),
    "tied": lambda: Tied(nn.Conv2d(3, 3, 1, bias=False)),
    "tied and normalized": lambda: Tied(layers.StrictWNConv2d(3, 3, 1)),
    "a sequence by its parts": Repeated,
    "a hook": lambda: nn.Sequential(hooked(), nn.BatchNorm2d(3)),
    "a forward of its own": lambda: nn.Sequential(forwarded(), nn.BatchNorm2d(3)),
    "torch's older spectral norm": lambda: nn.Sequential(
        nn.utils.spectral_norm(nn.Conv2d(3, 3, 1)), nn.BatchNorm2d(3)
    ),
    "weights in common": weights_in_common,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", list(OTHERS))
def test_what_is_not_known_is_copied(name: str) -> None:
    """Layers that only look like those that are folded."""
    network = trained(OTHERS[name](), torch.float64)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2)).double()
    torch.testing.assert_close(fold(network)(x), network.eval()(x), rtol=1e-12, atol=1e-12)


def test_hooks_on_gradients_stay() -> None:
    network = nn.Sequential(layers.StrictWNConv2d(3, 3, 1), nn.BatchNorm2d(3)).eval()
    network[0].register_full_backward_hook(lambda module, inputs, outputs: (2 * inputs[0],))
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    found, wanted = (torch.autograd.grad(f(x).sum(), x) for f in (fold(network), network))
    torch.testing.assert_close(found, wanted)


def test_each_tensor_keeps_its_dtype_and_random_numbers_are_left() -> None:
    network = nn.Sequential(layers.StrictWNConv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Linear(4, 4))
    network[0].half()
    network.register_buffer("frequencies", torch.rand(3).double() + 1e-12)
    before = torch.get_rng_state()
    folded = fold(network)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(folded.frequencies, network.frequencies)
    assert folded[0].weight.dtype == torch.float16
    assert folded[2].weight.dtype == torch.float32
