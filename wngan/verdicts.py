"""From intervals to verdicts: what a quantity must be for a claim to be reproduced."""

from dataclasses import dataclass

import numpy as np

REPRODUCED, NOT_REPRODUCED, UNDECIDED, NOT_RUN = VERDICTS = (
    "reproduced",
    "not reproduced",
    "undecided",
    "not run",
)


@dataclass(frozen=True)
class Criterion:
    """What a quantity must be for a claim to be reproduced: from `low` to `high`.

    Attributes:
        strict: whether the bounds themselves are outside.
    """

    low: float = -np.inf
    high: float = np.inf
    strict: bool = False

    def __str__(self) -> str:
        low, high = number(self.low), number(self.high)
        if self.low == self.high:
            return f"exactly {low}"
        if self.high == np.inf:
            return f"{'more than' if self.strict else 'at least'} {low}"
        if self.low == -np.inf:
            return f"{'less than' if self.strict else 'at most'} {high}"
        return f"from {low} to {high}"

    def verdict(self, low: float, high: float) -> str:
        """Whether all, none or some of the numbers from `low` to `high` are as they must be."""
        if np.isnan([low, high]).any():
            return UNDECIDED
        if self.strict:
            holds, fails = self.low < low and high < self.high, high <= self.low or self.high <= low
        else:
            holds, fails = self.low <= low and high <= self.high, high < self.low or self.high < low
        return REPRODUCED if holds else NOT_REPRODUCED if fails else UNDECIDED


POSITIVE = Criterion(low=0, strict=True)
NEGATIVE = Criterion(high=0, strict=True)


def number(value: float) -> str:
    """A number of the table of claims for people."""
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
