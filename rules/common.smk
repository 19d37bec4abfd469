# What rules share: the checked configuration, its plan, and functions that find a job's place in it.

import csv
from functools import partial, reduce
from operator import attrgetter, getitem
from pathlib import Path

from wngan.config import ConfigError, check
from wngan.plan import Plan
from wngan.provenance import code_digest

try:
    check(config, SCHEMA)
except ConfigError as error:
    raise WorkflowError(error) from None

with open(TOP / "report/paper_values.csv", newline="") as file:
    PAPER_VALUES = list(csv.DictReader(file))
PLAN = Plan(config, PAPER_VALUES)
RESULTS = str(Path(config["results"]).expanduser())
DATA = str(Path(config["data"]).expanduser())
RUNS = f"{RESULTS}/runs"
RUN = f"{RUNS}/{{experiment}}/{{model}}/{{instance}}"


wildcard_constraints:
    dataset="[A-Za-z0-9_]+",
    experiment="[A-Za-z0-9_]+",
    model="[A-Za-z0-9_]+",
    instance=r"best|\d+",
    segment=r"\d+",
    shard=r"\d+",
    checkpoint="optimal|converged",
    at=r"optimal|\d+",


def any_of(names):
    """A wildcard constraint that admits these names."""
    return "|".join(sorted(names)) or "(?!)"


# The record of the plan that a job is about. Rules name one of these functions in what follows.


def dataset(wildcards):
    return PLAN.datasets[wildcards.dataset]


def experiment(wildcards):
    return PLAN.experiments[wildcards.experiment]


def model(wildcards):
    return experiment(wildcards).model(wildcards.model)


def run(wildcards):
    return experiment(wildcards).instance(wildcards.model, wildcards.instance)


def table(wildcards):
    return PLAN.tables[wildcards.table]


def statistics(wildcards):
    return PLAN.statistics[wildcards.experiment]


def instances(wildcards):
    return statistics(wildcards).instances


def figure(wildcards):
    return PLAN.figures[wildcards.figure]


def claim(wildcards):
    return PLAN.claims[wildcards.claim]


# Parameters


def of(record, attribute, *keys):
    """An attribute of a job's record, as in "experiment.settings", or what the keys lead to in it."""
    get = attrgetter(attribute)
    return lambda wildcards: reduce(getitem, keys, get(record(wildcards)))


def code(script, without=frozenset()):
    """Digest of a script and the modules it imports: as a parameter, it reruns on a change."""
    return code_digest(TOP / "scripts" / script, without)


def recovery_folder(name):
    """Where a job keeps what outlives it; outputs do not when a job fails."""
    folder = f"{RESULTS}/recovery/{{experiment}}/{{model}}/{{instance}}/{name}"
    return lambda wildcards: folder.format(**wildcards)


def event_folder(wildcards):
    """The folder of a run's event files, which `tensorboard` in the configuration asks for."""
    return f"{RESULTS}/tensorboard/{{experiment}}/{{model}}/{{instance}}".format(**wildcards)


def runtime(minutes, more=True):
    """The `runtime` of a job; with `more`, another attempt gets more.

    On this machine nothing limits a job.
    """

    def runtime_of(wildcards, attempt):
        # In a cluster's job another Snakemake runs it, which executes locally but is itself remote.
        if not (workflow.remote_exec or workflow.non_local_exec_or_dryrun):
            return None
        return minutes(wildcards) * (attempt if more else 1)

    return runtime_of


# Inputs. Large files are inputs whose age doesn't matter. With each comes a small one that changes
# whenever it does, as an input called `changes` if not for itself: that one Snakemake compares by
# content, so that copies of results, whose times are new, are as good as the results.


def of_runs(record, name):
    """A file of each of a record's runs."""
    return lambda wildcards: [f"{RUNS}/{run.place}/{name}" for run in record(wildcards).runs]


def of_segments(record, name):
    """A file of each of a record's segments."""
    path = f"{RUNS}/{{}}/segments/{{}}/{name}"
    return lambda wildcards: [path.format(r.place, k) for r, k in record(wildcards).segments]


def of_finals(record, suffix):
    """A file of each of a record's final reconstructions."""
    return lambda wildcards: [f"{RUNS}/{each.place}.{suffix}" for each in record(wildcards).finals]


def source(what):
    """The "file" of a checkpoint, or what "changes" along with it."""

    def path(wildcards):
        at = wildcards.get("checkpoint") or wildcards.at
        return f"{RUNS}/{getattr(run(wildcards).source(at), what)}"

    return path


def large(files):
    """The same files as those of another input function, at any age."""

    def ancient_files(wildcards):
        found = files(wildcards)
        return ancient(found) if isinstance(found, str) else [ancient(file) for file in found]

    return ancient_files


def file_of(dataset, name):
    """A file of a prepared data set."""
    return f"{DATA}/{dataset.name}/{name}"


def of_dataset(record, name):
    """A file of the data set of a job's experiment."""
    return lambda wildcards: file_of(dataset_of(record(wildcards)), name)


def images(record):
    """Its image files, which are large; that the images are others, images.json says."""
    return lambda wildcards: image_files(dataset_of(record(wildcards)))


def dataset_of(record):
    """The data set of an experiment, or of a record's experiment."""
    return getattr(record, "experiment", record).dataset


# The report


def shown(path, caption, category, labels):
    """An output that the report shows."""
    return report(path, f"../report/{caption}.rst", category=category, labels=labels)


figure_png = partial(shown, caption="figures", category="Figures", labels=of(figure, "labels"))
table_html = partial(shown, caption="tables", category="Tables")


def labels_of_all(kind, name):
    """How the report lists a page about everything."""
    return {kind: name, "Experiment": "all", "Models": "all"}
