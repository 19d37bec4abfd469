"""CUDA graphs, with stand-ins for CUDA: what is recorded, replayed, and left as it was."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from wngan.evaluator import reconstruct
from wngan.graphs import WARM_UP, replayed


class Recorder:
    """Stands in for a CUDA graph: it is told what to run again."""

    again: Any = None

    def replay(self) -> None:
        self.again()


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tensors on the CPU pass for a GPU's; the list says what was done."""
    done: list[str] = []

    class Stream:
        def wait_stream(self, other: object) -> None:
            done.append("wait")

    @contextmanager
    def graph(recorder: Recorder, stream: Stream, capture_error_mode: str) -> Iterator[None]:
        assert stream is current[-1]  # on which it was warmed up
        done.append("record")
        yield

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        current.append(stream)
        yield
        current.pop()

    current = [Stream()]

    monkeypatch.setattr("wngan.graphs._is_on_gpu", lambda tensor: True)
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: current[-1])
    monkeypatch.setattr(torch.cuda, "stream", on)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recorder)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    return done


def test_on_a_cpu_it_is_the_function() -> None:
    state = torch.zeros(2)
    assert replayed(state.add_, [state], [state]) == state.add_


def test_a_recording_leaves_the_state_as_it_was(cuda: list[str]) -> None:
    state, calls = torch.tensor([1.0, 2.0]), []

    def step(x: Tensor) -> Tensor:
        calls.append(x)
        return state.add_(x).clone()

    given = torch.ones(2)
    advance = replayed(step, [given], [state])
    assert state.tolist() == [1, 2]
    assert len(calls) == WARM_UP + 1
    assert cuda == ["wait", "record", "wait"]
    assert advance is not step
    assert calls[-1] is not given  # it has a place of its own, which each call fills
    recorder = advance.__closure__[0].cell_contents
    recorder.again = lambda: state.add_(calls[-1])
    advance(torch.tensor([10.0, 20.0]))
    assert state.tolist() == [11, 22]
    advance(torch.tensor([1.0, 1.0]))
    assert state.tolist() == [12, 23]


def test_what_cannot_be_recorded_runs_as_it_is(
    cuda: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    state = torch.zeros(2)

    def step() -> Tensor:
        state.add_(1)
        if "record" in cuda:
            raise RuntimeError("operation not permitted when stream is capturing")
        return state

    with caplog.at_level("INFO"):
        assert replayed(step, [], [state]) is step
    assert state.tolist() == [0, 0]
    assert "Running without a CUDA graph: operation not permitted" in caplog.text


def test_a_graph_is_gone_before_the_next_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of one is enough, however many parts the images are reconstructed in."""
    alive: list[weakref.ref[Any]] = []

    def recorded(function: Any, inputs: Any, changes: Any) -> Any:
        assert not [each for each in alive if each() is not None]

        def replay() -> Tensor:
            return function()

        alive.append(weakref.ref(replay))
        return replay

    monkeypatch.setattr("wngan.evaluator.replayed", recorded)
    generator = nn.Sequential(nn.Linear(2, 12), nn.Unflatten(1, (3, 2, 2)), nn.Sigmoid())
    reconstruct(generator, torch.rand(5, 3, 2, 2), code_length=2, steps=2, compute_batch=2)
    assert len(alive) == 3
