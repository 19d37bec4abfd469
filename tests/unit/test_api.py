"""What users of the package call: its names and signatures, which stay as they are."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from torch import nn

from wngan import (
    checkpoint,
    cli,
    conversion,
    dcgan,
    evaluation,
    evaluator,
    exporting,
    folding,
    layers,
    resnet,
    sampling,
    settings,
)

CONVOLUTION = "(in_channels, out_channels, kernel_size, stride=1, padding=0)"
SIGNATURES = {
    layers.StrictWNLinear: "(in_features, out_features)",
    layers.AffineWNLinear: "(in_features, out_features)",
    layers.StrictWNConv2d: CONVOLUTION,
    layers.AffineWNConv2d: CONVOLUTION,
    layers.StrictWNConvTranspose2d: CONVOLUTION,
    layers.AffineWNConvTranspose2d: CONVOLUTION,
    layers.TReLU: "(num_channels)",
    layers.TPReLU: "(num_channels)",
    layers.WNAdd: "(num_channels)",
    layers.MeanOnlyBatchNorm2d: "(num_channels, momentum=0.1)",
    layers.batches_at_once: "(network, count)",
    layers.clip_slopes: "(module)",
    layers.lipschitz_constant: "(network)",
    layers.recalibrate: "(network, batches)",
    dcgan.Generator: "(image_size, channels, code_length, model)",
    dcgan.Discriminator: "(image_size, channels, model)",
    resnet.Generator: "(image_size, channels, code_length, model)",
    resnet.Discriminator: "(image_size, channels, model)",
    evaluator.reconstruct: (
        "(generator, images, *, code_length=None, start=None, steps, lr=0.01, loss_batch=32, "
        "compute_batch=None, precision='float32', max_norm=None, value_range=(0, 1), on_step=None)"
    ),
    exporting.export: "(checkpoint, output, *, force=False)",
    evaluator.curve_steps: "(steps)",
    evaluator.images_at_once: "(generator, code_length)",
    folding.fold: "(network)",
    conversion.to_weight_normalized: "(network)",
    evaluation.evaluate: (
        "(generator, images, *, code_length=None, value_range=(0, 1), steps=2000, **options)"
    ),
    evaluation.difference: "(a, b)",
    settings.load: "(path, device='cpu')",
    settings.load_generator: "(path, device='cpu')",
    checkpoint.load: "(path)",
    sampling.draw: "(generator, codes)",
    sampling.between: "(codes, count)",
    cli.main: "(arguments=None)",
}


@pytest.mark.parametrize("public", SIGNATURES, ids=lambda public: public.__qualname__)
def test_signatures(public: Callable[..., Any]) -> None:
    signature = inspect.signature(public)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    assert str(inspect.Signature(plain)) == SIGNATURES[public]


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (layers.StrictWNLinear(3, 4), ["weight"]),
        (layers.AffineWNConv2d(3, 4, 2), ["weight", "scale", "bias"]),
        (layers.TReLU(3), ["threshold"]),
        (layers.TPReLU(3), ["threshold", "slope"]),
        (layers.WNAdd(3), ["shortcut_weight", "residue_weight"]),
        (layers.MeanOnlyBatchNorm2d(3), ["bias"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters(layer: nn.Module, names: list[str]) -> None:
    """By these names checkpoints have them."""
    assert [name for name, _ in layer.named_parameters()] == names


def test_what_a_reconstruction_has() -> None:
    names = [field.name for field in fields(evaluator.Reconstruction)]
    assert names == ["codes", "images", "losses", "curve"]
