"""Which images each stage sees: change one image, and only what may depend on it changes.

Every conclusion stands on this. Test images are the first of a permutation, and training takes the
rest. Each stage runs on the same data but for one image, whose place in the permutation is known.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import load_file

from scripts import (
    baselines,
    evaluate,
    join_shards,
    outcome,
    prepare_folder,
    probe,
    quality,
    reconstruct,
    sample,
    split,
    train,
)
from wngan import outcome as outcomes
from wngan import running
from wngan.baselines import Baselines
from wngan.baselines import read as read_baselines
from wngan.baselines import write as write_baselines
from wngan.checkpoint import load
from wngan.errors import InputError
from wngan.needs import FEWEST, training_images
from wngan.randomness import rng
from wngan.settings import Settings
from wngan.training import train as train_network
from wngan.verification import WrongFileError

COUNT, TEST = 16, 5
"""Images of the data set, and how many of them are for testing."""

ORDER = np.random.default_rng(8).permutation(COUNT)
EVALUATION = {"steps": 3, "lr": 0.01, "loss_batch": 4, "precision": "float32", "label": "a test"}
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Data:
    """A prepared data set: its images.json, and its permutation."""

    info: Path
    permutation: Path


@pytest.fixture
def data(tmp_path: Path) -> Callable[[int | None], Data]:
    """The data set, with the image at a place of the permutation inverted."""

    def make(changed: int | None = None) -> Data:
        folder = tmp_path / f"data-{changed}"
        folder.mkdir(exist_ok=True)
        images = np.random.default_rng(3).integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
        if changed is not None:
            images[ORDER[changed]] = 255 - images[ORDER[changed]]
        np.save(folder / "images.npy", images)
        np.save(folder / "permutation.npy", ORDER)
        (folder / "images.json").write_text(json.dumps({"count": COUNT}))
        return Data(folder / "images.json", folder / "permutation.npy")

    return make


@pytest.fixture
def snapshots(tiny: Settings, tmp_path: Path) -> Path:
    """A folder with the snapshots of a short training, on other images."""
    images = np.random.default_rng(5).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    train_network(tiny, images, tmp_path / "run", stop=12)
    return tmp_path / "run/snapshots"


def changes(found: Callable[[Data], Any], data: Callable[[int | None], Data]) -> set[int]:
    """The places of the images on which depends what is found."""
    before = found(data(None))
    return {k for k in range(COUNT) if not np.array_equal(found(data(k)), before, equal_nan=True)}


def test_training_leaves_the_test_images_out_and_takes_all_others(
    data: Callable[[int | None], Data], tiny: Settings, tmp_path: Path
) -> None:
    def trained(given: Data) -> np.ndarray:
        folder = tmp_path / f"trained-{given.info.parent.name}"
        folder.mkdir()
        names = ("state.safetensors", "snapshots", "samples.npy", "losses.npy", "status.json")
        train.main(
            given.info,
            given.permutation,
            None,
            {name.partition(".")[0]: folder / name for name in names},
            asdict(tiny),
            start=0,
            stop=12,  # six epochs, each of which leaves three of eleven images out
            test_images=TEST,
            restarts=0,
            recovery=folder / "recovery",
            code="",
            label="a test",
            threads=1,
            device=CPU,
            save_every=300,
            reason_to_stop=str,
        )
        state, _ = load(folder / "state.safetensors")
        return np.concatenate([np.ravel(tensor.numpy()) for tensor in state.values()])

    assert changes(trained, data) == set(range(TEST, COUNT))


@pytest.mark.parametrize("images", [1, 3, TEST])
def test_checkpoints_are_chosen_by_the_first_test_images_alone(
    images: int, data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    """Each image has a column, in the order of the permutation."""

    def evaluated(given: Data) -> np.ndarray:
        names = [tmp_path / name for name in ("running.csv", "running.npy", "best.safetensors")]
        evaluate.main(
            given.info,
            given.permutation,
            snapshots,
            snapshots.with_name("status.json"),
            *names,
            iterations=range(0, 13, 6),
            images=images,
            segment="1",
            events=None,
            device=CPU,
            **EVALUATION,
        )
        losses = np.load(names[1])
        rows = running.read([names[0]])
        np.testing.assert_allclose(rows["running_loss"], losses.mean(axis=1), rtol=1e-6)
        _, best = load(names[2])
        assert best["iteration"] == rows["iteration"][losses.mean(axis=1).argmin()]
        return losses

    before = evaluated(data(None))
    assert before.shape == (3, images)  # the untrained network, and two snapshots
    for place in range(COUNT):
        columns = (evaluated(data(place)) != before).any(axis=0)
        assert set(np.flatnonzero(columns)) == {place} & set(range(images))


@pytest.mark.parametrize(("images", "shards"), [(4, 1), (4, 3), (TEST, 2)])
def test_final_losses_are_of_the_first_test_images_each_once(
    images: int, shards: int, data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    def reconstructed(given: Data) -> np.ndarray:
        files = [tmp_path / f"{shard}.safetensors" for shard in range(1, shards + 1)]
        for shard, file in enumerate(files, 1):
            reconstruct.main(
                given.info,
                given.permutation,
                sorted(snapshots.iterdir())[-1],
                tmp_path,
                file,
                images=images,
                shard=shard,
                shards=shards,
                checkpoint="optimal",
                device=CPU,
                **EVALUATION,
            )
        names = ("final.safetensors", "final.sha256", "final.csv", "final.json")
        join_shards.main(files, [], *(tmp_path / name for name in names))
        return load_file(tmp_path / names[0])["losses"]

    before = reconstructed(data(None))
    assert before.shape == (images,)
    for place in range(COUNT):
        changed = reconstructed(data(place)) != before
        assert set(np.flatnonzero(changed)) == {place} & set(range(images))


def test_probes_take_training_images_from_training_and_test_images_from_testing(
    data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    def probed(name: str) -> Callable[[Data], np.ndarray]:
        def losses(given: Data) -> np.ndarray:
            probe.main(
                given.info,
                given.permutation,
                sorted(snapshots.iterdir())[-1],
                tmp_path / "probes",
                images=2,
                test_images=TEST,
                starts=1,
                device=CPU,
                **EVALUATION,
            )
            return load_file(tmp_path / "probes")[name]

        return losses

    assert changes(probed("training"), data) == {TEST, TEST + 1}
    assert changes(probed("random"), data) == {0, 1}
    assert changes(probed("within"), data) == {0, 1}
    assert changes(probed("own"), data) == set()


def quality_of(
    given: Data, source: Path, csv: Path, images: int = 10, test_images: int = TEST, **more: Any
) -> dict[str, Any]:
    """What scripts/quality.py makes of snapshots, by pixels."""
    options = {"weights": None, "features": "pixels", "digest": None} | more
    quality.main(
        given.info,
        given.permutation,
        source,
        source.with_name("status.json"),
        csv=csv,
        test_images=test_images,
        images=images,
        every=12,
        iterations=range(0, 13, 6),
        label="a test",
        device=CPU,
        **options,
    )
    return {name: column.to_numpy() for name, column in pandas.read_csv(csv).items()}


def test_quality_is_beside_training_images(
    data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    def found(given: Data) -> np.ndarray:
        return quality_of(given, snapshots, tmp_path / "quality.csv")["fid"]

    assert changes(found, data) == set(range(TEST, TEST + 10))


def test_quality_is_of_every_so_many_iterations(
    data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    given, csv = data(None), tmp_path / "quality.csv"
    assert [int(file.stem) for file in sorted(snapshots.iterdir())] == [0, 6, 12]
    table = quality_of(given, snapshots, csv)
    assert table["iteration"].tolist() == [0, 12]
    assert set(table["samples"]) == {10}
    one = quality_of(given, snapshots / "0000012.safetensors", csv)
    assert one["fid"].tolist() == [table["fid"][1]]
    more = quality_of(given, snapshots, csv, images=40)  # more than there are for training
    assert (set(more["samples"]), set(more["training_images"])) == ({40}, {COUNT - TEST})
    few = quality_of(given, snapshots, csv, test_images=COUNT - FEWEST + 1)
    assert set(few["training_images"]) == {FEWEST - 1}
    assert np.isnan([few[name] for name in ("fid", "kid", "precision", "recall")]).all()
    snapshots.with_name("status.json").write_text('{"status": "diverged", "iteration": 12}')
    assert quality_of(given, snapshots, csv)["iteration"].tolist() == [0]


def test_weights_that_are_not_the_file_are_never_read(
    data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"something that unpickling would execute")
    digest = {"bytes": weights.stat().st_size, "sha256": "0" * 64}
    options = {"weights": weights, "features": "inception", "digest": digest}
    with pytest.raises(WrongFileError, match=r"^\S+weights\.pth has sha256 \w+, not 0{64}\.$"):
        quality_of(data(None), snapshots, tmp_path / "quality.csv", **options)


def test_a_snapshot_that_a_diverged_run_never_had(
    data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    """Its reconstructions are losses without a number; one that is there is the file's own."""
    shard = tmp_path / "shard.safetensors"

    def losses(source: Path, checkpoint: str) -> np.ndarray:
        given = data(None)
        shares = {"images": 4, "shard": 2, "shards": 2}
        options = shares | EVALUATION | {"checkpoint": checkpoint, "device": CPU}
        status = snapshots.with_name("status.json")
        done = reconstruct.main(given.info, given.permutation, source, status, shard, **options)
        assert done == {"image_steps": 0 if checkpoint == "18" else 6}
        return load_file(shard)["losses"]

    snapshots.with_name("status.json").write_text('{"status": "diverged", "iteration": 13}')
    assert np.isnan(losses(snapshots, "18")).all()
    found = load_file(shard)
    assert found["images"].shape == (2, 8, 8, 3)
    assert found["images"].dtype == np.uint8
    assert set(found["images"].ravel()) == {128}
    assert found["codes"].shape == (2, 0)
    assert load(shard)[1] == {"iteration": 18}
    sample.main(snapshots, snapshots.with_name("status.json"), "18", tmp_path / "none.npy", 3, CPU)
    none = np.load(tmp_path / "none.npy")
    assert (none.shape, none.dtype) == ((0, 0, 0, 3), np.uint8)
    assert found["curve"].shape == (2, len(found["steps"]))
    named = losses(snapshots / "0000006.safetensors", "optimal")
    np.testing.assert_array_equal(losses(snapshots, "6"), named)


@pytest.mark.parametrize("gone", [[0], [6, 12], [0, 6, 12]])
def test_snapshots_that_were_deleted_are_missed(
    gone: list[int], data: Callable[[int | None], Data], snapshots: Path, tmp_path: Path
) -> None:
    """By all that read them."""
    for iteration in gone:
        (snapshots / f"{iteration:07d}.safetensors").unlink()
    given, status = data(None), snapshots.with_name("status.json")
    files = [tmp_path / name for name in ("running.csv", "running.npy", "best.safetensors")]
    shares = {"images": 4, "shard": 1, "shards": 1} | EVALUATION
    at = gone[-1]
    calls: list[Callable[[], Any]] = [
        lambda: evaluate.main(
            *(given.info, given.permutation, snapshots, status, *files),
            **{"iterations": range(0, 13, 6), "images": 3, "segment": "1", "events": None},
            **{"device": CPU} | EVALUATION,
        ),
        lambda: reconstruct.main(
            *(given.info, given.permutation, snapshots, status, tmp_path / "shard"),
            **shares | {"checkpoint": str(at), "device": CPU},
        ),
        lambda: sample.main(snapshots, status, str(at), tmp_path / "samples.npy", 3, CPU),
    ]
    if at == 12:
        calls.append(lambda: quality_of(given, snapshots, tmp_path / "quality.csv"))
    for call in calls:
        with pytest.raises(InputError, match=r"snapshots lacks \d of \d snapshots, such as 0000"):
            call()


def test_baselines_take_training_images_from_training(
    data: Callable[[int | None], Data], tmp_path: Path
) -> None:
    """Of the first three of them; test images have a row each."""

    def found(given: Data) -> np.ndarray:
        arguments = {"test_images": TEST, "training_images": 3, "components": 2}
        baselines.main(given.info, given.permutation, tmp_path / "losses.csv", **arguments)
        return np.array(read_baselines(tmp_path / "losses.csv")).T

    before = found(data(None))
    assert before.shape == (TEST, 3)
    for place in range(COUNT):
        rows = (found(data(place)) != before).any(axis=1)
        everything = set(range(TEST))
        expected = everything if TEST <= place < TEST + 3 else {place} & everything
        assert set(np.flatnonzero(rows)) == expected


def test_outcomes_are_set_against_test_images(
    data: Callable[[int | None], Data], tmp_path: Path
) -> None:
    """And a run's losses against the mean image's on those of the running evaluation."""
    samples = np.random.default_rng(1).integers(0, 256, (6, 4, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "samples.npy", samples)
    trained = {"status": "running", "iteration": 30, "restarts": [], "reason": ""}
    (tmp_path / "trained.json").write_text(json.dumps(trained))
    running.write(tmp_path / "running.csv", [(0, 0.9, 0.0), (30, 0.5, 0.0)])
    known = Baselines(np.array([0.4, 0.4, 9, 9, 9]), np.zeros(5), np.zeros(5))
    write_baselines(tmp_path / "baselines.csv", known)

    def found(given: Data, running_images: int = 2) -> np.ndarray:
        names = ("running.csv", "baselines.csv", "series.csv", "status.json")
        outcome.main(
            given.info,
            given.permutation,
            [tmp_path / "samples.npy"],
            [tmp_path / "trained.json"],
            *(tmp_path / name for name in names),
            test_images=TEST,
            running_images=running_images,
            every=5,
            lag=5,
        )
        return outcomes.read(tmp_path / "series.csv")["diversity"]

    assert changes(found, data) == set(range(TEST))
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["status"] == "learned_nothing"  # 0.5 is above the first two images' 0.4
    found(data(None), running_images=3)
    assert json.loads((tmp_path / "status.json").read_text())["status"] == "trained"


def test_outcomes_span_segments_up_to_what_diverged(
    data: Callable[[int | None], Data], tmp_path: Path
) -> None:
    """Restarts are the first segment's; the sample after the last good iteration is none."""
    samples = np.random.default_rng(1).integers(0, 256, (3, 4, 8, 8, 3), dtype=np.uint8)
    restarts = [{"iteration": 3}]
    for number, status in ((1, "running"), (2, "diverged")):
        np.save(tmp_path / f"{number}.npy", samples)
        trained = {"status": status, "iteration": 15 * number - 5, "restarts": [], "reason": ""}
        trained |= {"restarts": restarts} if number == 1 else {}
        (tmp_path / f"{number}.json").write_text(json.dumps(trained))
    running.write(tmp_path / "running.csv", [(0, 0.9, 0.0), (15, 0.5, 0.0)])
    write_baselines(tmp_path / "baselines.csv", Baselines(*np.full((3, TEST), 9.0)))
    names = ("running.csv", "baselines.csv", "series.csv", "status.json")
    outcome.main(
        data(None).info,
        data(None).permutation,
        [tmp_path / f"{number}.npy" for number in (1, 2)],
        [tmp_path / f"{number}.json" for number in (1, 2)],
        *(tmp_path / name for name in names),
        test_images=TEST,
        running_images=2,
        every=5,
        lag=10,
    )
    # It diverged at 25, so that the last samples are of iteration 20.
    series = outcomes.read(tmp_path / "series.csv")
    assert series["iteration"].tolist() == [5, 10, 15, 20]
    assert np.isnan(series["drift"]).tolist() == [True, True, False, False]
    found = json.loads((tmp_path / "status.json").read_text())
    assert (found["status"], found["restarts"]) == ("diverged", restarts)


def test_a_split_is_a_permutation_of_its_seed(tmp_path: Path) -> None:
    info, file = tmp_path / "images.json", tmp_path / "permutation.npy"
    info.write_text(json.dumps({"count": 30}))
    np.save(tmp_path / "images.npy", np.arange(30, dtype=np.uint8).reshape(30, 1, 1, 1))
    orders = []
    for seed in (1, 1, 2):
        split.main(info, file, seed, 5, "mine")
        orders.append(np.load(file).tolist())
        assert sorted(orders[-1]) == list(range(30))
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] == rng(1, "split").permutation(30).tolist()  # today's, and tomorrow's
    # Test images are not all the same if only the second differs.
    images = np.zeros((30, 1, 1, 1), np.uint8)
    images[orders[0][1]] = 1
    np.save(tmp_path / "images.npy", images)
    split.main(info, file, 1, 5, "mine")
    assert np.load(file).tolist() == orders[0]


def test_what_a_split_cannot_be_used_for_is_said_at_once(tmp_path: Path) -> None:
    """With the keys; nothing is written."""
    info, file = tmp_path / "images.json", tmp_path / "permutation.npy"
    info.write_text(json.dumps({"count": 30}))
    images = np.zeros((30, 1, 1, 1), np.uint8)
    np.save(tmp_path / "images.npy", images)
    with pytest.raises(ValueError, match=r"^datasets\.mine\.test: there are 30 images: 30 for"):
        split.main(info, file, 1, 30, "mine")
    needs = {"experiments.a.batch_size": 26, "experiments.b.batch_size": 25, "quality.a": 27}
    with pytest.raises(ValueError, match=r"leaves 25 .* for experiments.a.batch_size 26 and qual"):
        split.main(info, file, 1, 5, "mine", needs=needs)
    with pytest.raises(ValueError, match=r"^datasets\.mine: the 5 images for testing are all"):
        split.main(info, file, 1, 5, "mine", needs={"experiments.b.batch_size": 25})
    assert not file.exists()
    images[np.random.default_rng(0).permutation(30)[::2]] = 1
    np.save(tmp_path / "images.npy", images)
    split.main(info, file, 1, 5, "mine", needs={"experiments.b.batch_size": 25})
    assert file.exists()


def test_training_images_that_a_configuration_takes() -> None:
    experiments = {
        "a": {"dataset": "mine", "batch_size": 32},
        "b": {"dataset": "other", "batch_size": 64},
    }
    config = {"experiments": experiments, "quality": {"a": {}, "b": {}}}
    assert training_images(config, "mine") == {"experiments.a.batch_size": 32, "quality.a": FEWEST}
    assert training_images({"experiments": experiments}, "other") == {
        "experiments.b.batch_size": 64
    }


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40), st.integers(1, 20), st.integers(0, 9))
def test_no_folder_is_on_both_sides(folders: list[int], test: int, seed: int) -> None:
    names = np.array([f"folder {number}" for number in folders])
    order = split.by_folder(names.tolist(), test, np.random.default_rng(seed))
    assert len(set(order)) == len(order)
    tests, training = names[order[:test]], names[order[test:]]
    assert not set(tests) & set(training)
    # All images of other folders are there, and no folder is for testing that need not be.
    assert len(training) == np.isin(names, training).sum()
    if len(training):
        assert len(tests) == test
        assert set(names) == set(tests) | set(training) or len(set(tests)) < test
    else:
        assert set(tests) <= set(names)


def test_a_split_by_folder_from_the_images_themselves(tmp_path: Path) -> None:
    """Six folders, in two others, one of which has images of its own."""
    for number in range(6):
        folder = tmp_path / "photos" / "ab"[number % 2] / f"video {number}"
        folder.mkdir(parents=True)
        for frame in range(4):
            shade = np.full((8, 8, 3), 10 * number + frame, np.uint8)
            Image.fromarray(shade).save(folder / f"{frame}.png")
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(tmp_path / "photos/a/video.png")
    files = tmp_path / "images.npy", tmp_path / "images.json"
    prepare_folder.main(tmp_path / "photos", *files, 8, False, "folder", 1)
    split.main(files[1], tmp_path / "permutation.npy", 1, 6, "mine", "folder")
    order = np.load(tmp_path / "permutation.npy")
    videos = np.load(files[0])[order, 0, 0, 0] // 10
    tests, training = set(videos[:6]), set(videos[6:])
    assert not tests & training
    assert len(tests) == 2
    assert len(order) in (6 + 17, 6 + 20)  # two or three frames too many are left out
    with pytest.raises(
        ValueError, match="25 images in 7 folders: whole folders with 22 for testing"
    ):
        split.main(files[1], tmp_path / "permutation.npy", 1, 22, "mine", "folder")
