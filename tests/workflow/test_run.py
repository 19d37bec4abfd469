"""The whole chain, run for real on the tiny configuration."""

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
import yaml
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.workflow.conftest import Repository, results
from wngan import checkpoint
from wngan.evaluator import reconstruct
from wngan.layers import recalibrate
from wngan.quality import quality
from wngan.randomness import fixed_codes, rng
from wngan.sampling import draw
from wngan.settings import Settings, load_generator
from wngan.tensors import to_tensor
from wngan.training import train

SEGMENTS, FINALS = 9, 16
"""Of the tiny configuration: training jobs and final reconstructions."""

CONDA = """#!/bin/sh
case "$1" in
info) echo '{"conda_prefix": "/nowhere", "default_prefix": "/nowhere", "platform": "linux-64"}' ;;
config) echo '{"get": {"channel_priority": "strict"}}' ;;
*) echo "conda 25.1.0" ;;
esac
"""
"""What Snakemake asks conda when it plans."""


def test_everything_is_made(finished: Repository) -> None:
    folder = finished.root / "results"
    others = ("pairs_tiny", "spread_tiny", "evaluator_tiny", "equal_tiny", "quality_tiny")
    for table in (*(f"table{number}" for number in range(1, 9)), *others):
        assert (folder / f"tables/{table}.csv").stat().st_size > 0
        assert "<table" in (folder / f"tables/{table}.html").read_text()
    kinds = yaml.safe_load((finished.root / "tiny.yaml").read_text())["figures"].values()
    for figure in ("quality_tiny", *(name for figures in kinds for name in figures)):
        assert (folder / f"figures/{figure}.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / f"figures/{figure}.pdf").read_bytes().startswith(b"%PDF")
    assert not list((folder / "recovery").rglob("*.safetensors"))


def test_nothing_is_left_to_be_done(finished: Repository) -> None:
    assert "Nothing to be done" in finished.tiny("--dry-run")


def test_table2_is_what_the_checkpoints_give(finished: Repository) -> None:
    """Computed again from the images and the optimal checkpoints, in one piece."""
    root = finished.root
    images = np.load(root / "data/digits/images.npy")[np.load(root / "data/digits/permutation.npy")]
    table = pandas.read_csv(root / "results/tables/table2.csv")
    assert table["model"].tolist() == ["vanilla", "bn", "wn"]
    for row in table.itertuples():
        best = "best" if row.model == "vanilla" else "1"  # of two instances, and of one
        run = root / "results/runs/tiny" / row.model / best
        generator, metadata = load_generator(run / "optimal.safetensors")
        assert metadata["iteration"] == row.iteration
        running = reconstruct(generator, to_tensor(images[:6]), steps=3, loss_batch=4).losses
        final = reconstruct(generator, to_tensor(images[:12]), steps=4, loss_batch=4).losses
        np.testing.assert_allclose(row.running_loss, running.mean(), rtol=1e-5)
        np.testing.assert_allclose(row.final_loss, final.mean(), rtol=1e-5)
        error = final.std() / 12**0.5
        np.testing.assert_allclose(row.final_standard_error, error, rtol=1e-4)
        losses = pandas.read_csv(run / "running.csv")
        assert losses["running_loss"].min() == row.running_loss
    assert table["paper_final_loss"].tolist() == [0.006171, 0.006355, 0.005524]


def test_pairs_are_of_the_final_losses(finished: Repository) -> None:
    folder = finished.root / "results"
    table = pandas.read_csv(folder / "tables/pairs_tiny.csv").set_index(["model", "against"])
    wn, bn, *vanilla = (
        pandas.read_csv(folder / "runs/tiny" / run / "final/optimal.csv")["loss"].to_numpy()
        for run in ("wn/1", "bn/1", "vanilla/1", "vanilla/2")
    )
    row = table.loc[("wn", "bn")]  # one training each: over images alone
    assert (row["images"], row["basis"]) == (12, "one training each, images alone")
    drawn = np.random.default_rng(1).integers(12, size=(4000, 12))
    ratios = wn[drawn].mean(axis=1) / bn[drawn].mean(axis=1)
    expected = [wn.mean() / bn.mean(), *np.percentile(ratios, [2.5, 97.5])]
    width = expected[2] - expected[1]
    measured = row[["above", "low", "high"]].to_numpy(float) / 100 + 1
    np.testing.assert_allclose(measured, expected, rtol=0, atol=0.1 * width)
    np.testing.assert_allclose(row["better"], 100 * (wn < bn).mean(), rtol=1e-5)
    row = table.loc[("wn", "vanilla")]
    means = [each.mean() for each in vanilla]
    ratio = wn.mean() / np.sqrt(means[0] * means[1])
    np.testing.assert_allclose(row["above"], 100 * ratio - 100, rtol=1e-4)
    assert row["basis"] == "1 and 2 trainings, the one taken to vary as the others"
    assert row["low"] < row["above"] < row["high"]
    np.testing.assert_allclose(row["paper_above"], -10.4845, rtol=1e-4)  # C1: 10.5 % below


def test_table2_has_all_trainings(finished: Repository) -> None:
    folder = finished.root / "results"
    row = pandas.read_csv(folder / "tables/table2.csv").iloc[0]
    means = [
        pandas.read_csv(folder / f"runs/tiny/vanilla/{k}/final/optimal.csv")["loss"].mean()
        for k in (1, 2)
    ]
    assert row["trainings"] == 2
    np.testing.assert_allclose(row["trainings_mean"], np.mean(means), rtol=1e-9)
    deviation = abs(means[0] - means[1]) / 2**0.5
    np.testing.assert_allclose(row["trainings_standard_deviation"], deviation, rtol=1e-9)
    assert row["final_loss"] in means


def test_baselines_are_those_of_the_data(finished: Repository) -> None:
    """The mean and the nearest of 30 training images, of which no test image is one."""
    root = finished.root
    order = np.load(root / "data/digits/permutation.npy")
    images = np.load(root / "data/digits/images.npy")[order].reshape(len(order), -1) / 255
    test, training = images[:12], images[12:42]
    table = pandas.read_csv(root / "results/baselines/tiny.csv")
    assert len(table) == 12
    expected = np.square(test - training.mean(axis=0)).mean(axis=1)
    np.testing.assert_allclose(table["mean_image"], expected, rtol=1e-4)
    distances = np.square(test[:, None] - training).mean(axis=2)
    np.testing.assert_allclose(table["nearest_image"], distances.min(axis=1), rtol=1e-4)


def test_spread_is_of_the_instances(finished: Repository) -> None:
    folder = finished.root / "results"
    table = pandas.read_csv(folder / "tables/spread_tiny.csv").set_index("model")
    assert table["instances"].to_dict() == {"vanilla": 2, "bn": 1, "wn": 1}
    runs = [folder / f"runs/tiny/vanilla/{k}" for k in (1, 2)]
    a, b = (pandas.read_csv(run / "running.csv")["running_loss"].min() for run in runs)
    ends = [json.loads((run / "status.json").read_text())["status"] for run in runs]
    row = table.loc["vanilla"]
    np.testing.assert_allclose(row["mean"], (a + b) / 2, rtol=1e-5)
    np.testing.assert_allclose(row["standard_deviation"], abs(a - b) / 2**0.5, rtol=1e-4)
    assert row["failed"] == sum(end not in ("trained", "converged") for end in ends)
    np.testing.assert_allclose(row["paper_mean"], 0.0146487, rtol=1e-5)  # table 3
    np.testing.assert_allclose(row["paper_standard_deviation"], 0.0001219, rtol=1e-3)


def test_the_evaluator_is_probed(finished: Repository) -> None:
    """A row computed again: own samples, training images, random starts, other ways to go."""
    root = finished.root
    run = root / "results/runs/tiny/bn/1"
    generator, _ = load_generator(run / "optimal.safetensors")
    images = np.load(root / "data/digits/images.npy")[np.load(root / "data/digits/permutation.npy")]

    def losses(targets: torch.Tensor, start: Any = None, **options: Any) -> torch.Tensor:
        return reconstruct(generator, targets, steps=4, loss_batch=4, start=start, **options).losses

    with torch.no_grad():
        own = losses(generator(torch.from_numpy(fixed_codes(5, 6))))
    training, zero = (losses(to_tensor(images[first : first + 5])) for first in (12, 0))
    test = losses(to_tensor(images[6:12]))  # without those of the running evaluation
    starts = [
        losses(
            to_tensor(images[:5]),
            torch.from_numpy(rng(0, "random starts", k).standard_normal((5, 6), np.float32)),
        )
        for k in (0, 1)
    ]
    table = pandas.read_csv(root / "results/tables/evaluator_tiny.csv").set_index("model")
    assert table["images"].tolist()[:3] == [5] * 3
    known = pandas.read_csv(root / "results/baselines/tiny.csv")[6:12]
    assert table.loc["nearest_image", "test"] == pytest.approx(known["nearest_image"].mean(), 1e-4)
    lengths = np.linalg.norm(fixed_codes(10_000, 6), axis=1)
    within = losses(to_tensor(images[:5]), max_norm=float(np.quantile(lengths, 0.99)))
    draws = rng(0, "recalibration")
    batches = [torch.from_numpy(draws.standard_normal((4, 6), np.float32)) for _ in range(2500)]
    recalibrate(generator, batches)
    recalibrated = losses(to_tensor(images[:5]))
    assert table.loc[["vanilla", "wn"], "recalibrated"].isna().all()
    row = table.loc["bn"]
    expected = {
        "own": own.mean(),
        "own_standard_error": own.std() / 5**0.5,
        "test": test.mean(),
        "zero": zero.mean(),
        "training": training.mean(),
        "gap": 100 * (test.mean() / training.mean() - 1),
        "random": torch.stack(starts).mean(),
        "random_above": 100 * (torch.stack(starts).mean() / zero.mean() - 1),
        "within": within.mean(),
        "recalibrated": recalibrated.mean(),
        "random_best": torch.minimum(*starts).mean(),
        "random_better": 100 * (torch.stack(starts) < 0.99 * zero).double().mean(),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(row[name], value, rtol=1e-4, atol=1e-7, err_msg=name)
    assert row["gap_low"] < row["gap"] < row["gap_high"]
    assert len({*own.tolist(), *starts[0].tolist(), *starts[1].tolist()}) == 15
    provenance = json.loads((root / "results/provenance.json").read_text())
    assert "tiny/bn/1" in provenance["results"]["evaluator_tiny"]["runs"]
    recorded = [job["checkpoint"] for job in provenance["runs"]["tiny/bn/1"]["reconstruct"]]
    assert recorded.count("probes") == 1


def test_models_of_ours_are_beside_the_papers(finished: Repository) -> None:
    table = pandas.read_csv(finished.root / "results/tables/table5.csv").set_index("model")
    assert list(table.index) == ["wn", "spectral"]
    assert table["running_loss"].notna().all()
    assert table["paper_running_loss"].fillna(0).tolist() == [0.01301, 0]
    page = (finished.root / "results/tables/table5.html").read_text()
    assert page.count(">–<") == 2
    networks = pandas.read_csv(finished.root / "results/tables/table1.csv").set_index("network")
    discriminator = networks.loc["discriminator"]
    assert discriminator["spectral"].tolist() == ["SNConv, PReLU", "SNConv"]
    columns = networks[["spectral_parameters", "vanilla_parameters"]]
    assert columns["spectral_parameters"].tolist() == columns["vanilla_parameters"].tolist()


def test_figures_are_given_the_papers_losses(finished: Repository) -> None:
    def given(figure: str) -> list[str]:
        name = base64.urlsafe_b64encode(f"results/figures/{figure}.png".encode()).decode()
        metadata = json.loads((finished.root / ".snakemake/metadata" / name).read_text())
        return metadata["params"]

    of_table2 = {"vanilla@optimal": 0.014509, "bn@optimal": 0.017199}  # WN's curve ends before
    assert str(of_table2) in given("figure01")
    assert str({"vanilla/1@optimal": 0.014509, "vanilla/2@optimal": 0.014703}) in given("figure20")
    of_table7 = {"vanilla@optimal": 0.010382, "bn@optimal": 0.017987, "wn@optimal": 0.010906}
    assert str(of_table7) in given("figure24")
    final = {"vanilla@optimal": 0.006171, "bn@optimal": 0.006355, "wn@optimal": 0.005524}
    assert str(final) in given("steps_tiny")
    assert "{}" in given("steps_tiny_resnet")  # the paper has none


def test_the_best_instance_is_the_one_with_the_lowest_loss(finished: Repository) -> None:
    folder = finished.root / "results/runs/tiny/vanilla"
    lowest = {k: pandas.read_csv(folder / k / "running.csv")["running_loss"].min() for k in "12"}
    best = min(lowest, key=lowest.__getitem__)
    assert lowest["1"] != lowest["2"]  # instances have seeds of their own
    for name in (
        "running.csv",
        "running.npy",
        "optimal.safetensors",
        "outcome.csv",
        "status.json",
    ):
        assert (folder / "best" / name).read_bytes() == (folder / best / name).read_bytes()


def test_running_losses_are_the_means_over_images(finished: Repository) -> None:
    run = finished.root / "results/runs/tiny/wn/1"
    per_image = np.load(run / "running.npy")
    table = pandas.read_csv(run / "running.csv")
    assert per_image.shape == (len(table), 6)
    np.testing.assert_allclose(per_image.mean(1), table["running_loss"], rtol=1e-6)
    np.testing.assert_allclose(
        per_image.std(1, ddof=1) / 6**0.5, table["standard_error"], rtol=1e-4
    )


def test_what_became_of_a_run_is_said(finished: Repository) -> None:
    run = finished.root / "results/runs/tiny/wn/1"
    series = pandas.read_csv(run / "outcome.csv")
    assert series["iteration"].tolist() == list(range(5, 45, 5))
    samples = np.concatenate([np.load(run / f"segments/{k}/samples.npy") for k in (1, 2)]) / 255
    images = np.load(finished.root / "data/digits/images.npy")
    tests = images[np.load(finished.root / "data/digits/permutation.npy")[:12]] / 255
    share = samples.var(axis=1, ddof=1).mean((1, 2, 3)) / tests.var(axis=0, ddof=1).mean()
    np.testing.assert_allclose(series["diversity"], share, rtol=1e-5)
    status = json.loads((run / "status.json").read_text())
    assert status["status"] in ("trained", "converged", "never_diverse")
    assert (status["iteration"], status["seed"], status["restarts"]) == (40, 5, [])


def test_a_split_has_every_image_once(finished: Repository) -> None:
    permutation = np.load(finished.root / "data/digits/permutation.npy")
    assert sorted(permutation) == list(range(1797))
    log = (finished.root / "data/digits/split.log").read_text()
    assert "12 images for testing, 1785 for training" in log


def test_a_run_is_a_training_on_the_training_images(finished: Repository, tmp_path: Path) -> None:
    """The same program, given these images alone, ends with the same bits."""
    root = finished.root
    order = np.load(root / "data/digits/permutation.npy")
    images = np.load(root / "data/digits/images.npy")[order[12:]]
    state, metadata = checkpoint.load(
        root / "results/runs/tiny/vanilla/2/segments/1/state.safetensors"
    )
    settings = metadata["settings"] | {"channels": tuple(metadata["settings"]["channels"])}
    torch.set_num_threads(1)
    train(Settings(**settings), images, tmp_path, stop=20)
    again, _ = checkpoint.load(tmp_path / "state.safetensors")
    assert state.keys() == again.keys()
    assert all(torch.equal(state[name], again[name]) for name in state)


def test_another_run_gives_the_same_bytes(finished: Repository, repository: Repository) -> None:
    """One job at a time instead of two; one target of each kind, and what it needs."""
    kinds = ("figure01", "figure02", "figure03", "figure12", "figure13", "figure15")
    figures = (*kinds, "steps_tiny", "diversity_tiny")
    targets = [f"results/figures/{name}.png" for name in figures]
    repository.tiny("results/tables/table3.csv", "results/claims/C1.csv", *targets, cores=1)
    made = results(repository.root)
    assert len(made) > 100
    expected = results(finished.root)
    assert made == {name: expected[name] for name in made}


def test_a_segment_is_evaluated_before_the_next_is_trained(repository: Repository) -> None:
    """Of two runs, one job at a time; without priorities, larger input (training's) goes first."""
    repository.edit("tiny.yaml", "running: { every: 10", "running: { every: 20")
    repository.show_nothing()
    targets = [f"results/runs/tiny/{run}/running.csv" for run in ("wn/1", "vanilla/1")]
    printed = repository.tiny(*targets, "--scheduler", "greedy", cores=1)
    order = re.findall(r"rule (train|evaluate)_segment:$", printed, re.MULTILINE)
    assert order == ["train", "evaluate"] * 3


def test_editing_the_evaluator_evaluates_again_and_trains_nothing(rerun: Repository) -> None:
    rerun.edit("wngan/evaluator.py", "lr: float = 0.01", "lr: float = 0.02")
    jobs = rerun.replanned()
    assert jobs["evaluate_segment"] == SEGMENTS
    assert jobs["reconstruct_shard"] == 2 * FINALS
    assert jobs["loss_table"] == 8
    assert jobs["probe"] == 3
    assert "train_segment" not in jobs
    assert "sample" in jobs  # of the optima, which may be others now


def test_editing_a_claims_sentence_judges_it_alone(rerun: Repository) -> None:
    """What shows it are the table of claims, poster, summary, and the page of provenance."""
    rerun.edit("wngan/claims/c05.py", "BN", "Batch normalization")
    shown = dict.fromkeys(("claims", "poster_figure", "summary", "provenance", "rates"), 1)
    assert dict(rerun.replanned()) == {"claim": 1, **shown}
    assert dict(rerun.replanned("results/claims/C5.csv")) == {"claim": 1}
    assert not rerun.replanned("results/claims/C1.csv", "results/tables/pairs_tiny.csv")


def test_claims_follow_whatever_their_runs_became(rerun: Repository) -> None:
    """In the same call: all take each run's status, and all but a few other files of it."""
    claims = len(yaml.safe_load((rerun.root / "tiny.yaml").read_text())["claims"])
    rerun.edit("scripts/outcome.py", "The run is", "This run is")
    assert rerun.replanned()["claim"] == claims
    losses = rerun.replanned("--forcerun", "select_optimal")
    assert losses["claim"] == claims


def test_another_environment_reruns_nothing(rerun: Repository, tmp_path: Path) -> None:
    """Neither conda's instead of this one, nor another version in it.

    A dry run only asks conda what it is; nothing is installed.
    """
    (tmp_path / "conda").write_text(CONDA)
    (tmp_path / "conda").chmod(0o755)
    rerun.edit("envs/wngan.yaml", "matplotlib==", "matplotlib==0.")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        printed = rerun.tiny("--dry-run", "--sdm", "conda")
    assert "Conda environment envs/wngan.yaml will be created" in printed
    assert "Nothing to be done" in printed


def test_editing_the_layers_trains_again(rerun: Repository) -> None:
    rerun.edit("wngan/layers.py", "EPS = 1e-6", "EPS = 2e-6")
    assert rerun.replanned()["train_segment"] == SEGMENTS


def test_editing_a_figure_draws_only_it(rerun: Repository) -> None:
    rerun.edit("scripts/curves_figure.py", "plots.COLUMN, 2.9", "plots.COLUMN, 2.8")
    jobs = {"curves_figure": 3 + 2, "provenance": 1}  # and one of each experiment
    assert dict(rerun.replanned()) == jobs | {"rates": 1}
    # Which says with what code a figure was drawn: not before that is so.
    assert dict(rerun.replanned("results/provenance.json")) == jobs


def test_other_probes_are_all_that_runs(rerun: Repository) -> None:
    """After a change of the statistics, or of their script."""
    jobs = {"probe": 3, "evaluator_table": 1, "provenance": 1, "rates": 1}
    rerun.edit("tiny.yaml", "random_starts: 2", "random_starts: 3")
    assert dict(rerun.replanned()) == jobs
    rerun.edit("tiny.yaml", "random_starts: 3", "random_starts: 2")
    assert not rerun.replanned()
    rerun.edit("scripts/probe.py", '"random starts"', '"other starts"')
    assert dict(rerun.replanned()) == jobs


def test_other_images_measure_quality_again_and_nothing_else(rerun: Repository) -> None:
    rerun.edit("tiny.yaml", "features: pixels, images: 12", "features: pixels, images: 11")
    assert dict(rerun.replanned()) == {
        "quality": 4 + 5,  # optima of four trainings, and their segments
        "join_quality": 4,
        **dict.fromkeys(("quality_table", "quality_figure", "claim", "claims", "summary"), 1),
        **dict.fromkeys(("poster_figure", "results_table", "provenance", "rates"), 1),
    }


def test_quality_is_of_the_checkpoints(finished: Repository) -> None:
    """Computed again from the images and the checkpoints."""
    root = finished.root
    order = np.load(root / "data/digits/permutation.npy")
    training = np.load(root / "data/digits/images.npy")[order[12:24]]
    run = root / "results/runs/tiny/wn/1"
    table = pandas.read_csv(run / "quality.csv")
    assert table["checkpoint"].tolist() == ["optimal", *["snapshot"] * 4, "last"]
    assert table["iteration"].tolist()[1:] == [0, 10, 20, 30, 40]
    rows = [(0, run / "optimal.safetensors"), (3, run / "segments/1/snapshots/0000020.safetensors")]
    for row, path in rows:
        generator, metadata = load_generator(path)
        assert metadata["iteration"] == table["iteration"][row]
        found = quality(draw(generator, fixed_codes(12, 6)), training, "pixels")
        names = ["fid", "kid", "precision", "recall"]
        np.testing.assert_allclose(table.loc[row, names].to_numpy(float), found, rtol=1e-4)


def test_statistics_can_be_left_out(rerun: Repository) -> None:
    rerun.edit("tiny.yaml", "statistics:\n  tiny:", "statistics: {}\n# tiny:")
    assert dict(rerun.replanned()) == {"provenance": 1, "rates": 1}


def test_a_caption_or_a_comment_in_a_rule_reruns_nothing(rerun: Repository) -> None:
    rerun.edit("report/figures.rst", "In the paper", "In that paper")
    rerun.edit("rules/train.smk", "# Training", "# The training")
    assert not rerun.replanned()


def test_preparing_the_same_images_again_trains_nothing(rerun: Repository) -> None:
    rerun.edit("scripts/prepare_digits.py", "handwritten digits as", "digits as")
    images = [f"data/{name}/images.npy" for name in ("digits", "others")]
    assert rerun.replanned(*images) == {"prepare_digits": 2}
    rerun.tiny(*images)
    assert not rerun.replanned()


def test_the_precision_of_reconstruction_trains_nothing(rerun: Repository) -> None:
    rerun.edit("tiny.yaml", "      precision: float32", "      precision: bfloat16")
    planned = rerun.replanned()
    assert planned["evaluate_segment"]
    assert planned["reconstruct_shard"]
    assert not planned["train_segment"]


def test_diverged_runs_are_shown_everywhere(repository: Repository) -> None:
    """At a learning rate of 1e30 little trains; every table and figure is made and says so.

    WN, which divides by the norms, may survive the step with another seed.
    """
    repository.edit("tiny.yaml", "lr: 0.001", "lr: 1.0e+30")
    repository.edit("tiny.yaml", "wn: { iterations: 40, ", "wn: { restarts: 2, iterations: 40, ")
    repository.tiny("--config", "only=[tiny]")
    folder = repository.root / "results"
    for name in ("table2", "table3", "table7", "table8"):
        table = pandas.read_csv(folder / f"tables/{name}.csv")
        assert set(table["status"][table["model"] != "wn"]) <= {"diverged"}, name
        assert table["restarts"][table["model"] == "wn"].isin([1, 2]).all(), name
    spread = pandas.read_csv(folder / "tables/spread_tiny.csv").set_index("model")
    assert spread.loc[["vanilla", "bn"], "failed"].tolist() == [2, 1]
    probed = pandas.read_csv(folder / "tables/evaluator_tiny.csv")
    assert set(probed["status"][probed["model"].isin(["vanilla", "bn"])]) == {"diverged"}
    pairs = pandas.read_csv(folder / "tables/pairs_tiny.csv")
    assert (pairs["against_failed"] == pairs["against_trainings"]).all()
    table = pandas.read_csv(folder / "tables/table3.csv")
    assert table["iteration"].tolist() == [0, 0]  # the optimum is where it started
    assert len(np.load(folder / "runs/tiny/vanilla/1/samples/20.npy")) == 0
    seeds = [
        json.loads((folder / f"runs/tiny/wn/1/segments/{k}/status.json").read_text())["seed"]
        for k in (1, 2)
    ]
    assert seeds[0] == seeds[1] != 5
    kinds = yaml.safe_load((repository.root / "tiny.yaml").read_text())["figures"].values()
    drawn = {path.stem for path in (folder / "figures").glob("*.png")}
    figures = {name: figure for kind in kinds for name, figure in kind.items()}
    shown = {name for name, figure in figures.items() if figure["experiment"] == "tiny"}
    assert drawn == shown | {f"{kind}_tiny" for kind in ("curves", "samples", "quality")}
    quality = pandas.read_csv(folder / "tables/quality_tiny.csv")
    ended = quality["model"] != "wn"
    assert quality["fid"][ended & (quality["checkpoint"] == "optimal")].notna().all()
    assert quality["fid"][ended & (quality["checkpoint"] == "last")].isna().all()
    equal = pandas.read_csv(folder / "tables/equal_tiny.csv").set_index("model")
    assert equal.loc["vanilla", "failed"] == 2
    assert np.isnan(equal.loc["vanilla", "at_loss"])  # it diverged before


def test_touching_any_file_reruns_nothing(rerun: Repository) -> None:
    for path in sorted(rerun.root.rglob("[!.]*"), key=lambda path: path.name):
        os.utime(path)
    assert not rerun.replanned()


def test_another_crop_of_a_data_set_is_for_its_experiments(rerun: Repository) -> None:
    settings = "image_size: {}\n    test: 12\n    split_seed: 3"
    rerun.edit("tiny.yaml", settings.format(8), settings.format(10))
    jobs = rerun.replanned()
    assert jobs["prepare_digits"] == jobs["split"] == 1
    assert jobs["train_segment"] == jobs["evaluate_segment"] == 3  # of tiny_resnet
    assert jobs["loss_table"] == 1
    assert jobs["evolution_figure"] == 1


def test_more_evaluation_steps_evaluate_again(rerun: Repository) -> None:
    rerun.edit("tiny.yaml", "images: 6, steps: 3", "images: 6, steps: 5")
    jobs = rerun.replanned("results/tables/table3.csv")
    assert dict(jobs) == {
        "evaluate_segment": 2,
        "select_optimal": 2,
        "outcome": 2,
        "loss_table": 1,
    }


def test_results_copied_into_a_fresh_clone_are_as_good(
    finished: Repository, tmp_path: Path
) -> None:
    fresh = finished.copied(tmp_path)
    assert not fresh.replanned()
    fresh.edit("tiny.yaml", "images: 6, steps: 3", "images: 6, steps: 5")
    jobs = fresh.replanned()
    assert jobs["evaluate_segment"] == SEGMENTS
    assert "train_segment" not in jobs


def test_other_reconstructions_of_the_same_losses_are_shown(rerun: Repository) -> None:
    """Where a curve, a code or an image is another, only a digest beside the large file says so."""
    digest = rerun.root / "results/runs/tiny/bn/1/final/optimal.sha256"
    digest.write_text("another\n")
    jobs = rerun.replanned()
    assert jobs["steps_figure"] == 1
    assert jobs["reconstructions_figure"] == 2
    assert jobs["claim"] > 0
    assert "loss_table" not in jobs


def test_more_iterations_are_only_new_segments(rerun: Repository) -> None:
    rerun.edit("tiny.yaml", "iterations: 40", "iterations: 60")
    jobs = rerun.replanned("results/runs/tiny/wn/1/running.csv")
    assert dict(jobs) == {"train_segment": 1, "evaluate_segment": 1, "select_optimal": 1}


def test_final_reconstructions_hold_codes_and_images(finished: Repository) -> None:
    run = finished.root / "results/runs/tiny/bn/1"
    final = load_file(run / "final/optimal.safetensors")
    assert {name: array.shape for name, array in final.items()} == {
        "codes": (12, 6),
        "images": (12, 8, 8, 3),
        "losses": (12,),
        "curve": (12, 4),
        "steps": (4,),
    }
    assert final["steps"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(final["curve"][:, -1], final["losses"])
    generator, _ = load_generator(run / "optimal.safetensors")
    with torch.no_grad():
        images = generator(torch.from_numpy(final["codes"]))
    made = images.mul(255).round().permute(0, 2, 3, 1).numpy()
    assert np.abs(made - final["images"]).max() <= 1


def test_of_keys_about_gpus_one_changes_no_job_and_the_other_all_that_use_one(
    finished: Repository,
) -> None:
    assert not finished.replanned("--config", "gpu_jobs=3", "deterministic=False")
    jobs = finished.replanned("--config", "deterministic=True")
    assert jobs["train_segment"] == SEGMENTS


def test_event_files_have_the_losses_and_change_no_result(
    finished: Repository, repository: Repository
) -> None:
    assert not finished.replanned("--config", "tensorboard=True")
    assert not (finished.root / "results/tensorboard").exists()
    repository.tiny("results/runs/tiny/wn/1/running.csv", "--config", "tensorboard=True")
    made, expected = (results(r.root, "results/runs/tiny/wn/1") for r in (repository, finished))
    assert len(made) > 10
    assert made == {name: expected[name] for name in made}
    run = repository.root / "results/runs/tiny/wn/1"
    found = {}
    for stage, tag in (("training", "loss/generator"), ("evaluation", "running_loss")):
        folder = repository.root / "results/tensorboard/tiny/wn/1" / stage
        events = EventAccumulator(str(folder))
        events.Reload()
        found[stage] = {event.step: event.value for event in events.Scalars(tag)}
    losses = np.concatenate([np.load(run / f"segments/{k}/losses.npy") for k in (1, 2)])
    assert list(found["training"]) == list(range(5, 45, 5))
    means = losses[:, 1].reshape(8, 5).mean(1)
    np.testing.assert_allclose(list(found["training"].values()), means, rtol=1e-6)
    rows = pandas.read_csv(run / "running.csv").set_index("iteration")["running_loss"]
    assert found["evaluation"] == pytest.approx(rows.to_dict(), rel=1e-6)
