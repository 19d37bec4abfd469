# What rules share: the checked configuration, code digests, and functions of wildcards.

import csv
import re
from pathlib import Path

import yaml

from wngan.claims import FILES, needs
from wngan.config import ConfigError, check, claim_experiments, split_run
from wngan.provenance import code_digest

try:
    check(config, yaml.safe_load(Path(workflow.basedir, "schemas/config.schema.yaml").read_text()))
except ConfigError as error:
    raise WorkflowError(error) from None

RESULTS = str(Path(config["results"]).expanduser())
DATA = str(Path(config["data"]).expanduser())
RUN = f"{RESULTS}/runs/{{experiment}}/{{model}}/{{instance}}"
FIGURES = {name: spec for kind in config["figures"].values() for name, spec in kind.items()}
SAMPLES = max(
    (spec["rows"] * spec["columns"] for spec in config["figures"].get("samples", {}).values()),
    default=1,
)


wildcard_constraints:
    dataset="[A-Za-z0-9_]+",
    experiment="[A-Za-z0-9_]+",
    model="[A-Za-z0-9_]+",
    instance=r"best|\d+",
    segment=r"\d+",
    shard=r"\d+",
    checkpoint="optimal|converged",
    at=r"optimal|\d+",


def code(script):
    """Digest of a script and the modules it imports: as a parameter, it reruns on a change."""
    return code_digest(Path(workflow.basedir, "scripts", script))


def any_of(names):
    """A wildcard constraint that admits these names."""
    return "|".join(sorted(names)) or "(?!)"


# Data sets


def datasets_of(kind):
    """The names of the data sets of a type."""
    return [name for name, settings in config["datasets"].items() if settings["type"] == kind]


def archives_to_fetch():
    """Data sets by the name of their archive, for archives that are not named by absolute paths."""
    files = {
        name: settings["archive"]["file"]
        for name, settings in config["datasets"].items()
        if "archive" in settings
    }
    return {file: name for name, file in files.items() if not Path(file).expanduser().is_absolute()}


def archive(wildcards):
    """Where a data set's archive is: below the data folder, unless its path is absolute."""
    file = Path(config["datasets"][wildcards.dataset]["archive"]["file"])
    return str(Path(DATA, "raw", file.expanduser()))


def digest_of_archive(wildcards):
    """Size and digest of an archive; where it comes from changes nothing that was made of it."""
    name = wildcards.get("dataset") or archives_to_fetch()[wildcards.file]
    settings = config["datasets"][name]["archive"]
    return {"bytes": settings["bytes"], "sha256": settings["sha256"]}


# Experiments and their runs


def experiment(wildcards):
    """The settings of the experiment that a job belongs to."""
    return config["experiments"][wildcards.experiment]


def model_settings(wildcards):
    """Iterations and instances of the model that a job belongs to."""
    return experiment(wildcards)["models"][wildcards.model]


def dataset_settings(wildcards):
    """The settings of the data set of a job's experiment."""
    return config["datasets"][experiment(wildcards)["dataset"]]


def dataset_file(name):
    """An input function: a file of the data set of a job's experiment."""
    return lambda wildcards: file_of_dataset(experiment(wildcards), name)


def file_of_dataset(experiment, name):
    """A file of an experiment's data set; that the images are others, images.json says."""
    path = f"{DATA}/{experiment['dataset']}/{name}"
    return ancient(path) if name == "images.npy" else path


def run_folder(experiment, run):
    """The folder of a run as figures name it, such as bn or bn/2."""
    model, instance = split_run(run)
    return RUN.format(experiment=experiment, model=model, instance=instance)


# Training


def segments(wildcards):
    """The numbers of a run's segments, from 1."""
    return range(1, model_settings(wildcards)["iterations"] // experiment(wildcards)["segment"] + 1)


def segment_start(wildcards):
    """The last iteration before a segment."""
    return (int(wildcards.segment) - 1) * experiment(wildcards)["segment"]


def segment_stop(wildcards):
    """The last iteration of a segment."""
    return int(wildcards.segment) * experiment(wildcards)["segment"]


def previous_state(wildcards):
    """The end state of the segment before, or nothing for the first."""
    number = int(wildcards.segment) - 1
    return f"{RUN}/segments/{number}/state.safetensors".format(**wildcards) if number else []


def training_settings(wildcards):
    """What a run trains, as wngan.settings.Settings takes it."""
    settings = experiment(wildcards)
    return {
        "architecture": settings["architecture"],
        "model": wildcards.model,
        "image_size": dataset_settings(wildcards)["image_size"],
        "channels": settings["channels"],
        "code_length": settings["code_length"],
        "batch_size": settings["batch_size"],
        "lr": settings["lr"],
        "seed": config["seed"] + int(wildcards.instance) - 1,
        "snapshot_every": settings["evaluation"]["running"]["every"],
        "sample_every": settings["samples"]["every"],
        "sample_codes": settings["samples"]["codes"],
    }


def test_images(wildcards):
    """How many images at the start of the permutation are not for training."""
    return dataset_settings(wildcards)["test"]


def recovery(wildcards):
    """Where an unfinished segment keeps its state; not an output, as those go when a job fails."""
    folder = f"{RESULTS}/recovery/{{experiment}}/{{model}}/{{instance}}/{{segment}}"
    return folder.format(**wildcards)


def snapshot_folder(path):
    """The folder of a segment's snapshots, flagged as the configuration wants it."""
    return directory(path) if config["keep_snapshots"] else temp(directory(path))


# Evaluation


def of_segments(name):
    """An input function: a file of each segment of a run."""
    path = f"{RUN}/segments/{{segment}}/{name}"
    return lambda wildcards: expand(path, segment=segments(wildcards), **wildcards)


def of_instances(name):
    """An input function: a file of each instance of a model."""

    def files(wildcards):
        instances = range(1, model_settings(wildcards)["instances"] + 1)
        named = {"experiment": wildcards.experiment, "model": wildcards.model}
        return expand(f"{RUN}/{name}", instance=instances, **named)

    return files


def last_states(wildcards):
    """The end state of each instance of a model."""
    last = max(segments(wildcards))
    return of_instances(f"segments/{last}/state.safetensors")(wildcards)


def final_checkpoint(wildcards):
    """The checkpoint of a final reconstruction: of a run's last iteration, or of its optimum."""
    if wildcards.checkpoint == "converged" and wildcards.instance != "best":
        return of_segments("state.safetensors")(wildcards)[-1]
    return f"{RUN}/{{checkpoint}}.safetensors".format(**wildcards)


def shard_files(wildcards):
    """The shares of a final reconstruction."""
    count = experiment(wildcards)["evaluation"]["final"]["shards"]
    path = f"{RUN}/final/{{checkpoint}}/{{shard}}.safetensors"
    return expand(path, shard=range(1, count + 1), **wildcards)


def sampled_file(wildcards):
    """The optimal checkpoint, or the folder of snapshots that has an iteration's."""
    if wildcards.at == "optimal":
        return f"{RUN}/optimal.safetensors".format(**wildcards)
    number = (int(wildcards.at) - 1) // experiment(wildcards)["segment"] + 1
    return f"{RUN}/segments/{number}/snapshots".format(**wildcards)


# Tables


def table_rows(wildcards):
    """The rows of a table: those of the paper's whose runs the experiment has."""
    models = config["experiments"][config["tables"][wildcards.table]]["models"]
    with open(Path(workflow.basedir, "report/paper_values.csv"), newline="") as file:
        rows = [row for row in csv.DictReader(file) if f"table{row['table']}" == wildcards.table]
    return [
        row
        for row in rows
        if row["model"] in models
        and (row["instance"] == "best" or int(row["instance"]) <= models[row["model"]]["instances"])
    ]


def of_rows(name):
    """An input function: a file of the run of each row of a table."""

    def files(wildcards):
        experiment = config["tables"][wildcards.table]
        rows = table_rows(wildcards)
        return [
            f"{run_folder(experiment, '{model}/{instance}')}/{name}".format(**row) for row in rows
        ]

    return files


def finals_of_rows(wildcards):
    """The final losses of those rows of a table for which the paper has one."""
    files = of_rows("final/{checkpoint}.csv")(wildcards)
    return [file for file, row in zip(files, table_rows(wildcards)) if row["final_loss"]]


def table1_networks(wildcards):
    """The sizes and models whose networks table 1 describes."""
    settings = config["experiments"][config["tables"]["table1"]]
    return {
        "image_size": config["datasets"][settings["dataset"]]["image_size"],
        "channels": settings["channels"],
        "code_length": settings["code_length"],
        "models": list(settings["models"]),
    }


def table_labels(wildcards):
    """How the report lists a table."""
    number = wildcards.table.removeprefix("table")
    return {"Table": number, "Experiment": config["tables"][wildcards.table]}


# Figures


def figure(wildcards):
    """What a figure shows."""
    return FIGURES[wildcards.figure]


def of_runs(name):
    """An input function: a file of each of a figure's runs."""

    def files(wildcards):
        spec = figure(wildcards)
        runs = spec["runs"] if "runs" in spec else [spec["run"]]
        return [f"{run_folder(spec['experiment'], run)}/{name}" for run in runs]

    return files


def evolution_files(wildcards):
    """The samples of each run's segments, up to the figure's last iteration."""
    spec = figure(wildcards)
    segment = config["experiments"][spec["experiment"]]["segment"]
    last = (max(spec["iterations"]) - 1) // segment + 1
    return [
        f"{run_folder(spec['experiment'], run)}/segments/{number}/samples.npy"
        for run in spec["runs"]
        for number in range(1, last + 1)
    ]


def sample_interval(wildcards):
    """Iterations between samples in the runs of a figure."""
    return config["experiments"][figure(wildcards)["experiment"]]["samples"]["every"]


def sample_files(wildcards):
    """The samples of a figure's run at each of the figure's checkpoints."""
    spec = figure(wildcards)
    folder = run_folder(spec["experiment"], spec["run"])
    return [f"{folder}/samples/{at}.npy" for at in spec["at"]]


def figure_data(name):
    """An input function: a file of the data set that a figure's experiment uses."""

    def file(wildcards):
        return file_of_dataset(config["experiments"][figure(wildcards)["experiment"]], name)

    return file


def figure_png(path):
    """A figure's PNG, flagged for the report."""
    return report(path, "../report/figures.rst", category="Figures", labels=figure_labels)


def figure_labels(wildcards):
    """How the report lists a figure."""
    spec = figure(wildcards)
    runs = spec["runs"] if "runs" in spec else [spec["run"]]
    return {
        "Figure": wildcards.figure.removeprefix("figure").lstrip("0"),
        "Experiment": spec["experiment"],
        "Models": ", ".join(dict.fromkeys(split_run(run)[0] for run in runs)),
    }


# Claims


PAPER_VALUES = f"{workflow.basedir}/report/paper_values.csv"


def claim_runs(wildcards):
    """The runs of each of a claim's experiments, and what the claim takes of each (FILES)."""
    names = claim_experiments(config, wildcards.claim)
    needed = needs(wildcards.claim, len(names))
    return [runs_of_need(name, runs) for name, runs in zip(names, needed)]


def runs_of_need(experiment, needed):
    """The runs of an experiment that a claim needs, where bn/* are all instances of bn."""
    runs = []
    for run, files in needed.items():
        model, instance = split_run(run)
        settings = config["experiments"][experiment]["models"][model]
        numbers = map(str, range(1, settings["instances"] + 1))
        runs += [
            {
                "experiment": experiment,
                "model": model,
                "instance": each,
                "iterations": settings["iterations"],
                "files": ["status", *files],
            }
            for each in (numbers if instance == "*" else [instance])
        ]
    return runs


def claim_files(wildcards):
    """The files that a claim needs, in the order of claim_runs."""
    return [
        f"{RUN}/{FILES[name]}".format(**run)
        for runs in claim_runs(wildcards)
        for run in runs
        for name in run["files"]
    ]
