"""What is shown again and again."""

import io
import re
from types import SimpleNamespace

import pytest

from wngan import watching
from wngan.watching import ENTER, LEAVE, watch


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    size = SimpleNamespace(columns=20, lines=6)
    monkeypatch.setattr(watching.os, "get_terminal_size", lambda _: size)
    return Terminal()


def test_frames_take_the_place_of_one_another(terminal: Terminal) -> None:
    waits: list[float] = []
    asked: list[int] = []

    def text(lines: int) -> str:
        asked.append(lines)
        return "\n".join(f"{len(asked)}: {'long ' * 10}" for _ in range(10))

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    watch(text, 5, terminal, wait)
    assert waits == [5, 5, 5]
    assert asked[:3] == [4, 4, 4]
    written = terminal.getvalue()
    assert written.startswith(ENTER)
    shown, _, left = written.removeprefix(ENTER).partition(LEAVE)
    frames = re.findall(r"\x1b\[H([^\x1b]*(?:\x1b\[K[^\x1b]*)*)\x1b\[J", shown)
    assert len(frames) == 3
    for number, frame in enumerate(frames, 1):
        lines = frame.split("\n")
        assert len(lines) == 6
        assert all(line.endswith("\x1b[K") and len(line) <= 20 + 3 for line in lines)
        assert lines[2].startswith(f"{number}: long")
    assert left == f"{text(10).replace('5: ', '4: ')}\n"  # whole


def test_the_terminal_is_as_before_after_an_error(terminal: Terminal) -> None:
    def text(_: int) -> str:
        raise OSError("The disk is gone.")

    with pytest.raises(OSError, match="gone"):
        watch(text, 5, terminal)
    assert terminal.getvalue() == ENTER + LEAVE


def test_without_a_terminal_a_text_is_printed_once() -> None:
    stream = io.StringIO()
    watch(lambda lines: f"fits: {lines > 10**6}", 5, stream, wait=pytest.fail)
    assert stream.getvalue() == "fits: True\n"
