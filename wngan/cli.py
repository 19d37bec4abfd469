"""The command line for trained models: `wngan sample`, `wngan reconstruct`, `wngan interpolate`.

Each command reads a checkpoint with a generator (a snapshot, an `optimal.safetensors` or a training
state) and writes one PNG, in which each pixel of the model's is a square of whole pixels. On a CPU
the same arguments give the same bytes. A file that exists is only replaced with `--force`.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torchvision.utils import make_grid

from wngan import __version__, evaluator
from wngan.checkpoint import CheckpointError
from wngan.decoding import central_crop, decode
from wngan.device import keep_freed_memory
from wngan.folding import fold
from wngan.precision import computing_in
from wngan.progress import Progress
from wngan.randomness import fixed_codes
from wngan.resizing import covering
from wngan.sampling import between, draw
from wngan.settings import load_generator
from wngan.tensors import to_tensor, to_uint8

SHOWN, GAP, MARGIN = 128, 4, 96
"""Pixels: of a side of an image, at least; between images; for text."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command.

    Args:
        arguments: those after the program's name; by default the process's own.

    Raises:
        SystemExit: with status 2 if the arguments make no sense, with 1 if a file cannot be read or
            written. Standard error says what is wrong.
    """
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    command, output, force = (options.pop(name) for name in ("command", "output", "force"))
    if output.exists() and not force:
        parser.error(f"{output} exists; with --force it is replaced.")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        # No lock on the GPU: these commands should work while a training uses it.
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        keep_freed_memory()
        with computing_in("float32", device):
            picture = command(device=device, **options)
        with open(output, "wb" if force else "xb") as file:
            picture.save(file, "PNG")
    except (CheckpointError, OSError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


def sample(
    checkpoint: Path, rows: int, columns: int, seed: int, device: torch.device
) -> Image.Image:
    """A grid of samples; with seed 0, row by row, those that the workflow draws of a model."""
    generator, metadata = load_generator(checkpoint, device)
    codes = fixed_codes(rows * columns, metadata["settings"]["code_length"], seed)
    return _picture(draw(generator, codes), columns)


def interpolate(
    checkpoint: Path, rows: int, columns: int, seed: int, device: torch.device
) -> Image.Image:
    """Rows of samples that lead from one code to the next, from which the next row goes on."""
    generator, metadata = load_generator(checkpoint, device)
    codes = fixed_codes(rows + 1, metadata["settings"]["code_length"], seed)
    path = between(codes, columns)
    return _picture(draw(generator, path.reshape(rows * columns, -1)), columns)


def reconstruct(
    checkpoint: Path, images: Sequence[Path], steps: int, device: torch.device
) -> Image.Image:
    """A row for each image: given, reconstructed, and the error, with a common factor; the loss.

    The losses are also printed. An image that does not have the model's size is resized by its
    shorter side, and the central square is taken.
    """
    generator, metadata = load_generator(checkpoint, device)
    settings = metadata["settings"]
    given = np.stack([_read(path, settings["image_size"]) for path in images])
    folded = fold(generator)
    with Progress("reconstruction", total=steps * len(given), unit="image·step") as progress:
        found = evaluator.reconstruct(
            folded,
            to_tensor(given),
            steps=steps,
            loss_batch=settings["batch_size"],
            on_step=progress.update,
        )
    losses = found.losses.tolist()
    for path, loss in zip(images, losses, strict=True):
        print(f"{path}: {loss:.6f}")
    made = to_uint8(found.images)
    errors = np.abs(given.astype(np.int16) - made)
    factor = 255 / max(1, int(errors.max()))
    shown = np.stack([given, made, (errors * factor).round().astype(np.uint8)], axis=1)
    return _labeled(
        _picture(shown.reshape(-1, *given.shape[1:]), 3),
        columns=["given", "reconstruction", f"error x {factor:.1f}"],
        rows=[f"loss {loss:.6f}" for loss in losses],
    )


def _read(path: Path, size: int) -> NDArray[np.uint8]:
    """The image in a file as the generator of a model could make it, uint8 (size, size, 3)."""
    image = covering(decode(path.read_bytes(), str(path)), size)
    return central_crop(image, size, str(path))


def _picture(images: NDArray[np.uint8], columns: int) -> Image.Image:
    """Images uint8 (N, H, W, 3) in rows of `columns`, which divides N."""
    scale = -(-SHOWN // images.shape[1])
    large = torch.from_numpy(images.repeat(scale, axis=1).repeat(scale, axis=2))
    grid = make_grid(large.permute(0, 3, 1, 2), columns, GAP, pad_value=255)
    return Image.fromarray(grid.permute(1, 2, 0).numpy())


def _labeled(picture: Image.Image, columns: Sequence[str], rows: Sequence[str]) -> Image.Image:
    """A grid of images with text above its columns and to the right of its rows."""
    labeled = Image.new("RGB", (picture.width + MARGIN, picture.height + MARGIN // 4), "white")
    labeled.paste(picture, (0, MARGIN // 4))
    text = ImageDraw.Draw(labeled)
    width, height = picture.width / len(columns), picture.height / len(rows)
    for column, label in enumerate(columns):
        text.text(((column + 0.5) * width, MARGIN / 8), label, "black", anchor="mm", font_size=12)
    for row, label in enumerate(rows):
        at = (picture.width + GAP, MARGIN // 4 + (row + 0.5) * height)
        text.text(at, label, "black", anchor="lm", font_size=12)
    return labeled


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("wngan", description="What a trained generator makes.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, what in (
        (sample, "draw samples, in a grid"),
        (interpolate, "draw what lies between samples, in rows from one to the next"),
        (reconstruct, "come as close to given images as the generator can"),
    ):
        options = commands.add_parser(command.__name__, help=what, description=command.__doc__)
        options.set_defaults(command=command)
        options.add_argument(
            "checkpoint", type=Path, help="a snapshot, optimal.safetensors or state.safetensors"
        )
        if command is reconstruct:
            options.add_argument("images", type=Path, nargs="+", metavar="image", help="files")
            options.add_argument("--output", type=_png, required=True, help="the PNG to write")
            options.add_argument("--steps", type=_count, default=2000, help="by default 2000")
        else:
            options.add_argument("output", type=_png, help="the PNG to write")
            options.add_argument("--rows", type=_count, default=8, help="by default 8")
            options.add_argument("--columns", type=_count, default=8, help="by default 8")
            options.add_argument("--seed", type=_seed, default=0, help="of the codes, by default 0")
        options.add_argument("--force", action="store_true", help="replace a PNG that exists")
    return parser


def _png(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} must be a .png in a folder that exists.")
    return path


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be a whole number from 1, not {text!r}.")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"it must be a whole number from 0, not {text!r}.")
    return int(text)
