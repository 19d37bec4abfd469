"""The plan of the paper's configuration, by facts of the paper, and that of small ones."""

import copy
import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from wngan.claims import CLAIMS
from wngan.items.figures import figure_panels, figure_runs
from wngan.plan import Plan, target
from wngan.runs import Config, Final, Run, Source, minutes, split_run
from wngan.settings import Settings

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
with open(ROOT / "report/paper_values.csv", newline="") as file:
    VALUES = list(csv.DictReader(file))
PAPER = Plan(CONFIG, VALUES)


def planned(**changes: Any) -> Plan:
    """The paper's plan with other values at keys such as "figures/curves"."""
    config: Config = copy.deepcopy(CONFIG)
    for path, value in changes.items():
        *keys, last = path.split("/")
        place = config
        for key in keys:
            place = place[key]
        place[last] = value
    return Plan(config, VALUES)


def names(runs: list[Run]) -> list[str]:
    return [run.name for run in runs]


class TestRuns:
    RUN = Run("e", "bn", "2", iterations=40, segment=20, seed=8, restarts=0)
    BEST = Run("e", "bn", "best", iterations=40, segment=20, seed=7, restarts=0)

    def test_a_run_has_a_folder_and_a_name(self) -> None:
        assert (self.RUN.place, self.RUN.name) == ("e/bn/2", "bn/2")
        assert (self.BEST.place, self.BEST.name) == ("e/bn/best", "bn")
        assert split_run("bn/2") == ("bn", "2")
        assert split_run("bn") == ("bn", "best")

    def test_iterations_are_in_segments(self) -> None:
        assert [number for _, number in self.RUN.segments] == [1, 2]
        assert [self.RUN.segment_of(iteration) for iteration in (1, 20, 21, 40)] == [1, 1, 2, 2]
        assert (self.RUN.start_of(2), self.RUN.stop_of(2)) == (20, 40)

    @pytest.mark.parametrize(
        ("run", "checkpoint", "expected"),
        [
            (RUN, "optimal", ("e/bn/2/optimal.safetensors", "e/bn/2/running.csv")),
            (
                RUN,
                "last",
                ("e/bn/2/segments/2/state.safetensors", "e/bn/2/segments/2/status.json"),
            ),
            (RUN, "20", ("e/bn/2/segments/1/snapshots", "e/bn/2/segments/1/status.json")),
        ],
    )
    def test_checkpoints_are_where_they_are_made(
        self, run: Run, checkpoint: str, expected: tuple[str, str]
    ) -> None:
        assert run.source(checkpoint) == Source(*expected)

    def test_a_job_may_take_twice_its_estimate_and_half_an_hour(self) -> None:
        assert minutes(0) == 30
        assert minutes(60) == 32
        assert minutes(61) == 33


class TestExperiments:
    EXPERIMENT = PAPER.experiments["celeba_dcgan"]

    def test_instances_differ_in_their_seed(self) -> None:
        runs = self.EXPERIMENT.model("vanilla").runs
        assert names(runs) == ["vanilla/1", "vanilla/2", "vanilla/3"]
        assert [run.seed - CONFIG["seed"] for run in runs] == [0, 1, 2]

    def test_the_best_of_one_instance_is_that_one(self) -> None:
        assert self.EXPERIMENT.run("wn").place == "celeba_dcgan/wn/1"
        assert self.EXPERIMENT.run("bn").place == "celeba_dcgan/bn/best"
        assert self.EXPERIMENT.run("bn/2").place == "celeba_dcgan/bn/2"

    def test_what_a_run_trains_is_settings(self) -> None:
        trained = self.EXPERIMENT.training(self.EXPERIMENT.run("bn/2"))
        settings = Settings(**trained | {"channels": tuple(trained["channels"])})
        assert settings.seed == CONFIG["seed"] + 1
        assert (settings.image_size, settings.lr, settings.sample_every) == (160, 0.0001, 100)

    def test_minutes_follow_from_the_estimates(self) -> None:
        assert self.EXPERIMENT.training_minutes == minutes(50_000 * 0.07)
        assert self.EXPERIMENT.evaluation_minutes == minutes(101 * 200 * 50 * 0.00035)
        assert self.EXPERIMENT.final_minutes == minutes(500 * 2000 * 0.00035)

    def test_baselines_take_what_their_images_do(self) -> None:
        """5000 images of 160 x 160 are 1.5 GB in float32, and their products 0.2 GB."""
        celeba, cifar10 = self.EXPERIMENT, PAPER.experiments["cifar10_dcgan"]
        assert celeba.baseline_megabytes == 2000 + 3840 + 1000 + 154
        assert cifar10.baseline_megabytes < 3000
        assert 45 <= celeba.baseline_minutes <= 60
        more = planned(**{"experiments/celeba_dcgan/evaluation/baselines/images": 20_000})
        grown = more.experiments["celeba_dcgan"]
        assert grown.baseline_megabytes > 4 * 3840 + 4**2 * 1000
        assert 4**2 < (grown.baseline_minutes - 30) / (celeba.baseline_minutes - 30) < 4**3

    def test_encoded_images_are_decoded_on_several_cores(self) -> None:
        assert self.EXPERIMENT.training_threads == 1
        assert PAPER.experiments["lsun_dcgan"].training_threads == 4


class TestTables:
    def test_a_row_of_the_paper_is_of_the_same_run_here(self) -> None:
        table = PAPER.tables["table2"]
        assert [row["model"] for row in table.rows] == ["vanilla", "bn", "wn", "wn_published"]
        assert names(table.runs) == ["vanilla", "bn", "wn/1", "wn_published/1"]
        assert [final.place for final in table.finals][:2] == [
            "celeba_dcgan/vanilla/best/final/optimal",
            "celeba_dcgan/bn/best/final/optimal",
        ]

    def test_all_trainings_stand_beside_the_best(self) -> None:
        vanilla, _, wn, _ = PAPER.tables["table2"].trainings
        assert [final.place for final in vanilla] == [
            f"celeba_dcgan/vanilla/{k}/final/optimal" for k in (1, 2, 3)
        ]
        assert [final.place for final in wn] == ["celeba_dcgan/wn/1/final/optimal"]
        assert set(vanilla) < set(PAPER.tables["table2"].item.finals)
        assert PAPER.tables["table2"].training_counts == [3, 3, 1, 1]
        assert PAPER.tables["table3"].trainings == []

    def test_the_papers_wn_stands_beside_either_gradient(self) -> None:
        rows = {row["model"]: row["final_loss"] for row in PAPER.tables["table2"].rows}
        assert rows["wn"] == rows["wn_published"] == "0.005524"

    def test_instances_that_are_not_trained_have_no_row(self) -> None:
        models = CONFIG["experiments"]["celeba_dcgan"]["models"] | {
            "vanilla": {"iterations": 150_000, "instances": 2}
        }
        plan = planned(**{"experiments/celeba_dcgan/models": models})
        assert names(plan.tables["table3"].runs) == ["vanilla/1", "vanilla/2"]

    def test_a_model_of_one_instance_in_the_paper_is_the_best_here(self) -> None:
        models = {"wn": {"iterations": 500_000, "instances": 2}}
        plan = planned(
            **{"experiments/cifar10_dcgan/models": models, "statistics": {}, "claims": {}}
            | {"figures": {}}
        )
        assert names(plan.tables["table7"].runs) == ["wn", "wn"]

    def test_others_are_models_that_the_paper_prints_none_of(self) -> None:
        models = [row["model"] for row in PAPER.tables["table5"].rows]
        assert models == ["affine_wn", "wn_mean_bn", "wn", "wn_published", "spectral"]
        added = PAPER.tables["table5"].rows[-1]
        assert (added["instance"], added["running_loss"]) == ("best", "")
        assert "spectral" not in {row["model"] for row in PAPER.tables["table2"].rows}

    def test_a_table_that_the_paper_does_not_have_is_of_all_models(self) -> None:
        plan = planned(**{"tables/loss": {"mine": {"experiment": "lsun_dcgan"}}})
        models = [row["model"] for row in plan.tables["mine"].rows]
        assert models == list(CONFIG["experiments"]["lsun_dcgan"]["models"])
        assert plan.tables["mine"].finals == []

    def test_a_table_of_architectures_takes_no_run(self) -> None:
        table = PAPER.tables["table1"]
        assert (table.runs, table.finals) == ([], [])
        assert table.networks["channels"] == [64, 128, 256, 512, 1024]
        assert table.item.script == "architecture_table.py"
        assert table.labels["Models"].startswith("vanilla, bn, wn")

    def test_rows_belong_to_a_table_by_number_or_name(self) -> None:
        assert [target({"table": name}) for name in ("2", "resnet")] == ["table2", "resnet"]


class TestFigures:
    def test_runs_are_those_of_panels_each_once(self) -> None:
        settings = {"panels": [["bn/1@optimal", "wn@optimal"], ["bn/1@500", "wn@optimal"]]}
        assert figure_runs(settings) == ["bn/1", "wn"]
        assert figure_panels(settings)[2] == ("bn/1", "500")
        assert figure_runs({"run": "bn/3"}) == ["bn/3"]

    def test_panels_have_samples(self) -> None:
        figure = {"experiment": "celeba_dcgan", "panels": [["vanilla@optimal"], ["bn/1@500"]]}
        plan = planned(**{"figures/samples": {"mine": figure | {"rows": 3, "columns": 50}}})
        assert plan.figures["mine"].panel_files == [
            "celeba_dcgan/vanilla/best/samples/optimal.npy",
            "celeba_dcgan/bn/1/samples/500.npy",
        ]
        assert plan.samples == 150

    def test_segments_are_as_many_as_are_shown(self) -> None:
        figure = {"experiment": "celeba_dcgan", "runs": ["vanilla/1"], "codes": 2}
        for last, count in ((50_000, 1), (50_100, 2)):
            shown = {"mine": figure | {"iterations": [100, last]}}
            plan = planned(**{"figures/evolution": shown})
            assert len(plan.figures["mine"].segments) == count
        assert len(PAPER.figures["figure12"].segments) == 3  # a collapse may be anywhere

    def test_final_reconstructions_are_of_each_checkpoint(self) -> None:
        figure = PAPER.figures["steps_cifar10_dcgan"]
        places = [final.place for final in figure.finals]
        assert places == [
            f"cifar10_dcgan/{model}/1/final/{checkpoint}"
            for checkpoint in figure.settings["checkpoints"]
            for model in figure.settings["runs"]
        ]
        assert PAPER.figures["figure01"].finals == []
        assert {final.checkpoint for final in PAPER.figures["figure19"].finals} == {"optimal"}

    def test_the_papers_losses_stand_beside_its_runs(self) -> None:
        assert PAPER.figures["figure20"].paper_losses == {
            "vanilla/1@optimal": 0.014509,
            "vanilla/2@optimal": 0.014703,
            "vanilla/3@optimal": 0.014734,
        }
        assert PAPER.figures["steps_cifar10_dcgan"].paper_losses["wn@last"] == 0.003269
        assert PAPER.figures["diversity_celeba_dcgan"].paper_losses == {}

    def test_losses_that_came_later_than_what_is_shown_do_not(self) -> None:
        """WN's lowest is at 463,000 iterations."""
        assert "wn@optimal" not in PAPER.figures["figure01"].paper_losses
        assert PAPER.figures["figure18"].paper_losses == {"wn@optimal": 0.01301}

    def test_labels_say_what_it_is(self) -> None:
        title = "20: running reconstruction loss in training"
        labels = {"Figure": title, "Experiment": "celeba_dcgan", "Models": "vanilla"}
        assert PAPER.figures["figure20"].labels == labels


class TestClaims:
    def test_a_claim_takes_what_its_record_needs(self) -> None:
        """Of all trainings of each model."""
        claim = PAPER.claims["C1"]
        runs = ("vanilla/1", "vanilla/2", "vanilla/3", "wn/1")
        trainings = [f"celeba_dcgan/{run}" for run in runs]
        names = ("status.json", "running.csv", "final/optimal.safetensors")
        assert claim.files == [f"{run}/{name}" for run in trainings for name in names]
        assert claim.changes == [f"{run}/final/optimal.sha256" for run in trainings]
        assert [final.place for final in claim.item.finals] == [
            f"{run}/final/optimal" for run in trainings
        ]

    def test_all_instances_are_taken_where_it_needs_them(self) -> None:
        (runs,) = PAPER.claims["C7"].runs
        instances = [f"{run['model']}/{run['instance']}" for run in runs]
        assert instances == [f"{model}/{k}" for model in ("vanilla", "bn") for k in (1, 2, 3)]

    def test_it_depends_on_its_own_module_alone(self) -> None:
        for name, claim in PAPER.claims.items():
            others = {path.stem for path in claim.item.without}
            modules = {f"c{k:02d}" for k in range(1, len(CLAIMS) + 1)}
            assert others == modules - {f"c{int(name[1:]):02d}"}

    def test_every_claim_of_the_paper_is_planned(self) -> None:
        assert list(PAPER.claims) == list(CLAIMS)


class TestStatistics:
    def test_the_evaluator_is_of_the_best_and_others_are_of_all(self) -> None:
        pairs, spread, evaluator = PAPER.statistics["celeba_dcgan"].items
        assert names(evaluator.runs) == ["vanilla", "bn", "wn/1"]
        trainings = [f"{m}/{k}" for m in ("vanilla", "bn") for k in (1, 2, 3)] + ["wn/1"]
        assert names(spread.runs) == names(pairs.runs) == trainings
        assert [(final.run.name, final.checkpoint) for final in pairs.finals] == [
            (run, "optimal") for run in trainings
        ]
        assert spread.finals == []
        assert Final(evaluator.runs[0], "probes") in evaluator.finals

    def test_probes_are_counted(self) -> None:
        assert PAPER.statistics["celeba_dcgan"].probes == (4 + 3) * 200


class TestQuality:
    def test_a_job_may_take_what_its_images_do(self) -> None:
        """About a minute a checkpoint for 5000 images; 8 GB are the networks'."""
        celeba = PAPER.quality["celeba_dcgan"]
        assert celeba.minutes == minutes(3 * 61.2)
        assert celeba.megabytes == 8000 + 1152 + 82 + 300
        grown = planned(**{"quality/celeba_dcgan/images": 50_000}).quality["celeba_dcgan"]
        assert grown.minutes == minutes(3 * (30 + 200 + 1112))
        assert grown.megabytes == 8000 + 10 * (1152 + 82) + 20 * 300
        small = PAPER.quality["cifar10_dcgan"]
        assert small.megabytes < celeba.megabytes


class TestThePlan:
    def test_items_have_different_names(self) -> None:
        everything = [item.name for item in PAPER.items]
        assert len(set(everything)) == len(everything) == len(PAPER.items)
        assert len(everything) == len(PAPER.figures) + 9 + 9 + 1 + 3 * 3 + 3 * 2 + len(CLAIMS)
        kinds = ("pairs", "spread", "evaluator")
        statistics = [f"{kind}_{name}" for name in PAPER.statistics for kind in kinds]
        measured = [f"quality_{name}" for name in CONFIG["quality"]]
        tables = [f"results_{name}" for name in CONFIG["experiments"]]
        tables += [*PAPER.tables, "equal_celeba", *statistics, *measured]
        assert PAPER.all_tables == tables
        assert PAPER.all_figures == [*PAPER.figures, *measured]

    def test_every_experiment_has_results_without_being_asked(self) -> None:
        plan = planned(tables={}, figures={}, claims={}, quality={}, statistics={})
        names = list(CONFIG["experiments"])
        assert plan.all_tables == [f"results_{name}" for name in names]
        assert set(plan.all_figures) == {
            f"{kind}_{name}" for kind in ("curves", "samples") for name in names
        }
        assert plan.figures["curves_celeba_dcgan"].settings["until"] == 700_000
        assert plan.figures["samples_lsun_dcgan"].panel_files == [
            f"lsun_dcgan/{model}/1/samples/optimal.npy" for model in ("vanilla", "bn", "wn")
        ]
        assert len(plan.known_runs) == 34
        assert plan.samples == 24
        results = plan.results["celeba_lr_0002"]
        assert results.names == [f"{m}/{k}" for m in ("vanilla", "wn") for k in (1, 2, 3)]
        assert {final.checkpoint for final in results.finals} == {"optimal"}
        assert (results.quality.settings["features"], results.quality.weights) == ("pixels", None)
        assert results.quality.names == results.names

    def test_a_figure_of_the_configuration_takes_the_place_of_one_of_the_same_name(self) -> None:
        own = {"experiment": "celeba_dcgan", "runs": ["wn"], "until": 500}
        plan = planned(figures={"curves": {"curves_celeba_dcgan": own}})
        assert plan.figures["curves_celeba_dcgan"].names == ["wn"]
        assert plan.figures["curves_lsun_dcgan"].names == ["vanilla", "bn", "wn"]

    def test_known_runs_are_trainings_each_once(self) -> None:
        assert len(PAPER.known_runs) == len(set(PAPER.known_runs)) == 34
        assert not any(place.endswith("best") for place in PAPER.known_runs)
        assert "celeba_dcgan/bn/3" in PAPER.known_runs

    def test_scripts_exist(self) -> None:
        assert all((ROOT / "scripts" / item.script).is_file() for item in PAPER.items)

    def test_only_some_experiments_can_be_shown(self) -> None:
        plan = planned(only=["lsun_dcgan"])
        assert list(plan.tables) == ["table8"]
        assert {figure.experiment.name for figure in plan.figures.values()} == {"lsun_dcgan"}
        assert list(plan.statistics) == list(plan.quality) == ["lsun_dcgan"]
        assert plan.models_tables == {}
        assert [experiment.name for experiment in plan.shown] == ["lsun_dcgan"]
        assert {place.split("/")[0] for place in plan.known_runs} == {"lsun_dcgan"}
