"""float32, TF32 and bfloat16: each as precise as it says, in graphs too, whatever else is set."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.gpu.conftest import CIFAR, line_of, losses, process, trained
from wngan.graphs import replayed
from wngan.precision import PRECISIONS, computing_in

pytestmark = pytest.mark.gpu

ERRORS = {"float32": (0, 2e-5), "tf32": (1e-4, 2e-3), "bfloat16": (1e-3, 1e-2)}
"""Bounds of ‖found − exact‖ / ‖exact‖ of products of normal numbers. Factors rounded to a mantissa
of b bits differ by up to 2^−(b+1), by a good half of it in the mean square, and a product by √2
times that: 3e-4 for TF32's 10 bits, 8e-4 if they are cut off, and twice that for a product of such
a product; 2e-3 for bfloat16's 7, whose result is rounded as well. In
float32 the error is of the order of 1e-7 to 1e-6, a bit more by Winograd's algorithm."""

SHAPES = ((512, 768), (768, 512), (8, 32, 32, 32), (64, 32, 4, 4))
"""Of two matrices, of images, and of a kernel like the networks'."""

OLD_WAY = """
import torch
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = {allowed}
from tests.gpu.test_precision import errors
for precision in ("float32", "tf32"):
    print(max(errors(precision, torch.device("{device}"), in_graph=False).values()))
"""


def bounds(precision: str) -> tuple[float, float]:
    """Of the errors on this GPU."""
    if torch.cuda.get_device_capability()[0] < 8:
        if precision == "bfloat16":
            pytest.skip("this GPU has no bfloat16")
        return ERRORS["float32"]  # nor TF32
    return ERRORS[precision]


def operations(a: Tensor, b: Tensor, images: Tensor, kernel: Tensor) -> dict[str, Tensor]:
    """What networks multiply: matrices, convolutions, and these for their gradients."""
    image, weight = (each.detach().requires_grad_() for each in (images, kernel))
    down = F.conv2d(image, weight, None, 2, 1)
    of_image, of_weight = torch.autograd.grad(down, [image, weight], torch.ones_like(down) + down)
    up = F.conv_transpose2d(down, weight, None, 2, 1)
    return {
        "product": a @ b,
        "convolution": down.detach(),
        "gradient of images": of_image,
        "gradient of a kernel": of_weight,
        "transposed convolution": up.detach(),
    }


def errors(
    precision: str, device: torch.device, in_graph: bool, in_between: str | None = None
) -> dict[str, float]:
    """Of each operation, beside float64.

    Args:
        in_between: what other code sets between the recording and the call.
    """
    draw = torch.Generator().manual_seed(0)
    given = [torch.randn(shape, generator=draw) for shape in SHAPES]
    exact = operations(*(each.double() for each in given))
    moved = [each.to(device) for each in given]
    found = {name: torch.zeros(each.shape, device=device) for name, each in exact.items()}

    def compute(*tensors: Tensor) -> Tensor:
        for name, value in operations(*tensors).items():
            found[name].copy_(value)
        return found["product"]

    with computing_in(precision, device):
        call = replayed(compute, moved, list(found.values())) if in_graph else compute
        if in_between is not None:
            torch.backends.fp32_precision = in_between
        call(*moved)
    return {
        name: float((found[name].cpu().double() - value).norm() / value.norm())
        for name, value in exact.items()
    }


@pytest.fixture
def own_settings() -> Iterator[None]:
    """Puts back what torch has set for the process."""
    before = torch.backends.fp32_precision
    yield
    torch.backends.fp32_precision = before


@pytest.mark.usefixtures("own_settings")
@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize("before", ["none", "ieee", "tf32"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_is_what_is_asked_for(
    precision: str, before: str, in_graph: bool, device: torch.device
) -> None:
    """Whatever other code has set for the process."""
    low, high = bounds(precision)
    torch.backends.fp32_precision = before
    found = errors(precision, device, in_graph)
    assert all(error < high for error in found.values()), found
    assert min(found.values() if precision == "bfloat16" else [found["product"]]) >= low, found


@pytest.mark.usefixtures("own_settings")
@pytest.mark.parametrize("set_later", ["ieee", "tf32"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_graph_keeps_the_precision_that_it_was_recorded_in(
    precision: str, set_later: str, device: torch.device
) -> None:
    low, high = bounds(precision)
    found = errors(precision, device, in_graph=True, in_between=set_later)
    assert all(error < high for error in found.values()), found
    assert min(found.values() if precision == "bfloat16" else [found["product"]]) >= low, found


@pytest.mark.parametrize("allowed", [False, True])
def test_it_is_so_after_torchs_old_way_of_setting_it(allowed: bool, device: torch.device) -> None:
    expected = [bounds(precision) for precision in ("float32", "tf32")]
    with process(OLD_WAY.format(allowed=allowed, device=device)) as started:
        found = [float(line_of(started)) for _ in expected]
    assert all(low <= error < high for error, (low, high) in zip(found, expected, strict=True))


@pytest.mark.parametrize(("precision", "most"), [("tf32", 1e-2), ("bfloat16", 5e-2)])
def test_training_is_in_the_precision(precision: str, most: float, device: torch.device) -> None:
    """Its first loss, which no parameter has moved yet, changes as much as rounding explains."""
    if bounds(precision) == ERRORS["float32"]:
        pytest.skip("this GPU has no TF32")
    exact, shorter = (
        losses(trained(replace(CIFAR, precision=each), device)) for each in ("float32", precision)
    )
    change = abs(shorter[0, 0] / exact[0, 0] - 1)
    assert 0 < change < most
    assert np.isfinite(shorter).all()
