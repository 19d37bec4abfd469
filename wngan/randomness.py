"""Random draws as a pure function of (seed, purpose, index), so that nothing of them needs saving."""

import numpy as np


def rng(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """A fresh random generator for one purpose of one run.

    Args:
        seed: of the run, not negative.
        purpose: a non-empty name, such as "generator codes".
        index: which of the purpose's draws, such as the iteration or the epoch; not negative.
    """
    return np.random.default_rng([seed, index, *purpose.encode()])
