"""From intervals to verdicts: what a quantity must be for a claim to be reproduced."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wngan.bootstrap import Estimate

REPRODUCED, DIRECTION_ONLY, CONTRADICTED, UNDECIDED, NOT_TESTABLE, NOT_RUN = VERDICTS = (
    "reproduced",
    "direction only",
    "contradicted",
    "undecided",
    "not testable",
    "not run",
)

COLORS = {
    REPRODUCED: ("#d9f0e6", "#00553d"),
    DIRECTION_ONLY: ("#dcebf7", "#0b3d66"),
    CONTRADICTED: ("#fbe3d6", "#8a2f00"),
    UNDECIDED: ("#fdf3c9", "#5a4800"),
    NOT_TESTABLE: ("#e8e1f0", "#43295f"),
    NOT_RUN: ("#eeeeee", "#333333"),
}
"""Of a verdict's background and its text; the contrast of each pair is above 6:1."""

FACTOR = 2.0
"""Two sizes agree if neither is more than this many times the other."""


@dataclass(frozen=True)
class Criterion:
    """What a quantity must be for a claim to be reproduced.

    Attributes:
        low, high: the sizes that agree with the paper's.
        none: what it is where there is no difference of the kind that the claim asserts; NaN if the
            claim asserts a size alone.
    """

    low: float = -np.inf
    high: float = np.inf
    none: float = np.nan

    def __str__(self) -> str:
        low, high = number(self.low), number(self.high)
        if self.low == self.high:
            text = f"exactly {low}"
        elif self.high == np.inf:
            text = f"at least {low}"
        elif self.low == -np.inf:
            text = f"at most {high}"
        else:
            text = f"from {low} to {high}"
        return text if np.isnan(self.none) else f"{text}; {number(self.none)} is no difference"

    def verdict(self, measured: Estimate, by_value: bool = False) -> str:
        """What an interval says.

        *Reproduced* and *direction only* take the whole interval on the paper's side of no
        difference, *contradicted* takes it on the other side; sizes agree by the value. Without a
        `none`, the whole interval must be among the sizes that agree, or outside of them. A finite
        value without an interval decides nothing of a difference.

        Args:
            by_value: whether the value alone is judged, whatever the interval.
        """
        value, low, high = measured
        if np.isnan(value):
            return NOT_TESTABLE
        if by_value or np.isnan([low, high]).any():
            if not (by_value or np.isnan(self.none) or np.isinf(value)):
                return UNDECIDED
            low, high = value, value
        if np.isnan(self.none):
            if self.low <= low and high <= self.high:
                return REPRODUCED
            return CONTRADICTED if high < self.low or self.high < low else UNDECIDED
        agrees = self.low <= value <= self.high
        positive = self.low >= self.none and self.high > self.none
        away = low > self.none if positive else high < self.none
        against = high <= self.none if positive else low >= self.none
        if away:
            return REPRODUCED if agrees else DIRECTION_ONLY
        return CONTRADICTED if against else UNDECIDED


def counts(verdicts: Iterable[str]) -> dict[str, int]:
    """How often each verdict came out, in the order of `VERDICTS`; without those that did not."""
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def like_percent(paper: float) -> Criterion:
    """By how many percent something is above another: as in the paper within `FACTOR`."""
    low, high = sorted((paper / FACTOR, paper * FACTOR))
    return Criterion(low, high, none=0)


def like_time(paper: float) -> Criterion:
    """When something happens: as in the paper within `FACTOR`."""
    return Criterion(paper / FACTOR, paper * FACTOR)


def number(value: float) -> str:
    """A number of the table of claims for people."""
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
