"""Log lines: to the terminal, and to a job's log file."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wngan.errors import InputError

logger = logging.getLogger("wngan")


FAILED = " Failed: "
"""Before the sentence that a job's log ends with if it failed."""


def failures(logs: Sequence[str]) -> list[str]:
    """How the logs of failed jobs end, from "Failed:" on.

    Args:
        logs: Snakemake's own, which name them.
    """
    text = "\n".join(Path(log).read_text(errors="replace") for log in logs)
    named = dict.fromkeys(re.findall(r"^ +log: (.+) \(check log file", text, re.MULTILINE))
    jobs = (Path(name).read_text(errors="replace") for name in named if Path(name).is_file())
    return [f"Failed: {text.rpartition(FAILED)[2].strip()}" for text in jobs if FAILED in text]


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Sends log lines to the file `path` and to standard error.

    Raises:
        SystemExit: the block ended in an error. Both end with a line that says so. Before it the
            file has the traceback, unless the error is about what a person gave.
    """
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
    handlers: list[logging.Handler] = [logging.FileHandler(path), logging.StreamHandler(sys.stderr)]
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    except Exception as error:
        if not isinstance(error, InputError):
            with open(path, "a") as file:
                file.write(traceback.format_exc())
        sentence = str(error) if " " in str(error) else repr(error)
        logger.error("%s%s", FAILED.lstrip(), sentence)
        raise SystemExit(1) from error
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
