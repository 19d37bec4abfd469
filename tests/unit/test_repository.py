"""Files that must agree with one another."""

import re
import runpy
from pathlib import Path

import pandas
import yaml

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "envs/requirements.txt").read_text()


def test_the_lock_has_exact_versions_and_hashes() -> None:
    entries = re.findall(
        r"^(\S+?)==(\S+?)(?: ;[^\\\n]*)? \\\n((?:    --hash=sha256:\w+.*\n)+)", LOCK, re.M
    )
    assert len(entries) > 100
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(entries)
    assert "://" not in LOCK


def test_what_is_asked_for_is_locked() -> None:
    asked = (ROOT / "envs/requirements.in").read_text()
    for name in re.findall(r"^([a-z0-9-]+)", asked, re.MULTILINE):
        assert re.search(rf"^{name}==", LOCK, re.MULTILINE), name


def test_conda_and_uv_have_the_locked_versions() -> None:
    derive = runpy.run_path(str(ROOT / "envs/derive.py"))
    assert (ROOT / "envs/wngan.yaml").read_text() == derive["conda_yaml"](LOCK)
    assert (ROOT / "envs/uv.txt").read_text() == derive["uv_txt"](LOCK)
    dependencies = yaml.safe_load((ROOT / "envs/wngan.yaml").read_text())["dependencies"]
    for pin in dependencies[-1]["pip"]:
        assert re.search(rf"^{re.escape(pin)}[ \\]", LOCK, re.MULTILINE), pin


def test_conda_has_what_scripts_import() -> None:
    text = "".join(p.read_text() for f in ("wngan", "scripts") for p in (ROOT / f).rglob("*.py"))
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)) - {"wngan"}
    known = {"PIL": "pillow", "sklearn": "scikit-learn", "mpl_toolkits": "matplotlib"}
    derive = runpy.run_path(str(ROOT / "envs/derive.py"))
    packages = {known.get(name, name) for name in imported}
    outside = {name for name in packages if re.search(rf"^{name}==", LOCK, re.MULTILINE)}
    assert outside <= set(derive["NEEDED"])


def test_the_papers_values_are_whole() -> None:
    values = pandas.read_csv(ROOT / "report/paper_values.csv")
    assert values.groupby("table").size().to_dict() == {
        "2": 3, "3": 3, "4": 3, "5": 3, "6": 3, "7": 6, "8": 2, "resnet": 1,
    }  # fmt: skip
    wn = values[(values["table"] == "2") & (values["model"] == "wn")].iloc[0]
    assert (wn["iteration"], wn["running_loss"], wn["final_loss"]) == (463000, 0.01301, 0.005524)
