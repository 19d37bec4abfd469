"""The command line for trained models: `wngan sample`, `interpolate`, `reconstruct`, …

Each command reads checkpoints with a generator (a snapshot, an `optimal.safetensors` or a training
state) and writes files, whose suffixes say what: `.csv` a table, `.png`, `.jpg` and others of
Pillow's a picture, in which each pixel of the model's is a square of whole pixels, `.onnx` and
`.safetensors` the generator. On a CPU the same arguments give the same bytes. A file that exists is
only replaced with `--force`.
"""

import argparse
import csv
import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from tarfile import is_tarfile
from tempfile import TemporaryDirectory
from zipfile import is_zipfile

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from wngan import __version__, evaluation, exporting, pictures
from wngan.bootstrap import Estimate
from wngan.checkpoint import CheckpointError
from wngan.datasets.crops import crop_images
from wngan.decoding import central_crop, decode, suffixes
from wngan.device import usable_cores
from wngan.evaluator import Reconstruction
from wngan.exporting import Exported
from wngan.log import logger
from wngan.memory import freed_memory_kept
from wngan.precision import computing_in
from wngan.progress import Progress
from wngan.randomness import fixed_codes
from wngan.resizing import covering
from wngan.sampling import between, draw
from wngan.settings import load, load_generator
from wngan.tensors import to_tensor, to_uint8

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tiff", ".pdf")
"""Suffixes of pictures; a JPEG's pixels are not the model's exactly."""

MISTAKES = (CheckpointError, OSError, ValueError, ModuleNotFoundError, torch.OutOfMemoryError)
"""What ends a command with the sentence of the error."""


MOST = 10_000
"""Images in a picture, which is made in memory."""


@dataclass(frozen=True)
class Result:
    """What a command found: a picture, and a table if it has one, its first row the columns."""

    picture: Callable[[], Image.Image]
    table: Sequence[Sequence[object]] = ()

    def __getitem__(self, suffix: str) -> bytes:
        """The contents of a file with this suffix, in lower case."""
        if suffix == ".csv":
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(self.table)
            return text.getvalue().encode()
        data = io.BytesIO()
        self.picture().save(data, Image.registered_extensions()[suffix])
        return data.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command.

    Args:
        arguments: those after the program's name; by default the process's own.

    Raises:
        SystemExit: with status 2 if the arguments make no sense, with 1 if a file cannot be read or
            written, with 130 after Ctrl-C. Standard error says what is wrong.
    """
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    names = ("command", "output", "force", "threads", "device")
    command, outputs, force, threads, device = (options.pop(name) for name in names)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for output in outputs:
        if output.exists() and not force:
            parser.error(f"{output} exists; with --force it is replaced.")
        if outputs.count(output) > 1:
            parser.error(f"{output} is named twice.")
    if options.get("rows", 0) * options.get("columns", 0) > MOST:
        parser.error(f"a picture has at most {MOST} images, in rows and columns.")
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO)
    torch.set_num_threads(min(threads or torch.get_num_threads(), usable_cores()))
    try:
        with freed_memory_kept(), computing_in("float32", device):
            result = command(device=device, **options)
        for output in outputs:
            data = result[output.suffix.lower()]
            with open(output, "wb" if force else "xb") as file:
                file.write(data)
    except MISTAKES as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"{parser.prog}: interrupted; nothing was written.\n")


def sample(checkpoint: Path, rows: int, columns: int, seed: int, device: torch.device) -> Result:
    """A grid of samples; with seed 0, row by row, those that the workflow draws of a model."""
    generator, metadata = load_generator(checkpoint, device)
    codes = fixed_codes(rows * columns, metadata["settings"]["code_length"], seed)
    drawn = draw(generator, codes)
    return Result(lambda: pictures.grid(drawn, columns))


def interpolate(
    checkpoint: Path, rows: int, columns: int, seed: int, device: torch.device
) -> Result:
    """Rows of samples that lead from one code to the next, from which the next row goes on."""
    generator, metadata = load_generator(checkpoint, device)
    codes = fixed_codes(rows + 1, metadata["settings"]["code_length"], seed)
    path = between(codes, columns)
    drawn = draw(generator, path.reshape(rows * columns, -1))
    return Result(lambda: pictures.grid(drawn, columns))


def reconstruct(
    checkpoint: Path, images: Sequence[Path], steps: int, device: torch.device
) -> Result:
    """A row for each image: given, reconstructed, and the error, with a common factor; the loss.

    The losses are also printed. An image that does not have the model's size is resized by its
    shorter side, and the central square is taken.
    """
    names, given, found = _reconstructed(checkpoint, images, steps, device)
    losses = found.losses.tolist()
    for name, loss in zip(names, losses, strict=True):
        print(f"{name}: {loss:.6f}")
    return Result(
        lambda: pictures.with_errors(
            given, to_uint8(found.images), [f"loss {loss:.6f}" for loss in losses]
        ),
        [("image", "loss"), *zip(names, losses, strict=True)],
    )


def evaluate(checkpoint: Path, images: Sequence[Path], steps: int, device: torch.device) -> Result:
    """The mean loss of the reconstructions of images, with its 95 % interval over images.

    The table has the loss of each image, the picture the best, the median and the worst. Images
    are resized and cropped as `reconstruct` does.
    """
    names, given, found = _reconstructed(checkpoint, images, steps, device)
    print(f"mean loss {_interval(evaluation.mean(found.losses))} over {_images(len(names))}")
    shown = _best_median_worst(found.losses)
    return Result(
        lambda: pictures.with_errors(
            given[shown],
            to_uint8(found.images[shown]),
            [
                f"{kind}\nloss {found.losses[index]:.6f}\n{Path(names[index]).name}"
                for kind, index in zip(("best", "median", "worst"), shown, strict=True)
            ],
        ),
        [("image", "loss"), *zip(names, found.losses.tolist(), strict=True)],
    )


def compare(a: Path, b: Path, images: Sequence[Path], steps: int, device: torch.device) -> Result:
    """The difference of two generators' mean losses on the same images, with its 95 % interval.

    The table has both losses of each image and their difference, the picture the image for which A
    is better by most, that of the median difference, and that for which B is.
    """
    sizes = [load(path)[1].image_size for path in (a, b)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{a} makes images of {sizes[0]} pixels, {b} of {sizes[1]}.")
    (names, given, first), (_, _, second) = (
        _reconstructed(path, images, steps, device) for path in (a, b)
    )
    for letter, path, found in (("A", a, first), ("B", b, second)):
        print(f"{letter}: mean loss {_interval(evaluation.mean(found.losses))}  {path}")
    differences = first.losses - second.losses
    closer = int((differences < 0).sum())
    print(
        f"A - B: {_interval(evaluation.difference(first.losses, second.losses), '+.6f')} "
        f"over {_images(len(names))}; A is closer to {closer} of them"
    )
    shown = _best_median_worst(differences)
    made = [to_uint8(found.images[shown]) for found in (first, second)]
    kinds = ("A is better", "median", "B is better")
    rows = [
        f"{kind}\nA - B {differences[index]:+.6f}\n{Path(names[index]).name}"
        for kind, index in zip(kinds, shown, strict=True)
    ]
    columns = (first.losses.tolist(), second.losses.tolist(), differences.tolist())
    return Result(
        lambda: pictures.labeled(np.stack([given[shown], *made], 1), ["given", "A", "B"], rows),
        [("image", "loss_a", "loss_b", "difference"), *zip(names, *columns, strict=True)],
    )


def export(checkpoint: Path, device: torch.device) -> Exported:
    """The generator for other programs, folded into plain layers, in float32.

    An `.onnx` takes `codes` (n, code length), for any n, and gives `images` (n, 3, H, W) in [0, 1].
    A `.safetensors` has the parameters; a `.json` beside it says what they are and how to use them.
    """
    return Exported(*load(checkpoint, device))


def _reconstructed(
    checkpoint: Path, paths: Sequence[Path], steps: int, device: torch.device
) -> tuple[list[str], NDArray[np.uint8], Reconstruction]:
    """The names of images, the images uint8 (N, H, W, 3), and what a generator makes of them."""
    generator, settings = load(checkpoint, device)
    names, given = _read(paths, settings.image_size)
    with _progress(f"{checkpoint.name}", steps * len(given)) as progress:
        found = evaluation.evaluate(
            generator,
            to_tensor(given),
            steps=steps,
            loss_batch=settings.batch_size,
            on_step=progress.update,
        ).found
    return names, given, found


@contextmanager
def _progress(description: str, total: int) -> Iterator[tqdm]:
    """A bar on a terminal, lines elsewhere."""
    if sys.stderr.isatty():
        bar = tqdm(desc=description, total=total, unit="image·step", unit_scale=True, leave=False)
    else:
        bar = Progress(description, total=total, unit="image·step")
    with bar:
        yield bar


def _read(paths: Sequence[Path], size: int) -> tuple[list[str], NDArray[np.uint8]]:
    """Names and images, as a model of that size could make them, of files, folders and archives."""
    names: list[str] = []
    parts = []
    for path in paths:
        # Something may hang on an image, such as a zip, that makes it pass for one.
        is_image = path.suffix.lower() in suffixes() and path.is_file()
        if not is_image and (path.is_dir() or is_zipfile(path) or is_tarfile(path)):
            with TemporaryDirectory() as folder:
                array = Path(folder) / "images.npy"
                found = crop_images(path, array, size, workers=usable_cores(), resize=True)
                names += [_shown(f"{path}/{name}") for name in found]
                parts.append(np.load(array))
        else:
            image = covering(decode(path.read_bytes(), str(path)), size)
            names.append(_shown(str(path)))
            parts.append(central_crop(image, size, str(path))[None])
    return names, np.concatenate(parts)


def _shown(name: str) -> str:
    """The name of a file, which may be in no encoding, as text that can be written."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _best_median_worst(values: torch.Tensor) -> list[int]:
    """The indices of the least, the middle and the greatest of `values` (N,)."""
    order = values.argsort().tolist()
    return [order[0], order[len(order) // 2], order[-1]]


def _interval(estimate: Estimate, form: str = ".6f") -> str:
    """A value and its interval, which one image has not."""
    if isnan(estimate.low):
        return f"{estimate.value:{form}}"
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


def _images(count: int) -> str:
    return "one image" if count == 1 else f"{count} images"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("wngan", description="What a trained generator makes.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, what in (
        (sample, "draw samples, in a grid"),
        (interpolate, "draw what lies between samples, in rows from one to the next"),
        (reconstruct, "come as close to given images as the generator can"),
        (evaluate, "how close it comes to images, on average"),
        (compare, "which of two generators comes closer to the same images"),
        (export, "write the generator for other programs: ONNX or safetensors"),
    ):
        options = commands.add_parser(command.__name__, help=what, description=command.__doc__)
        options.set_defaults(command=command)
        kinds = "a snapshot, optimal.safetensors or state.safetensors"
        for name in ("a", "b") if command is compare else ("checkpoint",):
            options.add_argument(name, type=_checkpoint, help=kinds, metavar=name.upper())
        if command in (sample, interpolate):
            options.add_argument("output", type=_picture, help="the picture to write")
            options.add_argument("--rows", type=_count, default=8, help="by default 8")
            options.add_argument("--columns", type=_count, default=8, help="by default 8")
            options.add_argument("--seed", type=_seed, default=0, help="of the codes, by default 0")
        elif command is export:
            options.add_argument("output", type=_model, help="an .onnx or a .safetensors to write")
            options.set_defaults(device=torch.device("cpu"), threads=None)
        else:
            options.add_argument(
                "images",
                type=Path,
                nargs="+",
                metavar="IMAGES",
                help="files, folders, zips or tars",
            )
            options.add_argument(
                "--output",
                type=_picture_or_table,
                action="append",
                default=[],
                required=command is reconstruct,
                help="a .csv or a picture to write; may be given several times",
            )
            options.add_argument("--steps", type=_count, default=2000, help="by default 2000")
        if command is not export:
            options.add_argument(
                "--device",
                type=_device,
                default="cuda" if torch.cuda.is_available() else "cpu",
                help="cpu, cuda or cuda:1; by default a GPU where there is one",
            )
            options.add_argument(
                "--threads",
                type=_count,
                help="of a CPU; by default, and at most, what this process may use",
            )
        options.add_argument("--force", action="store_true", help="replace files that exist")
    return parser


def _checkpoint(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} is a folder; name a checkpoint, such as {path / 'optimal.safetensors'}."
        )
    return path


def _picture(text: str, suffixes: Sequence[str] = PICTURES) -> Path:
    path = Path(text)
    if path.suffix.lower() not in suffixes or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} must end in {', '.join(suffixes)}, in a folder that exists."
        )
    return path


def _picture_or_table(text: str) -> Path:
    return _picture(text, (".csv", *PICTURES))


def _model(text: str) -> list[Path]:
    """All files that `export` writes."""
    return exporting.files(_picture(text, exporting.FORMATS))


def _device(text: str) -> torch.device:
    try:
        device = torch.device(text)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise argparse.ArgumentTypeError(f"it must be cpu, cuda or cuda:1, not {text!r}.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise argparse.ArgumentTypeError(f"torch finds no GPU {text} here.")
    return device


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be a whole number from 1, not {text!r}.")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"it must be a whole number from 0, not {text!r}.")
    return int(text)
