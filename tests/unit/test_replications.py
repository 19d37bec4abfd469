"""What judges say of made-up replications of the paper, and the table of it in docs/claims.md."""

import re
from pathlib import Path

import pytest

from benchmarks import replications
from wngan.claims import CLAIMS
from wngan.verdicts import DIRECTION_ONLY, REPRODUCED, VERDICTS

ROOT = Path(__file__).parents[2]

UNSETTLED = {"C2", "C7", "C10b", "C10c", "C15", "C17a", "C18b"}
"""What the paper's numbers of trainings settle in less than four of five replications."""

WORLDS = 12
"""Of each kind; the table is of 200."""


def documented() -> dict[str, tuple[dict[str, float], float, float]]:
    """By part of a claim: the table's verdicts, five trainings, and null, in percent."""
    page = (ROOT / "docs/claims.md").read_text()
    found = {}
    for line in re.findall(r"^\| C\d.*$", page, re.M):
        name, shown, five, null = line.strip("| ").split(" | ")
        parts = (each.split(" ", 1) for each in shown.split(", "))
        found[name] = (
            {verdict: float(count) for count, verdict in parts},
            float(five),
            float(null),
        )
    return found


def test_the_table_has_every_claim() -> None:
    parts = {name + part for name, claim in CLAIMS.items() for part in claim.statements}
    assert set(documented()) == parts
    for shown, five, null in documented().values():
        assert set(shown) <= set(VERDICTS)
        assert sum(shown.values()) == pytest.approx(100, abs=2)
        assert 0 <= five <= 100 >= null >= 0


def test_replications_are_reproduced_and_nulls_are_not() -> None:
    """At least 80 % and at most 5 %, but for what the paper's numbers of trainings leave open."""
    for name, (shown, _, null) in documented().items():
        assert (shown.get(REPRODUCED, 0) < 80) == (name in UNSETTLED), name
        assert null <= 5, name


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS)
def test_the_table_is_not_stale(claim: str) -> None:
    """A few worlds are within what chance allows of the table's many."""
    true = replications.verdicts(claim, WORLDS, true=True)
    null = replications.verdicts(claim, WORLDS, true=False)
    for part, counts in true.items():
        shown, _, on_paper_side = documented()[part]
        share = replications.percent(counts, REPRODUCED)
        for count, expected in (
            (share, shown.get(REPRODUCED, 0)),
            (replications.percent(null[part], REPRODUCED, DIRECTION_ONLY), on_paper_side),
        ):
            # Three and a half standard errors, and what 200 worlds may be off near 0 and 100.
            p = min(max(expected, 3), 97) / 100
            trials = counts.total()
            assert abs(count - expected) <= 350 * (p * (1 - p) / trials) ** 0.5, part
