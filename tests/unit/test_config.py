"""Each mistake in a configuration is one clear sentence."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from wngan.config import ConfigError, check, split_run
from wngan.model_names import NAMES
from wngan.plots import COLORS
from wngan.recipes import RECIPES
from wngan.settings import ARCHITECTURES

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())
PAPER = yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.mark.parametrize("file", ["config.yaml", "demo/config.yaml", "tests/workflow/tiny.yaml"])
def test_the_configurations_pass(file: str) -> None:
    check(yaml.safe_load((ROOT / file).read_text()), SCHEMA)


def test_a_folder_is_a_data_set() -> None:
    for more in ({}, {"resize": True}):
        config = copy.deepcopy(PAPER)
        config["datasets"]["mine"] = FOLDER | more
        check(config, SCHEMA)


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets a key, named by its path, of a configuration."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = path.split("/")
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
            "experiments.celeba_dcgan.batch_size must be of type integer, not 'many'.",
        ),
        (put(f"{CELEBA}/lr", "1e-4"), "in YAML a number like 1e-4 needs a point: 1.0e-4"),
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
        (put(f"{CELEBA}/models/GAN", {}), "may have only keys that match"),
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
        (put("datasets/mine", FOLDER | {"path": 3}), "datasets.mine.path must be of type string"),
        (
            put("datasets/mine", FOLDER | {"resize": "yes"}),
            "datasets.mine.resize must be of type boolean, not 'yes'.",
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
        (put("tables/loss/table 9", {"experiment": "celeba_dcgan"}), "'table 9' must match"),
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
        (put("statistics/celeba_dcgan/models", ["bn", "bn"]), "non-unique"),
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
        (put("inception/sha256", "1"), "inception.sha256: '1' must match"),
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
        (put("figures/steps/steps_celeba_dcgan/checkpoints", ["best"]), "'best' must match"),
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
        (put("figures/samples/figure13/panels", [["bn@best"]]), "'bn@best' must match"),
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
        (put("figures/steps/figure-31", {}), "figures.steps: 'figure-31' must match"),
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
        (put("seed", 1.0), "seed must be of type integer, not 1.0."),
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
        (put("figures/curves/figure01/runs", ["bn", "bn"]), "non-unique"),
        (
            put("figures/samples/figure01", PAPER["figures"]["samples"]["figure13"]),
            "figures.samples.figure01: what it makes, figure01, has the name of figures.curves",
        ),
        (put("seed", -1), "seed must be at least 0, not -1."),
        (put("claims/C99", "celeba_dcgan"), "claims: there is no claim 'C99'; it is one of C1"),
        (put("claims/C1", 1), "claims.C1 must be of type"),
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
        check(config, SCHEMA)
    sentences = str(caught.value).splitlines()
    assert any(sentence in each for each in sentences)
    assert all(each.endswith(".") for each in sentences)


def test_two_mistakes_are_two_sentences() -> None:
    config = copy.deepcopy(PAPER)
    put("seed", "x")(config)
    del config["data"]
    with pytest.raises(ConfigError) as caught:
        check(config, SCHEMA)
    assert len(str(caught.value).splitlines()) == 2


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
    with pytest.raises(ConfigError, match=re.escape(f"{key}.31: the name 31 must be in quotes.")):
        check(config, SCHEMA)
