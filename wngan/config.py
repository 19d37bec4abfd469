"""Checks of a configuration before anything runs; each problem is one sentence."""

import math
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from wngan.claims import CLAIMS
from wngan.items.claim import claim_experiments
from wngan.items.figures import figure_panels, figure_runs
from wngan.items.item import Row
from wngan.items.statistics import STATISTICS
from wngan.map_size import map_size
from wngan.model_names import NAMES
from wngan.plan import target
from wngan.runs import BEST, Config, split_run
from wngan.schema import misfits, typed

MOST_JOBS = 100_000
"""Segments of an experiment's trainings; Snakemake takes minutes to plan as many."""


class ConfigError(Exception):
    """The configuration is not usable; the message names each key and what would be right."""


def configured(config: Config, schema: Config, below: Config, paper: Sequence[Row]) -> Config:
    """The whole configuration that a given one stands for, checked.

    Args:
        config: as it was given, in a file or on a command line. One that lacks any key that the
            schema requires changes single keys of `below`, at any depth.
        schema: JSON schema of a configuration.
        paper: rows of report/paper_values.csv.

    Raises:
        ConfigError: it does not fit the schema, or makes no sense as a whole.
    """
    config = typed(config, schema)
    whole = config if config.keys() >= set(schema["required"]) else _over(below, config)
    check(whole, schema, paper)
    return whole


def check(config: Config, schema: Config, paper: Sequence[Row]) -> None:
    """Raises a `ConfigError` unless a whole `config` is as `configured` wants it."""
    problems = misfits(config, schema) or list(_contradictions(config, paper))
    if problems:
        raise ConfigError("\n".join(problems))


def _over(below: Any, above: Any) -> Any:
    """`above`, and what `below` has beside it."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {key: _over(below.get(key), value) for key, value in above.items()}


def _contradictions(config: Config, paper: Sequence[Row]) -> Iterator[str]:
    """What a schema cannot say: keys that do not fit one another."""
    yield from _archives(config)
    for name, experiment in config["experiments"].items():
        yield from _experiment(config, f"experiments.{name}", experiment)
    for name in config.get("only", []):
        if name not in config["experiments"]:
            yield f"only: there is no experiment {name!r}."
    yield from _once(config)
    for kind, tables in config["tables"].items():
        for table, spec in tables.items():
            key = f"tables.{kind}.{table}"
            if kind == "models":
                yield from _models_table(config, key, spec)
                continue
            experiment = config["experiments"].get(spec["experiment"])
            if experiment is None:
                yield f"{key}.experiment: there is no experiment {spec['experiment']!r}."
            elif kind == "architecture" and experiment["architecture"] != "dcgan":
                yield f"{key}: it is of DCGANs, which {spec['experiment']} does not train."
    for kind, more in (("statistics", _statistics), ("quality", _quality)):
        for name, spec in config.get(kind, {}).items():
            experiment = config["experiments"].get(name)
            if experiment is None:
                yield f"{kind}.{name}: there is no experiment {name!r}."
                continue
            for model in spec["models"]:
                if model not in experiment["models"]:
                    yield f"{kind}.{name}.models: {name} has no model {model!r}."
            yield from more(config, name, spec)
    yield from _paper(config, paper)
    for claim in config["claims"]:
        yield from _claim(config, claim)
    for kind, figures in config["figures"].items():
        for figure, spec in figures.items():
            yield from _figure(config, f"figures.{kind}.{figure}", spec)


def _once(config: Config) -> Iterator[str]:
    """Names that two have of all tables, figures and claims, whose files and digests they name.

    Capitals make no difference, as they make none to some file systems.
    """
    for group in ("datasets", "experiments"):
        known: dict[str, str] = {}
        for name in config[group]:
            if known.setdefault(name.lower(), name) != name:
                yield f"{group}: {known[name.lower()]!r} and {name!r} differ in capitals alone."
    names = [
        (name, f"{group}.{kind}.{name}")
        for group in ("tables", "figures")
        for kind, items in config[group].items()
        for name in items
    ]
    names += [
        (f"{kind}_{name}", f"statistics.{name}")
        for name in config.get("statistics", {})
        for kind in STATISTICS
    ]
    names += [(f"quality_{name}", f"quality.{name}") for name in config.get("quality", {})]
    names += [(f"results_{name}", f"experiments.{name}") for name in config["experiments"]]
    names += [(name, f"claims.{name}") for name in config["claims"]]
    owners: dict[str, str] = {}
    for name, key in names:
        owner = owners.setdefault(name.lower(), key)
        if owner != key:
            yield f"{key}: what it makes, {name}, has the name of {owner}."


def _archives(config: Config) -> Iterator[str]:
    """Files that are fetched to the same place, and should not be the same."""
    files = {
        f"datasets.{name}.archive": each.get("archive") for name, each in config["datasets"].items()
    }
    files["inception"] = config.get("inception")
    owners: dict[str, tuple[str, Config]] = {}
    for key, file in files.items():
        if file:
            other, known = owners.setdefault(file["file"], (key, file))
            if (file["bytes"], file["sha256"]) != (known["bytes"], known["sha256"]):
                yield f"{key}.file: {other} has the same file with other bytes or another sha256."


def _paper(config: Config, paper: Sequence[Row]) -> Iterator[str]:
    """Tables and experiments of the paper that are named and that it does not have."""
    tables, experiments = (
        {of(row): None for row in paper} for of in (target, itemgetter("experiment"))
    )
    named = [
        (f"figures.{kind}.{name}.paper", spec.get("paper"), tables)
        for kind, figures in config["figures"].items()
        for name, spec in figures.items()
    ]
    named += [
        (f"statistics.{name}.paper", spec.get("paper"), experiments)
        for name, spec in config.get("statistics", {}).items()
    ]
    for key, name, known in named:
        if name is not None and name not in known:
            yield f"{key} must be one of {', '.join(known)}, not {name!r}."


def _experiment(config: Config, key: str, experiment: Config) -> Iterator[str]:
    dataset = config["datasets"].get(experiment["dataset"])
    if dataset is None:
        yield f"{key}.dataset: there is no data set {experiment['dataset']!r}."
        return
    try:
        map_size(dataset["image_size"], experiment["channels"])
    except ValueError as error:
        yield f"{key}.channels: {error}"

    segment, evaluation = experiment["segment"], experiment["evaluation"]
    every, samples = evaluation["running"]["every"], experiment["samples"]["every"]
    if segment % every:
        yield f"{key}.evaluation.running.every: {every} must divide the segment, {segment}."
    if every % samples:
        yield (
            f"{key}.samples.every: {samples} must divide the interval of the running evaluation, "
            f"{every}."
        )
    if experiment["samples"]["drift"] % samples:
        yield f"{key}.samples.drift must be a multiple of {samples}, the interval of samples."
    if experiment["samples"]["drift"] >= max(
        r["iterations"] for r in experiment["models"].values()
    ):
        yield f"{key}.samples.drift must be less than the iterations of the longest run."
    for model in experiment["models"]:
        if model not in NAMES:
            yield f"{key}.models: there is no model {model!r}; it is one of {', '.join(NAMES)}."
    if "wn_critic" in experiment["models"] and experiment["architecture"] != "dcgan":
        yield f"{key}.models.wn_critic: only a DCGAN has the Lipschitz constant of appendix E."
    for model, run in experiment["models"].items():
        if run["iterations"] % segment:
            yield (
                f"{key}.models.{model}.iterations: {run['iterations']} must be a multiple of the "
                f"segment, {segment}."
            )
    jobs = sum(
        run["instances"] * (run["iterations"] // segment) for run in experiment["models"].values()
    )
    if jobs > MOST_JOBS:
        yield f"{key}.models: {jobs} segments of training are more than {MOST_JOBS} jobs."
    for kind in ("running", "final"):
        images = evaluation[kind]["images"]
        if images > dataset["test"]:
            yield (
                f"{key}.evaluation.{kind}.images: {images} are more than the {dataset['test']} "
                f"test images of {experiment['dataset']}."
            )
    if evaluation["final"]["shards"] > evaluation["final"]["images"]:
        yield f"{key}.evaluation.final.shards: there are more shards than images."


def _claim(config: Config, claim: str) -> Iterator[str]:
    if claim not in CLAIMS:
        yield f"claims: there is no claim {claim!r}; it is one of {', '.join(CLAIMS)}."
        return
    key, names = f"claims.{claim}", claim_experiments(config, claim)
    for name in names:
        if name not in config["experiments"]:
            yield f"{key}: there is no experiment {name!r}."
            return
    record = CLAIMS[claim]
    needed = record.needs_of(len(names))
    if len(names) != len(needed):
        plural = "s" if len(needed) > 1 else ""
        yield f"{key}: it needs {len(needed)} experiment{plural}, not {len(names)}."
        return
    experiments = [config["experiments"][name] for name in names]
    for name, experiment, runs in zip(names, experiments, needed, strict=True):
        if record.architecture not in (None, experiment["architecture"]):
            yield f"{key}: {name} must have the architecture {record.architecture}."
        for model in runs:
            settings, least = experiment["models"].get(model), record.instances
            if settings is None:
                yield f"{key}: {name} has no model {model!r}."
            elif settings["instances"] < least:
                yield f"{key}: {name} must have at least {least} instances of {model}."
            elif "quality" in runs[model]:
                measured = config.get("quality", {}).get(name, {"models": []})["models"]
                if model not in measured:
                    yield f"{key}: quality.{name}.models must have {model}."
    factors = record.lr_factors or (None,) * len(names)
    for name, experiment, factor in zip(names, experiments, factors, strict=True):
        lr = experiments[0]["lr"] * factor if factor else experiment["lr"]
        if not math.isclose(experiment["lr"], lr):
            yield f"{key}: the learning rate of {name} must be {lr:g}, not {experiment['lr']:g}."


def _models_table(config: Config, key: str, spec: Config) -> Iterator[str]:
    compared = []
    for name, models in spec["experiments"].items():
        experiment = config["experiments"].get(name)
        if experiment is None:
            yield f"{key}.experiments: there is no experiment {name!r}."
            continue
        evaluation = experiment["evaluation"]
        final = evaluation["final"]["images"], evaluation["final"]["steps"]
        how = [evaluation[name] for name in ("lr", "precision", "running")]
        compared.append((experiment["dataset"], *final, *how))
        for model in models:
            if model not in experiment["models"]:
                yield f"{key}.experiments.{name}: there is no model {model!r} in it."
            elif "at" in spec:
                yield from _snapshot(f"{key}.at", experiment, name, model, spec["at"])
    if any(each != compared[0] for each in compared):
        yield f"{key}.experiments: they must have the same data set and the same evaluation."


def _snapshot(key: str, experiment: Config, name: str, model: str, iteration: int) -> Iterator[str]:
    """Whether a model has a snapshot at an iteration."""
    every = experiment["evaluation"]["running"]["every"]
    last = experiment["models"][model]["iterations"]
    if iteration % every or iteration > last:
        yield (
            f"{key}: {iteration} must be a multiple of {every}, the interval of the running "
            f"evaluation of {name}, and at most the {last} iterations of {model}."
        )


def _quality(config: Config, name: str, spec: Config) -> Iterator[str]:
    key, experiment = f"quality.{name}", config["experiments"][name]
    running, segment = experiment["evaluation"]["running"]["every"], experiment["segment"]
    if spec["every"] % running or segment % spec["every"]:
        yield (
            f"{key}.every: {spec['every']} must be a multiple of {running}, the interval of the "
            f"running evaluation, and divide the segment, {segment}."
        )
    if spec["features"] == "inception" and "inception" not in config:
        yield f"{key}.features: they need `inception`, the file with the network's weights."


def _statistics(config: Config, name: str, spec: Config) -> Iterator[str]:
    key, experiment = f"statistics.{name}", config["experiments"][name]
    final = experiment["evaluation"]["final"]["images"]
    if experiment["evaluation"]["running"]["images"] > final - 2:
        yield f"{key}: the final evaluation of {name} must have 2 images more than the running one."
    if spec["images"] > final:
        yield f"{key}.images: {spec['images']} are more than the {final} of the final evaluation."


def _figure(config: Config, key: str, spec: Config) -> Iterator[str]:
    experiment = config["experiments"].get(spec["experiment"])
    if experiment is None:
        yield f"{key}.experiment: there is no experiment {spec['experiment']!r}."
        return
    every = experiment["samples"]["every"]
    pairs = [(run, spec.get("iterations", [])) for run in figure_runs(spec)]
    if "panels" in spec:
        every = experiment["evaluation"]["running"]["every"]
        pairs = [(r, [] if at == "optimal" else [int(at)]) for r, at in figure_panels(spec)]
        if len({len(row) for row in spec["panels"]}) > 1 and isinstance(spec["panels"][0], list):
            yield f"{key}.panels: each row must have as many panels as the first."
    for at in (each for each in spec.get("checkpoints", []) if isinstance(each, int)):
        for model in {split_run(run)[0] for run in spec["runs"]} & set(experiment["models"]):
            yield from _snapshot(f"{key}.checkpoints", experiment, spec["experiment"], model, at)
    for run, iterations in pairs:
        model, instance = split_run(run)
        settings = experiment["models"].get(model)
        if settings is None:
            yield f"{key}: {spec['experiment']} has no model {model!r}."
            continue
        if instance != BEST and int(instance) > settings["instances"]:
            yield f"{key}: {spec['experiment']} has no instance {instance} of {model}."
        if instance == BEST and (iterations or ("columns" in spec and "codes" in spec)):
            yield f"{key}: at given iterations a run names its instance, as in {model}/1."
        for iteration in iterations:
            if iteration % every or iteration > settings["iterations"]:
                yield (
                    f"{key}: iteration {iteration} must be a multiple of {every} and at most the "
                    f"{settings['iterations']} of {model}."
                )
    models = (experiment["models"].get(split_run(run)[0], {}) for run in figure_runs(spec))
    longest = max(settings.get("iterations", math.inf) for settings in models)
    if spec.get("until", 0) > longest:
        yield f"{key}.until: no run has more than {longest} iterations."
    if spec.get("codes", 1) > experiment["samples"]["codes"]:
        yield f"{key}.codes: only {experiment['samples']['codes']} codes are sampled in training."
    if spec.get("groups", 1) * spec.get("size", 1) > spec.get("among", math.inf):
        yield f"{key}: {spec['groups']} groups of {spec['size']} are more than {spec['among']}."
    images = spec.get("rows", 1) * spec.get("groups", 1)
    if "choose" in spec and images > experiment["evaluation"]["final"]["images"]:
        yield f"{key}: {images} reconstructions are more than the final evaluation has."
