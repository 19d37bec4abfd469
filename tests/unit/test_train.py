"""Training jobs: restarts with another seed, reasons to stop, others that train the same."""

import hashlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scripts import train as script
from wngan import checkpoint
from wngan.encoded import EncodedImages
from wngan.locks import take
from wngan.settings import Settings
from wngan.training import train

SEED = 3
OTHER = Settings("dcgan", "wn", 8, (4,), 6, 4, 1e-3, SEED, 6, 3, 2).restarted(1).seed


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    """The arguments of a first segment of six iterations."""
    generator = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", generator.integers(0, 256, (11, 8, 8, 3), dtype=np.uint8))
    np.save(tmp_path / "permutation.npy", np.arange(11))
    info = tmp_path / "images.json"
    info.write_text('{"count": 11}\n')
    return {
        "info": info,
        "permutation": tmp_path / "permutation.npy",
        "previous": None,
        "outputs": outputs(tmp_path / "1"),
        "settings": {
            "architecture": "dcgan",
            "model": "wn",
            "image_size": 8,
            "channels": [4],
            "code_length": 6,
            "batch_size": 4,
            "lr": 1e-3,
            "seed": SEED,
            "snapshot_every": 6,
            "sample_every": 3,
            "sample_codes": 2,
        },
        "start": 0,
        "stop": 6,
        "test_images": 1,
        "restarts": 2,
        "recovery": tmp_path / "recovery",
        "code": "",
        "label": "a test",
        "threads": 1,
        "device": torch.device("cpu"),
        "save_every": 300,
        "reason_to_stop": str,
    }


def outputs(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    names = ("state.safetensors", "snapshots", "samples.npy", "losses.npy", "status.json")
    return {name.partition(".")[0]: folder / name for name in names}


def run(job: dict[str, Any]) -> None:
    """As Snakemake does, but for the record."""
    with script.alone(job["recovery"]):
        script.main(**job)


def status(job: dict[str, Any]) -> dict[str, Any]:
    return json.loads(job["outputs"]["status"].read_text())


def fails_with(seed: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Makes trainings with `seed` diverge; returns the seeds of all trainings, as they come."""
    seeds = []

    def training(settings: Settings, images: Any, folder: Path, **options: Any) -> None:
        seeds.append(settings.seed)
        train(settings, images, folder, **options)
        if settings.seed == seed:
            made = {"status": "diverged", "iteration": 2, "reason": "on purpose"}
            (folder / "status.json").write_text(json.dumps(made))

    monkeypatch.setattr(script, "train", training)
    return seeds


def test_a_restart_has_another_seed_and_is_recorded(
    job: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seeds = fails_with(SEED, monkeypatch)
    job["restarts"] = 1
    run(job)
    assert seeds == [SEED, OTHER]
    state = job["outputs"]["state"]
    assert status(job) == {
        "state": hashlib.sha256(state.read_bytes()).hexdigest(),
        "status": "running",
        "iteration": 6,
        "reason": "",
        "seed": OTHER,
        "restarts": [{"seed": SEED, "iteration": 2, "reason": "on purpose"}],
    }
    assert not job["recovery"].exists()

    # The next segment goes on with the restart's seed, and does not restart.
    job |= {"previous": state, "start": 6, "stop": 12, "outputs": outputs(tmp_path / "2")}
    seeds.clear()
    script.main(**job)
    assert seeds == [OTHER]
    assert checkpoint.load(job["outputs"]["state"])[1]["settings"]["seed"] == OTHER


def test_a_later_segment_has_a_seed_of_its_run(job: dict[str, Any], tmp_path: Path) -> None:
    script.main(**job)
    job |= {"previous": job["outputs"]["state"], "start": 6, "stop": 12}
    job |= {"outputs": outputs(tmp_path / "2"), "settings": job["settings"] | {"seed": SEED + 1}}
    with pytest.raises(ValueError, match=f"trained with seed {SEED}, not {SEED + 1}"):
        script.main(**job)


def test_a_later_segment_has_no_seed_of_more_restarts(job: dict[str, Any], tmp_path: Path) -> None:
    seed = Settings("dcgan", "wn", 8, (4,), 6, 4, 1e-3, SEED, 6, 3, 2).restarted(2).seed
    script.main(**job | {"settings": job["settings"] | {"seed": seed}})
    job |= {"previous": job["outputs"]["state"], "start": 6, "stop": 12, "restarts": 1}
    with pytest.raises(ValueError, match=f"trained with seed {seed}, not {SEED}"):
        script.main(**job | {"outputs": outputs(tmp_path / "2")})


def test_restarts_are_bounded(job: dict[str, Any]) -> None:
    job["settings"] |= {"model": "vanilla", "lr": 1e30}
    script.main(**job)
    made = status(job)
    assert made["status"] == "diverged"
    assert len({made["seed"], *(restart["seed"] for restart in made["restarts"])}) == 3


def test_without_restarts_a_run_diverges_once(job: dict[str, Any]) -> None:
    job["settings"] |= {"model": "vanilla", "lr": 1e30}
    job["restarts"] = 0
    script.main(**job)
    assert status(job)["restarts"] == []
    assert status(job)["seed"] == SEED


@pytest.mark.parametrize("name", ["settings", "restarts", "test_images", "code", "stop", "inputs"])
def test_whatever_determines_a_segment_is_asked_for(
    name: str, job: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What is there of another is trained again; a later state counts as well."""
    script.main(**job)
    changes: dict[str, Any] = {"restarts": 1, "test_images": 2, "code": "other", "stop": 12}
    changes["settings"] = job["settings"] | {"lr": 2e-3}
    if name == "inputs":
        np.save(job["permutation"], np.arange(11)[::-1])
    else:
        job[name] = changes[name]
    caplog.set_level("INFO")
    script.main(**job)
    assert "another process finished it" not in caplog.text
    assert "continues after" not in caplog.text
    assert script.main(**job) == {"settings": job["settings"], "iterations": job["stop"]}
    assert "another process finished it" in caplog.text


def test_a_deterministic_training_goes_on_with_no_other_state(
    job: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    script.main(**job)
    caplog.set_level("INFO")
    torch.use_deterministic_algorithms(True)
    try:
        script.main(**job)
        assert "another process finished it" not in caplog.text
        assert "continues after" not in caplog.text
        script.main(**job)
        assert "another process finished it" in caplog.text
    finally:
        torch.use_deterministic_algorithms(False)


def test_iterations_are_those_of_the_segment(job: dict[str, Any], tmp_path: Path) -> None:
    """Of which a run that has diverged has less, and its later segments have none."""
    job["settings"] |= {"model": "vanilla", "lr": 1e30}
    job["restarts"] = 0
    first = script.main(**job)
    assert first == {"settings": job["settings"], "iterations": status(job)["iteration"]}
    assert 0 < first["iterations"] < 6
    job |= {"previous": job["outputs"]["state"], "start": 6, "stop": 12}
    job["outputs"] = outputs(tmp_path / "2")
    assert script.main(**job)["iterations"] == 0


def test_what_is_trained_on(job: dict[str, Any], tmp_path: Path) -> None:
    """The package's own training of the same images, in the order of the permutation."""
    order = np.random.default_rng(1).permutation(11)
    np.save(job["permutation"], order)
    job["test_images"] = 3
    script.main(**job)
    settings = Settings(**job["settings"] | {"channels": (4,)})
    train(settings, np.load(tmp_path / "images.npy")[order[3:]], tmp_path / "plain", stop=6)
    for name in ("samples", "losses"):
        expected = (tmp_path / "plain" / f"{name}.npy").read_bytes()
        assert job["outputs"][name].read_bytes() == expected
    for path in (tmp_path / "plain/snapshots").iterdir():
        assert (job["outputs"]["snapshots"] / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("encoded", "threads", "expected"),
    [(False, 3, [3, 0]), (True, 3, [1, 2]), (True, 1, [1, 1])],  # computing, decoding
)
def test_threads_compute_or_else_decode(
    encoded: bool,
    threads: int,
    expected: list[int],
    job: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is trained depends on how many compute, but not on how many decode.

    Other options reach the training as they are.
    """
    told: list[int] = []

    def training(*arguments: Any, **options: Any) -> None:
        told.append(options["workers"])
        assert options["device"] == job["device"]
        assert options["save_every"] == 7
        assert callable(options["on_losses"])
        raise KeyboardInterrupt

    if encoded:
        images = EncodedImages(tmp_path / "lmdb", tmp_path / "keys.npy", 8)
        monkeypatch.setattr(script, "open_images", lambda info: images)
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    monkeypatch.setattr(script, "train", training)
    with pytest.raises(KeyboardInterrupt):
        script.main(**job | {"threads": threads, "save_every": 7, "events": tmp_path / "events"})
    assert told == expected


def test_a_record_is_not_the_trainings_to_make(job: dict[str, Any], tmp_path: Path) -> None:
    record = tmp_path / "provenance.json"
    script.main(**job | {"outputs": job["outputs"] | {"provenance": record}})
    assert status(job)["iteration"] == 6
    assert not record.exists()


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts back what is done on signals."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_a_reason_to_stop(number: signal.Signals) -> None:
    """Such as that of a terminal which is closed, unless that is to be survived."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    reason = script.reasons(time.monotonic(), None)
    assert reason() == ""
    os.kill(os.getpid(), number)
    assert reason() == f"on {number.name}"
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    script.reasons(time.monotonic(), None)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("runtime", "margin"), [(140, 5), (4, 1)])
def test_the_end_of_the_runtime_is_a_reason_to_stop(runtime: float, margin: float) -> None:
    now = time.monotonic()
    for began, near in ((now, False), (now - 60 * (runtime - margin), True)):
        for seconds, over in ((10, False), (-10, True)):
            reason = script.reasons(began + seconds, runtime)()
            assert bool(reason) == (near and over), (began, seconds)
    assert reason == f"as its runtime of {runtime} minutes is about to end"
    with script.stoppable(now - 60 * runtime, runtime) as found:
        assert found["reason_to_stop"]() == reason


def test_another_process_may_have_finished_a_segment(
    job: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after Snakemake was killed, whose job ended while the next one began."""
    script.main(**job | {"recovery": tmp_path / "other" / "recovery"})
    with caplog.at_level("INFO"):
        run(job)
    assert "another process finished it" in caplog.text
    assert not job["recovery"].exists()
    assert status(job)["iteration"] == 6


def test_what_another_process_made_of_other_settings_is_not_taken(
    job: dict[str, Any], tmp_path: Path
) -> None:
    """Nor what it did not finish: the status is written last."""
    other = {"recovery": tmp_path / "other" / "recovery", "code": "another"}
    script.main(**job | other)
    run(job)
    made = job["outputs"]["state"].read_bytes()
    job["outputs"]["status"].write_text('{"stat')
    run(job)
    assert job["outputs"]["state"].read_bytes() == made
    assert status(job)["iteration"] == 6


def test_what_is_trained_is_kept_until_it_is_recorded(job: dict[str, Any], tmp_path: Path) -> None:
    recovery = job["recovery"]

    def fail() -> None:
        script.main(**job)
        raise OSError("full")

    with pytest.raises(OSError, match="full"), script.alone(recovery):
        fail()
    assert list(recovery.glob("*/state.safetensors"))
    with script.alone(recovery) as keep:
        script.main(**job)
        assert take(tmp_path / "lock") is None
        assert not keep()
    assert not recovery.exists()


def test_who_finds_a_run_in_training_leaves_and_loses_nothing(
    job: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other one makes is deleted by the Snakemake of the one that leaves."""
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    with script.alone(job["recovery"]) as keep:
        script.main(**job)
        with caplog.at_level("INFO"), pytest.raises(SystemExit, match="1"):
            run(job)
        assert keep()
    holder = f"process {os.getpid()} on {socket.gethostname()}, SLURM job 77"
    assert f"Leaving, as another job trains this run ({holder}). Try again" in caplog.text
    made = job["outputs"]["state"].read_bytes()
    for name in ("state", "status", "samples", "losses"):
        job["outputs"][name].unlink()
    with caplog.at_level("INFO"), script.alone(job["recovery"]):
        script.main(**job)
    assert "continues after iteration 6" in caplog.text
    assert job["outputs"]["state"].read_bytes() == made
    assert not job["recovery"].exists()


@pytest.mark.usefixtures("handlers")
def test_an_interruption_ends_the_job_and_keeps_what_it_has(
    job: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted() -> None:
        with script.stoppable(time.monotonic(), None) as found:
            os.kill(os.getpid(), signal.SIGTERM)
            script.main(**job | found)

    with (
        caplog.at_level("INFO"),
        pytest.raises(SystemExit, match="1"),
        script.alone(job["recovery"]),
    ):
        interrupted()
    assert "on SIGTERM; the state is kept." in caplog.text
    assert list(job["recovery"].glob("*/state.safetensors"))
