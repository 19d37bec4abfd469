"""What stages write of a run, against the package's functions on the same images and networks."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from safetensors.numpy import load_file

from scripts import evaluate, join_shards, probe, quality, reconstruct
from tests.unit.test_protocol import CPU, ORDER, TEST, Data, data
from wngan import evaluator, running
from wngan.checkpoint import load
from wngan.layers import recalibrate
from wngan.quality import quality as measure
from wngan.randomness import fixed_codes, rng
from wngan.sampling import draw
from wngan.settings import Settings, load_generator
from wngan.tensors import to_tensor
from wngan.training import train

__all__ = ["data"]

OPTIONS: dict[str, Any] = {"steps": 9, "lr": 0.02, "loss_batch": 4, "precision": "float32"}


@pytest.fixture
def run(tiny: Settings, tmp_path: Path) -> Callable[[str], Path]:
    """The snapshots of a short training of a model, which has learned something."""

    def trained(model: str) -> Path:
        images = np.random.default_rng(5).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
        train(replace(tiny, model=model, lr=0.02), images, tmp_path / model, stop=12)
        return tmp_path / model / "snapshots"

    return trained


def ordered(given: Data) -> torch.Tensor:
    """The images of a data set, test images first."""
    return to_tensor(np.load(given.info.with_suffix(".npy"))[ORDER])


def evaluated(
    given: Data, snapshots: Path, folder: Path, images: int
) -> tuple[Any, np.ndarray, Path]:
    files = [folder / name for name in ("running.csv", "running.npy", "best.safetensors")]
    options = OPTIONS | {"images": images, "segment": "1", "label": "a test", "events": None}
    places = (given.info, given.permutation, snapshots, snapshots.with_name("status.json"), *files)
    done = evaluate.main(*places, iterations=range(0, 13, 6), device=CPU, **options)
    assert done == {"image_steps": len(list(snapshots.iterdir())) * images * 9}
    return running.read([files[0]]), np.load(files[1]), files[2]


@pytest.mark.parametrize("stage", [evaluate, reconstruct, probe])
def test_stages_compute_in_the_precision_that_is_asked_for(
    stage: Any,
    data: Callable[..., Data],
    run: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[str] = []

    def noted(*arguments: Any, **options: Any) -> evaluator.Reconstruction:
        used.append(options["precision"])
        return evaluator.reconstruct(*arguments, **options)

    monkeypatch.setattr(stage, "reconstruct", noted)
    given, snapshots = data(), run("wn")
    last = snapshots / "0000012.safetensors"
    options = OPTIONS | {"images": 2, "precision": "bfloat16", "label": "a test", "device": CPU}
    if stage is evaluate:
        files = (tmp_path / name for name in ("running.csv", "running.npy", "best.safetensors"))
        places = (snapshots, snapshots.with_name("status.json"), *files)
        options |= {"iterations": [0, 6, 12], "segment": "1", "events": None}
    elif stage is reconstruct:
        places = (last, tmp_path, tmp_path / "shard")
        options |= {"shard": 1, "shards": 1, "checkpoint": "optimal"}
    else:
        places = (last, tmp_path / "probes")
        options |= {"test_images": TEST, "starts": 1}
    stage.main(given.info, given.permutation, *places, **options)
    assert used
    assert set(used) == {"bfloat16"}


def test_running_losses_are_the_evaluators(
    data: Callable[..., Data], run: Callable[[str], Path], tmp_path: Path
) -> None:
    """In the order of the iterations, with the standard error of their mean over images."""
    given, snapshots = data(), run("wn")
    rows, losses, best = evaluated(given, snapshots, tmp_path, 2)
    assert rows["iteration"].tolist() == [0, 6, 12]
    assert losses.dtype == np.float32
    found = []
    for path in sorted(snapshots.iterdir()):
        network, _ = load_generator(path)
        found.append(evaluator.reconstruct(network, ordered(given)[:2], **OPTIONS).losses.numpy())
    np.testing.assert_allclose(losses, found, rtol=1e-5)
    np.testing.assert_allclose(rows["running_loss"], losses.mean(axis=1), rtol=1e-6)
    errors = losses.astype(float).std(axis=1, ddof=1) / 2**0.5
    np.testing.assert_allclose(rows["standard_error"], errors, rtol=1e-6)
    lowest = sorted(snapshots.iterdir())[int(losses.mean(axis=1).argmin())]
    assert best.read_bytes() == lowest.read_bytes()


def test_one_image_has_no_standard_error(
    data: Callable[..., Data], run: Callable[[str], Path], tmp_path: Path
) -> None:
    rows, losses, _ = evaluated(data(), run("wn"), tmp_path, 1)
    assert losses.shape == (3, 1)
    assert np.isnan(rows["standard_error"]).all()
    assert np.isfinite(rows["running_loss"]).all()


def test_a_segment_without_snapshots_has_no_rows(data: Callable[..., Data], tmp_path: Path) -> None:
    """As of a run that diverged before; what is joined later has the same columns."""
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "status.json").write_text('{"status": "diverged", "iteration": 0}')
    rows, losses, best = evaluated(data(), tmp_path / "snapshots", tmp_path, 3)
    assert len(rows) == 0
    assert (losses.shape, losses.dtype) == ((0, 3), np.float32)
    assert load(best) == ({}, {"iteration": None})


@pytest.mark.parametrize("at_once", [2, 100])
def test_final_reconstructions_are_the_evaluators(
    at_once: int,
    data: Callable[..., Data],
    run: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All arrays, in two shares and however many images are computed at once."""
    monkeypatch.setattr(evaluator, "images_at_once", lambda *_: at_once)
    given, snapshots = data(), run("wn")
    files = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    done = [
        reconstruct.main(
            given.info,
            given.permutation,
            snapshots,
            snapshots.with_name("status.json"),
            file,
            images=TEST,
            shard=shard,
            shards=2,
            checkpoint="6",
            label="a test",
            device=CPU,
            **OPTIONS,
        )
        for shard, file in enumerate(files, 1)
    ]
    assert done == [{"image_steps": 27}, {"image_steps": 18}]
    assert [load(file)[1] for file in files] == [{"iteration": 6}] * 2
    records = [tmp_path / "1.json", tmp_path / "2.json"]
    for number, record in enumerate(records):
        record.write_text(f'{{"shard": {number}}}')
    names = ("final.safetensors", "final.sha256", "final.csv", "final.json")
    join_shards.main(files, records, *(tmp_path / name for name in names))
    found = load_file(tmp_path / names[0])
    network, _ = load_generator(snapshots / "0000006.safetensors")
    expected = evaluator.reconstruct(network, ordered(given)[:TEST], **OPTIONS)
    np.testing.assert_allclose(found["losses"], expected.losses, rtol=1e-5)
    np.testing.assert_allclose(found["curve"], expected.curve, rtol=1e-5)
    np.testing.assert_allclose(found["codes"], expected.codes, rtol=1e-4, atol=1e-6)
    pictures = (255 * expected.images).permute(0, 2, 3, 1).numpy()
    assert found["images"].shape == pictures.shape
    assert np.abs(found["images"] - pictures).max() <= 0.51
    assert found["steps"].tolist() == evaluator.curve_steps(9)
    assert json.loads((tmp_path / names[3]).read_text()) == [{"shard": 0}, {"shard": 1}]
    table = pandas.read_csv(tmp_path / names[2])
    assert (tmp_path / names[2]).read_bytes().startswith(b"image,loss\n0,")
    assert table["image"].tolist() == list(range(TEST))
    np.testing.assert_allclose(table["loss"], found["losses"], rtol=1e-6)


@pytest.mark.parametrize("model", ["wn", "bn"])
def test_probes_are_the_evaluators(
    model: str,
    data: Callable[..., Data],
    run: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """Own samples and training images, and test images in other ways."""
    given, path = data(), run(model) / "0000012.safetensors"
    options = OPTIONS | {"images": 3, "test_images": TEST, "starts": 2, "label": "a test"}
    options["lr"] = 2.0  # so that codes leave the prior
    made = tmp_path / "probes.safetensors"
    done = probe.main(given.info, given.permutation, path, made, device=CPU, **options)
    parts = 3 * (1 + 1 + 2 + 1 + (model == "bn"))
    assert done == {"images": 3, "starts": 2, "image_steps": 9 * parts}
    assert load(made)[1] == {"iteration": 12}
    found = load_file(made)

    network, _ = load_generator(path)

    def losses(targets: torch.Tensor, **more: Any) -> np.ndarray:
        given = OPTIONS | {"lr": 2.0} | more
        return evaluator.reconstruct(network, targets, **given).losses.numpy()

    images = ordered(given)
    with torch.no_grad():
        own = network(torch.from_numpy(fixed_codes(3, 6)))
    draws = [rng(0, "random starts", k).standard_normal((3, 6), np.float32) for k in range(2)]
    longest = float(np.quantile(np.linalg.norm(fixed_codes(10_000, 6), axis=1), 0.99))
    expected = {
        "own": losses(own),
        "training": losses(images[TEST : TEST + 3]),
        "random": [losses(images[:3], start=torch.from_numpy(start)) for start in draws],
        "within": losses(images[:3], max_norm=longest),
    }
    if model == "bn":
        numbers = rng(0, "recalibration")
        batches = [numbers.standard_normal((4, 6), dtype=np.float32) for _ in range(2500)]
        recalibrate(network, map(torch.from_numpy, batches))
        expected["recalibrated"] = losses(images[:3])
    assert (expected["within"] != losses(images[:3])).any()
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)


def test_quality_is_of_the_fixed_codes(
    data: Callable[..., Data], run: Callable[[str], Path], tmp_path: Path
) -> None:
    """All its numbers, each in its column."""
    given, path, csv = data(), run("wn") / "0000012.safetensors", tmp_path / "quality.csv"
    places = (given.info, given.permutation, path, tmp_path / "wn/status.json", None, csv)
    options: dict[str, Any] = {"every": 12, "iterations": [], "features": "pixels", "digest": None}
    done = quality.main(*places, TEST, 10, label="a test", device=CPU, **options)
    assert done == {"samples": 10}
    table = pandas.read_csv(csv)
    row = table.iloc[0]
    network, _ = load_generator(path)
    known = np.load(given.info.with_suffix(".npy"))[ORDER[TEST : TEST + 10]]
    expected = measure(draw(network, fixed_codes(10, 6)), known, "pixels")
    for name, value in expected._asdict().items():
        assert row[name] == pytest.approx(value, rel=1e-4, abs=1e-9), name
        assert row[name] == float(f"{row[name]:.6g}")  # rounded, as machines differ
    names = ["iteration", "samples", "training_images", "features"]
    assert list(table.columns) == [*names[:1], *expected._fields, *names[1:]]
    assert row[names].tolist() == [12, 10, 10, "pixels"]
