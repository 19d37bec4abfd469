"""What a table, a figure or a claim is made of, and how the report lists it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wngan.runs import Final, Run

Row = Mapping[str, str]
"""A row of report/paper_values.csv."""

TITLES = {
    "architecture": "networks",
    "loss": "losses",
    "models": "losses of models over all trainings",
    "results": "results: losses and quality of every training, baselines",
    "pairs": "pairs of models",
    "spread": "spread of instances",
    "evaluator": "the evaluator, and losses without a generator",
    "quality": "quality of samples",
    "curves": "running reconstruction loss in training",
    "evolution": "samples of the same codes in training",
    "samples": "samples",
    "reconstructions": "reconstructions of test images",
    "collapse": "collapse of samples",
    "groups": "groups of similar samples",
    "steps": "reconstruction loss against steps",
    "codes": "codes of reconstructions",
    "diversity": "diversity and drift of samples",
    "poster": "poster: curves, samples, reconstructions, verdicts",
}
"""What the report calls each kind of table and figure."""


@dataclass(frozen=True)
class Item:
    """What a table, a figure or a claim is made of.

    Attributes:
        name: of its files, as in "table2".
        script: that makes it.
        settings: what decides what it shows.
        runs: whose files it takes.
        finals: final reconstructions that it takes.
        without: modules that the script imports, but that this item does not depend on.
    """

    name: str
    script: str
    settings: Any
    runs: list[Run]
    finals: list[Final]
    without: frozenset[Path] = frozenset()


def labels(kind: str, name: str, experiment: str, models: Sequence[str]) -> dict[str, str]:
    """How the report lists an item: a column with what it is, its experiment and its models."""
    return {kind: name, "Experiment": experiment, "Models": ", ".join(dict.fromkeys(models))}
