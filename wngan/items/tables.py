"""Tables of losses and of networks: which runs their rows are of."""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from wngan.items.item import TITLES, Item, labels
from wngan.runs import Config, Dataset, Experiment, Final, Run


@dataclass(frozen=True)
class Table:
    """A table of the paper, or like one of the paper's.

    Attributes:
        name: as in "table2".
        kind: "architecture" or "loss".
        rows: of the paper's values, each of one of `runs`; "" where the paper has no value.
    """

    name: str
    kind: str
    experiment: Experiment
    rows: list[dict[str, str]]

    @cached_property
    def runs(self) -> list[Run]:
        """The run of each row."""
        return [self.experiment.run(f"{row['model']}/{row['instance']}") for row in self.rows]

    @cached_property
    def finals(self) -> list[Final]:
        """The final reconstructions of those rows for which the paper has a final loss."""
        return [
            Final(run, row["checkpoint"])
            for run, row in zip(self.runs, self.rows, strict=True)
            if row["final_loss"]
        ]

    @cached_property
    def trainings(self) -> list[list[Final]]:
        """For each of `finals`, those of all trainings that its row is the best of."""
        return [
            [Final(run, final.checkpoint) for run in self.experiment.trainings(final.run)]
            for final in self.finals
        ]

    @property
    def training_counts(self) -> list[int]:
        """How many these are."""
        return [len(finals) for finals in self.trainings]

    @property
    def networks(self) -> Config:
        """Sizes and models of the networks that a table of architectures describes."""
        settings = self.experiment.settings
        return {
            "image_size": self.experiment.dataset.settings["image_size"],
            "channels": settings["channels"],
            "code_length": settings["code_length"],
            "models": list(settings["models"]),
        }

    @property
    def labels(self) -> dict[str, str]:
        """How the report lists it."""
        models = [run.model for run in self.runs] or list(self.experiment.settings["models"])
        name = self.name.removeprefix("table")
        return labels("Table", f"{name}: {TITLES[self.kind]}", self.experiment.name, models)

    @property
    def item(self) -> Item:
        """What it is made of."""
        settings: list[Any] = [*self.rows] or [self.name, self.experiment.name]
        finals = [*self.finals, *chain.from_iterable(self.trainings)]
        return Item(self.name, f"{self.kind}_table.py", settings, self.runs, finals)


@dataclass(frozen=True)
class ModelsTable:
    """A table of all trainings of models, which may be of several experiments.

    Attributes:
        name: as in "equal_celeba".
        models: pairs of an experiment and one of its models, a row each.
        at: an iteration of which final losses are shown as well as of the optima; None for none.
    """

    name: str
    models: list[tuple[Experiment, str]]
    at: int | None

    @property
    def runs(self) -> list[Run]:
        """All trainings, row by row."""
        return list(chain.from_iterable(e.model(model).runs for e, model in self.models))

    @property
    def finals(self) -> list[Final]:
        """The final reconstructions of their optima, and then those of `at`."""
        checkpoints = ["optimal"] if self.at is None else ["optimal", str(self.at)]
        return [Final(run, checkpoint) for checkpoint in checkpoints for run in self.runs]

    @property
    def rows(self) -> list[Config]:
        """What is known of each row: model, experiment, learning rate, iterations, trainings."""
        return [
            {
                "model": model,
                "experiment": experiment.name,
                "lr": experiment.settings["lr"],
                "iterations": experiment.settings["models"][model]["iterations"],
                "trainings": experiment.settings["models"][model]["instances"],
            }
            for experiment, model in self.models
        ]

    @property
    def dataset(self) -> Dataset:
        """Its data set, which all experiments share."""
        return self.models[0][0].dataset

    @property
    def labels(self) -> dict[str, str]:
        """How the report lists it."""
        experiments = ", ".join(dict.fromkeys(experiment.name for experiment, _ in self.models))
        title = f"{self.name}: {TITLES['models']}"
        return labels("Table", title, experiments, [model for _, model in self.models])

    @property
    def item(self) -> Item:
        """What it is made of."""
        settings = [self.rows, self.at]
        return Item(self.name, "models_table.py", settings, self.runs, self.finals)
