"""The same bytes on a GPU: torch's settings, when they are made, and that they go again."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from wngan.deterministic import CUBLAS, deterministic
from wngan.device import describe
from wngan.evaluator import FIXED, _memory_at_once

GPU = torch.device("cuda", 0)


def settings() -> list[object]:
    return [
        torch.get_deterministic_debug_mode(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
    ]


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leaves torch and the environment as they were."""
    monkeypatch.setenv(CUBLAS, "")  # which also takes it back
    monkeypatch.delenv(CUBLAS)
    before = torch.backends.cudnn.benchmark
    yield
    torch.set_deterministic_debug_mode(0)
    torch.backends.cudnn.benchmark = before


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_torch_is_deterministic_in_the_block_alone(mode: int) -> None:
    torch.set_deterministic_debug_mode(mode)
    torch.backends.cudnn.benchmark = True
    before = settings()
    found = []

    def compute() -> None:
        with deterministic(GPU):
            found.extend([settings(), os.environ[CUBLAS]])
            raise KeyError

    with pytest.raises(KeyError):
        compute()
    assert found == [[2, True, False, False], ":4096:8"]
    assert settings() == before


def test_on_a_cpu_nothing_changes() -> None:
    before = settings()
    with deterministic("cpu"):
        assert settings() == before
        assert CUBLAS not in os.environ


def test_what_the_environment_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CUBLAS, ":16:8")
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with deterministic(GPU):
        assert os.environ[CUBLAS] == ":16:8"


def test_too_late_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    before = settings()
    with (
        pytest.raises(RuntimeError, match="set CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment"),
        deterministic(GPU),
    ):
        pass
    assert settings() == before


def test_as_many_images_are_made_at_once_whatever_memory_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wngan.evaluator.share", lambda device: 2**34)
    assert _memory_at_once(GPU) == 2**31
    with deterministic(GPU):
        assert _memory_at_once(GPU) == FIXED
        assert _memory_at_once(torch.device("cpu")) == 2**29


def test_rules_that_use_a_gpu_are_told_and_no_others() -> None:
    rules = [
        rule
        for file in (Path(__file__).parents[2] / "rules").glob("*.smk")
        for rule in re.split(r"^rule ", file.read_text(), flags=re.MULTILINE)[1:]
    ]
    use_one, told = (
        [rule.partition(":")[0] for rule in rules if text in rule]
        for text in (" gpu=1,", " **DETERMINISTIC,")
    )
    assert len(use_one) == 6
    assert use_one == told


def test_the_name_of_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "H100")
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    assert describe(GPU) == "H100 (CUDA 13.2)"
    with deterministic(GPU):
        assert describe(GPU) == "H100 (CUDA 13.2, deterministic)"
        assert "deterministic" not in describe(torch.device("cpu"))
