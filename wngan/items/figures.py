"""Figures: whose runs they show, and which files of these they take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from wngan.items.item import TITLES, Item, labels
from wngan.runs import Config, Experiment, Final, Run

FINALS_OF = {"reconstructions": ("optimal",), "codes": ("optimal",), "poster": ("optimal",)}
"""The checkpoints whose final reconstructions a kind of figure shows, if its settings don't say."""

POSTER_SAMPLES = 48
"""Of each model on a poster."""

STRIP = {"rows": 2, "columns": 12}
"""Samples of each model in the figure that every experiment has."""


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        name: as in "figure01".
        kind: of the figure, as in "curves".
        settings: as in the configuration.
        paper: rows of the paper's values for the runs that it shows.
    """

    name: str
    kind: str
    settings: Config
    experiment: Experiment
    paper: list[dict[str, str]]

    @cached_property
    def names(self) -> list[str]:
        """Its runs as the configuration names them, each once."""
        return figure_runs(self.settings)

    @cached_property
    def runs(self) -> list[Run]:
        """Its runs."""
        return [self.experiment.run(name) for name in self.names]

    @cached_property
    def trainings(self) -> list[list[Run]]:
        """For each run all trainings that it is the best of, or itself alone."""
        return [self.experiment.trainings(run) for run in self.runs]

    @property
    def training_counts(self) -> list[int]:
        """How many these are."""
        return [len(runs) for runs in self.trainings]

    @property
    def segments(self) -> list[tuple[Run, int]]:
        """The segments of each run up to the last iteration that it shows, or all."""
        last = max(self.settings.get("iterations", [math.inf]))
        return [
            (run, number)
            for each in self.runs
            for run, number in each.segments
            if run.start_of(number) < last
        ]

    @property
    def panel_files(self) -> list[str]:
        """The samples of each panel, row by row; a poster has those of each run's optimum."""
        panels = figure_panels(self.settings)
        if self.kind == "poster":
            panels = [(name, "optimal") for name in self.names]
        return [f"{self.experiment.run(run).place}/samples/{at}.npy" for run, at in panels]

    @property
    def training_finals(self) -> list[Final]:
        """The final reconstructions that a poster takes of all trainings, at their optima."""
        runs = chain.from_iterable(self.trainings) if self.kind == "poster" else ()
        return [Final(run, "optimal") for run in runs]

    @property
    def finals(self) -> list[Final]:
        """The final reconstructions that it shows, for each checkpoint those of all runs."""
        return [Final(run, checkpoint) for checkpoint in self.checkpoints for run in self.runs]

    @property
    def checkpoints(self) -> list[str]:
        """The checkpoints of these: "optimal", "last", or an iteration."""
        return list(map(str, self.settings.get("checkpoints", FINALS_OF.get(self.kind, ()))))

    @property
    def paper_losses(self) -> dict[str, float]:
        """The paper's losses of its runs, as in `{"bn@optimal": 0.017}`.

        Final losses where it shows final reconstructions, else running losses, but for those that
        came later in the training than what it shows.
        """
        column = "running_loss" if self.kind in ("curves", "poster") else "final_loss"
        shown = self.checkpoints or ["optimal"]
        names = dict(zip(self.runs, self.names, strict=True))
        losses = {}
        for row in self.paper:
            run = self.experiment.run(f"{row['model']}/{row['instance']}")
            until = self.settings.get("until", math.inf)
            cut = until < min(int(row["iteration"] or 0), run.iterations)
            if run in names and row["checkpoint"] in shown and row[column] and not cut:
                losses[f"{names[run]}@{row['checkpoint']}"] = float(row[column])
        return losses

    @property
    def labels(self) -> dict[str, str]:
        """How the report lists it."""
        models = [run.model for run in self.runs]
        name = self.name.removeprefix("figure")
        return labels("Figure", f"{name}: {TITLES[self.kind]}", self.experiment.name, models)

    @property
    def item(self) -> Item:
        """What it is made of."""
        finals = [*self.finals, *self.training_finals]
        return Item(self.name, f"{self.kind}_figure.py", self.settings, self.runs, finals)


def own_figures(experiment: Experiment) -> Iterator[tuple[str, Config]]:
    """Kinds and settings of the figures that every experiment has: of all its models.

    One of the configuration's by the same name, as in "curves_celeba_dcgan", takes its place.
    """
    models = experiment.settings["models"]
    about = {"experiment": experiment.name}
    until = max(settings["iterations"] for settings in models.values())
    yield "curves", about | {"runs": list(models), "until": until}
    yield "samples", about | STRIP | {"panels": [[f"{model}@optimal"] for model in models]}


def figure_panels(settings: Config) -> list[tuple[str, str]]:
    """Runs and checkpoints ("optimal" or an iteration) of a figure's panels, row by row."""
    panels = [row if isinstance(row, list) else [row] for row in settings.get("panels", [])]
    return [(*panel.split("@"),) for row in panels for panel in row]


def figure_runs(settings: Config) -> list[str]:
    """The runs that a figure shows, each once."""
    if "panels" in settings:
        return list(dict.fromkeys(run for run, _ in figure_panels(settings)))
    return settings["runs"] if "runs" in settings else [settings["run"]]
