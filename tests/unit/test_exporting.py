"""Generators in files for other programs."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import wngan
from wngan import checkpoint, cli
from wngan.device import free_device
from wngan.recipes import RECIPES
from wngan.settings import ARCHITECTURES, Settings

MODELS = {
    (r.conv_transpose, r.last_conv_transpose, r.first, r.activation, r.norm, r.add): model
    for model, r in RECIPES.items()
}
"""One of each kind of generator: some models only have discriminators of their own."""

CODES = torch.randn(7, 6, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def trained(of: Settings) -> nn.Module:
    """A generator no parameter or statistic of which is as at the start."""
    torch.manual_seed(0)
    generator = of.generator().eval()
    for tensor in generator.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(0.3 * torch.rand_like(tensor))
    return generator


def saved(of: Settings, folder: Path) -> tuple[Path, nn.Module]:
    generator, path = trained(of), folder / "model.safetensors"
    tensors = checkpoint.with_prefix("generator", generator.state_dict())
    checkpoint.save(path, tensors, {"settings": asdict(of), "iteration": 6})
    return path, generator


@pytest.fixture(autouse=True)
def after_computing() -> None:
    """As in a process that has computed, on a GPU perhaps, by this package's precision."""
    with free_device(gpus=0):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS.values())
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_onnx_gives_the_images_of_any_number_of_codes(
    architecture: str, model: str, tiny: Settings, tmp_path: Path
) -> None:
    path, generator = saved(replace(tiny, architecture=architecture, model=model), tmp_path)
    output = tmp_path / "generator.onnx"
    assert wngan.export(path, output) == [output]
    session = onnxruntime.InferenceSession(output)
    ((given,), (made,)) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.shape) == ("codes", ["n", 6])
    assert (made.name, made.shape) == ("images", ["n", 3, 8, 8])
    for count in (1, 2, 7):
        (images,) = session.run(None, {"codes": CODES[:count].numpy()})
        expected = generator(CODES[:count]).detach().numpy()
        np.testing.assert_allclose(images, expected, rtol=0, atol=1e-5)
    assert expected.std() > 0.01


def test_onnx_says_what_it_is_and_nothing_of_this_machine(tiny: Settings, tmp_path: Path) -> None:
    path, _ = saved(tiny, tmp_path)
    (first,) = wngan.export(path, tmp_path / "1.onnx")
    (second,) = wngan.export(path, tmp_path / "2.onnx")
    assert first.read_bytes() == second.read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in first.read_bytes()
    metadata = onnxruntime.InferenceSession(first).get_modelmeta().custom_metadata_map
    description = json.loads(metadata["wngan"])
    assert (description["code_length"], description["value_range"]) == (6, [0, 1])


@pytest.mark.parametrize("model", ["bn", "wn"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_safetensors_are_rebuilt_as_the_json_says(
    architecture: str, model: str, tiny: Settings, tmp_path: Path
) -> None:
    of = replace(tiny, architecture=architecture, model=model)
    path, generator = saved(of, tmp_path)
    files = wngan.export(path, tmp_path / "generator.safetensors")
    assert [file.name for file in files] == ["generator.safetensors", "generator.json"]
    description = json.loads(files[1].read_text())
    assert description["settings"] == json.loads(json.dumps(asdict(of)))
    names = {"settings": description["settings"], "tensors": load_file(files[0])}
    exec(description["rebuild"], names)
    torch.testing.assert_close(names["generator"](CODES), generator(CODES), rtol=0, atol=1e-6)
    assert not any("running" in name for name in names["tensors"])


def test_nothing_is_replaced_unless_told(tiny: Settings, tmp_path: Path) -> None:
    path, _ = saved(tiny, tmp_path)
    (tmp_path / "generator.json").write_text("precious")
    with pytest.raises(FileExistsError, match=r"generator\.json exists; with force=True"):
        wngan.export(path, tmp_path / "generator.safetensors")
    assert not (tmp_path / "generator.safetensors").exists()
    wngan.export(path, tmp_path / "generator.safetensors", force=True)
    assert json.loads((tmp_path / "generator.json").read_text())["code_length"] == 6
    with pytest.raises(ValueError, match=r"generator\.pt must end in \.safetensors or \.onnx"):
        wngan.export(path, tmp_path / "generator.pt")


def test_the_command_writes_the_same(
    tiny: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, _ = saved(tiny, tmp_path)
    expected = wngan.export(path, tmp_path / "a.safetensors")
    cli.main(["export", str(path), str(tmp_path / "b.safetensors")])
    assert [file.read_bytes() for file in expected] == [
        (tmp_path / name).read_bytes() for name in ("b.safetensors", "b.json")
    ]
    with pytest.raises(SystemExit, match="2"):
        cli.main(["export", str(path), str(tmp_path / "b.SAFETENSORS")])
    assert "b.json exists; with --force it is replaced." in capfd.readouterr().err
    cli.main(["export", str(path), str(tmp_path / "b.onnx")])
    assert capfd.readouterr() == ("", "")


def test_what_onnx_needs_is_said(
    tiny: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, _ = saved(tiny, tmp_path)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["export", str(path), str(tmp_path / "a.onnx")])
    message = "wngan: onnxscript is not installed; try: pip install '.[onnx]' in a clone\n"
    assert capsys.readouterr().err == message
    assert not (tmp_path / "a.onnx").exists()
