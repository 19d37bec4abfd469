# What rules share: the checked configuration, code digests, and functions of wildcards.

import csv
import math
import re
from functools import reduce
from operator import getitem
from pathlib import Path
from types import SimpleNamespace

import yaml

from wngan.claims import FILES, needs
from wngan.config import (
    ConfigError,
    check,
    claim_experiments,
    figure_panels,
    figure_runs,
    split_run,
)
from wngan.provenance import code_digest, config_digest

try:
    check(config, yaml.safe_load(Path(workflow.basedir, "schemas/config.schema.yaml").read_text()))
except ConfigError as error:
    raise WorkflowError(error) from None

RESULTS = str(Path(config["results"]).expanduser())
DATA = str(Path(config["data"]).expanduser())
RUN = f"{RESULTS}/runs/{{experiment}}/{{model}}/{{instance}}"
with open(Path(workflow.basedir, "report/paper_values.csv"), newline="") as file:
    PAPER_VALUES = list(csv.DictReader(file))
ONLY = config.get("only", config["experiments"])
CLAIMS = [name for name in config["claims"] if set(claim_experiments(config, name)) <= set(ONLY)]
TABLES = {table: name for table, name in config["tables"].items() if name in ONLY}
LOSS_TABLES = {table: name for table, name in TABLES.items() if table != "table1"}
STATISTICS = {name: spec for name, spec in config.get("statistics", {}).items() if name in ONLY}
ALL_TABLES = [
    *TABLES,
    *(f"{kind}_{name}" for name in STATISTICS for kind in ("pairs", "spread", "evaluator")),
]
FIGURES = {
    name: spec
    for kind in config["figures"].values()
    for name, spec in kind.items()
    if spec["experiment"] in ONLY
}
SAMPLES = max(
    [spec["rows"] * spec["columns"] for spec in config["figures"].get("samples", {}).values()]
    + [spec["among"] for spec in config["figures"].get("groups", {}).values()],
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


# Large files are inputs whose age doesn't matter. With each comes a small one that changes whenever it
# does, as an input called `changes` if not for itself: that one Snakemake compares by content, so that
# copies of results, whose times are new, are as good as the results.


def large(files):
    """An input function: the same files as those of another, at any age."""

    def ancient_files(wildcards):
        found = files(wildcards)
        return ancient(found) if isinstance(found, str) else [ancient(file) for file in found]

    return ancient_files


def setting(of, *keys):
    """A parameter: what the keys lead to in the settings that `of` finds for a job.

    Snakemake's `lookup` would walk through the whole configuration each time, for every job.
    """
    return lambda wildcards: reduce(getitem, keys, of(wildcards))


# Data sets


def dataset(wildcards):
    """The settings of the data set that a job makes."""
    return config["datasets"][wildcards.dataset]


def datasets_of(kind):
    """The names of the data sets of a type."""
    return [name for name, settings in config["datasets"].items() if settings["type"] == kind]


def archives_to_fetch():
    """The names of archives below the data folder, which are not absolute paths."""
    archives = (
        settings["archive"] for settings in config["datasets"].values() if "archive" in settings
    )
    files = {archive["file"] for archive in archives}
    return [file for file in files if not Path(file).expanduser().is_absolute()]


def archive_path(dataset):
    """Where a data set's archive is: below the data folder, unless its path is absolute."""
    file = Path(config["datasets"][dataset]["archive"]["file"])
    return Path(DATA, "raw", file.expanduser())


def given(path, problem):
    """A file or folder of the user's; what is in it, its age does not say.

    If it is not there, a sentence stands in its place: a file that nothing makes either, so that
    Snakemake shows it, before any work starts, if a target needs it.
    """
    return ancient(str(path) if path.exists() else f"{problem}; there is no {path}")


def archive(wildcards):
    """A data set's archive, fetched unless its path is absolute; what is in it, its digest says."""
    path = archive_path(wildcards.dataset)
    if config["datasets"][wildcards.dataset]["archive"]["file"] in archives_to_fetch():
        return ancient(str(path))
    key = f"datasets.{wildcards.dataset}.archive.file"
    return given(path, f"{key} must be a copy that you have, or a relative path to fetch it to")


def digest_of_archive(wildcards):
    """Size and digest of an archive; where it comes from changes nothing that was made of it."""
    settings = dataset(wildcards)["archive"]
    return {"bytes": settings["bytes"], "sha256": settings["sha256"]}


def archived_lsun_datasets():
    """The names of LSUN's data sets, but for those whose archive the user has as a folder."""
    return [name for name in datasets_of("lsun") if not archive_path(name).is_dir()]


def lmdb_file(dataset):
    """The file of LSUN's LMDB, in the folder that the user has, or taken out of the archive."""
    folder = archive_path(dataset)
    if folder.is_dir():
        key = f"datasets.{dataset}.archive.file"
        return given(folder / "data.mdb", f"{key} must be an archive, or a folder with an LMDB")
    return ancient(f"{DATA}/{dataset}/lmdb/data.mdb")


def lmdb_data(wildcards):
    """The file of a data set's LMDB."""
    return lmdb_file(wildcards.dataset)


def lmdb_source(wildcards):
    """Where an LMDB that is unpacked here is from: unlike its data, not too large to be compared."""
    named = wildcards.dataset in archived_lsun_datasets()
    return f"{DATA}/{wildcards.dataset}/lmdb/source.txt" if named else []


def image_folder(wildcards):
    """The folder or zip of a data set of the user's."""
    path = Path(config["datasets"][wildcards.dataset]["path"]).expanduser()
    key = f"datasets.{wildcards.dataset}.path"
    return given(path, f"{key} must be a folder or a zip with images")


def resized(wildcards):
    """Whether the images of a folder are resized before they are cropped."""
    return dataset(wildcards).get("resize", False)


def image_files(dataset):
    """The large files of a prepared data set; that the images are others, images.json says."""
    if config["datasets"][dataset]["type"] == "lsun":
        return [ancient(f"{DATA}/{dataset}/keys.npy"), lmdb_file(dataset)]
    return [ancient(f"{DATA}/{dataset}/images.npy")]


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
    """A file of an experiment's data set."""
    return f"{DATA}/{experiment['dataset']}/{name}"


def dataset_images(wildcards):
    """The image files of the data set of a job's experiment."""
    return image_files(experiment(wildcards)["dataset"])


def run_folder(experiment, run):
    """The folder of a run as figures name it, such as bn, its best instance, or bn/2."""
    model, instance = split_run(run)
    if config["experiments"][experiment]["models"][model]["instances"] == 1:
        instance = "1"
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


def previous(name):
    """An input function: a file of the segment before, or nothing for the first."""

    def file(wildcards):
        number = int(wildcards.segment) - 1
        return f"{RUN}/segments/{number}/{name}".format(**wildcards) if number else []

    return file


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
        "precision": settings["precision"],
    }


def restarts(wildcards):
    """How often a run that diverges in its first segment may start again."""
    return model_settings(wildcards).get("restarts", 0)


def training_threads(wildcards):
    """Cores of a training job: where images stay encoded, several decode them."""
    return 4 if dataset_settings(wildcards)["type"] == "lsun" else 1


def test_images(wildcards):
    """How many images at the start of the permutation are not for training."""
    return dataset_settings(wildcards)["test"]


def recovery_folder(name):
    """A function: where a job keeps what outlives it; outputs do not when a job fails."""
    folder = f"{RESULTS}/recovery/{{experiment}}/{{model}}/{{instance}}/{name}"
    return lambda wildcards: folder.format(**wildcards)


def event_folder(wildcards):
    """The folder of a run's event files, which `tensorboard` in the configuration asks for."""
    return f"{RESULTS}/tensorboard/{{experiment}}/{{model}}/{{instance}}".format(**wildcards)


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


def at_the_end(wildcards, name):
    """A file of a run's last segment, below the run's folder."""
    return f"segments/{segments(wildcards)[-1]}/{name}"


def last_states(wildcards):
    """The end state of each instance of a model."""
    return of_instances(at_the_end(wildcards, "state.safetensors"))(wildcards)


def final_checkpoint(wildcards):
    """The checkpoint of a final reconstruction: of a run's last iteration, or of its optimum."""
    if wildcards.checkpoint == "converged" and wildcards.instance != "best":
        return f"{RUN}/{at_the_end(wildcards, 'state.safetensors')}".format(**wildcards)
    return f"{RUN}/{{checkpoint}}.safetensors".format(**wildcards)


def changes_of_checkpoint(wildcards):
    """What changes along with it."""
    if wildcards.checkpoint == "optimal":
        return f"{RUN}/running.csv".format(**wildcards)
    if wildcards.instance == "best":
        return f"{RUN}/status.json".format(**wildcards)
    return f"{RUN}/{at_the_end(wildcards, 'status.json')}".format(**wildcards)


def shard_files(suffix):
    """An input function: a file of each share of a final reconstruction."""

    def files(wildcards):
        count = experiment(wildcards)["evaluation"]["final"]["shards"]
        path = f"{RUN}/final/{{checkpoint}}/{{shard}}.{suffix}"
        return expand(path, shard=range(1, count + 1), **wildcards)

    return files


def sampled_file(wildcards):
    """The optimal checkpoint, or the folder of snapshots that has an iteration's."""
    if wildcards.at == "optimal":
        return f"{RUN}/optimal.safetensors".format(**wildcards)
    return f"{RUN}/segments/{segment_of(wildcards)}/snapshots".format(**wildcards)


def changes_of_samples(wildcards):
    """What changes along with it."""
    if wildcards.at == "optimal":
        return f"{RUN}/running.csv".format(**wildcards)
    return f"{RUN}/segments/{segment_of(wildcards)}/status.json".format(**wildcards)


def segment_of(wildcards):
    """The number of the segment that an iteration is in."""
    return (int(wildcards.at) - 1) // experiment(wildcards)["segment"] + 1


# Runtimes. On this machine nothing limits a job; elsewhere it gets half an hour and twice the estimate
# of the configuration, and an evaluation that needed more gets more when it is tried again.


def minutes(seconds, attempt=1):
    """The `runtime` of a job that is estimated to compute for some seconds."""
    # In a cluster's job another Snakemake runs it, which executes locally but is itself remote.
    if not (workflow.remote_exec or workflow.non_local_exec_or_dryrun):
        return None
    return attempt * math.ceil(30 + 2 * seconds / 60)


def training_minutes(wildcards):
    """Of a segment; what it does not finish, the next attempt does."""
    settings = experiment(wildcards)
    return minutes(settings["segment"] * settings["seconds"]["iteration"])


def evaluation_minutes(wildcards, attempt):
    """Of the snapshots of a segment."""
    settings = experiment(wildcards)
    running = settings["evaluation"]["running"]
    steps = (settings["segment"] // running["every"] + 1) * running["images"] * running["steps"]
    return minutes(steps * settings["seconds"]["step"], attempt)


def reconstruction_minutes(wildcards, attempt):
    """Of a share of the test images."""
    settings = experiment(wildcards)
    final = settings["evaluation"]["final"]
    steps = math.ceil(final["images"] / final["shards"]) * final["steps"]
    return minutes(steps * settings["seconds"]["step"], attempt)


def probe_minutes(wildcards, attempt):
    """Of a model's own samples, of training images, and of test images from each random start."""
    settings, probed = experiment(wildcards), statistics(wildcards)
    images = (2 + probed["random_starts"]) * probed["images"]
    steps = images * settings["evaluation"]["final"]["steps"]
    return minutes(steps * settings["seconds"]["step"], attempt)


# The report: in each of its categories a column with what an item is, its experiment and its models.


def labels(kind, name, experiment, models):
    """How the report lists an item."""
    return {kind: name, "Experiment": experiment, "Models": ", ".join(dict.fromkeys(models))}


def labels_of_all(kind, name):
    """How it lists a page about everything."""
    return labels(kind, name, "all", ["all"])


# Tables


def target(row):
    """The table that a row of the paper's values belongs to, as in "table2"."""
    return f"table{row['table']}" if row["table"].isdigit() else row["table"]


def table_rows(wildcards):
    """The rows of a table: those of the paper's whose runs the experiment has.

    Where the paper has one instance of a model, its row is of the best instance here. The paper's WN
    was trained with the gradient that was published, so its values stand beside those of either.
    Table 5, of additional models, and that of residual networks also have the experiment's models
    of which the paper has no values.
    """
    models = config["experiments"][TABLES[wildcards.table]]["models"]
    rows = [row for row in PAPER_VALUES if target(row) == wildcards.table]
    rows += [row | {"model": "wn_published"} for row in rows if row["model"] == "wn"]
    if wildcards.table in ("table5", "resnet"):
        same = [row for row in PAPER_VALUES if row["experiment"] == rows[0]["experiment"]]
        known = {row["model"] for row in same + rows}
        ours = dict.fromkeys(rows[0], "") | {"table": rows[0]["table"], "instance": "best"}
        ours["checkpoint"] = "optimal"
        rows += [ours | {"model": model} for model in models if model not in known]
    several = {row["model"] for row in rows if row["instance"] not in ("best", "1")}
    rows = [row if row["model"] in several else row | {"instance": "best"} for row in rows]
    return [
        row
        for row in rows
        if row["model"] in models
        and (row["instance"] == "best" or int(row["instance"]) <= models[row["model"]]["instances"])
    ]


def of_rows(name):
    """An input function: a file of the run of each row of a table."""

    def files(wildcards):
        experiment = TABLES[wildcards.table]
        rows = table_rows(wildcards)
        folders = [run_folder(experiment, "{model}/{instance}".format(**row)) for row in rows]
        return [f"{folder}/{name.format(**row)}" for folder, row in zip(folders, rows)]

    return files


def finals_of_rows(wildcards):
    """The final losses of those rows of a table for which the paper has one."""
    files = of_rows("final/{checkpoint}.csv")(wildcards)
    return [file for file, row in zip(files, table_rows(wildcards)) if row["final_loss"]]


def table1_networks(wildcards):
    """The sizes and models whose networks table 1 describes."""
    settings = config["experiments"][TABLES["table1"]]
    return {
        "image_size": config["datasets"][settings["dataset"]]["image_size"],
        "channels": settings["channels"],
        "code_length": settings["code_length"],
        "models": list(settings["models"]),
    }


def table_labels(wildcards):
    """How the report lists a table."""
    name = TABLES[wildcards.table]
    models = config["experiments"][name]["models"]
    if wildcards.table in LOSS_TABLES:
        models = [row["model"] for row in table_rows(wildcards)]
    return labels("Table", wildcards.table.removeprefix("table"), name, models)


# Statistics


def statistics(wildcards):
    """What the statistics of a job's experiment are of."""
    return STATISTICS[wildcards.experiment]


def of_models(name):
    """An input function: a file of the best instance of each model of an experiment's statistics."""

    def files(wildcards):
        models = statistics(wildcards)["models"]
        return [f"{run_folder(wildcards.experiment, model)}/{name}" for model in models]

    return files


def each_instance(wildcards):
    """All instances of those models, as in bn/2."""
    settings = experiment(wildcards)["models"]
    return [
        f"{model}/{number}"
        for model in statistics(wildcards)["models"]
        for number in range(1, settings[model]["instances"] + 1)
    ]


def of_each_instance(name):
    """An input function: a file of each of those instances."""

    def files(wildcards):
        runs = each_instance(wildcards)
        return [f"{run_folder(wildcards.experiment, run)}/{name}" for run in runs]

    return files


def paper_rows(wildcards):
    """The paper's rows of optimal checkpoints for the experiment that an experiment here repeats.

    It is the one that the first of its tables is of.
    """
    tables = [table for table, name in TABLES.items() if name == wildcards.experiment]
    rows = [row for row in PAPER_VALUES if target(row) in tables]
    return [
        row
        for row in rows
        if row["experiment"] == rows[0]["experiment"] and row["checkpoint"] == "optimal"
    ]


def statistics_labels(name):
    """How the report lists a table of statistics."""

    def labels_of(wildcards):
        return labels("Table", name, wildcards.experiment, statistics(wildcards)["models"])

    return labels_of


# Figures


def figure(wildcards):
    """What a figure shows."""
    return FIGURES[wildcards.figure]


def of_runs(name):
    """An input function: a file of each of a figure's runs."""

    def files(wildcards):
        experiment = figure(wildcards)["experiment"]
        runs = figure_runs_of(wildcards)
        return [f"{run_folder(experiment, run)}/{name}" for run in runs]

    return files


def figure_runs_of(wildcards):
    """The runs that a figure shows."""
    return figure_runs(figure(wildcards))


def evolution_files(wildcards):
    """The samples of each run's segments, up to the figure's last iteration."""
    last = max(figure(wildcards)["iterations"])
    return [
        file for run in figure_runs_of(wildcards) for file in samples_until(wildcards, run, last)
    ]


def samples_of_run(wildcards):
    """The samples of all segments of a figure's run."""
    spec = figure(wildcards)
    model, _ = split_run(spec["run"])
    last = config["experiments"][spec["experiment"]]["models"][model]["iterations"]
    return samples_until(wildcards, spec["run"], last)


def samples_until(wildcards, run, last):
    """The samples of a run's segments up to an iteration."""
    name = figure(wildcards)["experiment"]
    count = (last - 1) // config["experiments"][name]["segment"] + 1
    folder = f"{run_folder(name, run)}/segments"
    return [f"{folder}/{number}/samples.npy" for number in range(1, count + 1)]


def sample_interval(wildcards):
    """Iterations between samples in the runs of a figure."""
    return config["experiments"][figure(wildcards)["experiment"]]["samples"]["every"]


def drift_lag(wildcards):
    """Iterations over which samples drift, for the runs of a figure."""
    return config["experiments"][figure(wildcards)["experiment"]]["samples"]["drift"]


def code_length(wildcards):
    """The length of the codes in the runs of a figure."""
    return config["experiments"][figure(wildcards)["experiment"]]["code_length"]


def sample_files(wildcards):
    """The samples of each of a figure's panels."""
    spec = figure(wildcards)
    return [
        f"{run_folder(spec['experiment'], run)}/samples/{at}.npy" for run, at in figure_panels(spec)
    ]


def finals_of_figure(suffix):
    """An input function: the final reconstructions of a figure's runs, for each of its checkpoints."""

    def files(wildcards):
        return [
            file
            for name in figure(wildcards)["checkpoints"]
            for file in of_runs(f"final/{name}.{suffix}")(wildcards)
        ]

    return files


def figure_data(name):
    """An input function: a file of the data set that a figure's experiment uses."""

    def file(wildcards):
        return file_of_dataset(config["experiments"][figure(wildcards)["experiment"]], name)

    return file


def figure_images(wildcards):
    """The image files of the data set that a figure's experiment uses."""
    return image_files(config["experiments"][figure(wildcards)["experiment"]]["dataset"])


# The paper's tables of what its figures show; other figures have the first that has final losses.
PAPER_TABLES = {
    "figure01": "table2",
    "figure18": "table2",
    "figure20": "table3",
    "figure21": "table4",
    "figure22": "table5",
    "figure23": "table6",
    "figure24": "table7",
    "figure27": "table8",
}


def paper_losses(column):
    """A parameter: the paper's losses of a figure's runs that it has, such as that of bn@optimal."""

    def losses(wildcards):
        spec = figure(wildcards)
        final = [target(row) for row in PAPER_VALUES if row["final_loss"]]
        known = [PAPER_TABLES[wildcards.figure]] if wildcards.figure in PAPER_TABLES else final
        tables = [table for table in known if TABLES.get(table) == spec["experiment"]]
        rows = table_rows(SimpleNamespace(table=tables[0])) if tables else []
        shown = spec.get("checkpoints", ["optimal"])
        folders = {run_folder(spec["experiment"], run): run for run in spec["runs"]}
        runs = [run_folder(spec["experiment"], "{model}/{instance}".format(**row)) for row in rows]
        models = config["experiments"][spec["experiment"]]["models"]

        def ends_before(row):
            """A curve that ends before its run does, and before the paper's loss."""
            until = spec.get("until", math.inf)
            return until < min(int(row["iteration"]), models[row["model"]]["iterations"])

        return {
            f"{folders[run]}@{row['checkpoint']}": float(row[column])
            for run, row in zip(runs, rows)
            if run in folders and row["checkpoint"] in shown and row[column]
            if not ends_before(row)
        }

    return losses


def figure_png(path):
    """A figure's PNG, flagged for the report."""
    return report(path, "../report/figures.rst", category="Figures", labels=figure_labels)


def figure_labels(wildcards):
    """How the report lists a figure."""
    spec = figure(wildcards)
    models = [split_run(run)[0] for run in figure_runs(spec)]
    name = wildcards.figure.removeprefix("figure")
    return labels("Figure", name, spec["experiment"], models)


# Claims


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
    runs = [run for runs in claim_runs(wildcards) for run in runs]
    names = [f"{run['model']}/{run['instance']}" for run in runs]
    folders = [run_folder(run["experiment"], name) for run, name in zip(runs, names)]
    return [
        f"{folder}/{FILES[name]}" for folder, run in zip(folders, runs) for name in run["files"]
    ]


def changes_of_claim(wildcards):
    """What changes along with them."""
    return [file.replace(".safetensors", ".sha256") for file in claim_files(wildcards)]


# Provenance


def made_of(wildcards):
    """What is known beforehand of each table, figure and claim: its runs, and digests."""
    made = {}
    for table, name in TABLES.items():
        if table == "table1":
            made[table] = traced("architecture_table.py", [table, name], [])
        else:
            of_table = SimpleNamespace(table=table)
            files = of_rows("status.json")(of_table) + finals_of_rows(of_table)
            made[table] = traced("loss_table.py", table_rows(of_table), files)
    for kind, specs in config["figures"].items():
        for name in filter(FIGURES.__contains__, specs):
            of_figure = SimpleNamespace(figure=name)
            files = of_runs("status.json")(of_figure)
            if kind in ("reconstructions", "codes"):
                files += of_runs("final/optimal.sha256")(of_figure)
            if "checkpoints" in FIGURES[name]:
                files += finals_of_figure("sha256")(of_figure)
            made[name] = traced(f"{kind}_figure.py", FIGURES[name], files)
    for name, spec in STATISTICS.items():
        of_experiment = SimpleNamespace(experiment=name)
        finals = of_models("final/optimal.csv")(of_experiment)
        files = {
            "pairs": finals,
            "spread": of_each_instance("status.json")(of_experiment),
            "evaluator": finals + of_models("final/probes.safetensors")(of_experiment),
        }
        for kind in files:
            made[f"{kind}_{name}"] = traced(f"{kind}_table.py", spec, files[kind])
    for claim in CLAIMS:
        of_claim = SimpleNamespace(claim=claim)
        made[claim] = traced("claim.py", claim_runs(of_claim), changes_of_claim(of_claim))
    return made


def traced(script, settings, files):
    """The runs and final reconstructions that files are of, and digests of settings and code."""
    places = [Path(file).relative_to(f"{RESULTS}/runs") for file in files]
    finals = [str(place.with_suffix("")) for place in places if "final" in place.parts]
    return {
        "runs": sorted({"/".join(place.parts[:3]) for place in places}),
        "finals": sorted(set(finals)),
        "config": config_digest(settings),
        "code": code(script),
    }


def known_runs(wildcards):
    """The runs behind all results; behind a model's best instance, each of its instances."""
    runs = {run for made in made_of(wildcards).values() for run in made["runs"]}
    names = [run.split("/") for run in runs]
    return sorted(
        f"{experiment}/{model}/{number}"
        for experiment, model, instance in names
        for number in (
            range(1, config["experiments"][experiment]["models"][model]["instances"] + 1)
            if instance == "best"
            else [instance]
        )
    )


def known_finals(wildcards):
    """The final reconstructions behind all results."""
    return sorted({final for made in made_of(wildcards).values() for final in made["finals"]})


def run_records(wildcards):
    """What is recorded of those runs."""
    return [f"{RESULTS}/runs/{run}/provenance.json" for run in known_runs(wildcards)]


def final_records(wildcards):
    """What is recorded of those final reconstructions."""
    return [f"{RESULTS}/runs/{final}.provenance.json" for final in known_finals(wildcards)]
