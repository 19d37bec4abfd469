"""Snakemake, run on a copy of the repository so that tests may change anything."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from wngan.items.statistics import STATISTICS
from wngan.locks import held
from wngan.plan import Plan
from wngan.runs import BEST

ROOT = Path(__file__).parents[2]
PARTS = (
    "Snakefile",
    "config.yaml",
    "rules",
    "scripts",
    "wngan",
    "schemas",
    "report",
    "envs",
    "demo",
    "own",
    "profiles",
    "slurm",
)


SEGMENT = "results/runs/tiny/wn/1/segments/2"
STATE = "results/recovery/tiny/wn/1/2/0/state.safetensors"
"""Of the repository `undisturbed`: a segment, and what its training saves before it is finished."""


@dataclass(frozen=True)
class Repository:
    """A copy of the workflow, with what it computes inside."""

    root: Path

    def snakemake(self, *arguments: str, fails: bool = False) -> str:
        """What a call prints; its exit status must be as expected."""
        command = [sys.executable, "-m", "snakemake", *arguments]
        done = subprocess.run(
            command, cwd=self.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def tiny(self, *arguments: str, cores: int = 2, fails: bool = False) -> str:
        """A call with the tiny configuration."""
        options = ("--configfile", "tiny.yaml", "--cores", str(cores))
        return self.snakemake(*arguments, *options, fails=fails)

    def planned(self, *arguments: str) -> Counter[str]:
        """How many jobs of each rule a dry run plans."""
        printed = self.snakemake(*arguments, "--dry-run", "--quiet", "rules", "host")
        jobs = re.findall(r"^(\w+) +(\d+)$", printed.split("Job stats:")[-1], re.MULTILINE)
        return Counter({rule: int(count) for rule, count in jobs if rule not in ("total", "all")})

    def replanned(self, *arguments: str) -> Counter[str]:
        """The same with the tiny configuration."""
        return self.planned(*arguments, "--configfile", "tiny.yaml")

    def without(self, folder: str, root: Path) -> "Repository":
        """A copy, file times included, that lacks a folder."""
        shutil.copytree(self.root, root)
        shutil.rmtree(root / folder)
        return Repository(root)

    def copied(self, root: Path) -> "Repository":
        """A fresh copy of the workflow with the results and data of this one, all of them new.

        Their times are in an order that has nothing to do with that in which they were made.
        """
        fresh = copy(root)
        names = ("results", "data", ".snakemake/metadata")
        shutil.copy(self.root / "tiny.yaml", root)
        for name in names:
            shutil.copytree(self.root / name, root / name, copy_function=shutil.copyfile)
        paths = [path for name in names for path in (root / name).rglob("*")]
        random.Random(0).shuffle(paths)
        now = time.time()
        for age, path in enumerate(paths):
            os.utime(path, (now - age, now - age))
        return fresh

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces a text that the file has."""
        path = self.root / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def show_nothing(self) -> None:
        """Takes tables, figures and claims out of the tiny configuration; its runs stay."""
        path = self.root / "tiny.yaml"
        settings = path.read_text()
        settings = settings[: settings.index("tables:")]
        path.write_text(settings + "tables: {}\nfigures: {}\nclaims: {}\n")


def copy(root: Path) -> Repository:
    root.mkdir(exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    shutil.copy(Path(__file__).with_name("tiny.yaml"), root / "tiny.yaml")
    return Repository(root)


def results(root: Path, below: str = "results") -> dict[str, bytes]:
    """Every file in a folder but logs, locks and records of machines and times."""
    others = (".log", "/lock", "provenance.json", "provenance.html", "devices.csv", "rates.csv")
    others += ("rates.html",)
    files = (path for path in (root / below).rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in files
        if not str(path).endswith(others)
    }


def job_counts(plan: Plan) -> Counter[str]:
    """How many jobs of each rule a plan needs from the start, but `all`."""
    known = [place.split("/") for place in plan.known_runs]
    runs = [plan.experiments[name].instance(model, number) for name, model, number in known]
    probes = [final for final in plan.known_finals if final.checkpoint == "probes"]
    finals = [final.run for final in plan.known_finals if final.checkpoint != "probes"]
    final = [plan.experiments[run.experiment] for run in finals]
    shown = {final for item in plan.items for final in item.finals}
    copies = [f for f in shown if f.run.instance == BEST and f.checkpoint != "probes"]
    taken = {run for item in plan.items for run in item.runs}
    panels = [file for figure in plan.figures.values() for file in figure.panel_files]
    data = {plan.experiments[run.experiment].dataset.name for run in runs}
    makers = {"folder": ["prepare_folder"], "digits": ["prepare_digits"]}
    makers |= {name: ["download", f"prepare_{name}"] for name in ("celeba", "cifar10")}
    makers["lsun"] = ["download", "unpack_lsun", "index_lsun"]
    counts = {
        "architecture_table": len(plan.tables_of("architecture")),
        "loss_table": len(plan.tables_of("loss")),
        "claim": len(plan.claims),
        "train_segment": sum(len(run.segments) for run in runs),
        "evaluate_segment": sum(len(run.segments) for run in runs),
        "select_instance": sum(run.instance == BEST for run in taken),
        "join_shards": len(final),
        "reconstruct_shard": sum(x.settings["evaluation"]["final"]["shards"] for x in final),
        "select_final": len(copies),
        "probe": len(probes),
        "sample": len(set(panels)),
        "split": len(data),
        "baselines": len({run.experiment for run in runs}),
    }
    counts |= dict.fromkeys(("select_optimal", "outcome", "run_provenance"), len(runs))
    counts |= dict.fromkeys([f"{kind}_table" for kind in STATISTICS], len(plan.statistics))
    measured = [run for quality in plan.quality.values() for run in quality.runs]
    counts |= {
        "models_table": len(plan.models_tables),
        "join_quality": len(measured),
        "quality": sum(1 + len(run.segments) for run in measured),
    }
    counts |= dict.fromkeys(("quality_table", "quality_figure"), len(plan.asked_quality))
    counts |= dict.fromkeys(("provenance", "rates", "summary"), 1)
    counts |= {"claims": bool(plan.claims), "results_table": len(plan.results)}
    figures = [f"{figure.kind}_figure" for figure in plan.figures.values()]
    prepared = [rule for name in data for rule in makers[plan.datasets[name].type]]
    fetched = ["download"] * any(quality.weights for quality in plan.quality.values())
    return Counter(counts) + Counter(figures) + Counter(prepared) + Counter(fetched)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return copy(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Repository:
    """Everything of the tiny configuration, made once; copy it before changing anything.

    Pytest's processes, whose folders are beside one another, share it.
    """
    own = tmp_path_factory.getbasetemp()
    root = (own if worker_id == "master" else own.parent) / "finished"
    with held(root.with_suffix(".lock"), lambda: time.sleep(1)):
        if not (root / "made").exists():
            copy(root).tiny()
            (root / "made").touch()
    return Repository(root)


@pytest.fixture
def rerun(finished: Repository, tmp_path: Path) -> Repository:
    """A copy of the finished repository, file times included."""
    shutil.copytree(finished.root, tmp_path / "copy")
    return Repository(tmp_path / "copy")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A run of two segments that take seconds, trained on this machine without disturbance."""
    repository = copy(tmp_path_factory.mktemp("undisturbed"))
    repository.edit("tiny.yaml", "segment: 20", "segment: 800")
    repository.edit("tiny.yaml", "every: 10,", "every: 200,")
    repository.edit(
        "tiny.yaml", "every: 5, codes: 3, drift: 10", "every: 100, codes: 3, drift: 200"
    )
    repository.edit("tiny.yaml", "iterations: 40", "iterations: 1600")
    repository.edit("tiny.yaml", "save_every: 300", "save_every: 0.5")
    repository.edit("tiny.yaml", "iterations: 20,", "iterations: 800,")
    repository.show_nothing()
    repository.tiny(f"{SEGMENT}/state.safetensors")
    return repository


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Waits until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)


def training(repository: Repository) -> int | None:
    """The number of the process that trains in a repository."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode().split("\0")
            here = str((path.parent / "cwd").readlink()) == str(repository.root)
        except OSError:
            continue
        if here and "python" in command[0] and command[1].endswith(".train.py"):
            return int(path.parent.name)
    return None
