"""README.md and docs/: every command and every program that they show is run, in small."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas
import pytest
import yaml
from PIL import Image

from demo import summary
from demo.summary import SHOWN, digest
from study.publish import PARTS
from tests.workflow.conftest import ROOT, Repository, copy

MODELS = ("vanilla", "wn", "spectral")
"""Those that the pages' commands about the demo name."""

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language and its text."""

    page: str
    language: str
    text: str


def blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        for indent, name, text in re.findall(
            r"^( *)```(\w*)\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            if name == language:
                lines = [line.removeprefix(indent) for line in text.splitlines()]
                yield Block(page.name, language, "\n".join(lines))


def commands() -> Iterator[str]:
    """What shell blocks say, a command a line, without comments."""
    for block in blocks("sh"):
        for line in block.text.splitlines():
            if command := line.split(" #")[0].strip():
                yield command


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            if not target.startswith("https://"):
                path, _, heading = target.partition("#")
                linked = page.parent / path
                assert linked.exists(), (page, target)
                titles = re.findall(r"^#+ (.+)$", linked.read_text(), re.M) if heading else []
                assert not heading or heading in [t.lower().replace(" ", "-") for t in titles]


def test_files_that_are_named_exist() -> None:
    folders = (
        "own|wngan|scripts|rules|tests|benchmarks|demo|docs|envs|report|schemas|slurm|profiles"
    )
    for page in PAGES:
        for name in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text()):
            assert (ROOT / name).exists(), (page.name, name)


def test_programs_run() -> None:
    """Those of a page one after another, as a reader would type them."""
    namespaces: dict[str, dict] = {}
    for block in blocks("python"):
        exec(block.text, namespaces.setdefault(block.page, {}))
    assert len(namespaces["package.md"]["found"].losses) == 4


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The repository with .venv, and a demo that is smaller than the tests' configuration."""
    repository = copy(tmp_path_factory.mktemp("miniature"))
    root = repository.root
    for name in ("Makefile", "README.md", "pyproject.toml", "LICENSE", "examples"):
        (root / name).symlink_to(ROOT / name)
    (root / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (root / ".venv" / name).symlink_to(Path(sys.prefix, name))
    (root / ".venv/installed").touch()
    settings = yaml.safe_load((root / "tiny.yaml").read_text().replace("tiny", "digits_dcgan"))
    settings["results"] = "results/demo"
    experiment = settings["experiments"]["digits_dcgan"]
    experiment["models"] = {model: experiment["models"][model] for model in MODELS}
    settings["experiments"] = {"digits_dcgan": experiment}
    loss = settings["tables"]["loss"]
    settings["tables"] = {"loss": {name: loss[name] for name in ("table2", "table5")}}
    figure = settings["figures"]["curves"]["figure01"] | {"runs": list(MODELS)}
    settings["figures"] = {"curves": {"figure01": figure}}
    settings["claims"] = {"C1": "digits_dcgan"}
    del settings["statistics"], settings["quality"]
    (root / "demo/config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    shrink_the_study(root)
    return repository


def shrink_the_study(root: Path) -> None:
    """Two small photographs, and of each part one training of two models in one experiment."""
    shutil.copytree(ROOT / "study", root / "study")
    (root / "photographs").mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (130, 200, 3), np.uint8)
        Image.fromarray(pixels).save(root / f"photographs/{number}.png")
    for part, name in PARTS.items():
        path = root / f"study/{part}.yaml"
        settings = yaml.safe_load(path.read_text())
        experiment = settings["experiments"][name]
        experiment["channels"] = [4] * len(experiment["channels"])
        experiment |= {"code_length": 5, "batch_size": 4, "segment": 20}
        experiment["samples"] = {"every": 10, "codes": 2, "drift": 10}
        experiment["evaluation"] |= {
            "running": {"every": 10, "images": 4, "steps": 2},
            "final": {"images": 8, "steps": 2, "shards": 1},
        }
        run = {"iterations": 20, "instances": 1}
        experiment["models"] = {"vanilla": run, "wn": run}
        settings["experiments"] = {name: experiment}
        settings["datasets"][experiment["dataset"]]["test"] = 8
        settings["tables"] = {"loss": {"table2": settings["tables"]["loss"]["table2"]}}
        shown = {"until": 20, "runs": ["vanilla", "wn"]}
        poster = settings["figures"]["poster"]["poster"] | shown
        settings["figures"] = {"poster": {"poster": poster}}
        settings["claims"] = {"C1": name}
        del settings["statistics"], settings["quality"]
        path.write_text(yaml.safe_dump(settings, sort_keys=False))


def in_miniature(command: str) -> bool:
    others = ("--profile demo", "--unlock", "tensorboard --logdir")
    return "results/demo" in command or any(other in command for other in others)


def run(command: str, repository: Repository) -> str:
    if "tensorboard" in command:  # a server, which would run on
        command += " --inspect"
    command = command.replace("/data/photographs", "photographs")
    done = subprocess.run(command, shell=True, cwd=repository.root, text=True, stdout=-1, stderr=-2)
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def test_commands_of_the_miniature_run(
    miniature: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those about the demo and what it leaves, in the order of the pages, then programs with it."""
    done = []
    for command in commands():
        if command == "make test" or command.startswith("make gpu"):
            continue  # the one is this, the other needs a GPU
        if command.startswith("make") or in_miniature(command):
            printed = run(command, miniature)
            if not done:
                assert re.search(r"^(\d+) of \1 jobs done$", printed, re.MULTILINE)
                assert len(printed.splitlines()) < 60
            done.append(command)
    assert done[0] == "make demo"
    for name in ("demo", *(f"study/{part}" for part in PARTS)):
        assert (miniature.root / f"results/{name}/report.html").stat().st_size > 0
    assert Image.open(miniature.root / "samples.png").size[0] > 0
    monkeypatch.chdir(miniature.root)
    names: dict = {}
    for block in blocks("py"):
        exec(block.text, names)
    assert names["images"].shape == (4, 3, 8, 8)


def test_commands_at_full_scale_can_be_planned(repository: Repository) -> None:
    """With `--dry-run`; the files that pages tell the reader to write are there."""
    (repository.root / "flowers").mkdir()
    (repository.root / "examples").symlink_to(ROOT / "examples")
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(repository.root / "flowers/1.png")
    own = repository.root / "photographs"
    own.mkdir()
    for number in range(50):
        Image.new("RGB", (40, 40), (number, 0, 0)).save(own / f"{number}.png")
    for block in blocks("yaml"):
        if name := re.match(r"# (\w+\.yaml)\n", block.text):
            text = block.text.replace("/data/flowers ", f"{repository.root}/flowers ")
            (repository.root / name[1]).write_text(text)
    planned = 0
    for command in dict.fromkeys(commands()):
        words = shlex.split(command)
        finished = {"--report", "--touch"} & set(words)  # about what has been made; see below
        if words[0] == ".venv/bin/snakemake" and not finished and not in_miniature(command):
            words = [word.replace("/data/photographs", str(own)) for word in words]
            repository.snakemake(*words[1:], "--dry-run")
            planned += 1
    assert planned >= 8


def test_commands_about_finished_results_run(rerun: Repository) -> None:
    """With the tests' configuration in place of the paper's."""
    (rerun.root / "config.yaml").write_bytes((rerun.root / "tiny.yaml").read_bytes())
    done = []
    for command in commands():
        words = shlex.split(command)
        if {"--report", "--touch"} & set(words) and not in_miniature(command):
            rerun.snakemake(*words[1:])
            done.append(command)
    assert len(done) >= 2
    assert (rerun.root / "report.zip").stat().st_size > 0


def test_every_command_is_run_by_a_test() -> None:
    elsewhere = (
        "pip install .",  # in tests/unit/test_package.py
        ".venv/bin/python -m examples.own_gan",  # there, too
        ".venv/bin/python -m demo.summary demo/config.yaml README.md",  # below, by its function
    )
    for command in commands():
        known = command.startswith(("make", ".venv/bin/snakemake")) or in_miniature(command)
        known |= command.startswith(("squeue", "scancel"))  # in tests/workflow/test_slurm.py
        assert known or command in elsewhere, command


def test_the_block_of_the_demo_is_not_stale() -> None:
    """A demo of this code and configuration printed it; the digest says so, without a training."""
    shown = SHOWN.search((ROOT / "README.md").read_text())
    assert shown is not None
    again = "make demo && .venv/bin/python -m demo.summary demo/config.yaml README.md"
    assert shown[1] == digest(ROOT / "demo/config.yaml"), f"stale; run: {again}"


def test_what_the_demo_printed_goes_into_readme(
    miniature: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (miniature.root / "results/demo/claims.csv").exists():
        run("make demo", miniature)
    monkeypatch.chdir(miniature.root)
    page, config = miniature.root / "page.md", miniature.root / "demo/config.yaml"
    page.write_text((ROOT / "README.md").read_text())
    summary.main(config, page)
    shown = SHOWN.search(page.read_text())
    assert shown is not None
    assert (shown[1], shown[3]) == (digest(config), capsys.readouterr().out.removeprefix("\n"))
    verdicts = pandas.read_csv("results/demo/claims.csv")["verdict"].value_counts()
    for verdict, count in verdicts.items():
        assert f"{count} {verdict}" in shown[3]
