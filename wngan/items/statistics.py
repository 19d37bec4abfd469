"""Tables of what the paper leaves out: pairs of models, spread of instances, the evaluator."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from wngan.items.item import TITLES, Item, Row, labels
from wngan.runs import Config, Experiment, Final, Model, Run

STATISTICS = ("pairs", "spread", "evaluator")
"""Kinds of tables that an entry of `statistics` makes."""


@dataclass(frozen=True)
class Statistics:
    """Tables of what the paper leaves out: `STATISTICS` of an experiment.

    Attributes:
        settings: as in the configuration.
        paper: the paper's rows of optimal checkpoints for the experiment that this one repeats.
    """

    experiment: Experiment
    settings: Config
    paper: list[Row]

    @cached_property
    def runs(self) -> list[Run]:
        """The best instance of each model."""
        return [self.experiment.run(model) for model in self.settings["models"]]

    @cached_property
    def instances(self) -> Model:
        """All instances of the models."""
        models = map(self.experiment.model, self.settings["models"])
        return Model([run for model in models for run in model.runs])

    @property
    def instance_names(self) -> list[str]:
        """All instances, as in bn/2."""
        return [run.name for run in self.instances.runs]

    @property
    def probes(self) -> int:
        """Images to reconstruct: own samples, training images, and test images in several ways."""
        return (4 + self.settings["random_starts"]) * self.settings["images"]

    @property
    def probe_minutes(self) -> int:
        """What their reconstruction may take."""
        return self.experiment.probe_minutes(self.probes)

    @property
    def labels(self) -> dict[str, dict[str, str]]:
        """How the report lists each of the tables, by kind."""
        models = self.settings["models"]
        return {
            kind: labels("Table", TITLES[kind], self.experiment.name, models) for kind in STATISTICS
        }

    @property
    def items(self) -> Iterator[Item]:
        """What each of the tables is made of."""
        optimal = [Final(run, "optimal") for run in self.runs]
        finals = {
            "pairs": [Final(run, "optimal") for run in self.instances.runs],
            "spread": [],
            "evaluator": [*optimal, *(Final(run, "probes") for run in self.runs)],
        }
        for kind in STATISTICS:
            runs = self.runs if kind == "evaluator" else self.instances.runs
            name = f"{kind}_{self.experiment.name}"
            yield Item(name, f"{kind}_table.py", self.settings, runs, finals[kind])
