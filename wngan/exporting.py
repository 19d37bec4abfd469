"""Folded generators for other programs: safetensors with a JSON beside them, or ONNX."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from wngan import __version__
from wngan.folding import fold
from wngan.settings import Settings, load

FORMATS = (".safetensors", ".onnx")
"""The suffixes of what `export` writes."""

REBUILD = (
    "import wngan.folding, wngan.settings; "
    "generator = wngan.folding.fold(wngan.settings.Settings(**settings).generator()); "
    "generator.load_state_dict(tensors)"
)
"""What a JSON says, of its own settings and the tensors of the safetensors."""


def export(checkpoint: str | Path, output: str | Path, *, force: bool = False) -> list[Path]:
    """Writes the folded generator of a checkpoint, in float32.

    An `.onnx` takes `codes` (n, code_length), for any n, and gives `images` (n, 3, H, W) in [0, 1],
    both float32. A `.safetensors` has the parameters of `wngan.folding.fold(generator)` by their
    names. Both say what they are in JSON: the settings of the training, the code length, the size
    and the range of images; the ONNX in its metadata under `wngan`, the safetensors in a file
    beside it, which also says how to rebuild the generator.

    Args:
        checkpoint: a snapshot, an `optimal.safetensors` or a training state.
        output: ends in one of `FORMATS`.
        force: replaces files that exist.

    Returns:
        What was written, as `files` lists it.

    Raises:
        wngan.checkpoint.CheckpointError: the file is missing or damaged, or has no generator.
        ValueError: `output` has another suffix.
        FileExistsError: a file exists that is to be written.
        OSError: a file cannot be written.
        ModuleNotFoundError: the packages for ONNX are missing, `pip install '.[onnx]'`.
    """
    paths = files(Path(output))
    for path in paths:
        if path.exists() and not force:
            raise FileExistsError(f"{path} exists; with force=True it is replaced.")
    exported = Exported(*load(checkpoint))
    data = [exported[path.suffix.lower()] for path in paths]
    for path, part in zip(paths, data, strict=True):
        path.write_bytes(part)
    return paths


def files(output: Path) -> list[Path]:
    """What `export` writes for `output`: that, and with safetensors the JSON beside it.

    Raises:
        ValueError: it does not end in one of `FORMATS`.
    """
    suffix = output.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{output} must end in {' or '.join(FORMATS)}.")
    return [output] if suffix == ".onnx" else [output, output.with_suffix(".json")]


@dataclass(frozen=True)
class Exported:
    """A generator of this package, as files have it, by their suffixes: `exported[".onnx"]`."""

    generator: nn.Module
    settings: Settings

    def __getitem__(self, suffix: str) -> bytes:
        """The contents of a `.safetensors`, the `.json` beside it, or an `.onnx`.

        Raises:
            ModuleNotFoundError: as `export`.
        """
        if suffix == ".onnx":
            return _onnx(fold(self.generator), self.settings)
        if suffix == ".safetensors":
            tensors = fold(self.generator).state_dict()
            return save({name: t.contiguous() for name, t in tensors.items()}, {"format": "pt"})
        description = {**_description(self.settings), "rebuild": REBUILD}
        return (json.dumps(description, indent=2) + "\n").encode()


def _description(settings: Settings) -> dict[str, object]:
    return {
        "made_by": f"wngan {__version__}",
        "codes": "standard normal",
        "code_length": settings.code_length,
        "image_size": settings.image_size,
        "value_range": [0, 1],
        "precision": "float32",
        "settings": asdict(settings),
    }


def _onnx(folded: nn.Module, settings: Settings) -> bytes:
    try:
        import_module("onnxscript")  # which torch's exporter is written with
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error.name} is not installed; try: pip install '.[onnx]' in a clone"
        ) from error
    with _default_precision():
        return _exported(folded, settings)


@contextmanager
def _default_precision() -> Iterator[None]:
    """As torch's exporter refuses cuDNN's settings of precision where they are not the default.

    Nothing is computed by cuDNN meanwhile.
    """
    cudnn: Any = torch.backends.cudnn  # which torch leaves without types
    settings = (cudnn.conv, cudnn.rnn)
    before = [each.fp32_precision for each in settings]
    for each in settings:
        each.fp32_precision = "tf32"
    try:
        yield
    finally:
        for each, precision in zip(settings, before, strict=True):
            each.fp32_precision = precision


def _exported(folded: nn.Module, settings: Settings) -> bytes:
    example = (torch.zeros(2, settings.code_length),)
    shapes = ({0: torch.export.Dim("n")},)
    program = torch.export.export(folded, example, dynamic_shapes=shapes)
    # ONNX has no such operation. Here it is of parameters, so that the exporter computes it.
    hypot = {torch.ops.aten.hypot.default: lambda a, b: (a.square() + b.square()).sqrt()}
    made = torch.onnx.export(
        program.run_decompositions(hypot),
        input_names=["codes"],
        output_names=["images"],
        dynamic_shapes=shapes,
        verbose=False,
    )
    assert made is not None
    graph = made.model.graph
    graph.metadata_props.clear()  # which, as the others, names files of this machine
    for node in graph.all_nodes():
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*graph.inputs, *graph.initializers.values()):
        value.metadata_props.clear()
    made.model.metadata_props["wngan"] = json.dumps(_description(settings))
    return made.model_proto.SerializeToString(deterministic=True)
