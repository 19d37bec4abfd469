"""What the README says the paper costs."""

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from benchmarks.cost import cost, count, markdown, settings_of
from wngan.plan import Plan
from wngan.runs import Final
from wngan.settings import Settings

ROOT = Path(__file__).parents[2]
with open(ROOT / "report/paper_values.csv", newline="") as file:
    PLAN = Plan(yaml.safe_load((ROOT / "config.yaml").read_text()), list(csv.DictReader(file)))


def test_arithmetic_is_counted(tiny: Settings) -> None:
    """Against a formula: two FLOP per weight and position, of convolutions alone."""
    settings = replace(tiny, model="vanilla", channels=(4, 6), image_size=16)
    sizes = list(pairwise((3, 4, 6)))
    maps = [16 // 2**depth for depth in range(1, 3)]
    convs = [2 * 16 * a * b * m**2 for (a, b), m in zip(sizes, maps, strict=True)]
    d = sum(convs) + 2 * 6 * 4 * 4  # and the last, of the whole map
    g = sum(convs) + 2 * 6 * 4 * 4 * settings.code_length
    training, reconstruction, snapshot, _ = count(settings)
    # D: forward, and backward to its weights and to all inputs but its first convolution's; twice
    # the images. G: forward without gradients, then both forward and backward through all of it to
    # the weights (its codes need no gradient) and of D to its inputs.
    first_of_g = 2 * 6 * 4 * 4 * settings.code_length
    expected = 2 * (3 * d - convs[0]) + g + (3 * g - first_of_g) + 2 * d
    assert training == settings.batch_size * expected
    assert reconstruction == 2 * g
    assert snapshot == 4 * sum(p.numel() for p in settings.generator().parameters())


@pytest.mark.slow
def test_estimates_of_time_are_those_of_ten_teraflops() -> None:
    """Or of a GPU that waits for kernels to be launched, where networks are small."""
    for experiment in PLAN.experiments.values():
        seconds = experiment.settings["seconds"]
        for model in experiment.settings["models"]:
            iteration, step, _, _ = count(settings_of(experiment, model))
            assert iteration / 1e13 <= seconds["iteration"] <= max(2 * iteration / 1e13, 0.02)
            assert step / 1e13 <= seconds["step"] <= max(2 * step / 1e13, 2e-5)


@pytest.mark.slow
def test_what_the_paper_has_not_costs_a_tenth_of_its_trainings() -> None:
    """Equal budgets, quality and the evaluator's table of LSUN, as README says, and results."""
    table = cost(PLAN).set_index("experiment")
    stages = ["train", "evaluate", "reconstruct", "quality"]
    lsun = PLAN.statistics["lsun_dcgan"]
    steps = lsun.experiment.settings["evaluation"]["final"]["steps"]
    _, step, _, _ = count(settings_of(lsun.experiment, "wn"))
    ours = table.loc["celeba_equal", stages].sum() + table["quality"].sum()
    ours += len(lsun.runs) * lsun.probes * steps * step / 1e15
    paper = table["train"].sum() - table.loc["celeba_equal", "train"]
    assert 0.09 < ours / paper < 0.1
    others = {
        final for item in PLAN.items if item.script != "results_table.py" for final in item.finals
    }
    behind = {
        Final(run, final.checkpoint)
        for final in others
        for run in PLAN.experiments[final.run.experiment].trainings(final.run)
    }
    results = 0.0
    for final in set(PLAN.known_finals) - others - behind:
        experiment = PLAN.experiments[final.run.experiment]
        _, step, _, _ = count(settings_of(experiment, final.run.model))
        evaluation = experiment.settings["evaluation"]["final"]
        results += evaluation["images"] * evaluation["steps"] * step / 1e15
    assert 0.055 < results / paper < 0.065


@pytest.mark.slow
def test_the_readme_has_the_costs() -> None:
    assert markdown(cost(PLAN), rate=10) in (ROOT / "README.md").read_text()
