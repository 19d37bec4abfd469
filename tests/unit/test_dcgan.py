"""The DCGAN against table 1, copied from the paper, and against counts made by formula."""

import copy
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from wngan import layers
from wngan.dcgan import Discriminator, Generator

MODELS = ["vanilla", "bn", "wn", "affine_wn", "wn_mean_bn"]

# Columns: vanilla, BN, WN; kernel size, stride, padding, output channels; "-" is no layer.
TABLE_1_DISCRIMINATOR = """
Conv    Conv    SWNConv 4, 2, 1, 64
-       -       -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 128
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 256
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 512
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 1024
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    AWNConv 5, 1, 0, 1
"""  # and a sigmoid, which the losses on logits take the place of
TABLE_1_GENERATOR = """
Conv    Conv    SWNConv 5, 1, 0, 1024
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 512
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 256
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 128
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    SWNConv 4, 2, 1, 64
-       BN      -
PReLU   PReLU   TPReLU
Conv    Conv    AWNConv 4, 2, 1, 3
Sigmoid Sigmoid Sigmoid
"""

Row = tuple[str, tuple[int, ...]]
"""A layer as the table names it, and kernel, stride, padding and channels of a convolution."""


def column(table: str, model: str) -> list[Row]:
    """The layers of `model`; appendix D.2 says how the last two follow from the table's three."""
    rows = []
    for line in table.strip().splitlines():
        vanilla, bn, wn, *geometry = line.replace(",", " ").split()
        if model in ("affine_wn", "wn_mean_bn"):
            kind = {"SWNConv": "AWNConv", "TPReLU": "PReLU"}.get(wn, wn)
            if model == "wn_mean_bn" and bn == "BN":
                kind = "MeanBN"
        else:
            kind = {"vanilla": vanilla, "bn": bn, "wn": wn}[model]
        if kind != "-":
            rows.append((kind, tuple(map(int, geometry))))
    return rows


SIMPLE: dict[type[nn.Module], str] = {
    layers.PReLU: "PReLU",
    layers.TPReLU: "TPReLU",
    layers.BatchNorm2d: "BN",
    layers.MeanOnlyBatchNorm2d: "MeanBN",
    nn.Sigmoid: "Sigmoid",
}
CONVS: dict[type[nn.Module], str] = {
    layers.Conv2d: "Conv",
    layers.StrictWNConv2d: "SWNConv",
    layers.AffineWNConv2d: "AWNConv",
}
TRANSPOSED: dict[type[nn.Module], str] = {
    layers.ConvTranspose2d: "Conv",
    layers.StrictWNConvTranspose2d: "SWNConv",
    layers.AffineWNConvTranspose2d: "AWNConv",
}


def only(size: tuple[int, int]) -> int:
    """The one number of a square size."""
    assert size[0] == size[1]
    return size[0]


def row(layer: nn.Module, convs: dict[type[nn.Module], str], y: Tensor) -> Row:
    """The row of the table that `layer` is; `y` is its output."""
    if type(layer) in SIMPLE:
        name = SIMPLE[type(layer)]
        if name != "Sigmoid":
            assert all(p.shape == (y.shape[1],) for p in layer.parameters()), "one per channel"
        return name, ()
    kernel = only(tuple(layer.weight.shape[2:]))
    return convs[type(layer)], (kernel, only(layer.stride), only(layer.padding), y.shape[1])


def first_row(block: nn.Sequential, y: Tensor) -> Row:
    """The row of the generator's first layer, which is a linear one in disguise."""
    kinds = [type(layer) for layer in block]
    if kinds == [nn.Unflatten, layers.ConvTranspose2d]:
        return row(block[1], TRANSPOSED, y)
    name = {
        (layers.StrictWNLinear, layers.ToMap): "SWNConv",
        (layers.StrictWNLinear, layers.ToMap, layers.ChannelAffine): "AWNConv",
    }[tuple(kinds)]
    return name, (only(tuple(y.shape[2:])), 1, 0, y.shape[1])


def run_meta(network: nn.Module, x: Tensor) -> list[tuple[nn.Module, Tensor]]:
    """Each layer of `network.layers` and its output."""
    steps = []
    for layer in network.layers:
        x = layer(x)
        steps.append((layer, x))
    return steps


CELEBA = (160, (64, 128, 256, 512, 1024), 256)
CIFAR = (32, (96, 192, 384), 256)
LSUN = (256, (64, 128, 256, 512, 1024, 2048), 512)
SIZES = pytest.mark.parametrize(
    ("image_size", "channels", "code_length"),
    [CELEBA, CIFAR, LSUN],
    ids=["celeba", "cifar", "lsun"],
)
ALL_MODELS = pytest.mark.parametrize("model", MODELS)


@ALL_MODELS
class TestTable1:
    def test_discriminator(self, model: str) -> None:
        with torch.device("meta"):
            steps = run_meta(Discriminator(*CELEBA[:2], model), torch.empty(2, 3, 160, 160))
        *body, (flatten, logits) = steps
        assert isinstance(flatten, nn.Flatten)
        assert logits.shape == (2,)
        rows = [row(layer, CONVS, y) for layer, y in body]
        assert rows == column(TABLE_1_DISCRIMINATOR, model)
        maps = [y.shape for (kind, _), (_, y) in zip(rows, body, strict=True) if "Conv" in kind]
        sizes = [(64, 80), (128, 40), (256, 20), (512, 10), (1024, 5), (1, 1)]
        assert maps == [(2, channels, size, size) for channels, size in sizes]

    def test_generator(self, model: str) -> None:
        with torch.device("meta"):
            steps = run_meta(Generator(*CELEBA, model), torch.empty(2, 256))
        (first, y), *body = steps
        rows = [first_row(first, y), *(row(layer, TRANSPOSED, y) for layer, y in body)]
        assert rows == column(TABLE_1_GENERATOR, model)
        maps = [y.shape for (kind, _), (_, y) in zip(rows, steps, strict=True) if "Conv" in kind]
        sizes = [(1024, 5), (512, 10), (256, 20), (128, 40), (64, 80), (3, 160)]
        assert maps == [(2, channels, size, size) for channels, size in sizes]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# What a channel adds to the weights: of the convolution, the normalization and the activation.
CONV_EXTRAS = {"vanilla": 1, "bn": 1, "wn": 0, "affine_wn": 2, "wn_mean_bn": 2}
LAST_EXTRAS = {"vanilla": 1, "bn": 1, "wn": 2, "affine_wn": 2, "wn_mean_bn": 2}
NORM_EXTRAS = {"vanilla": 0, "bn": 2, "wn": 0, "affine_wn": 0, "wn_mean_bn": 1}
ACTIVATION_EXTRAS = {"vanilla": 1, "bn": 1, "wn": 2, "affine_wn": 1, "wn_mean_bn": 1}


def discriminator_count(model: str, image_size: int, channels: Sequence[int]) -> int:
    total, c_in, size = 0, 3, image_size
    for depth, c in enumerate(channels):
        total += 4 * 4 * c_in * c
        total += c * (CONV_EXTRAS[model] + ACTIVATION_EXTRAS[model])
        if depth > 0:
            total += c * NORM_EXTRAS[model]
        c_in, size = c, size // 2
    return total + size * size * c_in + LAST_EXTRAS[model]


def generator_count(model: str, image_size: int, channels: Sequence[int], code_length: int) -> int:
    size = image_size // 2 ** len(channels)
    total, c_in, kernel = 0, code_length, size
    for c in reversed(channels):
        total += kernel * kernel * c_in * c
        total += c * (CONV_EXTRAS[model] + NORM_EXTRAS[model] + ACTIVATION_EXTRAS[model])
        c_in, kernel = c, 4
    return total + 4 * 4 * c_in * 3 + 3 * LAST_EXTRAS[model]


@SIZES
@ALL_MODELS
class TestSizes:
    def test_parameter_counts(
        self, image_size: int, channels: tuple[int, ...], code_length: int, model: str
    ) -> None:
        with torch.device("meta"):
            discriminator = Discriminator(image_size, channels, model)
            generator = Generator(image_size, channels, code_length, model)
        assert count(discriminator) == discriminator_count(model, image_size, channels)
        assert count(generator) == generator_count(model, image_size, channels, code_length)

    def test_shapes_of_inputs_and_outputs(
        self, image_size: int, channels: tuple[int, ...], code_length: int, model: str
    ) -> None:
        with torch.device("meta"):
            generator = Generator(image_size, channels, code_length, model)
            images = generator(torch.empty(3, code_length))
            logits = Discriminator(image_size, channels, model)(images)
        assert generator.code_length == code_length
        assert images.shape == (3, 3, image_size, image_size)
        assert logits.shape == (3,)


def test_a_count_by_hand() -> None:
    """Guards the formulas above: image 8, one layer of 2 channels, codes of 3."""
    # Convolution 3·2·16, TPReLU 2·2, last 4·4·2 with scale and bias.
    assert count(Discriminator(8, (2,), "wn")) == 96 + 4 + 32 + 2
    # First layer 3·2·16, TPReLU 2·2, last 2·3·16 with three scales and biases.
    assert count(Generator(8, (2,), 3, "wn")) == 96 + 4 + 96 + 6


SMALL = (20, (5, 7), 6)


def small_discriminator(model: str) -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(*SMALL[:2], model).double()


def small_generator(model: str) -> Generator:
    torch.manual_seed(0)
    return Generator(*SMALL, model).double()


def random_images(count: int = 5, size: int = 20) -> Tensor:
    return torch.rand(count, 3, size, size, dtype=torch.float64)


class TestNormalization:
    @pytest.mark.parametrize(
        ("model", "kind"), [("bn", nn.BatchNorm2d), ("wn_mean_bn", layers.MeanOnlyBatchNorm2d)]
    )
    def test_is_after_all_but_the_first_and_last_of_d_and_the_last_of_g(
        self, model: str, kind: type[nn.Module]
    ) -> None:
        for network, skipped in (
            (small_discriminator(model), {0, 2}),
            (small_generator(model), {2}),
        ):
            stack = list(network.layers)
            convs = [i for i, layer in enumerate(stack) if is_convolution(layer)]
            assert len(convs) == 3
            followed = {n for n, i in enumerate(convs) if isinstance(stack[i + 1], kind)}
            assert followed == {0, 1, 2} - skipped
            assert sum(isinstance(layer, kind) for layer in network.modules()) == len(followed)

    def test_first_layer_of_wn_generator_is_normalized_per_element_over_the_code(self) -> None:
        generator = small_generator("wn")
        (weight,) = generator.layers[0].parameters()
        with torch.no_grad():
            weight.normal_()
            weight[::3] *= 50  # elements of one channel differ in norm
        codes = torch.randn(4, 6, dtype=torch.float64)
        w = weight.detach().numpy().reshape(7, 5, 5, 6)
        norms = np.sqrt((w**2).sum(-1) + 1e-6)
        expected = np.einsum("chwl,nl->nchw", w, codes.numpy()) / norms
        got = generator.layers[0](codes).detach().numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("model", ["affine_wn", "wn_mean_bn"])
    def test_first_layer_of_affine_generators_shares_scale_and_bias_in_a_channel(
        self, model: str
    ) -> None:
        first = small_generator(model).layers[0]
        parameters = dict(first.named_parameters())
        assert sorted(tuple(p.shape) for p in parameters.values()) == [(7,), (7,), (175, 6)]
        with torch.no_grad():
            for parameter in parameters.values():
                parameter.normal_()
        (weight,) = [p for p in parameters.values() if p.ndim == 2]
        codes = torch.randn(4, 6, dtype=torch.float64)
        w = weight.detach().numpy().reshape(7, 5, 5, 6)
        strict = np.einsum("chwl,nl->nchw", w, codes.numpy()) / np.sqrt((w**2).sum(-1) + 1e-6)
        scale, bias = first[-1].scale.detach().numpy(), first[-1].bias.detach().numpy()
        expected = strict * scale[:, None, None] + bias[:, None, None]
        np.testing.assert_allclose(first(codes).detach().numpy(), expected, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("model", ["vanilla", "bn"])
    def test_first_layer_of_plain_generators_is_linear_with_a_bias_per_channel(
        self, model: str
    ) -> None:
        first = small_generator(model).layers[0]
        bias, weight = sorted((p.detach().numpy() for p in first.parameters()), key=np.ndim)
        codes = torch.randn(4, 6, dtype=torch.float64)
        expected = np.einsum("nl,lchw->nchw", codes.numpy(), weight) + bias[:, None, None]
        np.testing.assert_allclose(first(codes).detach().numpy(), expected, rtol=1e-10, atol=1e-12)


def is_convolution(layer: nn.Module) -> bool:
    """Whether it is one of the table's, the first block of a generator included."""
    return isinstance(layer, nn.Sequential) or type(layer) in CONVS | TRANSPOSED


@ALL_MODELS
class TestOutputs:
    def test_images_lie_in_0_to_1_whatever_the_codes(self, model: str) -> None:
        generator = small_generator(model)
        images = generator(torch.randn(8, 6, dtype=torch.float64) * 100)
        assert images.min() >= 0
        assert images.max() <= 1
        assert images.std() > 1e-4

    def test_logits_have_no_sigmoid(self, model: str) -> None:
        discriminator = small_discriminator(model)
        last_bias = discriminator.layers[-2].bias
        for value in (-100.0, 100.0):
            nn.init.constant_(last_bias, value)
            assert (discriminator(random_images()) / value > 0.5).all()

    def test_joined_passes_equal_separate_ones(self, model: str) -> None:
        """Outputs, gradients, and running statistics; with batch statistics not by themselves."""
        discriminator = small_discriminator(model)
        other = copy.deepcopy(discriminator)
        real, fake = random_images(4), random_images(4) ** 3
        with layers.batches_at_once(discriminator, 2):
            joined = discriminator(torch.cat([real, fake]))
        separate = torch.cat([other(real), other(fake)])
        torch.testing.assert_close(joined, separate, rtol=0, atol=1e-12)
        for logits in (joined, separate):
            (logits * torch.arange(8)).sum().backward()
        for ours, theirs in zip(discriminator.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12)
        for ours, theirs in zip(discriminator.buffers(), other.buffers(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
        by_itself = discriminator(torch.cat([real, fake]))
        differs = float((by_itself - separate).detach().abs().max()) > 1e-6
        assert differs == (model in ("bn", "wn_mean_bn"))

    def test_weights_fill_the_bound_of_their_fan_in(self, model: str) -> None:
        """Unlike torch's own, also in transposed convolutions (appendix B)."""
        torch.manual_seed(0)
        networks = (Discriminator(32, (24, 48, 64), model), Generator(32, (24, 48, 64), 96, model))
        checked = 0
        for network in networks:
            for layer in network.modules():
                if type(layer) in CONVS:
                    fan_in = layer.weight[0].numel()
                elif type(layer) in TRANSPOSED and layer.weight.shape[0] != 96:
                    fan_in = layer.weight[:, 0].numel()
                else:
                    continue
                largest = float(layer.weight.abs().max().detach()) * fan_in**0.5
                assert 0.98 < largest < 1 + 1e-6, layer
                checked += 1
        assert checked == 7


class TestErrors:
    @pytest.mark.parametrize(
        ("image_size", "channels", "words"),
        [
            (33, (8, 8, 8), "size 33 .* 3 channels.* 32 or 40"),
            (48, (8, 8, 8), "size 48 .* 3 channels.* 32 or 40"),
            (160, (64, 128, 256, 512), "size 160 .* 4 channels.* 64 or 80"),
            (16, (8,), "size 16 .* 1 channels.* 8 or 10"),
            (0, (8,), "size 0 .* 8 or 10"),
            (4, (), "at least one number of channels"),
        ],
    )
    def test_sizes_that_do_not_fit_say_which_would(
        self, image_size: int, channels: tuple[int, ...], words: str
    ) -> None:
        with pytest.raises(ValueError, match=words):
            Discriminator(image_size, channels, "wn")
        with pytest.raises(ValueError, match=words):
            Generator(image_size, channels, 4, "wn")

    def test_unknown_models_are_answered_with_the_known_ones(self) -> None:
        message = "no model 'wgan'.*vanilla.*bn.*wn.*affine_wn.*wn_mean_bn"
        with pytest.raises(ValueError, match=message):
            Discriminator(32, (8, 8, 8), "wgan")
        with pytest.raises(ValueError, match=message):
            Generator(32, (8, 8, 8), 4, "wgan")

    def test_both_smallest_maps_and_lists_of_channels_are_accepted(self) -> None:
        for size in (16, 20):
            images = Generator(size, [4, 6], 5, "wn")(torch.zeros(2, 5))
            assert images.shape == (2, 3, size, size)
            assert Discriminator(size, [4, 6], "wn")(images).shape == (2,)
