"""What scripts are given by their jobs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from snakemake.iocontainers import (
    InputFiles,
    Log,
    OutputFiles,
    Params,
    ResourceList,
    Wildcards,
)
from snakemake.script import Snakemake

from wngan.computing import asks_for_gpu, compute
from wngan.deterministic import CUBLAS
from wngan.device import describe
from wngan.job import arguments, run_job
from wngan.log import logger


def named(files: Any, given: dict[str, Any]) -> Any:
    """Files or parameters as Snakemake gives them to a script: several under a name, or one."""
    for name, value in given.items():
        several = value if isinstance(value, list) else [value]
        files.extend(several)
        start = len(files) - len(several)
        files._set_name(name, start, end=len(files) if isinstance(value, list) else None)
    return files


def job(tmp_path: Path, config: dict[str, Any] | None = None, **parts: dict[str, Any]) -> Any:
    """Snakemake's own object, of a rule with these inputs, outputs, parameters and wildcards."""
    params = Params(fromdict=parts.get("params", {}))
    return Snakemake(
        named(InputFiles(), parts.get("input", {})),
        named(OutputFiles(), parts.get("output", {})),
        params,
        Wildcards(fromdict=parts.get("wildcards", {})),
        3,
        ResourceList(fromdict=parts.get("resources", {})),
        Log([str(tmp_path / "a.log")]),
        config or {},
        "a_rule",
        [],
    )


def test_files_parameters_and_wildcards_come_by_name(tmp_path: Path) -> None:
    def main(
        images: list[Path], info: Path, csv: Path, models: list[str], shard: int, threads: int
    ) -> None: ...

    found = arguments(
        main,
        job(
            tmp_path,
            input={"images": ["a", "b"], "info": "c"},
            output={"csv": "d"},
            params={"models": ["bn"], "not_asked_for": 1},
            wildcards={"shard": "2"},
        ),
    )
    assert found == {
        "images": [Path("a"), Path("b")],
        "info": Path("c"),
        "csv": Path("d"),
        "models": ["bn"],
        "shard": 2,
        "threads": 3,
    }


def test_a_list_of_one_file_is_a_list(tmp_path: Path) -> None:
    def main(images: list[Path]) -> None: ...

    assert arguments(main, job(tmp_path, input={"images": "a"})) == {"images": [Path("a")]}


def test_no_file_is_none_where_that_is_allowed(tmp_path: Path) -> None:
    def may(previous: Path | None) -> None: ...
    def must(previous: Path) -> None: ...

    none = job(tmp_path, input={"previous": []})
    assert arguments(may, none) == {"previous": None}
    with pytest.raises(TypeError, match="must be one file"):
        arguments(must, none)


def test_all_outputs_come_by_name(tmp_path: Path) -> None:
    def main(outputs: dict[str, Path]) -> None: ...

    found = arguments(main, job(tmp_path, output={"csv": "a.csv", "html": "a.html"}))
    assert found == {"outputs": {"csv": Path("a.csv"), "html": Path("a.html")}}


def test_what_a_job_lacks_has_its_default(tmp_path: Path) -> None:
    def main(until: int = 7, *, other: int = 8) -> None: ...

    assert arguments(main, job(tmp_path)) == {}
    assert arguments(main, job(tmp_path), other=9) == {"other": 9}


def test_a_name_that_is_missing_or_ambiguous_is_an_error(tmp_path: Path) -> None:
    def main(csv: Path) -> None: ...

    with pytest.raises(TypeError, match="job of a_rule has nothing that is called csv"):
        arguments(main, job(tmp_path))
    with pytest.raises(TypeError, match="has two things that are called csv"):
        arguments(main, job(tmp_path, output={"csv": "a"}, params={"csv": "b"}))


def test_a_job_logs_and_so_do_its_errors(tmp_path: Path) -> None:
    def main() -> None:
        logger.info("Hello.")
        raise ValueError("no images")

    with pytest.raises(SystemExit, match="1"):
        run_job(main, job(tmp_path))
    text = (tmp_path / "a.log").read_text()
    assert "Hello." in text
    assert "ValueError: no images" in text


CONFIG = {
    "save_every": 300,
    "experiments": {"e": {"dataset": "d"}},
    "datasets": {"d": {}},
    "tensorboard": True,
}


def computing(
    tmp_path: Path, record: bool, config: dict[str, Any] = CONFIG, gpu: int = 0, **params: Any
) -> Any:
    output = {"provenance": str(tmp_path / "made.json")} if record else {"samples": "a"}
    folders = {name: str(tmp_path / name) for name in ("attempts", "event_folder")}
    return job(
        tmp_path,
        config,
        output=output,
        params={"code": "abc", **folders, **params},
        resources={"gpu": gpu},
        wildcards={"experiment": "e", "model": "bn", "instance": "1"},
    )


def test_a_computing_job_gets_a_device_and_leaves_a_record(tmp_path: Path) -> None:
    got: dict[str, Any] = {}

    def main(
        device: torch.device, label: str, save_every: float, events: Path | None
    ) -> dict[str, Any]:
        got.update(device=device, label=label, save_every=save_every, events=events)
        return {"iterations": 5}

    threads = torch.get_num_threads()
    try:
        compute(main, computing(tmp_path, record=True))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert (got["label"], got["save_every"]) == ("e bn/1", 300)
    assert got["events"] == tmp_path / "event_folder"
    assert isinstance(got["device"], torch.device)
    first = (tmp_path / "a.log").read_text().partition("\n")[0]
    assert first.endswith(f"Computing on {describe(got['device'])}.")
    text = (tmp_path / "made.json").read_text()
    assert '"iterations": 5' in text
    assert '"code": "abc"' in text


@pytest.mark.parametrize("wanted", [False, True])
def test_a_computing_job_may_be_deterministic(
    wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in takes the place of a GPU, which several jobs share."""
    monkeypatch.setenv(CUBLAS, "")
    monkeypatch.delenv(CUBLAS)
    found: list[Any] = []

    @contextmanager
    def device(gpus: bool, jobs: int) -> Iterator[torch.device]:
        found.extend([gpus, jobs, CUBLAS in os.environ])
        yield torch.device("cuda", 0)

    def main() -> None:
        found.append(torch.are_deterministic_algorithms_enabled())

    monkeypatch.setattr("wngan.computing.free_device", device)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "H100")
    params = {"deterministic": True} if wanted else {}
    given = computing(tmp_path, record=True, config=CONFIG | {"gpu_jobs": 2}, gpu=1, **params)
    threads = torch.get_num_threads()
    try:
        compute(main, given)
    finally:
        torch.set_num_threads(threads)
    assert found == [True, 2, wanted, wanted]
    assert not torch.are_deterministic_algorithms_enabled()
    attempt = json.loads((tmp_path / "made.json").read_text())["attempts"][0]
    assert attempt["device"].startswith("H100 (CUDA ")
    assert ("deterministic" in attempt["device"]) == wanted


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, False),
        ({"gpu": 0}, False),
        ({"gpu": 1}, True),
        ({"gpu": 0, "gres": "shard:1"}, True),
        ({"gpu": 0, "gres": "gpu:a100:1"}, True),
        ({"gpu": 0, "gres": "mps:50"}, True),
        ({"gpu": 0, "gres": "ssd:100"}, False),
    ],
)
def test_a_job_asks_for_a_gpu_or_a_part_of_one(resources: dict[str, Any], expected: bool) -> None:
    assert asks_for_gpu(resources) == expected


def test_a_computing_job_without_a_record_just_computes(tmp_path: Path) -> None:
    found = []

    def main(events: Path | None) -> None:
        found.append(events)

    threads = torch.get_num_threads()
    try:
        compute(main, computing(tmp_path, record=False, config=CONFIG | {"tensorboard": False}))
    finally:
        torch.set_num_threads(threads)
    assert found == [None]
    assert list(tmp_path.iterdir()) == [tmp_path / "a.log"]
