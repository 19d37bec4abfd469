"""Reads CIFAR-10 from its pickles without running any code that they name."""

import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wngan.datasets.archives import DAMAGED, reading
from wngan.errors import InputError


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that allows arrays of numbers and plain containers, and nothing else."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """The class or function of that name, if batches need it."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which no batch of CIFAR-10 does"
            )
        return self.ALLOWED[module, name]


def cifar10(source: Path) -> NDArray[np.uint8]:
    """The 60,000 images of CIFAR-10, those for training first (appendix D.3).

    Args:
        source: cifar-10-python.tar.gz, read where it is and not unpacked; or the folder that it
            unpacks to, cifar-10-batches-py.

    Returns:
        uint8 (60000, 32, 32, 3).

    Raises:
        InputError: `source` is not CIFAR-10 in its Python form.
    """
    if source.is_dir():
        return _join(source, lambda name: (source / name).open("rb"))
    with reading(source), tarfile.open(source) as tar:
        return _join(source, lambda name: tar.extractfile(f"cifar-10-batches-py/{name}"))


def _join(source: Path, opened: Callable[[str], IO[bytes] | None]) -> NDArray[np.uint8]:
    """The images of all batches, of which `opened` gives the file of a name."""
    batches = []
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        try:
            file: Any = opened(name)
            with file:
                # Written by Python 2, whose strings are bytes.
                batch = _ArraysOnly(file, encoding="latin1").load()["data"]
            if batch.dtype != np.uint8 or batch.shape[1:] != (3072,):
                raise TypeError(f"its data are {batch.dtype} {batch.shape}, not uint8 (N, 3072)")
            batches.append(batch.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        except (*DAMAGED, AttributeError, LookupError, TypeError, pickle.PickleError) as error:
            raise InputError(f"{source} has no usable batch {name}: {error}.") from error
    return np.concatenate(batches)
