"""The residual network against section 5.6."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations as kind

from wngan import layers
from wngan.recipes import RECIPES
from wngan.resnet import Block, Discriminator, Generator, down_block, up_block

SIZE, CHANNELS, CODE = 160, (64, 128, 256, 384, 512), 128
CONVS = (nn.Conv2d, nn.ConvTranspose2d, layers.StrictWNConv2d, layers.StrictWNConvTranspose2d)


def convs(module: nn.Module) -> list[nn.Module]:
    return [layer for layer in module.modules() if isinstance(layer, CONVS)]


def shape(conv: nn.Module) -> tuple[int, ...]:
    """Channels in and out, kernel, stride and padding."""
    weight = conv.weight.shape
    transposed = isinstance(conv, nn.ConvTranspose2d | layers.StrictWNConvTranspose2d)
    c_in, c_out = (weight[0], weight[1]) if transposed else (weight[1], weight[0])
    return (c_in, c_out, weight[2], conv.stride[0], conv.padding[0])


@pytest.mark.parametrize("model", RECIPES)
def test_the_discriminator_is_the_papers(model: str) -> None:
    with torch.device("meta"):
        network = Discriminator(SIZE, CHANNELS, model)
        assert network(torch.empty(2, 3, SIZE, SIZE)).shape == (2,)
    blocks = [layer for layer in network.layers if isinstance(layer, Block)]
    assert len(blocks) == 10
    residues = [conv for block in blocks for conv in convs(block.residue)]
    assert len(residues) == 20
    expected = []
    for c_in, c_out in zip((3, *CHANNELS), CHANNELS, strict=False):
        expected += [(c_in, c_out, 4, 2, 1), (c_out, c_out, 3, 1, 1)]
        expected += [(c_out, c_out, 3, 1, 1)] * 2
    assert [shape(conv) for conv in residues] == expected
    assert shape(convs(network.layers[-2])[0]) == (512, 1, 5, 1, 0)
    for number, block in enumerate(blocks):
        kinds = [kind(layer) for layer in block.shortcut]
        pools = [nn.AvgPool2d] if number % 2 == 0 else []
        assert kinds == pools + [kind(residues[0])] * (number % 2 == 0)
        assert type(block.end) is RECIPES[model].activation


@pytest.mark.parametrize("model", RECIPES)
def test_the_generator_mirrors_it(model: str) -> None:
    with torch.device("meta"):
        network = Generator(SIZE, CHANNELS, CODE, model)
        assert network(torch.empty(2, CODE)).shape == (2, 3, SIZE, SIZE)
    blocks = [layer for layer in network.layers if isinstance(layer, Block)]
    residues = [shape(conv) for block in blocks for conv in convs(block.residue)]
    expected = []
    for c_in, c_out in zip(CHANNELS[::-1], (*CHANNELS[-2::-1], 3), strict=True):
        expected += [(c_in, c_in, 3, 1, 1)] * 3 + [(c_in, c_out, 4, 2, 1)]
    assert residues == expected
    assert isinstance(blocks[-1].end, layers.ChannelAffine)
    assert all(type(block.end) is RECIPES[model].activation for block in blocks[:-1])
    assert isinstance(network.layers[-1], nn.Sigmoid)
    assert sum(isinstance(layer, nn.UpsamplingNearest2d) for layer in network.modules()) == 5


def test_bn_is_where_the_dcgans_is() -> None:
    discriminator, generator = Discriminator(16, (4, 6), "bn"), Generator(16, (4, 6), 5, "bn")
    for network in (discriminator, generator):
        blocks = [layer for layer in network.layers if isinstance(layer, Block)]
        counts = [sum(isinstance(m, nn.BatchNorm2d) for m in b.modules()) for b in blocks]
        assert counts == ([1, 2, 2, 2] if network is discriminator else [2, 2, 2, 1])
    first, last = discriminator.layers[0], generator.layers[-2]
    assert isinstance(first.residue[1], nn.PReLU)
    assert isinstance(last.residue[-1], layers.ConvTranspose2d)


@pytest.mark.parametrize("model", RECIPES)
def test_only_wn_adds_with_weights_and_all_but_its_last_convolutions_are_strict(model: str) -> None:
    for network in (Discriminator(16, (4, 6), model), Generator(16, (4, 6), 5, model)):
        adds = [type(layer.add) for layer in network.modules() if isinstance(layer, Block)]
        assert set(adds) == {
            layers.WNAdd if model.startswith("wn") and model != "wn_mean_bn" else layers.Add
        }
    if model == "wn":
        kinds = [type(conv) for conv in convs(Discriminator(16, (4, 6), model))]
        assert kinds == [layers.StrictWNConv2d] * 10 + [layers.AffineWNConv2d]


def test_wn_starts_as_its_shortcuts() -> None:
    """The residue's weight is 0 at the start (appendix B)."""
    block = down_block(RECIPES["wn"], 6, 6, stride=1)
    x = torch.randn(2, 6, 8, 8)
    torch.testing.assert_close(block(x), block.end(x))
    up = up_block(RECIPES["wn"], 6, 6, stride=2)
    torch.testing.assert_close(up(x), up.end(x.repeat_interleave(2, 2).repeat_interleave(2, 3)))


def test_unit_variance_survives_the_additions() -> None:
    torch.manual_seed(0)
    block = down_block(RECIPES["wn"], 64, 64, stride=1)
    with torch.no_grad():
        block.add.residue_weight.fill_(0.7)
        x = torch.randn(8, 64, 12, 12)
        y = block.add(block.shortcut(x), block.residue[0](x))[:, :, 1:-1, 1:-1]
    assert math.isclose(y.var().item(), 1, abs_tol=0.05)
    assert math.isclose(y.mean().item(), 0, abs_tol=0.05)


@pytest.mark.parametrize("network", [Discriminator, Generator])
def test_sizes_that_do_not_fit_are_named(network: type) -> None:
    code = (5,) if network is Generator else ()
    with pytest.raises(ValueError, match=r"size 24 do not fit 2 channels.*16 or 20"):
        network(24, (4, 6), *code, "wn")
