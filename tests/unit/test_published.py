"""The published gradient against its formula, in float64."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wngan import layers, published

EPS = 1e-6


def gradients(layer: nn.Module, x: Tensor, g: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The output, and the gradients of ⟨output, g⟩ with respect to the parameters."""
    y = layer(x)
    named = dict(layer.named_parameters())
    found = torch.autograd.grad((y * g).sum(), list(named.values()))
    return y.detach(), dict(zip(named, found, strict=True))


def published_weight(w: Tensor, a: Tensor, n2: Tensor, count: int, unit: int) -> Tensor:
    """(A − w⟨w, A⟩ / (n²·count)) / n, one output unit after another."""
    columns = []
    for w_i, a_i, n2_i in zip(w.unbind(unit), a.unbind(unit), n2, strict=True):
        columns.append((a_i - w_i * (w_i * a_i).sum() / (n2_i * count)) / n2_i.sqrt())
    return torch.stack(columns, unit)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 2, 1), (3, 1, 1), (5, 1, 0)])
@pytest.mark.parametrize("transposed", [False, True])
def test_convolutions_have_it(
    transposed: bool, kernel: int, stride: int, padding: int, affine: bool
) -> None:
    torch.manual_seed(0)
    kind = ("Affine" if affine else "Strict") + "WNConv" + ("Transpose2d" if transposed else "2d")
    layer = getattr(published, f"Published{kind}")(3, 4, kernel, stride, padding).double()
    right = getattr(layers, kind)(3, 4, kernel, stride, padding).double()
    if affine:
        nn.init.normal_(layer.scale)
        nn.init.normal_(layer.bias)
    right.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    g = torch.randn_like(right(x))
    y, found = gradients(layer, x, g)
    torch.testing.assert_close(y, right(x).detach())

    unit, count = int(transposed), g[:, 0].numel()
    w = layer.weight.detach()
    share = stride**2 if transposed else 1
    n2 = (w.square().sum([d for d in range(4) if d != unit]) + EPS) / share
    scale = layer.scale.detach() if affine else torch.ones(4, dtype=torch.float64)
    unit_shape = (1, -1, 1, 1) if transposed else (-1, 1, 1, 1)
    plain = (w / n2.sqrt().view(unit_shape)).requires_grad_()
    convolve = F.conv_transpose2d if transposed else F.conv2d
    raw = convolve(x, plain, None, stride, padding)
    (a,) = torch.autograd.grad((raw * g * scale.view(1, -1, 1, 1)).sum(), [plain])
    torch.testing.assert_close(found["weight"], published_weight(w, a, n2, count, unit))
    if affine:
        torch.testing.assert_close(found["scale"], (g * raw.detach()).mean((0, 2, 3)))
        torch.testing.assert_close(found["bias"], g.mean((0, 2, 3)))


def test_the_linear_layer_has_one_nth_of_the_right_one() -> None:
    torch.manual_seed(0)
    layer = published.PublishedStrictWNLinear(5, 7).double()
    right = layers.StrictWNLinear(5, 7).double()
    right.load_state_dict(layer.state_dict())
    x, g = torch.randn(3, 5, dtype=torch.float64), torch.randn(3, 7, dtype=torch.float64)
    y, found = gradients(layer, x, g)
    expected_y, expected = gradients(right, x, g)
    torch.testing.assert_close(y, expected_y)
    torch.testing.assert_close(found["weight"], expected["weight"] / 3)


def test_the_gradient_of_the_input_is_the_right_one() -> None:
    torch.manual_seed(0)
    layer = published.PublishedAffineWNConv2d(3, 4, 4, 2, 1).double()
    right = layers.AffineWNConv2d(3, 4, 4, 2, 1).double()
    right.load_state_dict(layer.state_dict())
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    for_published, for_right = (
        torch.autograd.grad(network(x).sin().sum(), [x]) for network in (layer, right)
    )
    torch.testing.assert_close(for_published, for_right)


def test_one_sample_and_position_is_where_both_gradients_meet() -> None:
    """With count 1 the published gradient is the right one: what is wrong is the mean alone."""
    torch.manual_seed(0)
    layer = published.PublishedStrictWNConv2d(3, 4, 5).double()
    right = layers.StrictWNConv2d(3, 4, 5).double()
    right.load_state_dict(layer.state_dict())
    x, g = (torch.randn(1, c, k, k, dtype=torch.float64) for c, k in ((3, 5), (4, 1)))
    torch.testing.assert_close(gradients(layer, x, g), gradients(right, x, g))
