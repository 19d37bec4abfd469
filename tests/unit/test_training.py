"""Training: what an iteration computes, what is kept, and that interruptions leave no trace."""

import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from wngan import checkpoint, training
from wngan.randomness import fixed_codes, rng
from wngan.recipes import RECIPES
from wngan.settings import Settings, load_generator
from wngan.tensors import to_tensor, to_uint8
from wngan.train_step import train_step
from wngan.training import Interrupted, discard, train

MODELS = list(RECIPES)
Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def images() -> Images:
    return np.random.default_rng(0).integers(0, 256, (11, 8, 8, 3), dtype=np.uint8)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def stop_after(count: int) -> Callable[[], str]:
    """Has a reason to stop at the `count`-th question."""
    asked = iter(range(1, 10**6))
    return lambda: "here" if next(asked) == count else ""


@pytest.mark.parametrize("model", MODELS)
def test_an_iteration_is_the_papers(
    model: str, images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Against section 4 and 5.1 written out plainly, with torch's own optimizer and losses."""
    settings = replace(tiny, model=model, lr=1e-2)
    train(settings, images, tmp_path, stop=6)
    state, _ = checkpoint.load(tmp_path / "state.safetensors")

    torch.manual_seed(int(rng(settings.seed, "parameters").integers(2**32)))
    generator, discriminator = settings.generator(), settings.discriminator()
    options = {"lr": 1e-2, "alpha": 0.9, "eps": 1e-6}
    g_optimizer = torch.optim.RMSprop(generator.parameters(), **options)
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), **options)

    def clip(network: nn.Module) -> None:
        for name, parameter in network.named_parameters():
            layer = network.get_submodule(name.rpartition(".")[0])
            if name.endswith("slope") or isinstance(layer, nn.PReLU):
                parameter.data.clamp_(0, 1)

    def draw(purpose: str, iteration: int) -> torch.Tensor:
        codes = rng(settings.seed, purpose, iteration).standard_normal((4, 6), dtype=np.float32)
        return torch.from_numpy(codes)

    expected = []
    for iteration in range(1, 7):
        epoch, batch = divmod(iteration - 1, 2)
        order = rng(settings.seed, "order of images", epoch).permutation(11)
        real = to_tensor(images[order[4 * batch : 4 * batch + 4]])
        fake = generator(draw("discriminator's codes", iteration)).detach()
        if model == "wn_critic":  # appendix E
            d_loss = discriminator(fake).mean() - discriminator(real).mean()
        else:
            if model == "spectral":  # one pass is one step of power iteration
                logits = discriminator(torch.cat([real, fake])).chunk(2)
            else:
                logits = discriminator(real), discriminator(fake)
            d_real, d_fake = map(torch.sigmoid, logits)
            d_loss = -d_real.log().mean() - (1 - d_fake).log().mean()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        clip(discriminator)
        d_fake = discriminator(generator(draw("generator's codes", iteration)))
        g_loss = -(d_fake if model == "wn_critic" else torch.sigmoid(d_fake).log()).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        clip(generator)
        expected.append((d_loss.item(), g_loss.item()))

    np.testing.assert_allclose(np.load(tmp_path / "losses.npy"), expected, rtol=2e-4)
    for prefix, network in (("generator", generator), ("discriminator", discriminator)):
        for name, tensor in network.state_dict().items():
            torch.testing.assert_close(state[f"{prefix}.{name}"], tensor, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize(
    ("architecture", "model"),
    [("dcgan", "bn"), ("dcgan", "wn"), ("dcgan", "spectral"), ("resnet", "wn")],
)
@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stops=st.lists(st.integers(1, 11), min_size=1, max_size=3))
def test_a_resumed_run_equals_an_uninterrupted_one(
    architecture: str,
    model: str,
    stops: list[int],
    images: Images,
    tiny: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = replace(tiny, architecture=architecture, model=model)
    whole, broken = (tmp_path_factory.mktemp("run") for _ in range(2))
    train(settings, images, whole, stop=12)
    for count in stops:
        try:
            train(settings, images, broken, stop=12, reason_to_stop=stop_after(count))
        except Interrupted as interrupted:
            assert "the state is kept" in str(interrupted)  # noqa: PT017
    train(settings, images, broken, stop=12)
    assert contents(broken) == contents(whole)


def test_a_run_is_resumed_at_any_iteration(images: Images, tiny: Settings, tmp_path: Path) -> None:
    """The first of an epoch, of a snapshot or none of these; after the last there is no stop."""
    train(tiny, images, tmp_path / "whole", stop=12)
    for count in range(1, 12):
        folder = tmp_path / f"{count}"
        with pytest.raises(Interrupted, match=f"training stopped at iteration {count} of 12 here;"):
            train(tiny, images, folder, stop=12, reason_to_stop=stop_after(count))
        train(tiny, images, folder, stop=12)
        assert contents(folder) == contents(tmp_path / "whole")
    train(tiny, images, tmp_path / "12", stop=12, reason_to_stop=stop_after(12))


def test_a_resumed_run_does_not_start_over(images: Images, tiny: Settings, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(tiny, images, tmp_path, stop=12, reason_to_stop=stop_after(8))
    assert checkpoint.load(tmp_path / "state.safetensors")[1]["iteration"] == 8
    with pytest.raises(Interrupted):
        train(tiny, images, tmp_path, stop=12, reason_to_stop=stop_after(1))
    assert checkpoint.load(tmp_path / "state.safetensors")[1]["iteration"] == 9


def test_the_state_is_saved_now_and_then(images: Images, tiny: Settings, tmp_path: Path) -> None:
    """A process that is killed without a word loses only what came after the last save."""

    def die() -> bool:
        iteration = checkpoint.load(tmp_path / "state.safetensors")[1]["iteration"]
        if iteration == 4:
            raise KeyboardInterrupt
        return False

    def first_save_then_die() -> bool:
        return die() if (tmp_path / "state.safetensors").exists() else False

    with pytest.raises(KeyboardInterrupt):
        train(tiny, images, tmp_path, stop=12, save_every=0.0, reason_to_stop=first_save_then_die)
    train(tiny, images, tmp_path, stop=12)
    train(tiny, images, tmp_path / "whole", stop=12)
    whole = contents(tmp_path / "whole")
    assert {name: contents(tmp_path)[name] for name in whole} == whole


def test_segments_make_up_one_run(images: Images, tiny: Settings, tmp_path: Path) -> None:
    train(tiny, images, tmp_path / "whole", stop=12)
    train(tiny, images, tmp_path / "1", stop=6)
    previous = tmp_path / "1" / "state.safetensors"
    told = []

    def on_losses(iteration: int, losses: NDArray[np.float32]) -> None:
        told.append((iteration, losses.copy()))

    folder = tmp_path / "2"
    train(tiny, images, folder, start=6, stop=12, previous=previous, on_losses=on_losses)
    whole, first, second = (contents(tmp_path / name) for name in ("whole", "1", "2"))
    states = [checkpoint.load(tmp_path / part / "state.safetensors") for part in ("whole", "2")]
    torch.testing.assert_close(states[0][0], states[1][0], rtol=0, atol=0)
    own = {"identity": "", "series": "", "snapshots": ""}
    assert states[0][1] | own == states[1][1] | own
    parts = {name: data for part in (first, second) for name, data in part.items()}
    for name in (f"snapshots/{iteration:07d}.safetensors" for iteration in (0, 6, 12)):
        assert parts[name] == whole[name]
    for name in ("samples.npy", "losses.npy"):
        joined = np.concatenate([np.load(tmp_path / part / name) for part in ("1", "2")])
        np.testing.assert_array_equal(joined, np.load(tmp_path / "whole" / name))
    assert [iteration for iteration, _ in told] == [9, 12]
    losses = np.concatenate([each for _, each in told])
    np.testing.assert_array_equal(losses, np.load(tmp_path / "2/losses.npy"))


def test_snapshots_and_samples_are_the_generators(
    images: Images, tiny: Settings, tmp_path: Path
) -> None:
    train(replace(tiny, model="bn"), images, tmp_path, stop=6)
    generator, metadata = load_generator(tmp_path / "snapshots/0000006.safetensors")
    assert metadata["iteration"] == 6
    assert not generator.training
    codes = torch.from_numpy(fixed_codes(2, 6))
    with torch.no_grad():
        expected = to_uint8(generator(codes))
    samples = np.load(tmp_path / "samples.npy")
    assert samples.shape == (2, 2, 8, 8, 3)
    assert np.abs(samples[1].astype(int) - expected.astype(int)).max() <= 1
    from_state, _ = load_generator(tmp_path / "state.safetensors")
    torch.testing.assert_close(from_state.state_dict(), generator.state_dict(), rtol=0, atol=0)


def test_another_identity_or_damage_starts_over(
    images: Images, tiny: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state.safetensors"

    def interrupt() -> None:
        with pytest.raises(Interrupted):
            train(tiny, images, tmp_path, stop=12, identity="a", reason_to_stop=stop_after(7))

    train(tiny, images, tmp_path / "whole", stop=12, identity="b")
    whole = contents(tmp_path / "whole")
    interrupt()
    (tmp_path / "snapshots/0000099.safetensors").write_bytes(b"stale")
    with caplog.at_level("INFO"):
        train(tiny, images, tmp_path, stop=12, identity="b")
    assert "belongs to other settings" in caplog.text
    assert contents(tmp_path) == whole

    interrupt()
    damaged = bytearray(state.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    state.write_bytes(damaged)
    with caplog.at_level("INFO"):
        train(tiny, images, tmp_path, stop=12, identity="b")
    assert "Ignoring the saved state" in caplog.text
    assert contents(tmp_path) == whole


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("losses.npy", "The losses or samples in"),
        ("samples.npy", "The losses or samples in"),
        ("snapshots/0000006.safetensors", "A snapshot in"),
        ("snapshots/0000000.safetensors", "A snapshot in "),
        ("state.safetensors", "state.safetensors is not a readable checkpoint"),
    ],
)
def test_damage_beside_a_saved_state_starts_over(
    name: str,
    message: str,
    images: Images,
    tiny: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    train(tiny, images, tmp_path / "whole", stop=12)
    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        train(tiny, images, broken, stop=12, reason_to_stop=stop_after(9))
    data = (broken / name).read_bytes()
    if message.endswith((" ", "checkpoint")):
        (broken / name).write_bytes(data[: len(data) // 2])
    else:
        place = {"losses.npy": 140, "samples.npy": 140}.get(name, len(data) - 9)
        (broken / name).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with caplog.at_level("INFO"):
        train(tiny, images, broken, stop=12)
    assert caplog.text.count("Ignoring the saved state: ") == 1
    assert message in caplog.text
    assert contents(broken) == contents(tmp_path / "whole")


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("name", ["losses.npy", "samples.npy", "snapshots/0000006.safetensors"])
def test_files_that_a_saved_state_lacks_start_over(
    name: str, empty: bool, images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Missing or empty."""
    train(tiny, images, tmp_path / "whole", stop=12)
    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        train(tiny, images, broken, stop=12, reason_to_stop=stop_after(9))
    (broken / name).unlink()
    if empty:
        (broken / name).touch()
    train(tiny, images, broken, stop=12)
    assert contents(broken) == contents(tmp_path / "whole")


@pytest.mark.parametrize("damaged", ["", "losses.npy", "samples.npy"])
def test_a_later_segment_goes_on_unless_it_is_damaged(
    damaged: str, images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """In the last number of its own losses or samples, of iterations 7 to 14 of 18."""
    train(tiny, images, tmp_path / "1", stop=6)
    options: dict[str, Any] = {"start": 6, "stop": 18, "previous": tmp_path / "1/state.safetensors"}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(tiny, images, whole, **options)
    with pytest.raises(Interrupted):
        train(tiny, images, broken, reason_to_stop=stop_after(8), **options)
    for name, row in (("losses.npy", 8), ("samples.npy", 2)):  # what a kill leaves beyond the state
        np.lib.format.open_memmap(broken / name, "r+")[row:] = 1
    if damaged:
        place = {"losses.npy": (7, 1), "samples.npy": (1, -1, -1, -1, -1)}[damaged]
        np.lib.format.open_memmap(broken / damaged, "r+")[place] = 7
    with pytest.raises(Interrupted):
        train(tiny, images, broken, reason_to_stop=stop_after(1), **options)
    reached = checkpoint.load(broken / "state.safetensors")[1]["iteration"]
    assert reached == (7 if damaged else 15)
    if not damaged:
        assert np.isnan(np.load(broken / "losses.npy")[9:]).all()
        assert not np.load(broken / "samples.npy")[3:].any()
    train(tiny, images, broken, **options)
    assert contents(broken) == contents(whole)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_flipped_byte_changes_a_result(
    data: st.DataObject,
    images: Images,
    tiny: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    whole, broken = (tmp_path_factory.mktemp("run") for _ in range(2))
    train(tiny, images, whole, stop=12)
    with pytest.raises(Interrupted):
        train(tiny, images, broken, stop=12, reason_to_stop=stop_after(8))
    path = data.draw(st.sampled_from(sorted(p for p in broken.rglob("*") if p.is_file())))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    train(tiny, images, broken, stop=12)
    assert contents(broken) == contents(whole)


def test_an_infinite_state_has_diverged(images: Images, tiny: Settings, tmp_path: Path) -> None:
    """Parameters whose squared gradients overflow never move again, with finite losses."""
    train(replace(tiny, model="vanilla", lr=1e6), images, tmp_path, stop=12)
    tensors, metadata = checkpoint.load(tmp_path / "state.safetensors")
    assert all(tensor.isfinite().all() for tensor in tensors.values()) == (
        metadata["status"] == "running"
    )


def test_what_a_killed_attempt_left_is_not_kept(
    images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Where a resumed run goes another way, as on a GPU, nothing of the old way stays."""
    with pytest.raises(Interrupted):
        train(tiny, images, tmp_path, stop=24, reason_to_stop=stop_after(7))
    (tmp_path / "snapshots/0000018.safetensors").write_bytes(b"of the old way")
    (tmp_path / "snapshots/.0000024.safetensors").write_bytes(b"half written")
    np.lib.format.open_memmap(tmp_path / "losses.npy", "r+")[7:] = 1
    np.lib.format.open_memmap(tmp_path / "samples.npy", "r+")[2:] = 9
    with pytest.raises(Interrupted):
        train(tiny, images, tmp_path, stop=24, reason_to_stop=stop_after(1))
    assert sorted(path.name for path in (tmp_path / "snapshots").glob("*")) == [
        "0000000.safetensors",
        "0000006.safetensors",
    ]
    losses = np.load(tmp_path / "losses.npy")
    assert np.isfinite(losses[:8]).all()
    assert np.isnan(losses[8:]).all()
    samples = np.load(tmp_path / "samples.npy")
    assert samples.any((1, 2, 3, 4)).tolist() == [True] * 2 + [False] * 6


def test_states_are_discarded_first(
    images: Images, tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever is killed meanwhile leaves none that lacks files."""
    train(tiny, images, tmp_path / "0", stop=6)
    monkeypatch.setattr(shutil, "rmtree", lambda folder, ignore_errors: None)
    discard(tmp_path)
    names = ["losses.npy", "samples.npy", "snapshots", "status.json"]
    assert sorted(path.name for path in (tmp_path / "0").iterdir()) == names


def test_other_settings_do_not_continue(images: Images, tiny: Settings, tmp_path: Path) -> None:
    train(tiny, images, tmp_path / "a", stop=6)
    train(replace(tiny, seed=4), images, tmp_path / "a", stop=6)
    train(replace(tiny, seed=4), images, tmp_path / "b", stop=6)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("lr", [1e-3, 1e30])
def test_a_segment_goes_on_with_the_settings_of_the_one_before(
    lr: float, images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Also where that one has diverged; Snakemake can't tell if it was dead when that one ended."""
    first = replace(tiny, model="vanilla", lr=lr)
    train(first, images, tmp_path / "1", stop=12)
    previous = tmp_path / "1/state.safetensors"
    for key, value, expected in (
        ("lr", 0.002, f"with lr {re.escape(str(lr))}, not 0.002"),
        ("channels", (5,), r"with channels \[4\], not \[5\]"),
        ("seed", 4, "with seed 3, not 4"),
        ("precision", "tf32", "with precision float32, not tf32"),
    ):
        other = replace(first, **{key: value})
        with pytest.raises(ValueError, match=f"^{previous} was trained {expected}.*--forcerun"):
            train(other, images, tmp_path / "2", start=12, stop=24, previous=previous)
    train(first, images, tmp_path / "2", start=12, stop=24, previous=previous)


def test_divergence_is_a_result(images: Images, tiny: Settings, tmp_path: Path) -> None:
    settings = replace(tiny, model="vanilla", lr=1e30)
    train(settings, images, tmp_path / "1", stop=12)
    state = tmp_path / "1" / "state.safetensors"
    metadata = checkpoint.load(state)[1]
    assert metadata["status"] == "diverged"
    assert "not finite" in metadata["reason"]
    assert json.loads((tmp_path / "1/status.json").read_text())["status"] == "diverged"
    assert metadata["iteration"] < 12
    losses = np.load(tmp_path / "1/losses.npy")
    assert len(losses) == 12
    assert np.isfinite(losses[: metadata["iteration"] - 1]).all()
    assert np.isnan(losses[metadata["iteration"] :]).all()

    train(settings, images, tmp_path / "2", start=12, stop=24, previous=state)
    after = checkpoint.load(tmp_path / "2/state.safetensors")[1]
    assert (after["status"], after["iteration"]) == ("diverged", metadata["iteration"])
    assert len(np.load(tmp_path / "2/losses.npy")) == 12
    assert list((tmp_path / "2/snapshots").iterdir()) == []


@pytest.mark.parametrize("of", ["discriminator", "generator"])
@pytest.mark.parametrize("at", [10, 11, 12])
def test_divergence_is_at_the_first_loss_that_is_not_finite(
    of: str,
    at: int,
    images: Images,
    tiny: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also in the middle between two samples; what comes after it in the same window is no loss."""
    train(tiny, images, tmp_path / "1", stop=6)
    iterations = iter(range(7, 13))

    def step(*arguments: Any) -> torch.Tensor:
        losses = train_step(*arguments)
        if next(iterations) == at:
            losses[["discriminator", "generator"].index(of)] = math.inf
        return losses

    monkeypatch.setattr(training, "train_step", step)
    previous, folder = tmp_path / "1/state.safetensors", tmp_path / "2"
    train(tiny, images, folder, start=6, stop=12, previous=previous)
    status = {
        "iteration": at,
        "reason": f"the {of}'s loss is not finite",
        "status": "diverged",
    }
    assert (folder / "status.json").read_text() == json.dumps(status) + "\n"  # always in this order
    losses = np.load(folder / "losses.npy")
    assert np.isfinite(losses).all(1).tolist() == [number < at for number in range(7, 13)]
    assert np.isnan(losses[at - 6 :]).all()
    samples = np.load(folder / "samples.npy")
    assert samples[0].any()
    assert not samples[1].any()
    assert [path.name for path in (folder / "snapshots").iterdir()] == []

    # Whoever asks again, or for the next segment, trains nothing.
    monkeypatch.setattr(training, "train_step", pytest.fail)
    made = contents(folder)
    train(tiny, images, folder, start=6, stop=12, previous=previous)
    assert contents(folder) == made
    state, last = folder / "state.safetensors", tmp_path / "3"
    train(tiny, images, last, start=12, stop=18, previous=state)
    assert (last / "status.json").read_bytes() == (folder / "status.json").read_bytes()
    tensors, reached = (checkpoint.load(each / "state.safetensors")[0] for each in (folder, last))
    torch.testing.assert_close(tensors, reached, rtol=0, atol=0, equal_nan=True)
    assert np.isnan(np.load(last / "losses.npy")).all()
    assert not np.load(last / "samples.npy").any()
    assert [path.name for path in (last / "snapshots").iterdir()] == []


@pytest.mark.parametrize("of", ["discriminator", "generator"])
@pytest.mark.parametrize("what", ["parameters", "squares"])
def test_divergence_of_parameters_is_at_the_end_of_what_was_looked_at(
    of: str,
    what: str,
    images: Images,
    tiny: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their losses are still finite."""
    iterations, index = iter(range(1, 7)), ["generator", "discriminator"].index(of)

    def step(*arguments: Any) -> torch.Tensor:
        losses = train_step(*arguments)
        if next(iterations) == 6:
            network, optimizer = arguments[index], arguments[index + 2]
            last = optimizer.squares if what == "squares" else list(network.parameters())
            last[-1].data.fill_(math.inf)
        return losses

    monkeypatch.setattr(training, "train_step", step)
    train(tiny, images, tmp_path, stop=6)
    status = json.loads((tmp_path / "status.json").read_text())
    reason = f"the {of}'s parameters or their state are not finite"
    assert status == {"status": "diverged", "iteration": 6, "reason": reason}
    assert np.isfinite(np.load(tmp_path / "losses.npy")).all()
    assert np.load(tmp_path / "samples.npy").any((1, 2, 3, 4)).tolist() == [True, False]
    names = [path.name for path in (tmp_path / "snapshots").iterdir()]
    assert names == ["0000000.safetensors"]


@pytest.mark.parametrize("model", MODELS)
def test_slopes_stay_between_0_and_1(
    model: str, images: Images, tiny: Settings, tmp_path: Path
) -> None:
    train(replace(tiny, model=model, lr=0.5), images, tmp_path, stop=6)
    state, metadata = checkpoint.load(tmp_path / "state.safetensors")
    networks = {
        "generator": replace(tiny, model=model).generator(),
        "discriminator": replace(tiny, model=model).discriminator(),
    }
    slopes = [
        state[f"{prefix}.{name}"]
        for prefix, network in networks.items()
        for name, _ in network.named_parameters()
        if name.endswith("slope")
        or isinstance(network.get_submodule(name.rpartition(".")[0]), nn.PReLU)
    ]
    assert len(slopes) == 2
    assert metadata["status"] == "running"
    values = torch.cat(slopes)
    assert ((values >= 0) & (values <= 1)).all()
    assert (values == 0).any() or (values == 1).any()  # a step of 0.5 leaves the interval


def test_mistakes_are_named(images: Images, tiny: Settings, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop 10 must be multiples of the snapshots' interval 6"):
        train(tiny, images, tmp_path, stop=10)
    with pytest.raises(ValueError, match="needs the previous state"):
        train(tiny, images, tmp_path, start=6, stop=12)
    with pytest.raises(ValueError, match="do not fill a batch of 4"):
        train(tiny, images[:3], tmp_path, stop=6)
    train(tiny, images[:4], tmp_path / "batch", stop=6)
    train(tiny, images, tmp_path / "1", stop=6)
    with pytest.raises(ValueError, match="ended at 6, not at iteration 12"):
        train(
            tiny,
            images,
            tmp_path / "3",
            start=12,
            stop=18,
            previous=tmp_path / "1/state.safetensors",
        )


def test_a_trained_critic_keeps_to_its_lipschitz_constant(
    images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Claim 1 of appendix E, for a change of each pixel alone and of all of them."""
    settings = replace(tiny, model="wn_critic", lr=0.01)
    train(settings, images, tmp_path, stop=60)
    constant = json.loads((tmp_path / "status.json").read_text())["lipschitz_constant"]
    assert constant == pytest.approx(((3 * 4 * 4) * (4 * 4 * 4)) ** 0.5)  # sqrt(n) of both layers
    critic = settings.discriminator()
    tensors, _ = checkpoint.load(tmp_path / "state.safetensors")
    critic.load_state_dict(checkpoint.without_prefix("discriminator", tensors))
    x = to_tensor(images)
    steps = torch.sign(torch.autograd.grad(critic(x.requires_grad_()).sum(), x)[0])
    for size in (0.01, 0.1):
        with torch.no_grad():
            change = (critic(x + size * steps) - critic(x)).abs()
        assert (change <= constant * size).all()
        assert (change > 1e-3 * constant * size).all()  # the bound says something


def test_the_callers_random_numbers_stay(images: Images, tiny: Settings, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    train(tiny, images, tmp_path, stop=6)
    assert torch.equal(torch.get_rng_state(), before)


def test_reading_processes_change_nothing(images: Images, tiny: Settings, tmp_path: Path) -> None:
    train(tiny, images, tmp_path / "0", stop=12)
    train(tiny, images, tmp_path / "2", stop=12, workers=2)
    assert contents(tmp_path / "0") == contents(tmp_path / "2")


@pytest.mark.parametrize("model", ["bn", "wn", "spectral"])
def test_what_a_recorded_graph_needs_is_named(
    model: str, images: Images, tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU an iteration runs before the first, on inputs like its own, and is undone."""
    settings = replace(tiny, model=model)
    train(settings, images, tmp_path / "plain", stop=6)
    shown: list[list[Any]] = []

    def warmed(
        step: Callable[..., torch.Tensor], inputs: list[torch.Tensor], changes: list[torch.Tensor]
    ) -> Callable[..., torch.Tensor]:
        def noted(*arguments: torch.Tensor) -> torch.Tensor:
            shown.append([(each.shape, each.dtype, each.stride()) for each in arguments])
            return step(*arguments)

        before = [tensor.detach().clone() for tensor in changes]
        noted(*inputs)
        with torch.no_grad():
            for tensor, known in zip(changes, before, strict=True):
                tensor.copy_(known)
        return noted

    monkeypatch.setattr(training, "replayed", warmed)
    train(settings, images, tmp_path / "warmed", stop=6)
    assert len(shown) == 7
    assert shown == shown[:1] * 7
    assert contents(tmp_path / "warmed") == contents(tmp_path / "plain")
