"""The digest that decides what reruns when code changes."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from scripts import provenance_table, run_provenance
from wngan.provenance import WITHOUT_EFFECT, code_digest, config_digest, recorded, sources

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))

LOADED = """
import runpy, sys
runpy.run_path(sys.argv[1])
for name, module in sorted(sys.modules.items()):
    if name.split(".")[0] == "wngan":
        print(module.__file__)
"""


@pytest.mark.slow
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


CROPPING = {"archives.py", "containers.py", "crops.py", "decoding.py", "resizing.py"}
TYPES = {
    "prepare_digits.py": {"digits.py"},
    "prepare_celeba.py": CROPPING | {"verification.py"},
    "prepare_folder.py": CROPPING,
    "prepare_cifar10.py": {"archives.py", "cifar10.py", "verification.py"},
    "unpack_lsun.py": {"archives.py", "unpacking.py", "verification.py"},
    "index_lsun.py": {"keys.py", "encoded.py", "decoding.py"},
}


@pytest.mark.parametrize("script", TYPES)
def test_a_data_set_depends_on_the_code_of_its_type_only(script: str) -> None:
    info = set() if script == "unpack_lsun.py" else {"info.py"}
    assert names(script) == {script, "digests.py", "files.py"} | info | TYPES[script]


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
        assert set(re.findall(r"def (\w+)", file.read_text())) <= {"__getattr__"}
    for name in WITHOUT_EFFECT:
        assert "import torch" not in (ROOT / "wngan" / name).read_text()


RECORD = """
import sys, time
from pathlib import Path
from wngan.provenance import recorded
with recorded(Path(sys.argv[1]), Path(sys.argv[2]), "a device", every=0.05):
    time.sleep(0.3)
    print("now", flush=True)
    time.sleep(60)
"""


def test_attempts_are_counted_however_they_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, record = tmp_path / "attempts", tmp_path / "record.json"
    command = [sys.executable, "-c", RECORD, str(folder), str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    with pytest.raises(KeyError), recorded(folder, record, "a device"):
        raise KeyError("the reason")
    assert not record.exists()
    with caplog.at_level("INFO"), recorded(folder, record, "another", code="abc"):
        pass
    assert "killed" in caplog.text
    assert "the reason" in caplog.text
    kept = json.loads(record.read_text())
    attempts = kept["attempts"]
    assert [attempt["end"] for attempt in attempts] == ["killed", "'the reason'", "finished"]
    assert [attempt["device"] for attempt in attempts] == ["a device", "a device", "another"]
    assert 0.2 < attempts[0]["seconds"] < 30
    assert 5 < attempts[0]["megabytes"] < 10_000
    assert kept["seconds"] == pytest.approx(sum(attempt["seconds"] for attempt in attempts))
    assert kept["code"] == "abc"
    assert set(kept["versions"]) == {"python", "numpy", "safetensors", "torch", "torch-fidelity"}
    assert not folder.exists()


def test_an_unreadable_attempt_is_left_out(tmp_path: Path) -> None:
    folder, record = tmp_path / "attempts", tmp_path / "record.json"
    folder.mkdir()
    (folder / "20260101T000000.000000-host-1.json").write_text('{"started": "2026')
    with recorded(folder, record, "a device"):
        pass
    assert len(json.loads(record.read_text())["attempts"]) == 1


def test_two_processes_that_end_one_job_are_both_counted(tmp_path: Path) -> None:
    """As when one waits for the other, which Snakemake has forgotten."""
    folder, record = tmp_path / "attempts", tmp_path / "record.json"
    with recorded(folder, record, "waits"), recorded(folder, record, "works"):
        pass
    attempts = json.loads(record.read_text())["attempts"]
    ends = [(attempt["device"], attempt["end"]) for attempt in attempts]
    assert ends == [("waits", "finished"), ("works", "finished")]


def test_a_record_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was cut short is replaced; where there is no room it stays as it was."""
    folder, record = tmp_path / "attempts", tmp_path / "record.json"
    record.write_text('{"attempts": [{"sta')
    replace = os.replace

    def only_attempts(source: Path, target: Path) -> None:
        if target == record:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as full:
        full.setattr(os, "replace", only_attempts)
        with pytest.raises(OSError, match="No space left"), recorded(folder, record, "a device"):
            pass
    assert record.read_text() == '{"attempts": [{"sta'
    with recorded(folder, record, "a device"):
        pass
    assert len(json.loads(record.read_text())["attempts"]) == 2  # that without a record as well
    assert list(tmp_path.iterdir()) == [record]


def test_a_full_disk_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def no_attempts(source: Path, target: Path) -> None:
        if target.parent == tmp_path / "attempts":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    done = False
    with monkeypatch.context() as full:
        full.setattr(os, "replace", no_attempts)
        with recorded(tmp_path / "attempts", tmp_path / "record.json", "a device"):
            done = True
    assert done
    assert json.loads((tmp_path / "record.json").read_text())["attempts"] == []


def test_digests_of_configurations_are_of_their_contents() -> None:
    assert config_digest({"a": 1, "b": [2]}) == config_digest({"b": [2], "a": 1})
    assert config_digest({"a": 1}) != config_digest({"a": 2})


def test_results_are_traced_to_runs(tmp_path: Path) -> None:
    """Two segments of a run, one of them interrupted, and two shards of its reconstruction."""

    def job(name: str, *seconds: float) -> Path:
        days = [1, 9] if len(seconds) > 1 else [5]
        attempts = [
            {"started": f"2026-01-0{day}T00:00:00+00:00", "host": "h", "device": "d"}
            | {"seconds": s, "end": "finished"}
            for day, s in zip(days, seconds, strict=True)
        ]
        made = {"config": "c", "code": "k", "versions": {"torch": "9"}}
        made |= {"attempts": attempts, "seconds": sum(seconds)}
        (tmp_path / name).write_text(json.dumps(made))
        return tmp_path / name

    status = tmp_path / "status.json"
    status.write_text(
        '{"seed": 7, "restarts": [], "state": "s", "status": "trained", "iteration": 4, '
        '"reason": ""}'
    )
    trained, evaluated = [job("1", 3600), job("2", 50, 10)], [job("3", 5), job("4", 6)]
    run_provenance.main(status, trained, evaluated, tmp_path / "run.json")
    final = tmp_path / "final.json"
    final.write_text(f"[{job('5', 7.25).read_text()}, {job('6', 8).read_text()}]")
    quality = tmp_path / "quality.json"
    quality.write_text(f"[{job('7', 5).read_text()}]")
    provenance_table.main(
        results={
            "table2": {"runs": ["e/bn/1"]},
            "figure01": {"runs": ["e/bn/best"]},
            "figure02": {"runs": ["e/wn/best"]},  # which has nothing of its own
        },
        runs=["e/bn/1"],
        records=[tmp_path / "run.json"],
        finals=["e/bn/1/final/optimal", "e/bn/best/final/optimal"],
        final_records=[final, final],
        measured=["e/bn/1"],
        quality_records=[quality],
        provenance=tmp_path / "provenance.json",
        html=tmp_path / "provenance.html",
        devices=tmp_path / "devices.csv",
    )
    made = json.loads((tmp_path / "provenance.json").read_text())
    assert made["runs"]["e/bn/1"]["seed"] == 7
    assert made["runs"]["e/wn/best"] == {"reconstruct": []}
    assert [j["seconds"] for j in made["runs"]["e/bn/1"]["train"]] == [3600, 60]
    assert [j["checkpoint"] for j in made["runs"]["e/bn/1"]["reconstruct"]] == ["optimal"] * 2
    assert [j["seconds"] for j in made["runs"]["e/bn/1"]["measure"]] == [5]
    page = (tmp_path / "provenance.html").read_text().replace("\u200b", "")
    names, *table = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        for row in re.findall(r"<tr>.*?</tr>", page, re.S)
    ]
    assert "The same in all: devices d; hosts h; versions torch 9; code to train k;" in page
    assert "versions" not in names
    rows = pandas.DataFrame(table, columns=names).set_index("run")
    assert rows.loc["e/bn/1", "time to train"] == "1:01:00"
    assert rows.loc["e/bn/1", "time to evaluate"] == "0:00:11"
    assert (rows.loc["e/bn/1", "jobs"], rows.loc["e/bn/1", "attempts"]) == ("7", "8")
    assert rows.loc["e/bn/1", "shown in"] == "table2"
    assert (rows.loc["e/bn/1", "status"], rows.loc["e/bn/1", "seed"]) == ("trained", "7")
    assert rows.loc["e/bn/best", "time to train"] == ""
    assert rows.loc["e/bn/best", "time to reconstruct"] == "0:00:15"
    assert rows.loc["e/bn/best", "shown in"] == "figure01"
    assert rows.loc["e/wn/best", "shown in"] == "figure02"
    began = [started.replace("\u2011", "-") for started in rows["started"]]
    assert began == ["2026-01-01 00:00", "2026-01-05 00:00", "–"]
    assert (tmp_path / "devices.csv").read_text().splitlines() == [
        "device,versions,jobs,time,first job,last job",
        "d,torch 9,9,1:01:46,2026-01-01 00:00,2026-01-09 00:00",
    ]
