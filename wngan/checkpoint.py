"""Checkpoints: safetensors files with metadata and a digest, written atomically."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

Metadata = dict[str, Any]


class CheckpointError(Exception):
    """A checkpoint is missing, unreadable or not what was written."""


def sha256(tensors: dict[str, Tensor], metadata: Metadata) -> str:
    """The digest of the metadata and of every tensor's name, dtype, shape and bytes."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(flat.numpy().data)
    return digest.hexdigest()


def save(path: Path, tensors: dict[str, Tensor], metadata: Metadata) -> None:
    """Writes a checkpoint that is complete or absent, whatever interrupts the writing.

    Args:
        path: of the file; its folder exists.
        tensors: by name, on any device.
        metadata: what `json` can write, its keys strings.

    Raises:
        OSError: the file could not be written, as on a full disk; what was there before still is.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One entry: safetensors writes several in an order that differs from process to process.
    header = json.dumps({"metadata": metadata, "sha256": sha256(tensors, metadata)}, sort_keys=True)
    temporary = path.with_name(f".{path.name}")
    try:
        save_file(tensors, temporary, {"wngan": header})
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except SafetensorError as error:
        raise OSError(f"{path} could not be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path) -> tuple[dict[str, Tensor], Metadata]:
    """The tensors (on the CPU) and the metadata that `save` wrote.

    Raises:
        CheckpointError: the file is missing, cut short, changed, or not one of `save`'s.
    """
    try:
        with safe_open(path, "pt") as file:
            if "wngan" not in (file.metadata() or {}):
                raise ValueError("it was not written by wngan")
            header = json.loads(file.metadata()["wngan"])
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        damaged = sha256(tensors, header["metadata"]) != header["sha256"]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is not a readable checkpoint of wngan: {error}") from error
    if damaged:
        raise CheckpointError(f"{path} is damaged: its contents do not match their digest.")
    return tensors, header["metadata"]


def snapshot(source: Path, iteration: str) -> Path:
    """The file of a checkpoint: `source`, or that of an iteration if `source` is a folder."""
    return source / f"{int(iteration):07d}.safetensors" if source.is_dir() else source


def with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` with `prefix` and a dot before each name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those of `tensors` whose names start with `prefix` and a dot, by the rest of their names."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
