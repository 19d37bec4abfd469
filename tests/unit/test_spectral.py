"""Spectral normalization, a model that the paper does not have."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from wngan.losses import LOGISTIC
from wngan.precision import PRECISIONS, computing_in
from wngan.rmsprop import RMSProp
from wngan.settings import Settings
from wngan.train_step import train_step

ARCHITECTURES = pytest.mark.parametrize("architecture", ["dcgan", "resnet"])


@pytest.fixture
def spectral(tiny: Settings, architecture: str) -> Settings:
    return replace(
        tiny, architecture=architecture, model="spectral", image_size=16, channels=(4, 6)
    )


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


@ARCHITECTURES
def test_every_convolution_of_the_discriminator_is_normalized(spectral: Settings) -> None:
    torch.manual_seed(0)
    discriminator = spectral.discriminator()
    images = torch.rand(3, 3, 16, 16)
    for _ in range(200):  # one step of power iteration each
        discriminator(images)
    found = convolutions(discriminator.eval())
    assert len(found) == {"dcgan": 3, "resnet": 11}[spectral.architecture]
    for layer in found:
        matrix = layer.weight.detach().flatten(1).numpy()
        assert abs(np.linalg.norm(matrix, 2) - 1) < 1e-3
        original = layer.parametrizations.weight.original.detach().flatten(1).numpy()
        np.testing.assert_allclose(
            matrix, original / np.linalg.norm(original, 2), rtol=2e-3, atol=1e-4
        )


@ARCHITECTURES
def test_all_else_is_vanillas(spectral: Settings) -> None:
    vanilla = replace(spectral, model="vanilla")
    ours, plain = spectral.generator(), vanilla.generator()
    assert str(ours) == str(plain)
    assert not any(map(is_parametrized, ours.modules()))
    networks = spectral.discriminator(), vanilla.discriminator()
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert counts[0] == counts[1]


@ARCHITECTURES
@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_iteration_changes_tensors_in_place(spectral: Settings, precision: str) -> None:
    """Those of the power iteration as well, as a CUDA graph needs them where they are."""
    generator, discriminator = spectral.generator(), spectral.discriminator()
    state = discriminator.state_dict()
    before = {name: (tensor.data_ptr(), tensor.clone()) for name, tensor in state.items()}
    optimizers = [
        RMSProp(list(network.parameters()), 1e-2) for network in (generator, discriminator)
    ]
    codes = torch.randn(2, 4, spectral.code_length)
    with computing_in(precision, "cpu"):
        losses = train_step(
            generator, discriminator, *optimizers, LOGISTIC, torch.rand(4, 3, 16, 16), *codes
        )
    assert losses.isfinite().all()
    assert any(name.endswith("_u") for name in state)
    for name, tensor in discriminator.state_dict().items():
        place, value = before[name]
        assert tensor.data_ptr() == place, name
        # Vectors of one element are 1 or -1 whatever the weights.
        assert tensor.numel() == 1 or not torch.equal(tensor, value), name
