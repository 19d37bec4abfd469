"""Reads CIFAR-10 from its archive of pickles without running any code that they name."""

import pickle
import tarfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray


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


def cifar10(archive: Path) -> NDArray[np.uint8]:
    """The 60,000 images of CIFAR-10, those for training first (appendix D.3).

    Args:
        archive: cifar-10-python.tar.gz, read where it is and not unpacked.

    Returns:
        uint8 (60000, 32, 32, 3).

    Raises:
        ValueError: the archive is not CIFAR-10's in its Python form.
    """
    batches = []
    with tarfile.open(archive) as tar:
        for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
            try:
                member: Any = tar.extractfile(f"cifar-10-batches-py/{name}")
                # Written by Python 2, whose strings are bytes.
                batch = _ArraysOnly(member, encoding="latin1").load()["data"]
                batches.append(batch.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            except (AttributeError, KeyError, ValueError, EOFError, pickle.PickleError) as error:
                raise ValueError(f"{archive} has no usable batch {name}: {error}") from error
    return np.concatenate(batches)
