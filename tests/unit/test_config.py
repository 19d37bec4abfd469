"""Each mistake in a configuration is one clear sentence."""

import copy
import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wngan.config import ConfigError, check, configured, split_run
from wngan.model_names import NAMES
from wngan.plots import COLORS
from wngan.recipes import RECIPES
from wngan.settings import ARCHITECTURES

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())
PAPER = yaml.safe_load((ROOT / "config.yaml").read_text())
with open(ROOT / "report/paper_values.csv", newline="") as file:
    VALUES = list(csv.DictReader(file))


@pytest.mark.parametrize("file", ["config.yaml", "demo/config.yaml", "tests/workflow/tiny.yaml"])
def test_the_configurations_pass(file: str) -> None:
    check(yaml.safe_load((ROOT / file).read_text()), SCHEMA, VALUES)


def test_a_folder_is_a_data_set() -> None:
    for more in ({}, {"resize": True}):
        config = copy.deepcopy(PAPER)
        config["datasets"]["mine"] = FOLDER | more
        check(config, SCHEMA, VALUES)


def put(path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets a key, named by its path, of a configuration."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split("/") if isinstance(path, str) else [path]
        for parent in parents:
            config = config[parent]
        config[last] = value

    return change


CELEBA = "experiments/celeba_dcgan"
EVALUATION = PAPER["experiments"]["celeba_dcgan"]["evaluation"]
PAPER_RUN = {"iterations": 300000, "instances": 1}
FOLDER = {"type": "folder", "path": "photos", "image_size": 64, "test": 10, "split_seed": 1}
STATISTICS = {"models": ["bn"], "images": 9, "random_starts": 1}
QUALITY = {"models": ["bn"], "features": "pixels", "images": 10, "every": 25000}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            put(f"{CELEBA}/batchsize", 32),
            "experiments.celeba_dcgan has an unknown key 'batchsize' (did you mean 'batch_size'?)",
        ),
        (put("colour", 1), "the configuration has an unknown key 'colour'"),
        (
            put(f"{CELEBA}/batch_size", "many"),
            "experiments.celeba_dcgan.batch_size must be a whole number, not 'many'.",
        ),
        (put(f"{CELEBA}/lr", 0), "experiments.celeba_dcgan.lr must be more than 0, not 0."),
        (
            put(f"{CELEBA}/channels", [64, 128]),
            "experiments.celeba_dcgan.channels: Images of size 160 do not fit 2 channels",
        ),
        (
            put(f"{CELEBA}/evaluation/running/every", 700),
            "experiments.celeba_dcgan.evaluation.running.every: 700 must divide the segment, 50000",
        ),
        (
            put(f"{CELEBA}/samples/every", 30),
            "experiments.celeba_dcgan.samples.every: 30 must divide the interval",
        ),
        (
            put(f"{CELEBA}/models/wn/iterations", 70000),
            "experiments.celeba_dcgan.models.wn.iterations: 70000 must be a multiple",
        ),
        (put(f"{CELEBA}/models/GAN", PAPER_RUN), "there is no model 'GAN'; it is one of"),
        (
            put(f"{CELEBA}/models/gan", {"iterations": 50000, "instances": 1}),
            "experiments.celeba_dcgan.models: there is no model 'gan'; it is one of vanilla, bn",
        ),
        (put(f"{CELEBA}/models/wn", {"iterations": 50000}), "wn lacks 'instances'."),
        (put(f"{CELEBA}/evaluation/final/images", 3000), "3000 are more than the 2000 test images"),
        (put(f"{CELEBA}/evaluation/final/shards", 2001), "there are more shards than images"),
        (put(f"{CELEBA}/dataset", "faces"), "there is no data set 'faces'"),
        (
            put("datasets/celeba/type", "jpeg"),
            "datasets.celeba.type must be one of celeba, cifar10, digits, folder, lsun, "
            "not 'jpeg'.",
        ),
        (put("datasets/celeba/type", "folder"), "datasets.celeba lacks 'path'."),
        (
            put("datasets/celeba/type", "folder"),
            "datasets.celeba has a key 'archive', which no data set of its type has.",
        ),
        (
            put("datasets/celeba/type", "digits"),
            "datasets.celeba has a key 'archive', which no data set of its type has.",
        ),
        (
            put("datasets/lsun_bedroom/path", "photos"),
            "datasets.lsun_bedroom has a key 'path', which no data set of its type has.",
        ),
        (
            put("datasets/cifar10/resize", True),
            "datasets.cifar10 has a key 'resize', which no data set of its type has.",
        ),
        (put("datasets/mine", FOLDER | {"path": 3}), "datasets.mine.path must be text"),
        (
            put("datasets/mine", FOLDER | {"resize": "yes"}),
            "datasets.mine.resize must be true or false, not 'yes'.",
        ),
        (
            put("datasets/mine", FOLDER | {"paths": "photos"}),
            "datasets.mine has an unknown key 'paths' (did you mean 'path'?)",
        ),
        (
            put("datasets/mine", FOLDER | {"type": "lsun"}),
            "datasets.mine lacks 'archive'.",
        ),
        (
            put("tables/images", {"table9": {"experiment": "celeba_dcgan"}}),
            "tables has an unknown key 'images'",
        ),
        (
            put("tables/loss/table 9", {"experiment": "celeba_dcgan"}),
            "'table 9' must be of letters, digits and _ alone",
        ),
        (
            put("tables/architecture/table2", {"experiment": "celeba_dcgan"}),
            "tables.loss.table2: what it makes, table2, has the name of tables.architecture",
        ),
        (
            put("tables/architecture/table1/experiment", "celeba_resnet"),
            "tables.architecture.table1: it is of DCGANs",
        ),
        (
            put("tables/loss/table2/experiment", "cifar"),
            "tables.loss.table2.experiment: there is no experiment 'cifar'.",
        ),
        (
            put("statistics/cifar", STATISTICS),
            "statistics.cifar: there is no experiment 'cifar'.",
        ),
        (
            put("statistics/lsun_dcgan", STATISTICS | {"models": ["bn", "affine_wn"]}),
            "statistics.lsun_dcgan.models: lsun_dcgan has no model 'affine_wn'.",
        ),
        (
            put("statistics/celeba_dcgan/images", 2001),
            "statistics.celeba_dcgan.images: 2001 are more than the 2000 of the final evaluation.",
        ),
        (put("statistics/celeba_dcgan/models", ["bn", "bn"]), "has 'bn' twice."),
        (put("quality/cifar", QUALITY), "quality.cifar: there is no experiment 'cifar'."),
        (
            put("quality/lsun_dcgan", QUALITY | {"models": ["affine_wn"]}),
            "quality.lsun_dcgan.models: lsun_dcgan has no model 'affine_wn'.",
        ),
        (
            put("quality/celeba_dcgan/every", 25200),
            "quality.celeba_dcgan.every: 25200 must be a multiple of 500",
        ),
        (put("quality/celeba_dcgan/every", 20000), "and divide the segment, 50000."),
        (put("quality/celeba_dcgan/images", 9), "quality.celeba_dcgan.images must be at least 10"),
        (put("quality/celeba_dcgan/features", "vgg"), "must be one of inception, pixels"),
        (
            lambda config: config.pop("inception"),
            "quality.celeba_dcgan.features: they need `inception`, the file with the network's",
        ),
        (put("inception/sha256", "1"), "inception.sha256: '1' must be of 64 digits"),
        (put("quality/celeba_dcgan/models", ["bn"]), "quality.celeba_dcgan.models must have wn."),
        (
            lambda config: config.pop("quality"),
            "claims.C18: quality.celeba_dcgan.models must have vanilla.",
        ),
        (
            put("tables/models/equal_celeba/experiments/celeba", ["wn"]),
            "tables.models.equal_celeba.experiments: there is no experiment 'celeba'.",
        ),
        (
            put("tables/models/equal_celeba/experiments/celeba_equal", ["bn"]),
            "tables.models.equal_celeba.experiments.celeba_equal: there is no model 'bn' in it.",
        ),
        (
            put("tables/models/equal_celeba/experiments/cifar10_dcgan", ["wn"]),
            "tables.models.equal_celeba.experiments: they must have the same data set",
        ),
        (
            put("tables/models/equal_celeba/at", 150500),
            "tables.models.equal_celeba.at: 150500 must be a multiple of 500",
        ),
        (
            put("figures/steps/steps_celeba_dcgan/checkpoints", ["optimal", 700]),
            "figures.steps.steps_celeba_dcgan.checkpoints: 700 must be a multiple of 500",
        ),
        (
            put("figures/steps/steps_celeba_dcgan/checkpoints", ["best"]),
            "'best' must be optimal, last, or an iteration",
        ),
        (put("statistics/celeba_dcgan/random_starts", 0), "random_starts must be at least 1"),
        (
            put("figures/curves/figure01/runs", ["gan"]),
            "figures.curves.figure01: celeba_dcgan has no model 'gan'.",
        ),
        (
            put("figures/curves/figure20/runs", ["vanilla/4"]),
            "figures.curves.figure20: celeba_dcgan has no instance 4 of vanilla.",
        ),
        (put("figures/evolution/figure04/iterations", [150]), "150 must be a multiple of 100"),
        (put("figures/evolution/figure04/runs", ["wn"]), "names its instance, as in wn/1"),
        (put("figures/evolution/figure04/codes", 11), "only 10 codes are sampled"),
        (
            put("figures/samples/figure13/panels", [["bn@best"]]),
            "'bn@best' must be a run and the checkpoint",
        ),
        (put("figures/samples/figure13/panels", [["bn@5000"]]), "names its instance, as in bn/1"),
        (
            put("figures/samples/figure13/panels", [["vanilla/1@200000"]]),
            "at most the 150000 of vanilla",
        ),
        (
            put("figures/samples/figure13/panels", [["bn@optimal"], ["wn@optimal", "bn@optimal"]]),
            "figures.samples.figure13.panels: each row must have as many panels as the first.",
        ),
        (put("figures/collapse/figure12/run", "vanilla"), "names its instance, as in vanilla/1"),
        (put("figures/groups/figure15/among", 11), "2 groups of 6 are more than 11."),
        (put("figures/steps/figure-31", {}), "figures.steps: 'figure-31' must be of letters"),
        (put("figures/steps/figure31", {}), "figures.steps.figure31 lacks 'experiment'"),
        (put(f"{CELEBA}/samples/drift", 150), "samples.drift must be a multiple of 100"),
        (put(f"{CELEBA}/samples/drift", 700000), "drift must be less than the iterations"),
        (put(f"{CELEBA}/models/wn/restarts", -1), "restarts must be at least 0, not -1."),
        (put("only", ["celeba"]), "only: there is no experiment 'celeba'."),
        (
            put(
                "experiments/celeba_resnet/models/wn_critic", {"iterations": 10000, "instances": 1}
            ),
            "experiments.celeba_resnet.models.wn_critic: only a DCGAN",
        ),
        (put("figures/reconstructions/figure02/rows", 1000), "3000 reconstructions are more"),
        (put("seed", 1.0), "seed must be a whole number, not 1.0."),
        (put("seed", True), "seed must be a whole number, not True."),
        (put("seed", None), "seed is empty and must be a whole number."),
        (put("only", "celeba_dcgan"), "only must be a list, as in [celeba_dcgan], not 'celeba"),
        (put(f"{CELEBA}/channels", 64), "channels must be a list, as in [64], not 64."),
        (put(f"{CELEBA}/channels", []), "experiments.celeba_dcgan.channels must not be empty."),
        (put(f"{CELEBA}/lr", [0.1]), "experiments.celeba_dcgan.lr must be a number, not [0.1]."),
        (put(f"{CELEBA}/lr", True), "experiments.celeba_dcgan.lr must be a number, not True."),
        (put(f"{CELEBA}/lr", -0.0), "experiments.celeba_dcgan.lr must be more than 0, not -0.0."),
        (put(f"{CELEBA}/models/wn/restarts", -0.0), "must be a whole number, not -0.0."),
        (put("save_every", float("nan")), "save_every must be finite, not nan."),
        (put(f"{CELEBA}/seconds/iteration", 1e308), "iteration must be at most 86400, not 1e+308."),
        (put("results", ""), "results must not be empty."),
        (put("results", 2024), "results must be text, not 2024; put it in quotes."),
        (put("results", "out/{model}"), "results: 'out/{model}' must be a path without {, }"),
        (put("data", "$SCRATCH/gans"), "$ (no variable is replaced)"),
        (put("data", "~someone/gans"), "~ is your own home, as in ~/data."),
        (put("data", " data"), "data: ' data' must be a path without"),
        (put("data", "s3://bucket/data"), ":// (nothing is fetched)"),
        (put("seed", 10**400), "seed has too many digits."),
        (put(f"{CELEBA}/lr", 10**400), "experiments.celeba_dcgan.lr has too many digits."),
        (
            put(f"{CELEBA}/models/bn/iterations", 10**13),
            "segments of training are more than 100000",
        ),
        (put(f"{CELEBA}/models/bn/instances", 10**9), "segments of training are more than 100000"),
        (put("data", "da\u200bta"), "'da\\u200bta' has a character that cannot be seen."),
        (put("datasets/mine", FOLDER | {"path": "a{b}"}), "datasets.mine.path: 'a{b}' must be a"),
        (
            put("datasets/celeba/archive/file", "}.zip"),
            "datasets.celeba.archive.file: '}.zip' must",
        ),
        (put("datasets/celeba/test", 1), "datasets.celeba.test must be at least 2, not 1."),
        (put("datasets/my photos", FOLDER), "'my photos' must be of letters, digits and _ alone"),
        (put("datasets/Cifar10", FOLDER), "datasets: 'cifar10' and 'Cifar10' differ in capitals"),
        (
            put("datasets/cifar10/archive/file", "img_align_celeba.zip"),
            "datasets.cifar10.archive.file: datasets.celeba.archive has the same file with other",
        ),
        (put(True, 1), "the configuration: the key True must be in quotes"),
        (put("datasets/mine\n", FOLDER), "datasets: the key 'mine\\n' has a character that cannot"),
        (
            put("experiments/celeba_dcgn", {"lr": 0.1}),
            "'models' (did you mean 'celeba_dcgan'?).",
        ),
        (
            put("figures/curves/figure01/paper", "tabel2"),
            "figures.curves.figure01.paper must be one of table2, ",
        ),
        (
            put("statistics/lsun_dcgan/paper", "lsun"),
            "statistics.lsun_dcgan.paper must be one of celeba_dcgan, ",
        ),
        (
            put("figures/curves/Figure02", PAPER["figures"]["curves"]["figure01"]),
            "what it makes, figure02, has the name of figures.curves.Figure02.",
        ),
        (put(f"{CELEBA}/lr", float("nan")), "experiments.celeba_dcgan.lr must be finite, not nan."),
        (
            put(f"{CELEBA}/seconds/step", float("inf")),
            "experiments.celeba_dcgan.seconds.step must be finite, not inf.",
        ),
        (
            put("experiments/celeba_equal/evaluation", EVALUATION | {"lr": 0.1}),
            "tables.models.equal_celeba.experiments: they must have the same data set and the same",
        ),
        (
            put(
                "experiments/celeba_equal/evaluation",
                EVALUATION | {"running": EVALUATION["running"] | {"steps": 5}},
            ),
            "tables.models.equal_celeba.experiments: they must have the same data set and the same",
        ),
        (
            put("figures/curves/table2", PAPER["figures"]["curves"]["figure01"]),
            "figures.curves.table2: what it makes, table2, has the name of tables.loss.table2.",
        ),
        (
            put("tables/models/quality_celeba_dcgan", PAPER["tables"]["models"]["equal_celeba"]),
            "quality.celeba_dcgan: what it makes, quality_celeba_dcgan, has the name of",
        ),
        (
            put("figures/curves/C1", PAPER["figures"]["curves"]["figure01"]),
            "has the name of figures",
        ),
        (put("figures/curves/figure01/until", 10**6), "no run has more than 700000 iterations"),
        (put("figures/curves/figure01/runs", ["bn", "bn"]), "has 'bn' twice."),
        (
            put("figures/samples/figure01", PAPER["figures"]["samples"]["figure13"]),
            "figures.samples.figure01: what it makes, figure01, has the name of figures.curves",
        ),
        (put("seed", -1), "seed must be at least 0, not -1."),
        (put("claims/C99", "celeba_dcgan"), "claims: there is no claim 'C99'; it is one of C1"),
        (put("claims/C1", 1), "claims.C1 must be text or a list, not 1."),
        (put("claims/C1", "celeba"), "claims.C1: there is no experiment 'celeba'."),
        (put("claims/C8", "cifar10_dcgan"), "claims.C8: cifar10_dcgan has no model 'wn_mean_bn'."),
        (put("claims/C7", "cifar10_dcgan"), "must have at least 2 instances of vanilla."),
        (put("claims/C12", "celeba_dcgan"), "celeba_dcgan must have the architecture resnet."),
        (
            put("claims/C11", ["cifar10_dcgan", "lsun"]),
            "claims.C11: there is no experiment 'lsun'.",
        ),
        (put("claims/C1", ["celeba_dcgan", "cifar10_dcgan"]), "it needs 1 experiment, not 2."),
        (put("claims/C13", "celeba_dcgan"), "claims.C13: it needs 3 experiments, not 1."),
        (
            put("claims/C13", ["celeba_dcgan", "cifar10_dcgan", "celeba_resnet"]),
            "claims.C13: the learning rate of cifar10_dcgan must be 0.0002, not 0.0001.",
        ),
    ],
)
def test_a_mistake_is_a_sentence(change: Callable[[dict[str, Any]], None], sentence: str) -> None:
    config = copy.deepcopy(PAPER)
    change(config)
    with pytest.raises(ConfigError) as caught:
        check(config, SCHEMA, VALUES)
    sentences = str(caught.value).splitlines()
    assert any(sentence in each for each in sentences)
    assert all(each.endswith(".") for each in sentences)


def test_a_type_that_is_none_is_one_mistake() -> None:
    """What each type has and lacks is then not known."""
    config = copy.deepcopy(PAPER)
    put("datasets/mine", FOLDER | {"type": "folders"})(config)
    with pytest.raises(ConfigError, match=r"^datasets\.mine\.type must be one of .*'folders'\.$"):
        check(config, SCHEMA, VALUES)


def test_several_mistakes_are_as_many_sentences() -> None:
    """Of all kinds at once."""
    config = copy.deepcopy(PAPER)
    for path, value in {"seed": "x", "save_every": float("inf"), f"{CELEBA}/lr": -1}.items():
        put(path, value)(config)
    config["datasets"][2024] = {}
    del config["data"]
    with pytest.raises(ConfigError) as caught:
        check(config, SCHEMA, VALUES)
    assert str(caught.value).splitlines() == [
        "datasets: the key 2024 must be text: '2024'.",
        "experiments.celeba_dcgan.lr must be more than 0, not -1.",
        "save_every must be finite, not inf.",
        "seed must be a whole number, not 'x'.",
        "the configuration lacks 'data'.",
    ]


def over_the_papers(config: dict[Any, Any]) -> dict[str, Any]:
    return configured(config, SCHEMA, PAPER, VALUES)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("experiments/cifar10_dcgan/evaluation/lr", "0.02", 0.02),
        ("experiments/cifar10_dcgan/lr", "1e-4", 1e-4),  # which YAML reads as text
        ("keep_snapshots", "false", False),
        ("tensorboard", "True", True),
        ("seed", "3", 3),
        (f"{CELEBA}/models/wn/restarts", "0", 0),
        ("datasets/celeba/split_seed", "7", 7),
        ("figures/evolution/figure04/iterations", ["100", "200"], [100, 200]),
        ("figures/steps/steps_celeba_dcgan/checkpoints", ["optimal", "500"], ["optimal", 500]),
        ("results", "2024", "2024"),
        ("only", ["celeba_dcgan"], ["celeba_dcgan"]),
    ],
)
def test_values_of_a_command_line_are_not_text(path: str, text: Any, value: Any) -> None:
    """Snakemake makes text of what is nested in them, and of lower-case truth values."""
    nested: Any = text
    for key in reversed(path.split("/")):
        nested = {key: nested}
    found: Any = over_the_papers(nested)
    for key in path.split("/"):
        found = found[key]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["false", "2.5", "", "two", "nan"])
def test_text_that_reads_as_no_whole_number_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigError, match=f"^seed must be a whole number, not '{text}'.$"):
        over_the_papers({"seed": text})


@settings(max_examples=20)
@given(value=st.one_of(st.integers(0), st.floats(0, 1e300, exclude_min=True), st.booleans()))
def test_numbers_and_their_text_are_the_same(value: float | bool) -> None:
    key = {bool: "tensorboard", int: "seed", float: "save_every"}[type(value)]
    assert over_the_papers({key: str(value)}) == over_the_papers({key: value})


def test_what_lacks_a_required_key_is_over_the_papers() -> None:
    """Whatever keys it has: all that are required but one."""
    for missing in SCHEMA["required"]:
        config = copy.deepcopy(PAPER)
        del config[missing]
        assert over_the_papers(config) == PAPER
    assert over_the_papers({"data": "/scratch/me"}) == PAPER | {"data": "/scratch/me"}
    with pytest.raises(ConfigError, match="unknown key 'claim' \\(did you mean 'claims'\\?\\)"):
        over_the_papers({"claim": {}})
    with pytest.raises(ConfigError, match="experiments is empty and must be keys with values"):
        over_the_papers({"experiments": None})


def test_names_agree_with_the_package() -> None:
    experiment = SCHEMA["$defs"]["experiment"]["properties"]
    assert experiment["architecture"]["enum"] == list(ARCHITECTURES)
    assert list(NAMES) == list(COLORS) == list(RECIPES)


@pytest.mark.parametrize(("run", "parts"), [("bn", ("bn", "best")), ("bn/2", ("bn", "2"))])
def test_a_run_is_a_model_and_an_instance(run: str, parts: tuple[str, str]) -> None:
    assert split_run(run) == parts


@pytest.mark.parametrize(
    "place", ["figures/curves", "experiments/celeba_dcgan/models", "tables/models"]
)
def test_names_that_are_numbers_want_quotes(place: str) -> None:
    """YAML reads 31 as a number, which is no name of a file."""
    config = copy.deepcopy(PAPER)
    group = config
    for key in place.split("/"):
        group = group[key]
    group[31] = {}
    key = place.replace("/", ".")
    with pytest.raises(ConfigError, match=re.escape(f"{key}: the key 31 must be text: '31'.")):
        check(config, SCHEMA, VALUES)
