"""What is fast gives what is plain: training and reconstruction against `benchmarks.reference`."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks import reference
from wngan import checkpoint, kernels
from wngan.evaluator import reconstruct
from wngan.folding import fold
from wngan.rmsprop import RMSProp
from wngan.settings import Settings
from wngan.tensors import to_tensor
from wngan.train_step import train_step
from wngan.training import train

SETTINGS = Settings("dcgan", "wn", 16, (6, 8), 5, 8, 1e-4, 3, 50, 50, 2)
ITERATIONS = STEPS = 50
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-3)], ids=str
)
MODELS = pytest.mark.parametrize(
    ("architecture", "model"),
    [
        ("dcgan", "vanilla"),
        ("dcgan", "bn"),
        ("dcgan", "wn"),
        ("dcgan", "wn_mean_bn"),
        ("resnet", "bn"),
        ("resnet", "wn"),
    ],
)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


def networks(settings: Settings, dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return settings.generator().to(dtype), settings.discriminator().to(dtype)


def codes(iteration: int, dtype: torch.dtype) -> Tensor:
    generator = torch.Generator().manual_seed(iteration)
    shape = (2, SETTINGS.batch_size, SETTINGS.code_length)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def use_torchs_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prelu", "conv2d", "conv_transpose2d"):
        monkeypatch.setattr(kernels, name, getattr(F, name))


def relative(ours: Tensor, plain: Tensor) -> float:
    return float((ours - plain).detach().norm() / plain.detach().norm())


@PRECISIONS
@MODELS
def test_training(
    architecture: str,
    model: str,
    dtype: torch.dtype,
    tolerance: float,
    images: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lr = 2e-5 if architecture == "resnet" else SETTINGS.lr  # as in the paper
    settings = replace(SETTINGS, architecture=architecture, model=model, lr=lr)
    order = np.random.default_rng(1).integers(0, len(images), (ITERATIONS, settings.batch_size))
    generator, discriminator = networks(settings, dtype)
    ours = [generator.to(memory_format=torch.channels_last)]
    ours.append(discriminator.to(memory_format=torch.channels_last))
    optimizers = [RMSProp(list(network.parameters()), settings.lr) for network in ours]
    plain, careful = (
        reference.Training(settings, *networks(settings, dtype), images, careful)
        for careful in (False, True)
    )
    losses = [
        train_step(*ours, *optimizers, plain.loss, plain.real(indices), *codes(iteration, dtype))
        for iteration, indices in enumerate(order)
    ]
    made = generator(codes(0, dtype)[0])

    use_torchs_operations(monkeypatch)
    expected = [
        plain.train_step(indices, *codes(iteration, dtype))
        for iteration, indices in enumerate(order)
    ]
    assert relative(torch.stack(losses), torch.tensor(expected, dtype=dtype)) < tolerance
    found = [
        careful.train_step(indices, *codes(iteration, dtype))
        for iteration, indices in enumerate(order)
    ]
    assert relative(torch.stack(losses), torch.tensor(found, dtype=dtype)) < tolerance
    assert relative(made, plain.generator(codes(0, dtype)[0])) < tolerance
    assert relative(made, networks(settings, dtype)[0](codes(0, dtype)[0])) > 2 * tolerance


@PRECISIONS
@MODELS
def test_reconstruction(
    architecture: str,
    model: str,
    dtype: torch.dtype,
    tolerance: float,
    images: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = replace(SETTINGS, architecture=architecture, model=model)
    generator, _ = networks(settings, dtype)
    with torch.no_grad():  # as after training, codes matter and statistics are not 0 and 1
        for name, tensor in generator.state_dict().items():
            if name.endswith(("scale", "running_var")):
                tensor.mul_(2)
    targets = to_tensor(images).to(dtype)
    plain = copy.deepcopy(generator)
    ours = reconstruct(fold(generator), targets, code_length=5, steps=STEPS, compute_batch=40)
    use_torchs_operations(monkeypatch)
    expected = reference.reconstruct(plain, targets, 5, STEPS)
    start = reference.reconstruct(plain, targets, 5, 0)
    assert (expected < start).all()
    assert torch.equal(reference.reconstruct(plain, targets, 5, STEPS, careful=True), expected)
    assert float(((ours.losses - expected).abs() / expected).max()) < tolerance


@pytest.mark.slow
@pytest.mark.parametrize("model", ["vanilla", "bn", "wn"])
def test_final_losses(
    model: str, images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a generator that has learnt something, with the paper's number of steps."""
    settings = replace(SETTINGS, model=model, lr=1e-3, snapshot_every=300, sample_every=300)
    train(settings, images, tmp_path, stop=300)
    tensors, _ = checkpoint.load(tmp_path / "state.safetensors")
    generator = settings.generator()
    generator.load_state_dict(checkpoint.without_prefix("generator", tensors))
    targets = to_tensor(images[:12])
    ours = reconstruct(fold(generator), targets, code_length=5, steps=2000).losses.mean()
    use_torchs_operations(monkeypatch)
    expected = reference.reconstruct(generator, targets, 5, 2000).mean()
    assert abs(float(ours / expected) - 1) < 0.005
