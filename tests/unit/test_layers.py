"""The layers against formulas that are written out here with plain loops, in float64."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from wngan import layers
from wngan.dcgan import Generator
from wngan.layers import (
    Add,
    AffineWNConv2d,
    AffineWNConvTranspose2d,
    AffineWNLinear,
    ChannelAffine,
    ConvTranspose2d,
    MeanOnlyBatchNorm2d,
    StrictWNConv2d,
    StrictWNConvTranspose2d,
    StrictWNLinear,
    TPReLU,
    TReLU,
    WNAdd,
    clip_slopes,
    lipschitz_constant,
    recalibrate,
)
from wngan.recipes import RECIPES

Array = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """A convolution or transposed convolution, and the map that it is given."""

    c_in: int
    c_out: int
    kernel: Pair
    stride: Pair
    padding: Pair
    size: Pair

    def build(self, kind: Callable[..., nn.Module]) -> nn.Module:
        return kind(self.c_in, self.c_out, self.kernel, self.stride, self.padding).double()


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    return Geometry(
        c_in=draw(st.integers(1, 3)),
        c_out=draw(st.integers(1, 3)),
        kernel=kernel,
        stride=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        padding=tuple(draw(st.integers(0, (k - 1) // 2)) for k in kernel),
        size=tuple(k + draw(st.integers(0, 3)) for k in kernel),
    )


seeds = st.integers(0, 2**31)
# At the smaller ones ε is as large as the weights, so its place and size matter.
weight_scales = st.sampled_from([1e-6, 1e-4, 1e-3, 1.0, 1e3])
quick = settings(deadline=None, max_examples=40)
# Statistical tests must not depend on luck.
repeatable = settings(deadline=None, max_examples=15, derandomize=True, database=None)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@torch.no_grad()
def randomize(module: nn.Module, seed: int, weight_scale: float = 1.0) -> None:
    """Puts normal values in all parameters, so that none keeps a special start value."""
    for number, (name, parameter) in enumerate(sorted(module.named_parameters())):
        factor = weight_scale if name == "weight" else 1.0
        parameter.copy_(factor * normal(seed + number, *parameter.shape))


def numbers(tensor: Tensor) -> Array:
    return tensor.detach().numpy()


def per_unit(weight: Tensor, unit_dim: int) -> Iterator[Tensor]:
    """The weights of each output unit, as vectors."""
    for unit in weight.unbind(unit_dim):
        yield unit.flatten()


def norms(weight: Array, unit_dim: int, stride: Pair = (1, 1)) -> list[float]:
    """The norm of each unit as REPRODUCTION.md defines it, strides given if they matter."""
    result = []
    for unit in range(weight.shape[unit_dim]):
        squares = sum(float(w) ** 2 for w in weight.take(unit, unit_dim).ravel())
        result.append(math.sqrt(squares + 1e-6) / math.sqrt(stride[0] * stride[1]))
    return result


def affine_of(layer: nn.Module, units: int) -> tuple[Array, Array]:
    """γ and β, which are 1 and 0 where the layer has none."""
    if layer.scale is None:
        return np.ones(units), np.zeros(units)
    return numbers(layer.scale), numbers(layer.bias)


def convolve(x: Array, kernels: Array, stride: Pair, padding: Pair) -> Array:
    """A convolution by loops over the output; `kernels` is (c_out, c_in, k_h, k_w)."""
    (p_h, p_w), (s_h, s_w) = padding, stride
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    c_out, _, k_h, k_w = kernels.shape
    height, width = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.empty((len(x), c_out, height, width))
    for i in range(height):
        for j in range(width):
            window = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            y[:, :, i, j] = np.einsum("nchw,ochw->no", window, kernels)
    return y


def spread(x: Array, kernels: Array, stride: Pair, padding: Pair) -> Array:
    """A transposed convolution by loops over the input; `kernels` is (c_in, c_out, k_h, k_w)."""
    (p_h, p_w), (s_h, s_w) = padding, stride
    _, c_out, k_h, k_w = kernels.shape
    n, _, height, width = x.shape
    y = np.zeros((n, c_out, (height - 1) * s_h + k_h, (width - 1) * s_w + k_w))
    for i in range(height):
        for j in range(width):
            y[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] += np.einsum(
                "nc,cohw->nohw", x[:, :, i, j], kernels
            )
    return y[:, :, p_h : y.shape[2] - p_h, p_w : y.shape[3] - p_w]


def check_conv(layer: nn.Module, shape: Geometry, seed: int, weight_scale: float) -> None:
    randomize(layer, seed, weight_scale)
    x = normal(seed + 99, 2, shape.c_in, *shape.size)
    gamma, beta = affine_of(layer, shape.c_out)
    weight = numbers(layer.weight)
    assert weight.shape == (shape.c_out, shape.c_in, *shape.kernel)
    factor = gamma / norms(weight, 0)
    expected = convolve(numbers(x), weight, shape.stride, shape.padding)
    expected = expected * factor[:, None, None] + beta[:, None, None]
    np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-10, atol=1e-12)


def check_conv_transpose(layer: nn.Module, shape: Geometry, seed: int, weight_scale: float) -> None:
    randomize(layer, seed, weight_scale)
    x = normal(seed + 99, 2, shape.c_in, *shape.size)
    gamma, beta = affine_of(layer, shape.c_out)
    weight = numbers(layer.weight)
    assert weight.shape == (shape.c_in, shape.c_out, *shape.kernel)
    factor = gamma / norms(weight, 1, shape.stride)
    expected = spread(numbers(x), weight, shape.stride, shape.padding)
    expected = expected * factor[:, None, None] + beta[:, None, None]
    np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-10, atol=1e-12)


class TestFormulas:
    @pytest.mark.parametrize("kind", [StrictWNLinear, AffineWNLinear])
    @given(n_in=st.integers(1, 6), n_out=st.integers(1, 6), seed=seeds, weight_scale=weight_scales)
    @quick
    def test_linear(
        self,
        kind: Callable[..., nn.Module],
        n_in: int,
        n_out: int,
        seed: int,
        weight_scale: float,
    ) -> None:
        layer = kind(n_in, n_out).double()
        randomize(layer, seed, weight_scale)
        x = normal(seed + 99, 2, 3, n_in)
        gamma, beta = affine_of(layer, n_out)
        weight = numbers(layer.weight)
        expected = np.empty((2, 3, n_out))
        for unit, norm in enumerate(norms(weight, 0)):
            products = sum(weight[unit, i] * numbers(x)[..., i] for i in range(n_in))
            expected[..., unit] = gamma[unit] * products / norm + beta[unit]
        np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("kind", [StrictWNConv2d, AffineWNConv2d])
    @given(shape=geometries(), seed=seeds, weight_scale=weight_scales)
    @quick
    def test_conv_has_no_correction_for_strides(
        self, kind: Callable[..., nn.Module], shape: Geometry, seed: int, weight_scale: float
    ) -> None:
        check_conv(shape.build(kind), shape, seed, weight_scale)

    @pytest.mark.parametrize("kind", [StrictWNConvTranspose2d, AffineWNConvTranspose2d])
    @given(shape=geometries(), seed=seeds, weight_scale=weight_scales)
    @quick
    def test_conv_transpose_divides_the_norm_by_the_root_of_the_strides(
        self, kind: Callable[..., nn.Module], shape: Geometry, seed: int, weight_scale: float
    ) -> None:
        check_conv_transpose(shape.build(kind), shape, seed, weight_scale)

    def test_one_number_is_taken_for_both_dimensions(self) -> None:
        shape = Geometry(2, 3, (4, 4), (2, 2), (1, 1), (6, 8))
        check_conv(StrictWNConv2d(2, 3, 4, 2, 1).double(), shape, 0, 1.0)
        check_conv_transpose(StrictWNConvTranspose2d(2, 3, 4, 2, 1).double(), shape, 0, 1.0)

    def test_stride_is_1_and_padding_0_by_default(self) -> None:
        shape = Geometry(2, 3, (3, 2), (1, 1), (0, 0), (5, 5))
        check_conv(StrictWNConv2d(2, 3, (3, 2)).double(), shape, 0, 1.0)
        check_conv_transpose(StrictWNConvTranspose2d(2, 3, (3, 2)).double(), shape, 0, 1.0)

    @pytest.mark.parametrize(
        ("layer", "names"),
        [
            (StrictWNLinear(2, 3), {"weight"}),
            (StrictWNConv2d(2, 3, 2), {"weight"}),
            (StrictWNConvTranspose2d(2, 3, 2), {"weight"}),
            (AffineWNLinear(2, 3), {"weight", "scale", "bias"}),
            (AffineWNConv2d(2, 3, 2), {"weight", "scale", "bias"}),
            (AffineWNConvTranspose2d(2, 3, 2), {"weight", "scale", "bias"}),
        ],
    )
    def test_affine_layers_alone_have_scale_and_bias(
        self, layer: nn.Module, names: set[str]
    ) -> None:
        assert {name for name, _ in layer.named_parameters()} == names
        if "scale" in names:
            assert layer.scale.tolist() == [1, 1, 1]
            assert layer.bias.tolist() == [0, 0, 0]

    @pytest.mark.parametrize(
        ("layer", "x"),
        [
            (StrictWNLinear(2, 3), torch.ones(1, 2)),
            (StrictWNConv2d(2, 3, 2), torch.ones(1, 2, 2, 2)),
            (StrictWNConvTranspose2d(2, 3, 2), torch.ones(1, 2, 2, 2)),
        ],
    )
    def test_weights_of_zero_give_zero_and_a_finite_gradient(
        self, layer: nn.Module, x: Tensor
    ) -> None:
        nn.init.zeros_(layer.weight)
        y = layer(x)
        y.sum().backward()
        assert not y.any()
        assert layer.weight.grad.isfinite().all()


# Kind, unit dimension of its weight, input shape; the strides differ and the kernel is not square.
STRICT = {
    "linear": (lambda: StrictWNLinear(6, 3), 0, (5, 6)),
    "conv": (lambda: StrictWNConv2d(3, 4, (3, 2), (2, 1), (1, 0)), 0, (2, 3, 7, 6)),
    "conv_transpose": (
        lambda: StrictWNConvTranspose2d(3, 4, (4, 3), (2, 3), (1, 0)),
        1,
        (2, 3, 4, 5),
    ),
}
AFFINE = {
    "affine_linear": (lambda: AffineWNLinear(6, 3), 0, (5, 6)),
    "affine_conv": (lambda: AffineWNConv2d(3, 4, (3, 2), (2, 1), (1, 0)), 0, (2, 3, 7, 6)),
    "affine_conv_transpose": (
        lambda: AffineWNConvTranspose2d(3, 4, (4, 3), (2, 3), (1, 0)),
        1,
        (2, 3, 4, 5),
    ),
}


class TestScaleOfWeights:
    @pytest.mark.parametrize("name", STRICT)
    @given(seed=seeds, data=st.data())
    @quick
    def test_scaling_a_unit_leaves_the_output_unchanged_up_to_eps(
        self, name: str, seed: int, data: st.DataObject
    ) -> None:
        build, unit_dim, shape = STRICT[name]
        layer = build().double()
        randomize(layer, seed)
        x = normal(seed + 99, *shape)
        before = numbers(layer(x))
        units = layer.weight.shape[unit_dim]
        factors = data.draw(st.lists(st.floats(0.01, 1e4), min_size=units, max_size=units))
        squares = [float(unit.square().sum()) for unit in per_unit(layer.weight.detach(), unit_dim)]
        with torch.no_grad():
            for unit, factor in zip(layer.weight.unbind(unit_dim), factors, strict=True):
                unit.mul_(factor)
        after = numbers(layer(x))
        channel = 1 if before.ndim == 4 else -1
        for unit in range(units):
            old, new = before.take(unit, channel), after.take(unit, channel)
            smaller = squares[unit] * min(1, factors[unit] ** 2)
            assert np.all(np.abs(new - old) <= np.abs(old) * 1e-6 / smaller + 1e-12)

    @pytest.mark.parametrize("name", STRICT | AFFINE)
    @given(seed=seeds, weight_scale=st.sampled_from([1e-3, 1.0, 1e3]))
    @quick
    def test_gradient_is_the_raw_one_less_its_part_along_the_weight(
        self, name: str, seed: int, weight_scale: float
    ) -> None:
        build, unit_dim, shape = (STRICT | AFFINE)[name]
        layer = build().double()
        randomize(layer, seed, weight_scale)
        x = normal(seed + 99, *shape)
        y = layer(x)
        g = normal(seed + 100, *y.shape)
        (gradient,) = torch.autograd.grad(y, layer.weight, g)

        raw_weight = layer.weight.detach().requires_grad_()
        if "linear" in name:
            raw = F.linear(x, raw_weight)
        elif "transpose" in name:
            raw = F.conv_transpose2d(x, raw_weight, None, (2, 3), (1, 0))
        else:
            raw = F.conv2d(x, raw_weight, None, (2, 1), (1, 0))
        (whole,) = torch.autograd.grad(raw, raw_weight, g)

        stride = (2, 3) if "transpose" in name else (1, 1)
        gamma, _ = affine_of(layer, layer.weight.shape[unit_dim])
        lengths = norms(numbers(layer.weight), unit_dim, stride)
        units = zip(
            per_unit(gradient, unit_dim),
            per_unit(whole, unit_dim),
            per_unit(layer.weight.detach(), unit_dim),
            strict=True,
        )
        for unit, (got, a, w) in enumerate(units):
            along = w * (w @ a) / (w @ w + 1e-6)
            expected = (a - along) * gamma[unit] / lengths[unit]
            size = float(a.abs().max() * abs(gamma[unit]) / lengths[unit])
            np.testing.assert_allclose(numbers(got), numbers(expected), rtol=1e-8, atol=1e-9 * size)

    @pytest.mark.parametrize("name", STRICT | AFFINE)
    @given(seed=seeds)
    @quick
    def test_gradient_is_orthogonal_to_the_weight(self, name: str, seed: int) -> None:
        build, unit_dim, shape = (STRICT | AFFINE)[name]
        layer = build().double()
        randomize(layer, seed, 10.0)
        y = layer(normal(seed + 99, *shape))
        (gradient,) = torch.autograd.grad(y, layer.weight, normal(seed + 100, *y.shape))
        weight = layer.weight.detach()
        pairs = zip(per_unit(gradient, unit_dim), per_unit(weight, unit_dim), strict=True)
        for g, w in pairs:
            assert abs(float(g @ w)) < 1e-4 * float(g.norm() * w.norm())


def inside(y: Tensor, margin: Pair, period: Pair) -> Tensor:
    """`y` without its borders, in whole periods of the stride."""
    for dim, (cut, step) in enumerate(zip(margin, period, strict=True), start=2):
        y = y.narrow(dim, cut, (y.shape[dim] - 2 * cut) // step * step)
    return y


def check_standard(y: Tensor, tolerance: float = 0.1) -> None:
    """Each channel has mean 0 and variance 1."""
    flat = y.transpose(0, 1).flatten(1)
    assert flat.mean(1).abs().max() < tolerance
    assert (flat.var(1) - 1).abs().max() < tolerance


class TestUnitVariance:
    @given(n_in=st.integers(1, 50), weight_scale=st.sampled_from([0.1, 1.0, 1e3]), seed=seeds)
    @repeatable
    def test_linear(self, n_in: int, weight_scale: float, seed: int) -> None:
        layer = StrictWNLinear(n_in, 3)
        randomize(layer, seed, weight_scale)
        check_standard(layer(normal(seed + 1, 10_000, n_in).float()))

    @given(shape=geometries(), weight_scale=st.sampled_from([0.1, 1.0, 1e3]), seed=seeds)
    @repeatable
    def test_conv(self, shape: Geometry, weight_scale: float, seed: int) -> None:
        layer = shape.build(StrictWNConv2d).float()
        randomize(layer, seed, weight_scale)
        # Uniform, since the claim is about variance and not about the normal distribution.
        x = torch.from_numpy(np.random.default_rng(seed).random((256, shape.c_in, 20, 20))) - 0.5
        y = layer(x.float() * math.sqrt(12))
        check_standard(inside(y, shape.padding, (1, 1)))

    @given(shape=geometries(), weight_scale=st.sampled_from([0.1, 1.0, 1e3]), seed=seeds)
    @repeatable
    def test_conv_transpose(self, shape: Geometry, weight_scale: float, seed: int) -> None:
        layer = shape.build(StrictWNConvTranspose2d).float()
        randomize(layer, seed, weight_scale)
        y = layer(normal(seed + 1, 256, shape.c_in, 12, 12).float())
        check_standard(inside(y, shape.kernel, shape.stride))

    def test_stack_keeps_the_variance_from_codes_to_maps_and_back(self) -> None:
        torch.manual_seed(0)
        stack = nn.Sequential(
            StrictWNLinear(128, 64 * 4 * 4),
            nn.Unflatten(1, (64, 4, 4)),
            StrictWNConvTranspose2d(64, 64, 4, 2, 1),
            StrictWNConvTranspose2d(64, 64, 4, 2, 1),
            StrictWNConv2d(64, 64, 4, 2, 1),
        )
        y = torch.randn(256, 128)
        margins = {2: 1, 3: 4, 4: 2}  # what the zeros around the maps have reached
        with torch.no_grad():
            for depth, layer in enumerate(stack):
                y = layer(y)
                cut = margins.get(depth, 0)
                values = y if y.ndim == 2 else inside(y, (cut, cut), (2, 2))
                assert abs(float(values.mean())) < 0.05
                assert float(values.var()) == pytest.approx(1, abs=0.1), f"after layer {depth}"


INITIAL = {
    "StrictWNLinear": (lambda: StrictWNLinear(300, 70), 300),
    "AffineWNLinear": (lambda: AffineWNLinear(300, 70), 300),
    "StrictWNConv2d": (lambda: StrictWNConv2d(20, 70, (3, 5), 2), 300),
    "AffineWNConv2d": (lambda: AffineWNConv2d(20, 70, (3, 5), 2), 300),
    "StrictWNConvTranspose2d": (lambda: StrictWNConvTranspose2d(20, 70, (3, 5), 2), 300),
    "AffineWNConvTranspose2d": (lambda: AffineWNConvTranspose2d(20, 70, (3, 5), 2), 300),
    "ConvTranspose2d": (lambda: ConvTranspose2d(20, 70, (3, 5), 2), 300),
    "vanilla conv": (lambda: RECIPES["vanilla"].conv(20, 70, (3, 5), 2), 300),
}
FIRST_BOUNDS = {
    "vanilla": 1 / math.sqrt(100),
    "bn": 1 / math.sqrt(100),
    "wn": 0.01 / math.sqrt(100),
    "affine_wn": 0.01 / math.sqrt(100),
    "wn_mean_bn": 0.01 / math.sqrt(100),
}


def check_uniform(values: Tensor, bound: float, nearly: float) -> None:
    """The values fill [−bound, bound] evenly."""
    values = values.detach()
    assert nearly * bound < values.max() <= bound * (1 + 1e-6)
    assert nearly * bound < -values.min() <= bound * (1 + 1e-6)
    assert float(values.std()) == pytest.approx(bound / math.sqrt(3), rel=1 - nearly)


class TestInitialization:
    @pytest.mark.parametrize("name", INITIAL)
    def test_weights_fill_the_bound_of_their_fan_in(self, name: str) -> None:
        torch.manual_seed(0)
        build, fan_in = INITIAL[name]
        layer = build()
        check_uniform(layer.weight, 1 / math.sqrt(fan_in), 0.98)

    @pytest.mark.parametrize("name", ["ConvTranspose2d", "vanilla conv"])
    def test_biases_of_plain_layers_have_the_bound_of_their_weights(self, name: str) -> None:
        torch.manual_seed(0)
        build, fan_in = INITIAL[name]
        check_uniform(build().bias, 1 / math.sqrt(fan_in), 0.8)

    def test_conv_transpose_without_bias(self) -> None:
        layer = ConvTranspose2d(3, 4, 2, bias=False)
        assert layer.bias is None
        assert layer.weight.abs().max() <= 1 / math.sqrt(12)

    @pytest.mark.parametrize("model", FIRST_BOUNDS)
    def test_first_layer_of_the_generator(self, model: str) -> None:
        torch.manual_seed(0)
        first = RECIPES[model].first(100, 30, 4)
        (weight,) = [p for p in first.parameters() if p.ndim > 1]
        assert weight.numel() == 100 * 30 * 4 * 4
        check_uniform(weight, FIRST_BOUNDS[model], 0.98)

    @pytest.mark.parametrize("model", ["vanilla", "bn"])
    def test_bias_of_the_plain_first_layer(self, model: str) -> None:
        torch.manual_seed(0)
        (bias,) = [p for p in RECIPES[model].first(100, 60, 4).parameters() if p.ndim == 1]
        check_uniform(bias, FIRST_BOUNDS[model], 0.8)

    def test_conv_transpose_computes_what_torch_does(self) -> None:
        layer = ConvTranspose2d(2, 3, 4, 2, 1).double()
        x = normal(0, 2, 2, 3, 3)
        expected = spread(numbers(x), numbers(layer.weight), (2, 2), (1, 1))
        expected += numbers(layer.bias)[:, None, None]
        np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-10, atol=1e-12)


# (N, C, …) with C = 3.
CHANNEL_SHAPES = [(4, 3), (4, 3, 5), (2, 3, 4, 5)]


def broadcast(parameter: Tensor, ndim: int) -> Array:
    return numbers(parameter).reshape(-1, *[1] * (ndim - 2))


@pytest.mark.parametrize("shape", CHANNEL_SHAPES)
class TestActivations:
    def test_trelu_is_the_larger_of_input_and_threshold(self, shape: tuple[int, ...]) -> None:
        layer = TReLU(3).double()
        randomize(layer, 1)
        x = normal(0, *shape)
        expected = np.maximum(numbers(x), broadcast(layer.threshold, len(shape)))
        np.testing.assert_array_equal(numbers(layer(x)), expected)

    def test_trelu_gradients(self, shape: tuple[int, ...]) -> None:
        layer = TReLU(3).double()
        randomize(layer, 1)
        x = normal(0, *shape).requires_grad_()
        layer(x).sum().backward()
        passed = numbers(x) > broadcast(layer.threshold, len(shape))
        np.testing.assert_array_equal(numbers(x.grad), passed.astype(float))
        blocked = (~passed).swapaxes(0, 1).reshape(3, -1).sum(1)
        np.testing.assert_array_equal(numbers(layer.threshold.grad), blocked)

    def test_trelu_begins_as_relu(self, shape: tuple[int, ...]) -> None:
        x = normal(0, *shape)
        assert torch.equal(TReLU(3).double()(x), x.relu())

    def test_tprelu_translates_a_prelu(self, shape: tuple[int, ...]) -> None:
        layer = TPReLU(3).double()
        randomize(layer, 1)
        x = normal(0, *shape)
        alpha = broadcast(layer.threshold, len(shape))
        moved = numbers(x) - alpha
        expected = np.where(moved > 0, moved, broadcast(layer.slope, len(shape)) * moved) + alpha
        np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-12, atol=1e-12)

    def test_tprelu_begins_as_a_prelu_of_slope_a_quarter(self, shape: tuple[int, ...]) -> None:
        x = normal(0, *shape)
        expected = np.where(numbers(x) > 0, numbers(x), 0.25 * numbers(x))
        np.testing.assert_array_equal(numbers(TPReLU(3).double()(x)), expected)

    def test_tprelu_gradients(self, shape: tuple[int, ...]) -> None:
        layer = TPReLU(3)

        def apply(x: Tensor, threshold: Tensor, slope: Tensor) -> Tensor:
            parameters = {"threshold": threshold, "slope": slope}
            return torch.func.functional_call(layer, parameters, (x,))

        inputs = [normal(seed, *size) for seed, size in enumerate([shape, (3,), (3,)])]
        assert torch.autograd.gradcheck(apply, [value.requires_grad_() for value in inputs])

    def test_channel_affine(self, shape: tuple[int, ...]) -> None:
        layer = ChannelAffine(3).double()
        x = normal(0, *shape)
        assert torch.equal(layer(x), x)
        randomize(layer, 1)
        scale, bias = broadcast(layer.scale, len(shape)), broadcast(layer.bias, len(shape))
        np.testing.assert_allclose(numbers(layer(x)), numbers(x) * scale + bias, rtol=1e-12)

    def test_add(self, shape: tuple[int, ...]) -> None:
        x1, x2 = normal(2, *shape), normal(3, *shape)
        assert torch.equal(Add(3)(x1, x2), x1 + x2)

    def test_wn_add(self, shape: tuple[int, ...]) -> None:
        layer = WNAdd(3).double()
        randomize(layer, 1)
        x1, x2 = normal(2, *shape), normal(3, *shape)
        w1 = broadcast(layer.shortcut_weight, len(shape))
        w2 = broadcast(layer.residue_weight, len(shape))
        expected = (w1 * numbers(x1) + w2 * numbers(x2)) / np.sqrt(w1**2 + w2**2)
        np.testing.assert_allclose(numbers(layer(x1, x2)), expected, rtol=1e-12, atol=1e-12)

    def test_wn_add_begins_as_the_shortcut_and_learns_the_residue(
        self, shape: tuple[int, ...]
    ) -> None:
        layer = WNAdd(3).double()
        shortcut, residue = normal(2, *shape), normal(3, *shape)
        y = layer(shortcut, residue)
        assert torch.equal(y, shortcut)
        y.sum().backward()
        expected = residue.transpose(0, 1).flatten(1).sum(1)
        np.testing.assert_allclose(numbers(layer.residue_weight.grad), numbers(expected))


class TestWNAddVariance:
    @given(seed=seeds)
    @repeatable
    def test_independent_branches_of_variance_1_give_variance_1(self, seed: int) -> None:
        layer = WNAdd(4).double()
        randomize(layer, seed)
        check_standard(layer(normal(seed + 2, 20_000, 4), normal(seed + 3, 20_000, 4)), 0.05)


class TestMeanOnlyBatchNorm:
    def layer(self, **options: float) -> MeanOnlyBatchNorm2d:
        layer = MeanOnlyBatchNorm2d(3, **options).double()
        with torch.no_grad():
            layer.bias.copy_(torch.tensor([0.5, -1.0, 2.0]))
            layer.running_mean.copy_(torch.tensor([1.0, 2.0, 3.0]))
        return layer

    def test_bias_and_running_mean_begin_at_0(self) -> None:
        layer = MeanOnlyBatchNorm2d(3)
        assert layer.bias.tolist() == [0, 0, 0]
        assert layer.running_mean.tolist() == [0, 0, 0]
        assert {"bias", "running_mean"} == set(layer.state_dict())

    def test_training_subtracts_the_mean_of_the_batch_and_nothing_else(self) -> None:
        layer = self.layer()
        x = 5 + 3 * normal(0, 4, 3, 2, 5)
        means = [numbers(x)[:, c].mean() for c in range(3)]
        y = numbers(layer(x))
        for channel, bias in enumerate([0.5, -1.0, 2.0]):
            expected = numbers(x)[:, channel] - means[channel] + bias
            np.testing.assert_allclose(y[:, channel], expected, rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("momentum", [0.1, 0.3])
    def test_training_moves_the_running_mean_by_the_momentum(self, momentum: float) -> None:
        layer = self.layer(momentum=momentum)
        x = normal(0, 4, 3, 2, 5)
        layer(x)
        for channel, old in enumerate([1.0, 2.0, 3.0]):
            expected = (1 - momentum) * old + momentum * numbers(x)[:, channel].mean()
            assert float(layer.running_mean[channel]) == pytest.approx(expected, rel=1e-12)

    def test_momentum_is_a_tenth_as_in_torch(self) -> None:
        ours, torchs = MeanOnlyBatchNorm2d(3), nn.BatchNorm2d(3)
        x = normal(0, 4, 3, 2, 5).float()
        ours(x), torchs(x)
        torch.testing.assert_close(ours.running_mean, torchs.running_mean)

    def test_inference_subtracts_the_running_mean_and_leaves_it(self) -> None:
        layer = self.layer().eval()
        x = normal(0, 4, 3, 2, 5)
        y = numbers(layer(x))
        for channel, shift in enumerate([0.5 - 1, -1.0 - 2, 2.0 - 3]):
            np.testing.assert_allclose(y[:, channel], numbers(x)[:, channel] + shift, rtol=1e-12)
        assert layer.running_mean.tolist() == [1, 2, 3]

    def test_gradient_flows_through_the_mean(self) -> None:
        layer = self.layer()
        x = normal(0, 4, 3, 2, 5).requires_grad_()
        g = normal(1, 4, 3, 2, 5)
        layer(x).backward(g)
        expected = g - g.mean((0, 2, 3), keepdim=True)
        np.testing.assert_allclose(numbers(x.grad), numbers(expected), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(numbers(layer.bias.grad), numbers(g.sum((0, 2, 3))))


class TestClipSlopes:
    def test_prelu_and_tprelu_slopes_are_clipped_and_nothing_else(self) -> None:
        network = nn.Sequential(
            nn.Conv2d(2, 3, 1),
            nn.Sequential(TPReLU(3), nn.PReLU(3)),
            TReLU(3),
            nn.BatchNorm2d(3),
            AffineWNConv2d(3, 3, 1),
            nn.PReLU(),
        )
        wild = torch.tensor([-3.0, 0.5, 7.0])
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(wild[: parameter.numel()] if parameter.ndim == 1 else 9)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        parameters = list(network.parameters())
        clip_slopes(network)
        assert all(a is b for a, b in zip(network.parameters(), parameters, strict=True))
        after = network.state_dict()
        clipped = {"1.0.slope": [0, 0.5, 1], "1.1.weight": [0, 0.5, 1], "5.weight": [0]}
        for name, values in clipped.items():
            assert after.pop(name).tolist() == values
        for name, value in after.items():
            assert torch.equal(value, before[name]), name

    def test_a_single_activation_is_clipped_too(self) -> None:
        layer = TPReLU(1)
        nn.init.constant_(layer.slope, 2)
        clip_slopes(layer)
        assert layer.slope.item() == 1


@torch.no_grad()
def strict_network(seed: int, channels: list[int], slopes: tuple[float, float]) -> nn.Sequential:
    """A random critic of 8×8 RGB images: strict convolutions, TPReLU, one output."""
    torch.manual_seed(seed)
    network = nn.Sequential()
    for c_in, c_out in pairwise([3, *channels]):
        activation = TPReLU(c_out)
        nn.init.uniform_(activation.slope, *slopes)
        nn.init.normal_(activation.threshold)
        network.extend([StrictWNConv2d(c_in, c_out, (3, 4), 2, 1), activation])
    last_map = network(torch.zeros(1, 3, 8, 8)).shape[2:]
    last = StrictWNConv2d(channels[-1], 1, tuple(last_map))
    return network.extend([last, nn.Flatten(0)]).double()


class TestLipschitzConstant:
    def test_is_the_product_of_the_roots_of_the_fan_ins(self) -> None:
        network = nn.Sequential(
            StrictWNConv2d(3, 7, 4, 2, 1),
            nn.Sequential(TPReLU(7), StrictWNConv2d(7, 5, (2, 3))),
            TReLU(5),
            nn.Flatten(),
            StrictWNLinear(6, 1),
        )
        assert lipschitz_constant(network) == pytest.approx(math.sqrt(48 * 42 * 6), rel=1e-12)

    def test_single_layers(self) -> None:
        assert lipschitz_constant(StrictWNLinear(9, 2)) == 3
        assert lipschitz_constant(TPReLU(4)) == 1
        transposed = StrictWNConvTranspose2d(4, 6, 4, 2, 1)
        assert lipschitz_constant(transposed) == 8
        both = nn.Sequential(transposed, StrictWNConvTranspose2d(6, 1, 4, 2, 1))
        assert lipschitz_constant(both) == pytest.approx(8 * math.sqrt(96), rel=1e-12)

    @given(
        seed=seeds,
        channels=st.lists(st.integers(1, 4), min_size=1, max_size=3),
        slopes=st.sampled_from([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]),
    )
    @quick
    def test_bounds_outputs_and_gradients_of_random_networks(
        self, seed: int, channels: list[int], slopes: tuple[float, float]
    ) -> None:
        network = strict_network(seed, channels, slopes)
        constant = lipschitz_constant(network)
        x = normal(seed, 2, 3, 8, 8).requires_grad_()
        y = network(x)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert gradient.abs().sum((1, 2, 3)).max() <= constant
        steepest = x + 0.1 * gradient.sign()
        for other in (x.flip(0), steepest):
            change = (network(other) - y).abs().flatten()
            distance = (other - x).abs().flatten(1).max(1).values
            assert (change <= constant * distance).all()

    def test_is_attained_where_all_weights_are_equal(self) -> None:
        network = nn.Sequential(StrictWNConv2d(3, 1, 4), TPReLU(1), nn.Flatten()).double()
        nn.init.ones_(network[0].weight)
        x, y = torch.full((1, 3, 4, 4), 2.0).double(), torch.full((1, 3, 4, 4), 3.0).double()
        change = float((network(y) - network(x)).abs().detach())
        assert change == pytest.approx(lipschitz_constant(network), rel=1e-6)

    @pytest.mark.parametrize("name", STRICT)
    @given(seed=seeds, concentrated=st.booleans())
    @quick
    def test_bounds_the_growth_of_a_gradient_through_each_layer(
        self, name: str, seed: int, concentrated: bool
    ) -> None:
        build, _, shape = STRICT[name]
        layer = build().double()
        randomize(layer, seed)
        x = normal(seed + 1, *shape).requires_grad_()
        y = layer(x)
        g = normal(seed + 2, *y.shape)
        if concentrated:  # one output alone, where nothing cancels
            g = g * (torch.arange(g.numel()).view_as(g) == seed % g.numel())
        (gradient,) = torch.autograd.grad(y, x, g)
        assert gradient.abs().sum() <= lipschitz_constant(layer) * g.abs().sum() * (1 + 1e-12)

    @pytest.mark.parametrize(
        ("kernel", "stride"), [(4, 2), (3, 1), (3, 3), (1, 2), (3, 2), (5, 3), (2, 3)]
    )
    def test_bounds_transposed_convolutions_of_any_stride(self, kernel: int, stride: int) -> None:
        layer = StrictWNConvTranspose2d(2, 1, kernel, stride).double()
        with torch.no_grad():  # all the weight where one output element sees it
            layer.weight.zero_()
            layer.weight[:, :, ::stride, ::stride] = 1
        x = torch.zeros(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
        y = layer(x)
        center = 2 * stride  # a multiple of the stride, away from the borders
        (gradient,) = torch.autograd.grad(y[0, 0, center, center], x)
        assert gradient.abs().sum() <= lipschitz_constant(layer)

    def test_counts_a_layer_as_often_as_it_is_applied(self) -> None:
        layer = StrictWNLinear(4, 4)
        assert lipschitz_constant(nn.Sequential(layer, layer)) == pytest.approx(4)

    @pytest.mark.parametrize(
        "layer",
        [
            AffineWNLinear(2, 2),
            AffineWNConv2d(2, 2, 1),
            AffineWNConvTranspose2d(2, 2, 1),
            nn.Linear(2, 2),
            nn.Conv2d(2, 2, 1),
            ConvTranspose2d(2, 2, 1),
            nn.BatchNorm2d(2),
            MeanOnlyBatchNorm2d(2),
            ChannelAffine(2),
            nn.Sigmoid(),
        ],
        ids=lambda layer: type(layer).__name__,
    )
    def test_layers_without_a_bound_are_refused_by_name(self, layer: nn.Module) -> None:
        network = nn.Sequential(StrictWNConv2d(2, 2, 1), nn.Sequential(TPReLU(2), layer))
        with pytest.raises(ValueError, match=rf"'1\.1' \({type(layer).__name__}\).*sigmoid"):
            lipschitz_constant(network)

    @pytest.mark.parametrize("slope", [-0.01, 1.01, math.nan])
    def test_slopes_outside_0_to_1_are_refused(self, slope: float) -> None:
        network = nn.Sequential(StrictWNLinear(2, 2), TPReLU(2))
        with torch.no_grad():
            network[1].slope[1] = slope
        with pytest.raises(ValueError, match=r"'1' has a slope outside .*clip_slopes"):
            lipschitz_constant(network)

    def test_clipped_slopes_are_accepted(self) -> None:
        network = nn.Sequential(StrictWNLinear(4, 2), TPReLU(2))
        with torch.no_grad():
            network[1].slope.copy_(torch.tensor([-5.0, 5.0]))
        clip_slopes(network)
        assert lipschitz_constant(network) == 2


def test_eps_is_the_papers() -> None:
    assert layers.EPS == 1e-6


class TestRecalibration:
    @pytest.mark.parametrize("model", ["bn", "wn_mean_bn"])
    def test_statistics_are_means_over_batches(self, model: str) -> None:
        """Those of the first normalization, whose inputs no other changes."""
        torch.manual_seed(0)
        generator = Generator(8, (4,), 6, model).double().eval()
        norm = next(m for m in generator.modules() if hasattr(m, "running_mean"))
        inputs: list[Tensor] = []
        hook = norm.register_forward_hook(lambda _, given, __: inputs.append(given[0]))
        batches = [3 * torch.randn(16, 6, dtype=torch.float64) for _ in range(5)]
        momentum = norm.momentum
        assert recalibrate(generator, batches)
        hook.remove()
        assert len(inputs) == 5
        means = torch.stack([x.mean((0, 2, 3)) for x in inputs])
        torch.testing.assert_close(norm.running_mean, means.mean(0))
        if isinstance(norm, nn.BatchNorm2d):
            variances = torch.stack([x.transpose(0, 1).flatten(1).var(1) for x in inputs])
            torch.testing.assert_close(norm.running_var, variances.mean(0))
        assert norm.momentum == momentum
        assert not any(module.training for module in generator.modules())

    def test_nothing_else_changes_and_the_same_again_changes_nothing(self) -> None:
        torch.manual_seed(0)
        generator = Generator(8, (4,), 6, "bn").eval()
        before = {name: parameter.clone() for name, parameter in generator.named_parameters()}
        batches = [torch.randn(16, 6) for _ in range(3)]
        recalibrate(generator, batches)
        once = {name: buffer.clone() for name, buffer in generator.named_buffers()}
        recalibrate(generator, batches)
        assert all(torch.equal(p, before[name]) for name, p in generator.named_parameters())
        counts = "num_batches_tracked"
        for name, buffer in generator.named_buffers():
            assert counts in name or torch.equal(buffer, once[name])

    def test_without_batch_norms_there_is_nothing_to_do(self) -> None:
        assert not recalibrate(Generator(8, (4,), 6, "wn").eval(), iter([None]))  # type: ignore[list-item]
