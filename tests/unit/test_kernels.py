"""The CPU's forms of operations against torch's own, with gradients."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jvp, vmap
from torch.nn import functional as F

from wngan import kernels
from wngan.dcgan import Discriminator, Generator


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def same(
    ours: Callable[..., Tensor], torchs: Callable[..., Tensor], inputs: list[Any], *others: Any
) -> None:
    """Outputs and each gradient alone and together; which ones are wanted changes what is done."""
    results = [f(*inputs, *others) for f in (ours, torchs)]
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)
    tensors = [tensor for tensor in inputs if tensor is not None]
    upstream = random(*results[0].shape, seed=9).detach()
    for wanted in [[tensor] for tensor in tensors] + [tensors]:
        for tensor in tensors:
            tensor.requires_grad_(any(tensor is other for other in wanted))
        gradients = [
            torch.autograd.grad(f(*inputs, *others), wanted, upstream) for f in (ours, torchs)
        ]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


@settings(deadline=None)  # the first call loads libraries
@given(
    c_in=st.integers(1, 6),
    c_out=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    size=st.integers(5, 9),
    bias=st.booleans(),
    layout=st.sampled_from([torch.contiguous_format, torch.channels_last]),
)
def test_convolutions(
    c_in: int,
    c_out: int,
    kernel: int,
    stride: int,
    padding: int,
    size: int,
    bias: bool,
    layout: torch.memory_format,
) -> None:
    padding = min(padding, kernel - 1)
    geometry = ((stride, stride), (padding, padding))
    x = random(2, c_in, size, size + 1).detach().to(memory_format=layout).requires_grad_()
    offsets = random(c_out, seed=2) if bias else None
    weight = random(c_out, c_in, kernel, kernel, seed=1)
    same(kernels.conv2d, F.conv2d, [x, weight, offsets], *geometry)
    weight = random(c_in, c_out, kernel, kernel, seed=1)
    same(kernels.conv_transpose2d, F.conv_transpose2d, [x, weight, offsets], *geometry)


@settings(deadline=None)
@given(
    c_in=st.integers(1, 6),
    c_out=st.integers(1, 6),
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    stride=st.integers(1, 3),
    bias=st.booleans(),
    layout=st.sampled_from([torch.contiguous_format, torch.channels_last]),
)
def test_kernels_of_a_whole_map(
    c_in: int,
    c_out: int,
    height: int,
    width: int,
    stride: int,
    bias: bool,
    layout: torch.memory_format,
) -> None:
    """Of the discriminator's last layer, and of the generator's first."""
    geometry = ((stride, stride), (0, 0))
    offsets = random(c_out, seed=2) if bias else None

    def laid_out(*shape: int, seed: int) -> Tensor:
        return random(*shape, seed=seed).detach().to(memory_format=layout).requires_grad_()

    x = laid_out(2, c_in, height, width, seed=0)
    weight = laid_out(c_out, c_in, height, width, seed=1)
    same(kernels.conv2d, F.conv2d, [x, weight, offsets], *geometry)
    x = laid_out(2, c_in, 1, 1, seed=0)
    weight = laid_out(c_in, c_out, height, width, seed=1)
    same(kernels.conv_transpose2d, F.conv_transpose2d, [x, weight, offsets], *geometry)


@settings(deadline=None)
@given(shape=st.lists(st.integers(1, 4), min_size=2, max_size=5))
def test_prelu(shape: list[int]) -> None:
    same(kernels.prelu, F.prelu, [random(*shape), random(shape[1], seed=1)])


def test_no_images() -> None:
    for channels in (1, 6):  # few, and more
        x = random(0, 5, 4, 4)
        weight = random(5, channels, 4, 4, seed=1)
        assert kernels.conv_transpose2d(x, weight, None, (2, 2), (1, 1)).shape == (
            0,
            channels,
            8,
            8,
        )
        x = random(0, channels, 8, 8)
        weight = random(5, channels, 4, 4, seed=1)
        made = kernels.conv2d(x, weight, None, (2, 2), (1, 1))
        assert torch.autograd.grad(made.sum(), x)[0].shape == x.shape


def test_prelu_at_0_and_infinity() -> None:
    x = torch.tensor([[0.0, -0.0, float("inf"), -float("inf")]], requires_grad=True)
    slope = torch.full((4,), 0.5)
    results = [
        (f(x, slope), torch.autograd.grad(f(x, slope).sum(), x)[0])
        for f in (kernels.prelu, F.prelu)
    ]
    torch.testing.assert_close(*results, rtol=0, atol=0)


def test_gradients_can_be_differentiated() -> None:
    """As gradient penalties do."""
    x, slope = random(2, 3, 4, 4), random(3, seed=1)
    weight, bias = random(2, 3, 4, 4, seed=2), random(2, seed=3)
    assert torch.autograd.gradgradcheck(kernels.prelu, (x, slope))
    geometry = ((2, 2), (1, 1))
    assert torch.autograd.gradgradcheck(kernels.conv2d, (x, weight, bias, *geometry))
    weight = random(3, 2, 4, 4, seed=2)
    assert torch.autograd.gradgradcheck(kernels.conv_transpose2d, (x, weight, bias, *geometry))


@pytest.mark.parametrize("model", ["vanilla", "wn"])
def test_reduced_precision_has_gradients(model: str) -> None:
    generator, discriminator = Generator(8, (4,), 5, model), Discriminator(8, (4,), model)
    with torch.autocast("cpu", torch.bfloat16):
        first = generator.layers[0](torch.ones(2, 5))
        logits = discriminator(generator(torch.ones(2, 5)))
    assert first.dtype == logits.dtype == torch.bfloat16
    parameters = [*generator.parameters(), *discriminator.parameters()]
    gradients = torch.autograd.grad(logits.sum(), parameters)
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert {gradient.dtype for gradient in gradients} == {torch.float32}


@pytest.mark.parametrize("model", ["vanilla", "wn", "wn_published"])
def test_function_transforms(model: str) -> None:
    """Gradients of each sample by torch.func are those of each alone, in both networks."""
    torch.manual_seed(0)
    networks = [Generator(8, (4,), 5, model).double(), Discriminator(8, (4,), model).double()]
    for network, inputs in zip(networks, (random(3, 5), random(3, 3, 8, 8)), strict=True):
        parameters = {name: p.detach() for name, p in network.named_parameters()}

        def total(
            parameters: dict[str, Tensor], x: Tensor, network: torch.nn.Module = network
        ) -> Tensor:
            return functional_call(network, parameters, (x[None],)).square().sum()

        each = vmap(grad(total), (None, 0))(parameters, inputs.detach())
        together = grad(lambda p: vmap(total, (None, 0))(p, inputs.detach()).sum())(parameters)  # noqa: B023
        for number, x in enumerate(inputs.detach()):
            alone = torch.autograd.grad(network(x[None]).square().sum(), network.parameters())
            torch.testing.assert_close(tuple(g[number] for g in each.values()), alone)
        torch.testing.assert_close(together, {name: g.sum(0) for name, g in each.items()})


@pytest.mark.filterwarnings("ignore")  # of torch about its own functions
@pytest.mark.parametrize("model", ["vanilla", "wn"])
def test_forward_mode_gradients(model: str) -> None:
    """By torch.func and by dual numbers, in both networks: those of the other mode."""
    torch.manual_seed(0)
    networks = [Generator(8, (4,), 5, model).double(), Discriminator(8, (4,), model).double()]
    for network, x in zip(networks, (random(3, 5), random(3, 3, 8, 8)), strict=True):
        direction = torch.randn_like(x)
        (gradient,) = torch.autograd.grad(network(x).square().sum(), x)
        with torch.no_grad():
            _, found = jvp(lambda x: network(x).square().sum(), (x,), (direction,))  # noqa: B023
            with forward_ad.dual_level():
                dual = network(forward_ad.make_dual(x, direction)).square().sum()
                other = forward_ad.unpack_dual(dual).tangent
        torch.testing.assert_close(found, (gradient * direction).sum())
        torch.testing.assert_close(other, found)


@pytest.mark.filterwarnings("ignore")  # of torch about its own functions
def test_traces_are_of_any_batch_and_can_be_saved() -> None:
    torch.manual_seed(0)
    networks = [Generator(8, (4,), 5, "wn").eval(), Discriminator(8, (4,), "wn").eval()]
    for network, x in zip(networks, (torch.randn(3, 5), torch.rand(3, 3, 8, 8)), strict=True):
        torch.jit.save(torch.jit.trace(network, x[:2]), file := io.BytesIO())
        file.seek(0)
        torch.testing.assert_close(torch.jit.load(file)(x), network(x))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("model", ["vanilla", "wn", "wn_published"])
def test_compiled_networks_are_whole_graphs(model: str) -> None:
    torch.manual_seed(0)
    networks = [Generator(8, (4,), 5, model), Discriminator(8, (4,), model)]
    for network, inputs in zip(networks, (torch.randn(3, 5), torch.rand(3, 3, 8, 8)), strict=True):
        compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
        found = [
            torch.autograd.grad(f(inputs).square().sum(), network.parameters())
            for f in (compiled, network)
        ]
        torch.testing.assert_close(*found)
