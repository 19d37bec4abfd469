# What rules share: the checked configuration, its plan, and functions that find a job's record in it.

import csv
import re
import sys
from functools import partial, reduce
from operator import attrgetter, getitem
from pathlib import Path

from wngan.config import ConfigError, configured
from wngan.config_file import read
from wngan.errors import InputError
from wngan.log import shown
from wngan.own import chosen
from wngan.items.figures import POSTER_SAMPLES
from wngan.plan import Plan
from wngan.provenance import code_digest, config_digest

with open(TOP / "report/paper_values.csv", newline="") as file:
    PAPER_VALUES = list(csv.DictReader(file))

# A configuration of --configfile, of a profile such as the demo's, or of a workflow that imports this
# one replaces config.yaml if it is whole, and changes single keys of it if it is not.
try:
    for path in map(Path, workflow.configfiles):
        read(path)  # Snakemake did, and took the last of keys that are there twice
    schema = read(TOP / "schemas/config.schema.yaml")
    own = None
    if "images" in config:  # of one's own, as own/config.yaml has it
        with shown():
            own = chosen(config, TOP / "own/config.yaml.template")
        config.clear()
        config.update(configured(own.config, schema, {}, PAPER_VALUES))
        if workflow.is_main_process:
            own.write()
            print(own.sentences, file=sys.stderr)
    else:
        config.update(configured(config, schema, read(TOP / "config.yaml"), PAPER_VALUES))
except (ConfigError, InputError) as error:
    raise WorkflowError(str(error)) from None

PLAN = Plan(config, PAPER_VALUES)
RESULTS = str(Path(config["results"]).expanduser())
DATA = str(Path(config["data"]).expanduser())
for key in ("results", "data"):
    try:
        if Path(config[key]).expanduser().is_file():
            raise WorkflowError(f"{key} must be a folder, which {config[key]} is not.")
    except OSError as error:
        raise WorkflowError(f"{key} must be a folder that can be used: {error.strerror}.") from None
RUNS = f"{RESULTS}/runs"
RUN = f"{RUNS}/{{experiment}}/{{model}}/{{instance}}"
CLAIMS = [f"{RESULTS}/claims.csv"] if PLAN.claims else []  # a configuration of one's own has none


def any_of(names):
    """A wildcard constraint that admits these names."""
    return "|".join(sorted(names)) or "(?!)"


wildcard_constraints:
    dataset=any_of(PLAN.datasets),
    experiment=any_of(PLAN.experiments),
    model=any_of({name for each in PLAN.experiments.values() for name in each.settings["models"]}),
    instance=r"best|\d+",
    segment=r"\d+",
    shard=r"\d+",
    checkpoint=r"optimal|last|\d+",
    at=r"optimal|\d+",


# Records: which record of the plan a job is about. Input and parameter functions take one of these.


def dataset(wildcards):
    return PLAN.datasets[wildcards.dataset]


def experiment(wildcards):
    return PLAN.experiments[wildcards.experiment]


def model(wildcards):
    return experiment(wildcards).model(wildcards.model)


def run(wildcards):
    found = experiment(wildcards).instance(wildcards.model, wildcards.instance)
    known = len(model(wildcards).runs)
    if found.instance != "best" and not 1 <= int(found.instance) <= known:
        raise WorkflowError(
            f"{found.place} has no training: {found.experiment} has {known} of {found.model}."
        )
    return found


def table(wildcards):
    return PLAN.tables[wildcards.table]


def statistics(wildcards):
    return PLAN.statistics[wildcards.experiment]


def models_table(wildcards):
    return PLAN.models_tables[wildcards.table]


def quality(wildcards):
    return PLAN.quality[wildcards.experiment]


def results(wildcards):
    return PLAN.results[wildcards.experiment]


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
    """A digest of a script and the modules it imports, so that a change of these is noticed."""
    return code_digest(TOP / "scripts" / script, without)


# A parameter of jobs that use a GPU. Without it they have none, as parameters decide what runs again.
DETERMINISTIC = {"deterministic": True} if config.get("deterministic") else {}


def claim_code(wildcards):
    """The same for a claim, without the modules of the other claims."""
    item = claim(wildcards).item
    return code(item.script, item.without)


def training_settings(wildcards):
    """What a run trains."""
    return experiment(wildcards).training(run(wildcards))


def of_segment(method):
    """What a run says of one of its segments, as in "start_of"."""
    return lambda wildcards: getattr(run(wildcards), method)(int(wildcards.segment))


def snapshots_of(wildcards):
    """The iterations of the snapshots of a segment, or of the one that ends `at` one; of an optimum none."""
    number = wildcards.get("segment")
    if number is None and wildcards.at == "optimal":
        return []
    number = number or run(wildcards).segment_of(int(wildcards.at))
    return experiment(wildcards).snapshots(run(wildcards), int(number))


def made_of(wildcards):
    """What each table, figure and claim is made of: runs, final reconstructions and digests."""
    return {
        item.name: {
            "runs": sorted({run.place for run in item.runs}),
            "finals": sorted({final.place for final in item.finals}),
            "config": config_digest(item.settings),
            "code": code(item.script, item.without),
        }
        for item in PLAN.items
    }


def recovery_folder(name):
    """Where a job keeps what outlives it; outputs do not when a job fails."""
    folder = f"{RESULTS}/recovery/{{experiment}}/{{model}}/{{instance}}/{name}"
    return lambda wildcards: folder.format(**wildcards)


def event_folder(wildcards):
    """The folder of a run's event files, which `tensorboard` in the configuration asks for."""
    return f"{RESULTS}/tensorboard/{{experiment}}/{{model}}/{{instance}}".format(**wildcards)


def memory(megabytes):
    """The `mem_mb` of a job, a number or a function of wildcards, and half of it more with each attempt."""

    def memory_of(wildcards, attempt):
        first = megabytes(wildcards) if callable(megabytes) else megabytes
        return first * (1 + attempt) // 2

    return memory_of


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


# The report


def reported(path, caption, category, labels):
    """An output that the report shows."""
    return report(path, f"../report/{caption}.rst", category=category, labels=labels)


figure_png = partial(reported, caption="figures", category="Figures", labels=of(figure, "labels"))
table_html = partial(reported, caption="tables", category="Tables")


def labels_of_all(kind, name):
    """How the report lists a page about everything."""
    return {kind: name, "Experiment": "all", "Models": "all"}
