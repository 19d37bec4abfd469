"""`wngan.evaluate` and `wngan.load`, and the page that shows them to people with GANs."""

import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import wngan
from wngan import checkpoint
from wngan.bootstrap import Estimate
from wngan.evaluation import difference
from wngan.evaluator import reconstruct
from wngan.settings import Settings

ROOT = Path(__file__).parents[2]


def generator() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 192), nn.Unflatten(1, (3, 8, 8)), nn.Sigmoid())


def test_it_is_the_mean_of_the_reconstructions() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    options = {"code_length": 6, "steps": 20, "loss_batch": 4}
    expected = reconstruct(generator(), images, **options).losses.double()
    for given in (images, pixels, torch.from_numpy(pixels)):
        found = wngan.evaluate(generator(), given, **options)
        torch.testing.assert_close(found.found.losses.double(), expected)
        assert found.loss.value == pytest.approx(float(expected.mean()))
        half = 1.96 * float(expected.std()) / 3
        assert found.loss.low == pytest.approx(found.loss.value - half, abs=0.4 * half)
        assert found.loss.high == pytest.approx(found.loss.value + half, abs=0.4 * half)


def test_steps_are_the_papers_by_default() -> None:
    steps = 0

    def count(images: int) -> None:
        nonlocal steps
        steps += images

    wngan.evaluate(generator(), torch.rand(2, 3, 8, 8), code_length=6, on_step=count)
    assert steps == 2 * 2000


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 8, 8, 3)), np.zeros((2, 3, 8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8), []],
)
def test_other_arrays(images: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match=r"floating point tensor \(N, C, H, W\) or uint8 \(N, H, W"
    ):
        wngan.evaluate(generator(), images, code_length=6)


def test_differences_are_of_pairs() -> None:
    common, own = torch.rand(200), 0.01 * torch.rand(200)
    found = difference(common + 0.01 + own, common)
    assert found.value == pytest.approx(float(0.01 + own.mean()), rel=1e-4)
    assert found.high - found.low < 0.002
    assert difference(common, common) == Estimate(0, 0, 0)


def test_a_loaded_generator_is_ready(tiny: Settings, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = tiny.generator()
    path = tmp_path / "model.safetensors"
    tensors = checkpoint.with_prefix("generator", network.state_dict())
    checkpoint.save(path, tensors, {"settings": asdict(tiny), "iteration": 6})
    for where in (path, str(path)):
        loaded, settings = wngan.load(where)
        assert asdict(settings) | {"channels": (4,)} == asdict(tiny)
        assert not loaded.training
        assert not any(parameter.requires_grad for parameter in loaded.parameters())
        codes = torch.randn(2, 6)
        torch.testing.assert_close(loaded(codes), network.eval()(codes))
    with pytest.raises(checkpoint.CheckpointError):
        wngan.load(tmp_path / "none.safetensors")
    with pytest.raises(AttributeError, match="no attribute 'evaluates'"):
        wngan.evaluates  # noqa: B018


def test_importing_the_package_alone_imports_no_torch() -> None:
    script = "import sys, wngan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten lines, a DCGAN that ends in tanh, and a residual network with a mapping network."""
    page = (ROOT / "docs/your-gan.md").read_text()
    first, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert sum(1 for line in first.splitlines() if line) <= 10
    namespace: dict[str, object] = {}
    torch.manual_seed(0)
    for program in (first, *others):
        exec(program, namespace)
    for name, images in (("evaluation", 10), ("dcgan", 10), ("mapped", 10)):
        found = namespace[name].found  # type: ignore[attr-defined]
        assert found.losses.shape == (images,)
        assert (found.losses < found.curve[:, 0]).all(), name
        assert found.images.min() >= 0
    assert capsys.readouterr().out.count("Estimate(value=") == 2
