"""What determines a training run, and the networks that it trains."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from wngan import checkpoint, dcgan, resnet
from wngan.checkpoint import CheckpointError, Metadata, without_prefix
from wngan.randomness import rng

ARCHITECTURES = {"dcgan": dcgan, "resnet": resnet}
"""Modules with a `Generator` and a `Discriminator`."""


@dataclass(frozen=True)
class Settings:
    """One training run: with its images, all that its results depend on.

    Attributes:
        architecture: a key of `ARCHITECTURES`.
        model: a key of `wngan.recipes.RECIPES`.
        image_size: height and width of the images.
        channels: of the discriminator's convolutions, from the image inwards.
        code_length: of the generator's codes.
        batch_size: real images, and generated ones, in an iteration.
        lr: learning rate of both networks.
        seed: of the parameters at the start, the order of the images and the codes.
        snapshot_every: iterations between snapshots of the generator, a multiple of `sample_every`.
        sample_every: iterations between samples from the fixed codes.
        sample_codes: the number of fixed codes.
        precision: of training, one of `wngan.precision.PRECISIONS`.
    """

    architecture: str
    model: str
    image_size: int
    channels: tuple[int, ...]
    code_length: int
    batch_size: int
    lr: float
    seed: int
    snapshot_every: int
    sample_every: int
    sample_codes: int
    precision: str = "float32"

    def restarted(self, restart: int) -> "Settings":
        """The same with the seed of a restart, counted from 1; with its own seed for 0."""
        if not restart:
            return self
        return replace(self, seed=int(rng(self.seed, "restart", restart).integers(2**31)))

    def generator(self) -> nn.Module:
        """A new generator, its parameters from torch's global random state."""
        return ARCHITECTURES[self.architecture].Generator(
            self.image_size, self.channels, self.code_length, self.model
        )

    def discriminator(self) -> nn.Module:
        """A new discriminator, its parameters from torch's global random state."""
        return ARCHITECTURES[self.architecture].Discriminator(
            self.image_size, self.channels, self.model
        )


def load_generator(path: Path, device: str | torch.device = "cpu") -> tuple[nn.Module, Metadata]:
    """The generator of a snapshot or a training state, in inference mode, and the file's metadata.

    Raises:
        wngan.checkpoint.CheckpointError: the file is missing or damaged, or has no generator.
    """
    tensors, metadata = checkpoint.load(path)
    if "settings" not in metadata:
        raise CheckpointError(f"{path} has no generator.")
    with torch.random.fork_rng(devices=[]):
        generator = Settings(**metadata["settings"]).generator()
    generator.load_state_dict(without_prefix("generator", tensors))
    generator.to(device).to(memory_format=torch.channels_last)  # faster convolutions
    return generator.eval(), metadata


def load(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, Settings]:
    """The generator of a checkpoint, ready to draw from, and the settings of its training.

    Args:
        path: of a snapshot, an `optimal.safetensors` or a training state.
        device: for the generator.

    Returns:
        The generator, codes (n, code_length) -> images (n, 3, H, W) in [0, 1], in inference mode,
        without gradients of its parameters; and its `Settings`.

    Raises:
        wngan.checkpoint.CheckpointError: the file is missing or damaged, or has no generator.
    """
    generator, metadata = load_generator(Path(path), device)
    return generator.requires_grad_(False), Settings(**metadata["settings"])
