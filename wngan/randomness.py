"""Random draws as a pure function of (seed, purpose, index), so that none need saving."""

import numpy as np
from numpy.typing import NDArray


def rng(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A fresh random generator for one purpose of one run.

    Args:
        seed: of the run, not negative.
        purpose: a non-empty name, such as "generator codes".
        index: which of the purpose's draws, such as the iteration or the epoch; not negative.
    """
    return np.random.default_rng([seed, index, *purpose.encode()])


def fixed_codes(count: int, code_length: int, seed: int = 0) -> NDArray[np.float32]:
    """The codes (count, code_length) that samples are drawn from, the same ones in every run.

    More codes of the same length begin with those that fewer are. Those of runs have seed 0.
    """
    return rng(seed, "fixed codes").standard_normal((count, code_length), dtype=np.float32)
