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


STOPPED = re.compile(r"^\S+ \S+ (.*\b[Ss]topped (?:at|on|as) .*)$", re.MULTILINE)
"""The line that the log of a job ends with that was stopped, as by Ctrl-C."""

FULL = re.compile(r"No space left on device|Disk quota exceeded|\d+ requested and \d+ written")
"""In the messages of libraries, the last one in NumPy's, where nothing more can be written."""

WHEN_FULL = "The disk, or your share of it, is full: make room, then run the same command again."
"""What to do then."""

KILLED = (
    "{} does not say why its job ended. Most likely it was killed, for lack of memory or time; a "
    "damaged file may do it, too."
)
"""For jobs that left no word."""

GO_ON = "Run the same command again to go on."
"""What to do after a stop."""


def failures(logs: Sequence[str]) -> list[str]:
    """How the logs end of jobs that failed, from "Failed:" on, or were stopped, and what to do.

    A log that ends in another way is named.

    Args:
        logs: Snakemake's own, which name them.
    """
    text = "\n".join(Path(log).read_text(errors="replace") for log in logs)
    named = dict.fromkeys(re.findall(r"^ +log: (.+) \(check log file", text, re.MULTILINE))
    jobs = {name: Path(name).read_text(errors="replace") for name in named if Path(name).is_file()}
    ends = {name: _end(text) for name, text in jobs.items()}
    stopped = any(end and not end.startswith(FAILED.lstrip()) for end in ends.values())
    sentences = [end or KILLED.format(name) for name, end in ends.items()]
    return [*sentences, GO_ON] if stopped else sentences


def _end(text: str) -> str:
    """How a job's log, of one attempt or several, says that the job failed or was stopped."""
    stops, failed = list(STOPPED.finditer(text)), text.rfind(FAILED)
    if stops and stops[-1].start() > failed:
        return stops[-1][1]
    return text[failed:].strip() if failed >= 0 else ""


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Sends log lines to the file `path` and to standard error.

    Raises:
        SystemExit: the block ended in an error or on Ctrl-C. Both end with a line that says so.
            Before it the file has the traceback, unless the error is about what a person gave.
    """
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
    handlers: list[logging.Handler] = [
        logging.FileHandler(path, errors="backslashreplace"),  # for names of files in no encoding
        logging.StreamHandler(sys.stderr),
    ]
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    except KeyboardInterrupt:
        logger.error("Stopped on SIGINT.")
        raise SystemExit(1) from None
    except Exception as error:
        if not isinstance(error, InputError):
            with open(path, "a", errors="backslashreplace") as file:
                file.write(traceback.format_exc())
        sentence = str(error) if " " in str(error) else repr(error)
        if FULL.search(sentence):
            named = getattr(error, "filename", None) or "/" in sentence
            beside = "" if named else f" (of a file beside {path})"
            sentence = f"{sentence.rstrip('.')}{beside}. {WHEN_FULL}"
        logger.error("%s%s", FAILED.lstrip(), sentence)
        raise SystemExit(1) from error
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
