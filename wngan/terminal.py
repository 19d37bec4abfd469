"""One line on the terminal in place of Snakemake's many: jobs done, the time left, what runs."""

import logging
import os
import re
from collections import Counter
from contextlib import suppress
from threading import Event, Thread
from typing import Any, TextIO

from wngan.pace import Pace

REFRESH = 2.0
"""Seconds between updates of the line."""

LINES = 20
"""How many lines there are, at most, where there is no terminal to write over one."""

ROUTINE = re.compile(
    "Adding |Assuming unrestricted|Building DAG|Conda environments|Creating report|DAG of jobs will"
    "|Elapsed time|Execute |Loading script|Removing temporary|Select jobs|Updating checkpoint"
    "|Using shell|host:"
)
"""How messages of Snakemake's begin that only its log needs."""


def show_one_line(logger: logging.Logger) -> None:
    """Puts a `Terminal` in the place of Snakemake's own handler, and all it says into its log.

    Args:
        logger: Snakemake's.
    """
    for handler in list(logger.handlers):
        if handler.name == "DefaultStreamHandler" and isinstance(handler, logging.StreamHandler):
            terminal = Terminal(handler.stream)
            terminal.setFormatter(handler.formatter)
            logger.removeHandler(handler)
            logger.addHandler(terminal)
        elif handler.name == "DefaultLogFileHandler":
            for filter_ in handler.filters:
                vars(filter_)["quiet"] = set()


class Terminal(logging.Handler):
    """Shows how far Snakemake is; errors, and messages but those of `ROUTINE`, stay above that.

    Args:
        stream: a terminal, where the line is written over, or a file, which gets `LINES` lines.
        refresh: seconds between updates.
    """

    def __init__(self, stream: TextIO, refresh: float = REFRESH) -> None:
        super().__init__()
        self.stream = stream
        self.pace = Pace()
        self.shown = 0
        self.closed = Event()
        if stream.isatty():
            Thread(target=self._keep_drawing, args=[refresh], daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Notes an event, or prints a message."""
        try:
            self._note(vars(record))
            if getattr(record, "event", None) in (None, "error", "job_error", "group_error"):
                text = self.format(record)
                if record.levelno > logging.INFO or not (not text or ROUTINE.match(text)):
                    self._print(text)
            self._draw()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Takes the line away."""
        self.closed.set()
        with suppress(OSError, ValueError):  # of a stream that is closed
            self._print()
        super().close()

    def _note(self, info: dict[str, Any]) -> None:
        event, pace = info.get("event"), self.pace
        if event == "run_info":
            pace.waiting = Counter(info["stats"])
            pace.total = pace.waiting.pop("total")
        elif event == "job_info":
            wildcards = list(map(str, dict(info["wildcards"]).values()))
            pace.begin(info["jobid"], info["rule_name"], wildcards, info["log"])
        elif event == "job_finished":
            pace.end(info["job_id"], well=True)
        elif event == "job_error":
            pace.end(info["jobid"], well=False)
        elif event == "progress":
            pace.done, pace.total = info["done"], info["total"]

    def _keep_drawing(self, every: float) -> None:
        while not self.closed.wait(every):
            self.acquire()
            try:
                self._draw()
            finally:
                self.release()

    def _draw(self) -> None:
        if self.closed.is_set() or not self.pace.total:
            return
        part = self.pace.done * LINES // self.pace.total
        if part == LINES > self.shown or (part > self.shown and not self.stream.isatty()):
            self._print(str(self.pace))
        elif self.stream.isatty() and self.pace.running:
            width = os.get_terminal_size(self.stream.fileno()).columns - 1
            # The cursor goes back: what jobs write themselves takes the line's place.
            self.stream.write(f"\r\x1b[K{str(self.pace)[:width]}\r")
            self.stream.flush()
        self.shown = part

    def _print(self, text: str = "") -> None:
        """Takes the line away, and prints a text that stays."""
        clear = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{clear}{text}\n" if text else clear)
        self.stream.flush()
