"""What developers and GitHub run is what the Makefile has."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

from wngan import __version__

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()


def test_make_alone_lists_every_target() -> None:
    command = ["make", "--no-print-directory"]  # printed where make runs make
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == TARGETS
    assert all(len(line.split()) > 1 for line in listed.splitlines())


def test_the_version_is_in_one_place() -> None:
    """And what must repeat it agrees."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+) - ", changelog, re.MULTILINE)[0] == __version__


def test_hooks_are_the_tools_of_lint() -> None:
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    tools = re.findall(r"\$\(BIN\)/(ruff \w+|snakemake --lint|\w+)", recipe)
    assert len(tools) == len(recipe.splitlines())
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    entries = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    assert [e.removeprefix(".venv/bin/").removesuffix(" --force-exclude") for e in entries] == tools


def test_continuous_integration_calls_targets_that_exist() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    runs = {name: [s["run"] for s in job["steps"] if "run" in s] for name, job in jobs.items()}
    assert runs == {"lint": ["make lint"], "unit": ["make test-fast"], "demo": ["make demo"]}
    assert {command.removeprefix("make ") for (command,) in runs.values()} <= set(TARGETS)
