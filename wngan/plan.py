"""The plan: the tables, figures and claims that a checked configuration asks for, as records.

Rules, provenance, captions, `wngan.status` and `benchmarks.cost` read it, so that each fact about
runs, tables, figures and claims is derived once. Nothing here looks at a file or knows Snakemake.
Places of files are relative to the folder `runs` of the results.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import getfile
from itertools import chain
from pathlib import Path
from typing import Any

from wngan.claims import CLAIMS
from wngan.claims.record import FILES
from wngan.runs import BEST, Config, Dataset, Experiment, Final, Model, Run, minutes

Row = Mapping[str, str]
"""A row of report/paper_values.csv."""

PAPER_FIELDS = (
    "table",
    "experiment",
    "model",
    "instance",
    "checkpoint",
    "iteration",
    "running_loss",
    "final_loss",
)
"""Columns of report/paper_values.csv."""

FINALS_OF = {"reconstructions": ("optimal",), "codes": ("optimal",), "poster": ("optimal",)}
"""The checkpoints whose final reconstructions a kind of figure shows, if its settings don't say."""

POSTER_SAMPLES = 48
"""Of each model on a poster."""

STRIP = {"rows": 2, "columns": 12}
"""Samples of each model in the figure that every experiment has."""

COMPARED = 1000
"""Samples, and training images, whose quality is measured where the configuration doesn't say."""

STATISTICS = ("pairs", "spread", "evaluator")
"""Kinds of tables that an entry of `statistics` makes."""

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


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and the experiments that it is judged by.

    Attributes:
        name: as in "C1".
    """

    name: str
    experiments: list[Experiment]

    @cached_property
    def needed(self) -> list[list[tuple[Run, tuple[str, ...]]]]:
        """For each experiment its runs, each with what it takes of them (`wngan.claims.FILES`)."""
        needs = CLAIMS[self.name].needs_of(len(self.experiments))
        return [
            [
                (run, ("status", *files))
                for model, files in needed.items()
                for run in experiment.model(model).runs
            ]
            for experiment, needed in zip(self.experiments, needs, strict=True)
        ]

    @property
    def runs(self) -> list[list[Config]]:
        """The same as `scripts/claim.py` takes it."""
        return [
            [
                {
                    "experiment": run.experiment,
                    "model": run.model,
                    "instance": run.instance,
                    "iterations": run.iterations,
                    "files": list(files),
                }
                for run, files in group
            ]
            for group in self.needed
        ]

    @property
    def files(self) -> list[str]:
        """The places of those files, in that order."""
        return [f"{run.place}/{FILES[name]}" for run, names in self._found for name in names]

    @property
    def changes(self) -> list[str]:
        """The small file that changes along with each of them that is large."""
        large = (file for file in self.files if file.endswith(".safetensors"))
        return [file.replace(".safetensors", ".sha256") for file in large]

    @property
    def item(self) -> Item:
        """What it is made of."""
        runs = [run for run, _ in self._found]
        finals = [
            Final(run, name)
            for run, names in self._found
            for name in names
            if FILES[name].startswith("final/")
        ]
        modules = {name: Path(getfile(claim.judge)).resolve() for name, claim in CLAIMS.items()}
        others = frozenset(modules.values()) - {modules[self.name]}
        return Item(self.name, "claim.py", self.runs, runs, finals, others)

    @property
    def _found(self) -> Iterator[tuple[Run, tuple[str, ...]]]:
        """The runs of all experiments, one after the other."""
        return (each for group in self.needed for each in group)


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


def claim_experiments(config: Config, claim: str) -> list[str]:
    """The names of the experiments that a claim is judged by."""
    names = config["claims"][claim]
    return [names] if isinstance(names, str) else names


def labels(kind: str, name: str, experiment: str, models: Sequence[str]) -> dict[str, str]:
    """How the report lists an item: a column with what it is, its experiment and its models."""
    return {kind: name, "Experiment": experiment, "Models": ", ".join(dict.fromkeys(models))}


def target(row: Row) -> str:
    """The table that a row of the paper's values belongs to, as in "table2"."""
    return f"table{row['table']}" if row["table"].isdigit() else row["table"]


class Plan:
    """All that a configuration asks for.

    Args:
        config: as `wngan.config.check` accepts it. With `only`, tables, figures and claims are
            those of these experiments alone.
        paper: rows of report/paper_values.csv.

    Attributes:
        datasets, experiments: all of them, by name.
        tables, figures, claims: by name.
        models_tables: by name, those of `ModelsTable`.
        statistics, quality, results: by experiment.
        asked_quality: the experiments of whose quality the configuration wants a table of its own.
        samples: how many samples the largest figure of samples shows.
    """

    def __init__(self, config: Config, paper: Sequence[Row]) -> None:
        self.paper = paper
        self.datasets = {name: Dataset(name, each) for name, each in config["datasets"].items()}
        self.experiments = {
            name: Experiment(name, self.datasets[each["dataset"]], each, config["seed"])
            for name, each in config["experiments"].items()
        }
        only = config.get("only") or list(config["experiments"])
        self.shown = [each for name, each in self.experiments.items() if name in only]
        self.tables = {
            name: self._table(name, kind, settings)
            for kind, tables in config["tables"].items()
            if kind != "models"
            for name, settings in tables.items()
            if settings["experiment"] in only
        }
        self.models_tables = {
            name: self._models_table(name, settings)
            for name, settings in config["tables"].get("models", {}).items()
            if set(settings["experiments"]) <= set(only)
        }
        asked = config.get("quality", {})
        self.quality = {
            each.name: self._quality(each, asked.get(each.name), config.get("inception"))
            for each in self.shown
        }
        self.asked_quality = [name for name in self.quality if name in asked]
        self.results = {each.name: Results(each, self.quality[each.name]) for each in self.shown}
        self.statistics = {
            name: self._statistics(name, settings)
            for name, settings in config.get("statistics", {}).items()
            if name in only
        }
        self.figures = {
            name: self._figure(name, kind, settings)
            for kind, figures in config["figures"].items()
            for name, settings in figures.items()
            if settings["experiment"] in only
        }
        for each in self.shown:
            for kind, settings in own_figures(each):
                name = f"{kind}_{each.name}"
                if not any(name in figures for figures in config["figures"].values()):
                    self.figures[name] = self._figure(name, kind, settings)
        names = {claim: claim_experiments(config, claim) for claim in config["claims"]}
        self.claims = {
            claim: Claim(claim, [self.experiments[name] for name in experiments])
            for claim, experiments in names.items()
            if set(experiments) <= set(only)
        }
        figures = config["figures"]
        sizes = [each["rows"] * each["columns"] for each in figures.get("samples", {}).values()]
        sizes.append(STRIP["rows"] * STRIP["columns"])
        sizes += [each["among"] for each in figures.get("groups", {}).values()]
        sizes += [POSTER_SAMPLES for _ in figures.get("poster", {})]
        self.samples = max(sizes)

    def datasets_of(self, kind: str) -> list[str]:
        """The names of the data sets of a type."""
        return [name for name, dataset in self.datasets.items() if dataset.type == kind]

    def tables_of(self, kind: str) -> dict[str, str]:
        """The names of the tables of a kind, and of their experiments."""
        return {
            name: table.experiment.name for name, table in self.tables.items() if table.kind == kind
        }

    @property
    def without_loss_table(self) -> list[str]:
        """The names of the experiments that no table of losses is of."""
        of_tables = self.tables_of("loss").values()
        return [name for name in self.results if name not in of_tables]

    def figures_of(self, kind: str) -> list[str]:
        """The names of the figures of a kind."""
        return [name for name, figure in self.figures.items() if figure.kind == kind]

    @cached_property
    def items(self) -> list[Item]:
        """Every table, figure and claim."""
        return [
            *(table.item for table in self.tables.values()),
            *(table.item for table in self.models_tables.values()),
            *(figure.item for figure in self.figures.values()),
            *(item for statistics in self.statistics.values() for item in statistics.items),
            *(results.item for results in self.results.values()),
            *(item for name in self.asked_quality for item in self.quality[name].items),
            *(claim.item for claim in self.claims.values()),
        ]

    @property
    def all_tables(self) -> list[str]:
        """The names of all tables."""
        items = (item for statistics in self.statistics.values() for item in statistics.items)
        of_statistics = [item.name for item in items]
        of_experiments = [f"results_{name}" for name in self.results]
        return [
            *of_experiments,
            *self.tables,
            *self.models_tables,
            *of_statistics,
            *self._of_quality,
        ]

    @property
    def all_figures(self) -> list[str]:
        """The names of all figures."""
        return [*self.figures, *self._of_quality]

    @property
    def _of_quality(self) -> list[str]:
        """The name of a table and of a figure of each `quality` that the configuration asks for."""
        return [f"quality_{name}" for name in self.asked_quality]

    @cached_property
    def known_runs(self) -> list[str]:
        """The places of the runs behind all items; behind a model's best, all its instances."""
        runs = {run for item in self.items for run in item.runs}
        return sorted(
            {each.place for run in runs for each in self.experiments[run.experiment].trainings(run)}
        )

    @cached_property
    def known_finals(self) -> list[Final]:
        """The final reconstructions and probes behind all items.

        Behind the reconstruction of a model's best instance are those of all its instances.
        """
        shown = {final for item in self.items for final in item.finals}
        behind = {
            Final(run, final.checkpoint)
            for final in shown
            for run in (
                [final.run]
                if final.checkpoint == "probes"
                else self.experiments[final.run.experiment].trainings(final.run)
            )
        }
        return sorted(behind, key=lambda final: final.place)

    @property
    def measured_runs(self) -> list[str]:
        """The places of the runs whose samples' quality is measured."""
        return [run.place for quality in self.quality.values() for run in quality.runs]

    def rows(
        self, table: str, experiment: Experiment, others: bool = False
    ) -> list[dict[str, str]]:
        """The rows of a table: those of the paper's whose runs the experiment has.

        Where the paper has one instance of a model, its row is of the best instance here. The
        paper's WN was trained with the gradient that was published, so its values stand beside
        those of either.

        Args:
            table: whose rows of the paper's values these are.
            others: whether models of which the paper has no values have rows as well; they always
                do in a table that the paper doesn't have.
        """
        models = experiment.settings["models"]
        rows = [dict(row) for row in self.paper if target(row) == table]
        rows += [row | {"model": "wn_published"} for row in rows if row["model"] == "wn"]
        if others or not rows:
            repeated = {row["experiment"] for row in rows}
            same = [row for row in self.paper if row["experiment"] in repeated]
            known = {row["model"] for row in [*same, *rows]}
            ours = dict.fromkeys(PAPER_FIELDS, "") | {"table": table.removeprefix("table")}
            ours |= {"instance": BEST, "checkpoint": "optimal"}
            rows += [ours | {"model": model} for model in models if model not in known]
        several = {row["model"] for row in rows if row["instance"] not in (BEST, "1")}
        rows = [row if row["model"] in several else row | {"instance": BEST} for row in rows]
        return [
            row
            for row in rows
            if row["model"] in models
            and (
                row["instance"] == BEST or int(row["instance"]) <= models[row["model"]]["instances"]
            )
        ]

    def _table(self, name: str, kind: str, settings: Config) -> Table:
        experiment = self.experiments[settings["experiment"]]
        others = settings.get("others", False)
        rows = self.rows(name, experiment, others) if kind == "loss" else []
        return Table(name, kind, experiment, rows)

    def _models_table(self, name: str, settings: Config) -> ModelsTable:
        models = [
            (self.experiments[experiment], model)
            for experiment, models in settings["experiments"].items()
            for model in models
        ]
        return ModelsTable(name, models, settings.get("at"))

    def _quality(
        self, experiment: Experiment, settings: Config | None, inception: Config | None
    ) -> Quality:
        settings = settings or {
            "models": list(experiment.settings["models"]),
            "features": "pixels",  # which need no network
            "images": COMPARED,
            "every": experiment.settings["segment"],
        }
        weights = inception if settings["features"] == "inception" else None
        return Quality(experiment, settings, weights)

    def _statistics(self, name: str, settings: Config) -> Statistics:
        paper = [
            row
            for row in self.paper
            if row["experiment"] == settings.get("paper") and row["checkpoint"] == "optimal"
        ]
        return Statistics(self.experiments[name], settings, paper)

    def _figure(self, name: str, kind: str, settings: Config) -> Figure:
        experiment = self.experiments[settings["experiment"]]
        rows = self.rows(settings["paper"], experiment) if "paper" in settings else []
        return Figure(name, kind, settings, experiment, rows)
