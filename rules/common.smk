# Helpers of the rules: the checked configuration, code digests, and where a run's files are.

from pathlib import Path

import pandas
import yaml

from wngan.config import ConfigError, check, split_run
from wngan.provenance import code_digest

try:
    check(config, yaml.safe_load(Path(workflow.basedir, "schemas/config.schema.yaml").read_text()))
except ConfigError as error:
    raise WorkflowError(error) from None

RESULTS = config["results"].rstrip("/")
DATA = config["data"].rstrip("/")
RUN = f"{RESULTS}/runs/{{experiment}}/{{model}}/{{instance}}"
FIGURES = {name: spec for kind in config["figures"].values() for name, spec in kind.items()}
PAPER_VALUES = Path(workflow.basedir, "report/paper_values.csv")


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
    """Digest of a script and all its modules, for `params`: a change of their content reruns."""
    return code_digest(Path(workflow.basedir, "scripts", script))


def experiment(wildcards):
    """The settings of the experiment that a job belongs to."""
    return config["experiments"][wildcards.experiment]


def model_settings(wildcards):
    """Iterations and instances of the model that a job belongs to."""
    return experiment(wildcards)["models"][wildcards.model]


def dataset_of(wildcards):
    """The settings of the data set of a job's experiment."""
    return config["datasets"][experiment(wildcards)["dataset"]]


def images_of(wildcards):
    """The prepared images of a job's experiment."""
    return f"{DATA}/{experiment(wildcards)['dataset']}/images.npy"


def split_of(wildcards):
    """The permutation of a job's experiment that splits its images."""
    return f"{DATA}/{experiment(wildcards)['dataset']}/permutation.npy"


def run_folder(experiment, run):
    """The folder of a run as figures name it, such as bn or bn/2."""
    model, instance = split_run(run)
    return f"{RESULTS}/runs/{experiment}/{model}/{instance}"


def segments(wildcards):
    """The numbers of a run's segments, from 1."""
    return range(1, model_settings(wildcards)["iterations"] // experiment(wildcards)["segment"] + 1)


def shards(wildcards):
    """The numbers of the jobs that share a final reconstruction, from 1."""
    return range(1, experiment(wildcards)["evaluation"]["final"]["shards"] + 1)


def segment_of(wildcards, iteration):
    """The number of the segment that ends with or contains an iteration above 0."""
    return (int(iteration) - 1) // experiment(wildcards)["segment"] + 1
