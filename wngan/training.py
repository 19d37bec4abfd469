"""GAN training as in section 5.1: one loop, resumable at any iteration."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wngan import checkpoint
from wngan.batches import batches
from wngan.data import Images
from wngan.digests import file_sha256
from wngan.graphs import replayed
from wngan.layers import lipschitz_constant
from wngan.log import logger
from wngan.losses import WASSERSTEIN
from wngan.precision import computing_in
from wngan.progress import Progress
from wngan.randomness import fixed_codes, rng
from wngan.recipes import recipe
from wngan.rmsprop import RMSProp
from wngan.settings import Settings
from wngan.tensors import to_device, to_tensor, to_uint8
from wngan.train_step import train_step

BESIDES = {"settings", "identity", "series", "snapshots"}
"""Keys of a state's metadata that don't say how training went, such as digests of other files."""


class Interrupted(Exception):
    """Training stopped early; calling `train` again continues it."""


def train(
    settings: Settings,
    images: Images,
    folder: Path,
    *,
    stop: int,
    start: int = 0,
    previous: Path | None = None,
    identity: str = "",
    label: str = "training",
    device: str | torch.device = "cpu",
    workers: int = 0,
    reason_to_stop: Callable[[], str] = str,
    save_every: float = 300.0,
    on_losses: Callable[[int, NDArray[np.float32]], object] | None = None,
) -> None:
    """Trains one segment of a run, iterations `start` + 1 to `stop`, and leaves it in `folder`.

    Called again on the same folder it continues from the last saved state. On a CPU the files are
    then the same, bit for bit, as without interruption.

    A run whose loss or parameters are no longer finite has diverged. That is a result: the segment
    ends there, normally, and so do the segments that follow it, at once.

    Args:
        settings: of the run.
        images: the training images, uint8 (N, H, W, 3), N ≥ the batch size.
        folder: where the segment's files go; it is made if missing.
        stop: the segment's last iteration (they count from 1), a multiple of `snapshot_every`.
        start: the last iteration of the segment before this one, a multiple of `snapshot_every`.
        previous: `state.safetensors` of that segment; None if `start` is 0.
        identity: names all else that determines the segment, such as its images; a state that was
            saved in `folder` under another identity or with other settings is ignored.
        label: names the run in log lines.
        device: of the networks.
        workers: processes that read batches of images ahead; with 0 this process reads them.
        reason_to_stop: asked after each iteration; if it gives one, the state is saved.
        save_every: seconds between saves of the state.
        on_losses: called at each sample with the iteration and the losses (sample_every, 2) since
            the one before, of the discriminator and of the generator.

    Files:
        state.safetensors: parameters, optimizer state, iteration and status.
        snapshots/ITERATION.safetensors: the generator at each multiple of `snapshot_every`, and in
            the first segment also before the first iteration.
        samples.npy: uint8 (T, sample_codes, H, W, 3), images of the fixed codes after each
            `sample_every` iterations.
        status.json: "running" or "diverged", at which iteration, and the reason; for a critic also
            its Lipschitz constant.
        losses.npy: float32 (iterations, 2), the losses of the discriminator and of the generator;
            NaN where a diverged run has none.

    Raises:
        Interrupted: there was a reason to stop.
        ValueError: intervals that do not divide one another, `previous` missing, at another
            iteration or of other settings, or fewer images than a batch has.
        wngan.checkpoint.CheckpointError: `previous` is missing or damaged.
    """
    every = settings.snapshot_every
    if start % every or stop % every or every % settings.sample_every:
        raise ValueError(
            f"start {start} and stop {stop} must be multiples of the snapshots' interval {every}, "
            f"and that one of the samples' interval {settings.sample_every}."
        )
    if (start > 0) != (previous is not None):
        raise ValueError(f"A segment that starts at {start} needs the previous state, if not 0.")
    if len(images) < settings.batch_size:
        raise ValueError(f"{len(images)} images do not fill a batch of {settings.batch_size}.")
    state_file, snapshots = folder / "state.safetensors", folder / "snapshots"

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(rng(settings.seed, "parameters").integers(2**32)))
        generator, discriminator = settings.generator(), settings.discriminator()
    networks = {"generator": generator, "discriminator": discriminator}
    for network in networks.values():  # channels last: faster convolutions
        network.to(device).to(memory_format=torch.channels_last)
    optimizers = {
        name: RMSProp(list(network.parameters()), settings.lr) for name, network in networks.items()
    }
    metadata: checkpoint.Metadata = {
        "settings": asdict(settings),
        "iteration": 0,
        "status": "running",
        "reason": "",
    }

    # The state to start from: this segment's own, else the previous segment's, else none.
    if previous is not None:
        tensors, metadata = checkpoint.load(previous)
        _check_settings(previous, metadata["settings"], settings)
        _restore(tensors, networks, optimizers)
    if metadata["status"] == "running" and metadata["iteration"] != start:
        raise ValueError(f"{previous} ended at {metadata['iteration']}, not at iteration {start}.")
    identity = json.dumps([asdict(settings), start, stop, identity], sort_keys=True)
    metadata |= {"settings": asdict(settings), "identity": identity, "snapshots": {}}

    def series(iteration: int) -> str:
        return _digest(folder, settings, stop - start, iteration - start)

    resumed = False
    if state_file.exists():
        try:
            tensors, saved = checkpoint.load(state_file)
            if saved["identity"] == identity:
                _check_files(folder, saved, series)
                _restore(tensors, networks, optimizers)
                metadata, resumed = saved, True
                logger.info("%s continues after iteration %d.", label, metadata["iteration"])
            else:
                logger.info("Ignoring %s, which belongs to other settings or inputs.", state_file)
        except checkpoint.CheckpointError as error:
            logger.info("Ignoring the saved state: %s", error)
    if not resumed:
        discard(folder)
        snapshots.mkdir(parents=True)

    def save_state() -> None:
        samples.flush()
        losses.flush()
        metadata["series"] = series(metadata["iteration"])
        tensors: dict[str, Tensor] = {}
        for name in networks:
            tensors |= checkpoint.with_prefix(name, networks[name].state_dict())
            names = [key for key, _ in networks[name].named_parameters()]
            squares = dict(zip(names, optimizers[name].squares, strict=True))
            tensors |= checkpoint.with_prefix(f"{name}_squares", squares)
        checkpoint.save(state_file, tensors, metadata)

    def save_snapshot() -> None:
        path = snapshots / f"{metadata['iteration']:07d}.safetensors"
        tensors = checkpoint.with_prefix("generator", generator.state_dict())
        known = {key: metadata[key] for key in ("settings", "iteration")}
        checkpoint.save(path, tensors, known)
        metadata["snapshots"][path.name] = file_sha256(path)

    size, rows = settings.image_size, (stop - start) // settings.sample_every
    if not resumed:  # Allocate now: a full disk raises here instead of a SIGBUS later.
        shape = (rows, settings.sample_codes, size, size, 3)
        np.save(folder / "losses.npy", np.full((stop - start, 2), np.nan, np.float32))
        np.save(folder / "samples.npy", np.zeros(shape, np.uint8))
    losses = np.lib.format.open_memmap(folder / "losses.npy", "r+")
    samples = np.lib.format.open_memmap(folder / "samples.npy", "r+")
    if resumed:
        # What the stopped attempt left beyond its last save.
        losses[max(metadata["iteration"] - start, 0) :] = np.nan
        samples[max(metadata["iteration"] - start, 0) // settings.sample_every :] = 0
        for path in snapshots.iterdir():
            if path.name.startswith(".") or path.name > f"{metadata['iteration']:07d}.safetensors":
                path.unlink()
    elif start == 0:
        save_snapshot()

    def codes(purpose: str) -> Tensor:
        shape = (settings.batch_size, settings.code_length)
        draw = rng(settings.seed, purpose, iteration).standard_normal(shape, dtype=np.float32)
        return to_device(torch.from_numpy(draw), device)

    samples_from = torch.from_numpy(fixed_codes(settings.sample_codes, settings.code_length))
    samples_from = samples_from.to(device)
    loss = recipe(settings.model).loss
    g_optimizer, d_optimizer = optimizers["generator"], optimizers["discriminator"]
    once = partial(train_step, generator, discriminator, g_optimizer, d_optimizer, loss)
    noise = torch.zeros(settings.batch_size, settings.code_length, device=device)
    black = to_tensor(np.zeros((settings.batch_size, size, size, 3), np.uint8), device)
    state = [*generator.state_dict().values(), *discriminator.state_dict().values()]
    state += [*g_optimizer.squares, *d_optimizer.squares]
    if loss is WASSERSTEIN:
        metadata["lipschitz_constant"] = lipschitz_constant(discriminator)

    # Losses stay on the device until the next sample is due.
    window_start = metadata["iteration"] // settings.sample_every * settings.sample_every
    window = torch.zeros(settings.sample_every, 2, device=device)
    done = metadata["iteration"] - window_start
    window[:done] = torch.from_numpy(losses[window_start - start :][:done])

    saved_at = time.monotonic()
    remaining = range(metadata["iteration"] + 1, stop + 1)
    if metadata["status"] == "diverged":
        remaining = range(0)
    with (
        computing_in(settings.precision, device),
        Progress(label, initial=metadata["iteration"], total=stop, unit="it") as progress,
    ):
        advance = replayed(once, (black, noise, noise), state)
        coming = batches(images, settings, remaining, workers)
        for iteration, batch in zip(remaining, coming, strict=True):
            window[iteration - window_start - 1] = advance(
                to_tensor(batch, device), codes("discriminator's codes"), codes("generator's codes")
            )
            metadata["iteration"] = iteration
            progress.update()

            if iteration % settings.sample_every == 0:
                losses[window_start - start : iteration - start] = window.cpu().numpy()
                if on_losses is not None:
                    on_losses(iteration, losses[window_start - start : iteration - start])
                window_start = iteration
                bad_row, reason = _what_is_not_finite(window, networks, optimizers)
                if reason:
                    iteration += bad_row + 1 - len(window)
                    metadata |= {"status": "diverged", "iteration": iteration, "reason": reason}
                    losses[iteration - start :] = np.nan
                    logger.info("%s diverged at iteration %d: %s.", label, iteration, reason)
                    break
                with torch.no_grad():
                    made = generator.eval()(samples_from)
                generator.train()
                samples[(iteration - start) // settings.sample_every - 1] = to_uint8(made)
                if iteration % settings.snapshot_every == 0:
                    save_snapshot()

            reason = reason_to_stop() if iteration < stop else ""
            if reason or time.monotonic() - saved_at > save_every:
                done = iteration - window_start
                losses[window_start - start : iteration - start] = window[:done].cpu().numpy()
                save_state()
                saved_at = time.monotonic()
            if reason:
                where = f"iteration {iteration} of {stop}"
                raise Interrupted(f"{label} stopped at {where} {reason}; the state is kept.")
    status = {key: metadata[key] for key in metadata.keys() - BESIDES}
    (folder / "status.json").write_text(json.dumps(status, sort_keys=True) + "\n")
    save_state()


def discard(folder: Path) -> None:
    """Removes a folder of segments, states first, so that half of one is never continued."""
    for state in folder.glob("**/state.safetensors"):
        state.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _digest(folder: Path, settings: Settings, length: int, done: int) -> str:
    """The digest of the losses and samples of the first `done` of a segment's `length` iterations.

    It is of the files' bytes, headers included, so that a damaged file is never read as an array.
    """
    digest = hashlib.sha256()
    pixels = settings.sample_codes * 3 * settings.image_size**2
    for name, every, row in (("losses", 1, 8), ("samples", settings.sample_every, pixels)):
        content = np.memmap(folder / f"{name}.npy", np.uint8, "r")
        to_come = length // every - max(done, 0) // every
        digest.update(content[: len(content) - to_come * row].data)
    return digest.hexdigest()


def _check_files(folder: Path, saved: checkpoint.Metadata, series: Callable[[int], str]) -> None:
    """Raises a `CheckpointError` unless the files beside a saved state are what they were."""
    try:
        if series(saved["iteration"]) != saved["series"]:
            raise checkpoint.CheckpointError(f"The losses or samples in {folder} are damaged.")
        names = Progress("saved snapshots", iterable=saved["snapshots"], unit="file")
        snapshots = [file_sha256(folder / "snapshots" / name) for name in names]
    except (OSError, ValueError) as error:
        raise checkpoint.CheckpointError(f"{folder} is not whole: {error}") from error
    if snapshots != list(saved["snapshots"].values()):
        raise checkpoint.CheckpointError(f"A snapshot in {folder} is damaged.")


def _check_settings(previous: Path, trained: dict[str, Any], settings: Settings) -> None:
    """Raises a `ValueError` unless the state `previous` was `trained` with the same settings."""
    given = json.loads(json.dumps(asdict(settings)))  # lists in place of tuples
    differ = [
        f"{key} {trained.get(key)}, not {value}"
        for key, value in given.items()
        if trained.get(key) != value
    ]
    if differ:
        raise ValueError(
            f"{previous} was trained with {'; with '.join(differ)}. Train the earlier segments "
            "again first, in the workflow with `--forcerun train_segment`."
        )


def _restore(
    tensors: dict[str, Tensor],
    networks: dict[str, nn.Module],
    optimizers: dict[str, RMSProp],
) -> None:
    """Puts a saved state's tensors into the networks and their optimizers."""
    for name, network in networks.items():
        network.load_state_dict(checkpoint.without_prefix(name, tensors))
        squares = checkpoint.without_prefix(f"{name}_squares", tensors)
        for (key, _), square in zip(
            network.named_parameters(), optimizers[name].squares, strict=True
        ):
            square.copy_(squares[key])


def _what_is_not_finite(
    losses: Tensor, networks: dict[str, nn.Module], optimizers: dict[str, RMSProp]
) -> tuple[int, str]:
    """The row of `losses` at which something is no longer finite, and what; or 0 and ""."""
    bad = ~losses.isfinite()
    if bad.any():
        row = int(bad.any(1).int().argmax())
        name = "discriminator" if bad[row, 0] else "generator"
        return row, f"the {name}'s loss is not finite"
    for name, network in networks.items():
        tensors = [*network.state_dict().values(), *optimizers[name].squares]
        if not torch.stack([tensor.isfinite().all() for tensor in tensors]).all():
            return len(losses) - 1, f"the {name}'s parameters or their state are not finite"
    return 0, ""
