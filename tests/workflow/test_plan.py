"""What Snakemake plans, by dry run."""

import csv
import math
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.workflow.conftest import ROOT, Repository, job_counts
from wngan.plan import Plan

CONFIGS = {"config.yaml": 1122, "demo/config.yaml": 208, "tests/workflow/tiny.yaml": 196}
"""Configurations, and how many jobs each needs from the start, counted when this was written."""


def plan_of(config: str) -> Plan:
    """The plan of a configuration of this repository."""
    with open(ROOT / "report/paper_values.csv", newline="") as file:
        return Plan(yaml.safe_load((ROOT / config).read_text()), list(csv.DictReader(file)))


@pytest.mark.parametrize("config", CONFIGS)
def test_what_is_planned_follows_from_the_plan(config: str, repository: Repository) -> None:
    expected = job_counts(plan_of(config))
    assert repository.planned("--configfile", str(ROOT / config)) == expected
    assert expected.total() + 1 == CONFIGS[config]  # and `all`


def test_the_guide_to_clusters_counts_the_papers_jobs() -> None:
    rules = "".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    _, *blocks = re.split(r"^rule ", rules, flags=re.MULTILINE)
    on_gpu = {block.partition(":")[0] for block in blocks if re.search(r"^ +gpu=1,$", block, re.M)}
    jobs = job_counts(plan_of("config.yaml"))
    with_gpu = sum(jobs[rule] for rule in on_gpu)
    said = f"The whole paper is {jobs.total() + 1:,} jobs, {with_gpu} of them with a GPU;"
    assert said in (ROOT / "docs/cluster.md").read_text()


def test_table2_needs_only_its_models(repository: Repository) -> None:
    jobs = repository.planned("results/tables/table2.csv")
    assert jobs["train_segment"] == 3 * 3 + 3 * 3 + 14 + 14
    assert jobs["select_optimal"] == 8
    assert jobs["select_instance"] == 2  # of models with several instances
    assert jobs["reconstruct_shard"] == 4 * (3 + 3 + 1 + 1)  # of all trainings
    assert jobs["select_final"] == 2
    assert jobs["baselines"] == 1
    assert jobs["loss_table"] == 1
    assert "curves_figure" not in jobs


def test_one_experiment_can_be_run_alone(repository: Repository) -> None:
    jobs = repository.planned("--config", "only=[cifar10_dcgan]")
    assert jobs["prepare_cifar10"] == jobs["loss_table"] == 1
    assert jobs["download"] == 2  # the data set, and the weights that quality takes
    assert jobs["quality"] == 3 * (10 + 1)
    assert jobs["train_segment"] == 30
    assert "prepare_celeba" not in jobs
    assert jobs["claims"] == 1
    assert jobs["pairs_table"] == jobs["spread_table"] == jobs["evaluator_table"] == 1
    assert jobs["probe"] == 3


def test_a_sweep_is_over_the_papers_configuration(repository: Repository) -> None:
    sweep = str(ROOT / "examples/sweep_cifar10.yaml")
    jobs = repository.planned("results/tables/sweep_cifar10.csv", "--configfile", sweep)
    assert jobs["train_segment"] == 4 * 3 * 2 * 2
    assert jobs["reconstruct_shard"] == 4 * 3 * 2
    assert jobs["models_table"] == 1
    assert "quality" not in jobs


def test_equal_budgets_are_beside_table2(repository: Repository) -> None:
    jobs = repository.planned("results/tables/equal_celeba.csv")
    assert jobs["train_segment"] == 3 * 3 * 3
    assert jobs["reconstruct_shard"] == 4 * 3 * 3


def test_weights_that_the_user_has_are_not_fetched(repository: Repository, tmp_path: Path) -> None:
    target = "results/tables/quality_cifar10_dcgan.csv"
    file = "file: weights-inception-2015-12-05-6726825d.pth"
    missing = f"file: {tmp_path}/weights.pth"
    repository.edit("config.yaml", file, missing)
    printed = repository.snakemake("-n", target, fails=True)
    assert "inception.file must be a copy that you have, or a relative path" in printed
    (tmp_path / "weights.pth").write_bytes(b"")
    assert repository.planned(target)["download"] == 1  # the data set


def test_the_demo_is_as_large_as_it_says() -> None:
    """Three trainings of the models that the paper compares, of 4,000 iterations or more."""
    demo = yaml.safe_load((ROOT / "demo/config.yaml").read_text())
    experiment = demo["experiments"]["digits_dcgan"]
    instances = {model: run["instances"] for model, run in experiment["models"].items()}
    others = dict.fromkeys(("affine_wn", "wn_mean_bn", "spectral"), 1)
    assert instances == dict.fromkeys(("vanilla", "bn", "wn"), 3) | others
    assert len({run["iterations"] for run in experiment["models"].values()}) == 1  # equal budgets
    assert experiment["models"]["wn"]["iterations"] >= 4000
    assert experiment["batch_size"] == 32
    assert experiment["evaluation"]["final"]["steps"] >= 500
    assert experiment["evaluation"]["final"]["images"] == 200


def test_snapshots_can_be_dropped(repository: Repository) -> None:
    repository.edit("tiny.yaml", "keep_snapshots: true", "keep_snapshots: false")
    repository.tiny("results/runs/tiny/bn/best/optimal.safetensors")
    segment = repository.root / "results/runs/tiny/bn/1/segments/1"
    assert not (segment / "snapshots").exists()
    assert (segment / "best.safetensors").exists()
    assert not repository.replanned("results/runs/tiny/bn/best/optimal.safetensors")


def test_a_mistake_stops_everything_before_it_starts(repository: Repository) -> None:
    repository.edit("tiny.yaml", "every: 10", "every: 15")
    printed = repository.tiny(fails=True)
    assert "experiments.tiny.evaluation.running.every: 15 must divide the segment, 20." in printed
    assert "Traceback" not in printed
    assert not (repository.root / "results").exists()


def test_an_archive_that_the_user_has_is_not_fetched(
    repository: Repository, tmp_path: Path
) -> None:
    archive = tmp_path / "mine.zip"
    archive.write_bytes(b"")
    repository.edit("config.yaml", "file: img_align_celeba.zip", f"file: {archive}")
    jobs = repository.planned("data/celeba/images.npy")
    assert dict(jobs) == {"prepare_celeba": 1}


def test_lsun_is_fetched_unless_the_user_has_it(repository: Repository, tmp_path: Path) -> None:
    jobs = repository.planned("results/tables/table8.csv")
    assert {name for name in jobs if "lsun" in name} == {"unpack_lsun", "index_lsun"}
    assert jobs["download"] == jobs["unpack_lsun"] == jobs["index_lsun"] == 1
    (tmp_path / "bedroom_train_lmdb").mkdir()
    (tmp_path / "bedroom_train_lmdb/data.mdb").write_bytes(b"")
    folder = f"file: {tmp_path}/bedroom_train_lmdb"
    repository.edit("config.yaml", "file: bedroom_train_lmdb.zip", folder)
    jobs = repository.planned("results/tables/table8.csv")
    assert {name for name in jobs if "lsun" in name} == {"index_lsun"}
    assert jobs["download"] == 0
    assert jobs["train_segment"] == 14 + 24


def test_another_working_directory_will_do(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    jobs = repository.planned(
        "results/tables/table2.csv", "--directory", str(tmp_path / "elsewhere")
    )
    assert jobs["train_segment"] == 46


def test_single_settings_can_be_changed(repository: Repository) -> None:
    (repository.root / "mine.yaml").write_text("experiments: {celeba_dcgan: {segment: 7}}\n")
    printed = repository.snakemake("-n", "--configfile", "mine.yaml", fails=True)
    assert "500 must divide the segment, 7." in printed
    jobs = repository.planned("elsewhere/tables/table1.csv", "--config", "results=elsewhere")
    assert jobs == {"architecture_table": 1}


def test_what_is_not_configured_has_no_rule(repository: Repository) -> None:
    for target in (
        "results/tables/table9.csv",
        "data/raw/other.zip",
        "results/figures/figure31.png",
        "results/tables/pairs_celeba_resnet.csv",
        "results/runs/celeba_dcgan/other/1/status.json",
    ):
        assert "MissingRuleException" in repository.snakemake("-n", target, fails=True)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("4/status.json", "bn/4 has no training: celeba_dcgan has 3 of bn."),
        (
            "1/samples/12345.npy",
            "bn/1 has snapshots every 500 of 150000 iterations, none at 12345",
        ),
        (
            "1/final/150500.csv",
            "bn/1 has snapshots every 500 of 150000 iterations, none at 150500",
        ),
    ],
)
def test_a_file_of_what_is_not_trained_is_refused(
    target: str, reason: str, repository: Repository
) -> None:
    """Else segments would be trained for it, and in vain."""
    printed = repository.snakemake("-n", f"results/runs/celeba_dcgan/bn/{target}", fails=True)
    assert f"celeba_dcgan/{reason}" in printed


def test_a_cluster_is_asked_for_what_jobs_need(repository: Repository) -> None:
    """Its profile is read from the repository's folder; runtimes follow from the estimates."""
    tables = [f"results/tables/{name}.csv" for name in ("table2", "evaluator_celeba_dcgan")]
    printed = repository.snakemake("-n", *tables, "--profile", "slurm")
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", printed, re.MULTILINE)
    asked: dict[str, str] = dict(jobs)
    assert "probe" in asked
    minutes = {
        "train_segment": 30 + 2 * math.ceil(50000 * 0.07 / 60),
        "evaluate_segment": 30 + 2 * math.ceil(101 * 200 * 50 * 0.00035 / 60),
        "reconstruct_shard": 30 + 2 * math.ceil(500 * 2000 * 0.00035 / 60),
        "probe": 30 + 2 * math.ceil((4 + 3) * 200 * 2000 * 0.00035 / 60),
    }
    for rule, resources in asked.items():
        assert "slurm_partition=gpu" in resources
        assert ("gpu=1" in resources.split(", ")) == (rule in minutes)
        if rule in minutes:
            runtime = re.search(r"runtime=(\d+)", resources)
            assert runtime is not None
            assert abs(int(runtime[1]) - minutes[rule]) <= 1


@pytest.mark.parametrize(("options", "runtime"), [((), None), (("--mode", "remote"), 31)])
def test_a_job_knows_its_runtime_where_something_limits_it(
    options: tuple[str, ...], runtime: int | None, repository: Repository
) -> None:
    """On a cluster a Snakemake in each job runs it, remotely to the first and locally to itself."""
    (repository.root / "scripts/train.py").write_text(
        "raise SystemExit(f'runtime: {snakemake.resources.get(\"runtime\")}.')\n"
    )
    repository.tiny("data/digits/permutation.npy")
    segment = "results/runs/tiny/bn/1/segments/1/state.safetensors"
    assert f"runtime: {runtime}." in repository.tiny(segment, *options, fails=True)


def test_the_profile_names_every_rule_that_is_not_local() -> None:
    """Those that want a GPU, and those that might go to another partition."""
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    remote = {name: body for name, body in rules if "localrule: True" not in body}
    profile = (ROOT / "slurm/profile.yaml").read_text()
    for key, gpu in (("gpu_model", True), ("slurm_partition", False)):
        named = re.findall(rf"^#   (\w+): {{ {key}", profile, re.MULTILINE)
        assert sorted(named) == sorted(k for k, body in remote.items() if (" gpu=1" in body) == gpu)


def test_jobs_without_a_gpu_go_where_the_profile_says(repository: Repository) -> None:
    profile = repository.root / "slurm/profile.yaml"
    text = profile.read_text()
    profile.write_text(re.sub(r"^# (set-resources:|  \w+: {)", r"\1", text, flags=re.MULTILINE))
    printed = repository.snakemake("-n", "results/tables/table2.csv", "--profile", "slurm")
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", printed, re.MULTILINE)
    partitions = {rule: re.search(r"slurm_partition=(\w+)", resources) for rule, resources in jobs}
    found = {rule: match[1] for rule, match in partitions.items() if match is not None}
    assert {found[rule] for rule in ("download", "prepare_celeba", "baselines", "outcome")} == {
        "cpu"
    }
    assert {found[rule] for rule in ("train_segment", "reconstruct_shard")} == {"gpu"}


def test_no_code_knows_the_cluster() -> None:
    """But for what SLURM says of a job to all that runs in it."""
    told = {"gpus.py", "locks.py"}
    for folder in ("rules", "scripts", "wngan"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".smk", ".py"):
                words = (
                    "sbatch|srun|squeue|sacct" if path.name in told else "slurm|sbatch|srun|squeue"
                )
                found = re.search(words, path.read_text(), re.IGNORECASE)
                assert found is None, path


def test_every_rule_says_what_it_does_and_logs(repository: Repository) -> None:
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    rules = re.findall(
        r"^(?:rule|checkpoint) (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL
    )
    planned = {rule for config in CONFIGS for rule in job_counts(plan_of(config))}
    assert {name for name, _ in rules} == planned | {"prepare_folder"}
    for name, body in rules:
        assert body.startswith('    """'), name
        for directive in ("log:", "conda:", "script:"):
            assert f"    {directive}" in body, (name, directive)
        assert "lambda" not in body, name
    listed = repository.snakemake("--list")
    assert "Train one segment of a run." in listed


NOT_IN_THE_DEMO = {*range(6, 12), 13, 14, 17, 18, 24, *range(26, 31)}
"""Figures of residual networks, and those that would show the same as another on the same data."""


@pytest.mark.parametrize(
    ("config", "tables", "without"),
    [
        ("config.yaml", [*range(1, 9), "resnet", "equal_celeba"], set()),
        ("demo/config.yaml", range(1, 8), NOT_IN_THE_DEMO),
    ],
)
def test_tables_and_figures_have_a_target(
    config: str, tables: Sequence[Any], without: set[int]
) -> None:
    settings = yaml.safe_load((ROOT / config).read_text())
    named = {name for kind in settings["tables"].values() for name in kind}
    assert named == {f"table{each}" if isinstance(each, int) else each for each in tables}
    figures = {name for kind in settings["figures"].values() for name in kind}
    numbered = {name for name in figures if name.startswith("figure")}
    assert numbered == {f"figure{number:02d}" for number in set(range(1, 31)) - without}
    captions = (ROOT / "report/figures.rst").read_text() + (ROOT / "report/tables.rst").read_text()
    kinds = ("steps_", "codes_", "diversity_", "poster")
    others = {name for name in figures - numbered if name.startswith(kinds)}
    assert all(f'"{name}": "' in captions for name in figures - others | named)
    experiments = set(settings["experiments"])
    shown = {name.partition("_")[2] for name in others if name.startswith("diversity_")}
    assert shown == experiments


def test_every_caption_says_what_to_look_for_and_what_the_paper_found() -> None:
    """Also those of figures that the tests' configuration leaves out."""
    for name in ("figures.rst", "tables.rst"):
        text = (ROOT / "report" / name).read_text()
        captions = dict(re.findall(r'^"(\w+)": "(.*)",$', text, re.MULTILINE))
        assert len(captions) >= 9
        for item, caption in captions.items():
            assert re.search(r"Look (for|along)", caption), item
            assert "paper" in caption, item


def test_what_a_data_set_lacks_stops_its_jobs_after_the_split(
    repository: Repository, tmp_path: Path
) -> None:
    """Images all alike, and fewer than a batch for training: with keys, before any training."""
    (tmp_path / "black").mkdir()
    for number in range(14):
        Image.new("RGB", (8, 8)).save(tmp_path / f"black/{number:02d}.png")
    digits = "type: digits\n    image_size: 8\n    test: 12\n    split_seed: 2"
    black = digits.replace("digits", f"folder\n    path: {tmp_path}/black")
    repository.edit("tiny.yaml", digits, black)
    target = "results/runs/tiny/wn/1/running.csv"
    printed = repository.tiny(target, fails=True)
    sentence = "datasets.digits.test leaves 2 images for training. There must be for "
    assert f"{sentence}experiments.tiny.batch_size 4 and quality.tiny 10." in printed
    for number in range(14, 22):
        Image.new("RGB", (8, 8)).save(tmp_path / f"black/{number:02d}.png")
    shutil.rmtree(repository.root / "data")
    printed = repository.tiny(target, fails=True)
    assert "datasets.digits: the 12 images for testing are all the same." in printed
    assert "rule train_segment" not in printed


def test_mistakes_in_files_and_calls_are_sentences(repository: Repository) -> None:
    (repository.root / "mine.yaml").write_text("seed: 3\nfigures: {}\nseed: 4\n")
    printed = repository.snakemake("-n", "--configfile", "mine.yaml", fails=True)
    assert "mine.yaml, line 3: seed stands in line 1 already; join them." in printed
    printed = repository.snakemake("-n", "--config", "results=config.yaml", fails=True)
    assert "results must be a folder, which config.yaml is not." in printed
    repository.edit("config.yaml", "datasets:\n", "datasets:\n\t")
    printed = repository.snakemake("-n", fails=True)
    assert "config.yaml, line 15, column 1, is no YAML: found character" in printed
    assert "Traceback" not in printed


def test_a_call_can_change_nested_values(repository: Repository) -> None:
    """Which Snakemake hands over as text, also when a job of a cluster calls it."""
    nested = "experiments={cifar10_dcgan: {lr: 0.0002, models: {wn: {instances: 2}}}}"
    jobs = repository.planned(
        "results/tables/table7.csv", "--config", nested, "keep_snapshots=false", "seed=3"
    )
    assert jobs["train_segment"] == 10 + 10 + 2 * 10
