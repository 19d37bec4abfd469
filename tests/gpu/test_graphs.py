"""Training and reconstruction by CUDA graphs, against the same without and on the CPU."""

import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from tests.gpu.conftest import SIZES, differing, images_for, losses, trained, without_graphs
from wngan.evaluator import Reconstruction, reconstruct
from wngan.recipes import RECIPES
from wngan.settings import Settings
from wngan.tensors import to_tensor

pytestmark = pytest.mark.gpu

CPU = torch.device("cpu")

FIRST, LATER, NEAR_ZERO = 1e-5, 5e-3, 5e-4
"""How far losses may be from the CPU's, both in float32: as shares, of the first iteration's
discriminator, which nothing has changed yet, and of six iterations; and at least. Sums are taken in
another order, and RMSProp, which divides each gradient by its own size, moves a parameter whose
gradient is nearly 0 up or down by rounding alone. Between two ways to compute on a CPU it is 2e-7
and up to 6e-4; 2e-3 of a critic's loss, which passes through 0."""

every_model = pytest.mark.parametrize(
    ("size", "model"),
    [
        (size, model)
        for size, model in product(SIZES, RECIPES)
        # A critic has layers one after another, whose Lipschitz constant is known.
        if (SIZES[size].architecture, model) != ("resnet", "wn_critic")
    ],
)


@pytest.mark.usefixtures("deterministic")
@every_model
def test_training_equals_that_without_graphs(size: str, model: str, device: torch.device) -> None:
    """Bit for bit, all files."""
    settings = replace(SIZES[size], model=model)
    by_graph = trained(settings, device)
    with without_graphs():
        assert differing(by_graph, trained(settings, device)) == []


@every_model
def test_training_is_that_of_the_cpu(size: str, model: str, device: torch.device) -> None:
    settings = replace(SIZES[size], model=model)
    found, expected = losses(trained(settings, device)), losses(trained(settings, CPU))
    np.testing.assert_allclose(found[0, 0], expected[0, 0], rtol=FIRST)
    np.testing.assert_allclose(found, expected, rtol=LATER, atol=NEAR_ZERO)


def generator_of(settings: Settings) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return settings.generator().to(memory_format=torch.channels_last)


def reconstructed(generator: nn.Module, settings: Settings, device: torch.device) -> Reconstruction:
    """Seven images, three at a time: the last graph is of fewer images."""
    return reconstruct(
        copy.deepcopy(generator).to(device),
        to_tensor(images_for(settings, 7)),
        steps=12,
        compute_batch=3,
    )


@pytest.mark.usefixtures("deterministic")
@every_model
def test_reconstruction_equals_that_without_graphs(
    size: str, model: str, device: torch.device
) -> None:
    """Bit for bit, also after the graph of earlier images is gone."""
    settings = replace(SIZES[size], model=model)
    generator = generator_of(settings)
    by_graph = reconstructed(generator, settings, device)
    with without_graphs():
        without = reconstructed(generator, settings, device)
    for found, expected in zip(vars(by_graph).values(), vars(without).values(), strict=True):
        assert found.device.type == device.type
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@every_model
def test_reconstruction_is_that_of_the_cpu(size: str, model: str, device: torch.device) -> None:
    settings = replace(SIZES[size], model=model)
    generator = generator_of(settings)
    found, expected = (reconstructed(generator, settings, place) for place in (device, CPU))
    torch.testing.assert_close(found.curve[:, 0].cpu(), expected.curve[:, 0], rtol=FIRST, atol=0)
    torch.testing.assert_close(found.curve.cpu(), expected.curve, rtol=LATER, atol=0)
    assert (expected.curve[:, -1] < expected.curve[:, 0]).all()
