"""How good samples are, and the table of results that every experiment has."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from wngan.items.item import TITLES, Item, labels
from wngan.runs import Config, Experiment, Final, Run, minutes

COMPARED = 1000
"""Samples, and training images, whose quality is measured where the configuration doesn't say."""


@dataclass(frozen=True)
class Quality:
    """What is asked of the quality of an experiment's samples, which a table and a figure show.

    Attributes:
        settings: as in the configuration.
        weights: the file with the weights of the network whose features are compared, its size,
            digest and sources; None where there is no such network.
    """

    experiment: Experiment
    settings: Config
    weights: Config | None

    @cached_property
    def runs(self) -> list[Run]:
        """All trainings of the models."""
        models = map(self.experiment.model, self.settings["models"])
        return list(chain.from_iterable(model.runs for model in models))

    @property
    def names(self) -> list[str]:
        """The same, as in bn/2."""
        return [run.name for run in self.runs]

    @property
    def digest(self) -> Config | None:
        """Size and digest of the weights."""
        return self.weights and {key: self.weights[key] for key in ("bytes", "sha256")}

    @property
    def minutes(self) -> int:
        """What the snapshots of a segment may take."""
        snapshots = self.experiment.settings["segment"] // self.settings["every"] + 1
        images = self.settings["images"]
        # The FID's matrix root, features on a GPU, and distances of all pairs on a core.
        return minutes(snapshots * (30 + images / 250 + (images / 1500) ** 2))

    @property
    def megabytes(self) -> int:
        """The memory that it takes: samples and images, their features, distances of pairs."""
        images = self.settings["images"]
        numbers = images * (3 * self.experiment.dataset.values + 2 * 4 * 2048)
        distances = 3 * 4 * images * min(images, 10_000)  # torch-fidelity's `prc_batch_size`
        return 8000 + math.ceil((numbers + distances) / 1e6)

    @property
    def labels(self) -> dict[str, dict[str, str]]:
        """How the report lists the table and the figure."""
        models = self.settings["models"]
        return {
            kind: labels(kind, TITLES["quality"], self.experiment.name, models)
            for kind in ("Table", "Figure")
        }

    @property
    def items(self) -> Iterator[Item]:
        """What table and figure are made of."""
        settings = [self.settings, self.digest]
        name = f"quality_{self.experiment.name}"
        yield Item(name, "quality_table.py", settings, self.runs, [])
        yield Item(f"{name} (figure)", "quality_figure.py", settings, self.runs, [])


@dataclass(frozen=True)
class Results:
    """The table that every experiment has: losses and quality of each training, and baselines."""

    experiment: Experiment
    quality: Quality

    @property
    def runs(self) -> list[Run]:
        """All trainings."""
        return self.experiment.runs

    @property
    def names(self) -> list[str]:
        """The same, as in bn/2."""
        return [run.name for run in self.runs]

    @property
    def finals(self) -> list[Final]:
        """The final reconstructions of their optima."""
        return [Final(run, "optimal") for run in self.runs]

    @property
    def labels(self) -> dict[str, str]:
        """How the report lists it."""
        models = [run.model for run in self.runs]
        return labels("Table", TITLES["results"], self.experiment.name, models)

    @property
    def item(self) -> Item:
        """What it is made of."""
        settings = [self.names, self.quality.settings, self.quality.digest]
        name = f"results_{self.experiment.name}"
        return Item(name, "results_table.py", settings, self.runs, self.finals)
