"""Training: interruptions, divergence, restarts, and where its images are."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts import train as script
from tests.gpu.conftest import (
    CIFAR,
    TINY,
    contents,
    differing,
    images_for,
    losses,
    stop_after,
    trained,
    without_graphs,
)
from wngan import checkpoint
from wngan.data import Subset
from wngan.on_device import on_device
from wngan.settings import Settings
from wngan.tensors import to_tensor
from wngan.training import Interrupted, train

pytestmark = pytest.mark.gpu

KINDS = {
    "bn": replace(TINY, model="bn"),
    "spectral": replace(TINY, model="spectral"),
    "resnet": replace(TINY, architecture="resnet"),
}
DIVERGES = replace(TINY, model="vanilla", lr=1e30)


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("kind", list(KINDS))
def test_it_is_resumed_at_any_iteration(kind: str, device: torch.device, tmp_path: Path) -> None:
    settings = KINDS[kind]
    images = images_for(settings)
    whole = trained(settings, device, stop=12)
    for count in range(1, 12):
        folder = tmp_path / f"{count}"
        options = {"stop": 12, "device": device}
        with pytest.raises(Interrupted, match=f"stopped at iteration {count} of 12 here"):
            train(settings, images, folder, reason_to_stop=stop_after(count), **options)
        train(settings, images, folder, **options)
        assert differing(contents(folder), whole) == [], count


@pytest.mark.usefixtures("deterministic")
def test_it_is_resumed_at_cifars_size(device: torch.device, tmp_path: Path) -> None:
    """After each of two stops, and with images that are not on the GPU after one."""
    images = on_device(images_for(CIFAR), device)
    for count, given in ((2, images), (3, images_for(CIFAR))):
        with pytest.raises(Interrupted):
            train(CIFAR, given, tmp_path, stop=6, device=device, reason_to_stop=stop_after(count))
    train(CIFAR, images, tmp_path, stop=6, device=device)
    assert differing(contents(tmp_path), trained(CIFAR, device)) == []


def test_divergence_in_a_graph_is_noticed(device: torch.device) -> None:
    by_graph = trained(DIVERGES, device, stop=12)
    with without_graphs():
        without = trained(DIVERGES, device, stop=12)
    status = json.loads(by_graph["status.json"])
    assert status["status"] == "diverged"
    assert "not finite" in status["reason"]
    assert status == json.loads(without["status.json"])
    reached = status["iteration"]
    assert reached < 12
    assert np.isfinite(losses(by_graph)[: reached - 1]).all()
    assert np.isnan(losses(by_graph)[reached:]).all()


@pytest.mark.parametrize(("settings", "restarts"), [(DIVERGES, 2), (TINY, 0)])
def test_a_run_that_diverges_starts_again(
    settings: Settings, restarts: int, device: torch.device, tmp_path: Path
) -> None:
    """As a job of the workflow does, with a graph for each attempt."""
    images = images_for(settings)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "permutation.npy", np.arange(len(images)))
    (tmp_path / "images.json").write_text(json.dumps({"count": len(images)}))
    names = ("state.safetensors", "snapshots", "samples.npy", "losses.npy", "status.json")
    (tmp_path / "made").mkdir()
    outputs = {name.partition(".")[0]: tmp_path / "made" / name for name in names}
    script.main(
        info=tmp_path / "images.json",
        permutation=tmp_path / "permutation.npy",
        previous=None,
        outputs=outputs,
        settings=asdict(settings),
        start=0,
        stop=6,
        test_images=1,
        restarts=2,
        recovery=tmp_path / "recovery",
        code="",
        label="a test",
        threads=1,
        device=device,
        save_every=300,
        reason_to_stop=str,
    )
    status = json.loads(outputs["status"].read_text())
    seeds = [each["seed"] for each in status["restarts"]] + [status["seed"]]
    assert seeds == [settings.restarted(number).seed for number in range(restarts + 1)]
    assert status["status"] == ("diverged" if restarts else "running")
    if not restarts:
        tensors, _ = checkpoint.load(outputs["state"])
        assert all(tensor.isfinite().all() for tensor in tensors.values())


def test_resident_and_pinned_images_are_the_same(device: torch.device) -> None:
    images = images_for(CIFAR)
    resident = on_device(images, device)
    assert isinstance(resident, torch.Tensor)
    assert resident.device == device
    order = np.random.default_rng(0).permutation(len(images))
    for chosen in (order[:5], order[:1], order):
        batches = [Subset(each, order)[chosen] for each in (images, resident)]
        pinned, moved = (to_tensor(batch, device) for batch in batches)
        assert pinned.device == moved.device == device
        assert torch.equal(pinned, moved)
        assert pinned.stride() == moved.stride()
        # A GPU multiplies by 1 / 255, rounded, where a CPU divides by 255.
        on_cpu = to_tensor(images[order[chosen]])
        torch.testing.assert_close(pinned.cpu(), on_cpu, rtol=2e-7, atol=0)


@pytest.mark.usefixtures("deterministic")
def test_training_does_not_depend_on_where_images_are(device: torch.device) -> None:
    """On the GPU, in memory, or read ahead by other processes."""
    images = images_for(TINY)
    resident = trained(TINY, device, images=on_device(images, device))
    for workers in (0, 2):
        found = trained(TINY, device, images=images, workers=workers)
        assert differing(resident, found) == []
