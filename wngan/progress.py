"""How far a job is, as lines of its log."""

import re
from io import StringIO
from typing import Any, NamedTuple

from tqdm import tqdm

from wngan.log import logger


class Progress(tqdm):
    """A tqdm bar that logs lines, as bars of parallel jobs would overwrite each other.

    Args:
        description: what the line starts with.
        every: seconds between lines.
        **options: as `tqdm` takes them, such as `initial`, `total`, `unit`.
    """

    def __init__(self, description: str, every: float = 10.0, **options: Any) -> None:
        super().__init__(
            desc=description,
            file=StringIO(),  # which gets the end of the line that there isn't
            mininterval=every,
            maxinterval=every,
            bar_format="{desc} |{bar:20}| {n_fmt}/{total_fmt} {rate_noinv_fmt} {remaining} left",
            **options,
        )

    @staticmethod
    def status_printer(file: Any) -> Any:
        """Where tqdm would draw on one line of `file`, log a line of its own."""
        return lambda line: logger.info(line.strip()) if line.strip() else None


class Reached(NamedTuple):
    """How far a `Progress` is: `done` of `total`, and `rate` a second, None before it is known."""

    done: int
    total: int
    rate: float | None


def last_progress(log: str, unit: str) -> Reached | None:
    """What the text of a log last says of a `Progress` that counts this unit; None if nothing."""
    line = rf"\| (\d+)/(\d+) +(\?|[\d.]+){re.escape(unit)}/s \S+ left$"
    lines = re.findall(line, log, re.MULTILINE)
    if not lines:
        return None
    done, total, rate = lines[-1]
    return Reached(int(done), int(total), None if rate == "?" else float(rate))


def seconds_left(log: str) -> float | None:
    """How long a `Progress` will take that a log ends with, as that says; None if it doesn't."""
    found = re.search(r"\| \S+/\S+ +\S+ ((?:\d+:)+\d+) left\s*$", log)
    if found is None:
        return None
    seconds = 0
    for part in found[1].split(":"):
        seconds = 60 * seconds + int(part)
    return float(seconds)
