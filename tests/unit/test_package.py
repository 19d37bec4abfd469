"""The package as others get it: built, without Snakemake, and in an example."""

import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

import wngan

ROOT = Path(__file__).parents[2]
MODULES = sorted(module.name for module in pkgutil.walk_packages(wngan.__path__, "wngan."))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
IMPORTED = {"pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
IMPORTED |= {"torch-fidelity": "torch_fidelity"}
"""How packages are imported whose modules have other names."""

WITHOUT = """
import runpy, sys

sys.modules.update(dict.fromkeys({missing}))  # which makes their import fail
"""


def without(*extras: str) -> str:
    """The start of a program that has what the package needs and these extras, but no others."""
    names = {re.split("[>=]", name)[0] for extra in EXTRAS.values() for name in extra}
    names -= {re.split("[>=]", name)[0] for extra in extras for name in EXTRAS[extra]}
    return WITHOUT.format(missing={IMPORTED.get(name, name) for name in names})


def run(*arguments: str, folder: Path, path: Path | str = "") -> str:
    """What a fresh Python prints that finds the package at `path` only."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(path)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a wheel has, built as installers build it."""
    source, site = (tmp_path_factory.mktemp(name) for name in ("source", "site"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "wngan", source / "wngan")
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    run("-c", build, str(site), folder=source)
    (wheel,) = site.glob("wngan-*.whl")
    with ZipFile(wheel) as file:
        file.extractall(site)
    return site


def test_a_wheel_has_the_package_and_its_types(installed: Path) -> None:
    expected = {path.relative_to(ROOT) for path in (ROOT / "wngan").rglob("*.py*")}
    expected = {path for path in expected if "__pycache__" not in path.parts}
    expected.add(Path("wngan/py.typed"))
    files = (path for path in (installed / "wngan").rglob("*") if path.is_file())
    assert {path.relative_to(installed) for path in files} == expected
    (information,) = installed.glob("*.dist-info")
    assert "wngan = wngan.__main__:main" in (information / "entry_points.txt").read_text()
    metadata = (information / "METADATA").read_text()
    needed = re.findall(r"^Requires-Dist: ([\w>=.-]+)$", metadata, re.MULTILINE)
    assert needed == ["numpy", "safetensors", "torch>=2.9"]
    assert f"\nVersion: {wngan.__version__}\n" in metadata


NETWORKS = ("layers", "dcgan", "resnet", "evaluator", "folding", "settings", "sampling", "tensors")
"""What others put into their own GANs; torch, numpy and safetensors are enough for them."""


@pytest.mark.parametrize(
    ("extras", "modules"),
    [
        ((), [*NETWORKS, "checkpoint", "conversion", "device", "losses", "rmsprop", "train_step"]),
        (("cli",), ["cli"]),
        (("training",), ["training", "data", "events"]),
    ],
)
def test_modules_need_no_more_than_their_extra(
    extras: tuple[str, ...], modules: list[str], installed: Path, tmp_path: Path
) -> None:
    script = without(*extras) + "".join(f"import wngan.{name}\n" for name in modules)
    run("-c", script, folder=tmp_path, path=installed)


@pytest.mark.slow
def test_it_works_without_snakemake(installed: Path, tmp_path: Path) -> None:
    names = [name for name in MODULES if name != "wngan.__main__"]
    script = WITHOUT.format(missing={"snakemake"})
    script += f"for name in {names}: __import__(name)\n"
    script += "sys.argv = ['wngan', '--help']\nrunpy.run_module('wngan', run_name='__main__')\n"
    printed = run("-c", script, folder=tmp_path, path=installed)
    assert "usage: wngan" in printed
    where = run("-c", "import wngan; print(wngan.__file__)", folder=tmp_path, path=installed)
    assert Path(where.strip()) == installed / "wngan/__init__.py"


def test_the_command_says_what_it_lacks(installed: Path, tmp_path: Path) -> None:
    script = without() + "runpy.run_module('wngan', run_name='__main__')\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr == "wngan: PIL is not installed; try: pip install '.[cli]' in a clone\n"


def test_its_dependencies_are_what_it_imports() -> None:
    text = "".join(path.read_text() for path in (ROOT / "wngan").rglob("*.py"))
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    packages = {module: package for package, module in IMPORTED.items()}
    outside = {packages.get(name, name) for name in imported - sys.stdlib_module_names - {"wngan"}}
    needed = {re.split("[>=]", name)[0] for name in PROJECT["dependencies"]}
    names = {re.split("[>=]", name)[0] for name in EXTRAS["workflow"]}
    assert needed <= outside <= needed | names
    others = (names for extra, names in EXTRAS.items() if extra != "onnx")
    assert set().union(*others) == set(EXTRAS["workflow"])


def test_the_workflow_asks_for_the_snakemake_that_it_needs() -> None:
    (least,) = re.findall(
        r'^min_version\("(.*)"\)$', (ROOT / "Snakefile").read_text(), re.MULTILINE
    )
    assert f"snakemake>={least}" in EXTRAS["workflow"]


@pytest.mark.slow
def test_the_example_learns(tmp_path: Path) -> None:
    example = str(ROOT / "examples/own_gan.py")
    printed = run(example, "--iterations", "100", folder=tmp_path, path=ROOT)
    before, after = (float(number) for number in re.findall(r"training: +([\d.]+)", printed))
    assert after < 0.8 * before
    text = Path(example).read_text()
    assert "snakemake" not in text
    assert "wngan.training" not in text
    assert len(text.splitlines()) <= 100
