"""The plan: the tables, figures and claims that a checked configuration asks for, as records.

Rules, provenance, captions, `wngan.status` and `benchmarks.cost` read it, so that each fact about
runs, tables, figures and claims is derived once. Nothing here looks at a file or knows Snakemake.
Places of files are relative to the folder `runs` of the results.
"""

from collections.abc import Sequence
from functools import cached_property

from wngan.items.claim import Claim, claim_experiments
from wngan.items.figures import POSTER_SAMPLES, STRIP, Figure, own_figures
from wngan.items.item import Item, Row
from wngan.items.quality import COMPARED, Quality, Results
from wngan.items.statistics import Statistics
from wngan.items.tables import ModelsTable, Table
from wngan.runs import BEST, Config, Dataset, Experiment, Final

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
