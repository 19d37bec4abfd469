"""A text on a terminal that is shown again and again."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""To a screen beside the usual one, without a cursor, and back."""


def watch(
    text: Callable[[int], str],
    every: float,
    stream: TextIO,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Shows a text that changes, until Ctrl-C, which leaves the last one on the terminal.

    Lines are cut to the terminal's width. Where there is no terminal the text is printed once.

    Args:
        text: called with how many lines fit.
        every: seconds between updates.
        wait: for so many seconds.
    """
    if not stream.isatty():
        print(text(sys.maxsize), file=stream)
        return
    try:
        stream.write(ENTER)
        with suppress(KeyboardInterrupt):
            while True:
                size = os.get_terminal_size(stream.fileno())
                head = f"{time.strftime('%H:%M:%S')}, every {every:g} seconds; Ctrl-C ends it."
                lines = [head, "", *text(size.lines - 2).splitlines()][: size.lines]
                frame = "\n".join(f"{line[: size.columns]}\x1b[K" for line in lines)
                stream.write(f"\x1b[H{frame}\x1b[J")  # over the last one, at once
                stream.flush()
                wait(every)
    finally:
        stream.write(LEAVE)
    print(text(sys.maxsize), file=stream)
