"""The digest that decides what reruns when code changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wngan.provenance import WITHOUT_EFFECT, code_digest, sources

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))

LOADED = """
import runpy, sys
runpy.run_path(sys.argv[1])
for name, module in sorted(sys.modules.items()):
    if name.split(".")[0] == "wngan":
        print(module.__file__)
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_sources_are_what_python_imports(script: Path) -> None:
    command = [sys.executable, "-c", LOADED, str(script)]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = {Path(line) for line in loaded.stdout.splitlines()}
    assert set(sources(script)) == {script} | {f for f in files if f.name not in WITHOUT_EFFECT}


def names(script: str) -> set[str]:
    return {path.name for path in sources(ROOT / "scripts" / script)}


def test_training_does_not_depend_on_the_evaluator() -> None:
    assert "evaluator.py" not in names("train.py")
    assert "evaluator.py" in names("evaluate.py")
    assert "plots.py" not in names("evaluate.py") | names("train.py")


TYPES = {
    "prepare_digits.py": {"digits.py"},
    "prepare_celeba.py": {"crops.py", "decoding.py", "verification.py"},
    "prepare_folder.py": {"crops.py", "decoding.py"},
    "prepare_cifar10.py": {"cifar10.py", "verification.py"},
    "unpack_lsun.py": {"unpacking.py", "verification.py"},
    "index_lsun.py": {"keys.py", "encoded.py", "decoding.py"},
}


@pytest.mark.parametrize("script", TYPES)
def test_a_data_set_depends_on_the_code_of_its_type_only(script: str) -> None:
    about = set() if script == "unpack_lsun.py" else {"about.py"}
    assert names(script) == {script, "files.py"} | about | TYPES[script]


def test_contents_decide_and_times_do_not(tmp_path: Path) -> None:
    for folder in ("scripts", "wngan"):
        (tmp_path / folder).mkdir()
    (tmp_path / "wngan/__init__.py").write_text("")
    module, script = tmp_path / "wngan/layers.py", tmp_path / "scripts/run.py"
    module.write_text("x = 1\n")
    script.write_text("from wngan import layers\n")

    def digest() -> str:
        code_digest.cache_clear()
        sources.cache_clear()
        return code_digest(script)

    first = digest()
    os.utime(module)
    assert digest() == first
    module.write_text("x = 2\n")
    assert digest() != first
    module.write_text("x = 1\n")
    assert digest() == first
    (tmp_path / "wngan/__init__.py").write_text("# Only words.\n")
    assert digest() == first


def test_folders_that_are_no_packages_may_have_any_name(tmp_path: Path) -> None:
    """Such as lmdb, for images that lie in the repository."""
    for folder in ("scripts", "wngan", "lmdb"):
        (tmp_path / folder).mkdir()
    files = [tmp_path / "scripts/run.py", tmp_path / "wngan/layers.py"]
    files[0].write_text("import lmdb\nfrom wngan import layers\n")
    for file in (files[1], tmp_path / "wngan/__init__.py"):
        file.write_text("")
    assert sources(files[0]) == tuple(files)


def test_modules_without_effect_compute_nothing() -> None:
    for file in (ROOT / "wngan").rglob("__init__.py"):
        assert file.read_text().count("\n") < 15
    for name in WITHOUT_EFFECT:
        assert "import torch" not in (ROOT / "wngan" / name).read_text()
