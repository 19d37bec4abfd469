"""The optimizer against torch's own, and against its formula."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from wngan.rmsprop import RMSProp

# Not so small that their squares are subnormal, which some processors flush to 0.
gradient_values = st.one_of(
    st.just(0.0),
    st.floats(1e-12, 1e6),
    st.floats(-1e6, -1e-12),
)


def start(dtype: torch.dtype = torch.float64) -> list[Tensor]:
    return [torch.tensor([0.0, 1.0, -2.0], dtype=dtype), torch.full((2, 1), 3.0, dtype=dtype)]


def as_gradients(values: list[float]) -> list[Tensor]:
    whole = torch.tensor(values, dtype=torch.float64)
    return [whole[:3].clone(), whole[3:].clone().view(2, 1)]


@given(
    steps=st.lists(st.lists(gradient_values, min_size=5, max_size=5), min_size=1, max_size=6),
    lr=st.sampled_from([1e-4, 0.01, 1.0]),
    alpha=st.sampled_from([0.9, 0.99, 0.0]),
    eps=st.sampled_from([1e-6, 1e-3]),
)
@settings(deadline=None, max_examples=60)
def test_equals_torchs(steps: list[list[float]], lr: float, alpha: float, eps: float) -> None:
    ours, torchs = start(), [parameter.requires_grad_() for parameter in start()]
    optimizer = RMSProp(ours, lr, alpha, eps)
    reference = torch.optim.RMSprop(torchs, lr=lr, alpha=alpha, eps=eps)
    for values in steps:
        gradients = as_gradients(values)
        optimizer.step(gradients)
        for parameter, gradient in zip(torchs, gradients, strict=True):
            parameter.grad = gradient.clone()
        reference.step()
        for a, b in zip(ours, torchs, strict=True):
            np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_equals_the_papers_formula_by_default() -> None:
    value, square = 0.5, 0.0
    parameter = torch.tensor([value], dtype=torch.float64)
    optimizer = RMSProp([parameter], 0.01)
    for gradient in (3e-6, -0.2, 0.0, 4.0):
        optimizer.step([torch.tensor([gradient], dtype=torch.float64)])
        square = 0.9 * square + 0.1 * gradient**2
        value -= 0.01 * gradient / (math.sqrt(square) + 1e-6)  # ε outside the root
        assert parameter.item() == pytest.approx(value, rel=1e-12)
        assert optimizer.squares[0].item() == pytest.approx(square, rel=1e-12)


def test_squares_begin_at_0_with_the_shapes_of_the_parameters() -> None:
    parameters = start(torch.float32)
    squares = RMSProp(parameters, 0.1).squares
    assert [s.shape for s in squares] == [p.shape for p in parameters]
    assert [s.dtype for s in squares] == [torch.float32, torch.float32]
    assert not any(s.any() for s in squares)


def test_leaves_that_require_gradients_change_in_place() -> None:
    parameter = torch.ones(3, requires_grad=True)
    address = parameter.data_ptr()
    optimizer = RMSProp([parameter], 0.01)
    optimizer.step(torch.autograd.grad(parameter.square().sum(), [parameter]))
    assert parameter.data_ptr() == address
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert (parameter < 1).all()


def test_gradients_stay_as_they_are() -> None:
    gradients = as_gradients([1.0, 2.0, 3.0, 4.0, 5.0])
    RMSProp(start(), 0.01).step(gradients)
    assert torch.cat([g.flatten() for g in gradients]).tolist() == [1, 2, 3, 4, 5]


def test_squares_are_the_whole_state() -> None:
    """What a checkpoint of parameters and squares relies on."""
    draws = [as_gradients(list(np.random.default_rng(i).standard_normal(5))) for i in range(6)]
    through = start()
    optimizer = RMSProp(through, 0.01)
    for gradients in draws:
        optimizer.step(gradients)

    first = start()
    interrupted = RMSProp(first, 0.01)
    for gradients in draws[:3]:
        interrupted.step(gradients)
    second = [parameter.clone() for parameter in first]
    resumed = RMSProp(second, 0.01)
    for square, saved in zip(resumed.squares, interrupted.squares, strict=True):
        square.copy_(saved)
    for gradients in draws[3:]:
        resumed.step(gradients)
    assert all(torch.equal(a, b) for a, b in zip(second, through, strict=True))
