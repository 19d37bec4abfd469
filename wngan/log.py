"""Log lines: to the terminal, and to a job's log file."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

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

GO_ON = "Run the same command again to go on."
"""What to do after a stop."""

ERROR = re.compile(
    r"^Error in rule .*\n +message: ((?:.*\n)+?) +jobid: (\d+)\n"
    r"(?: .*\n)*? +log: ([^,\n]+?)(?:, (.*))? \(check ",
    re.MULTILINE,
)
"""In Snakemake's log: what it says of a job that failed, the job's number, its log, and that of an
executor, if any."""

HALTED = re.compile(r"^(?:Terminating processes on user|Will exit after finishing)", re.MULTILINE)
"""In Snakemake's log, after Ctrl-C or SIGTERM."""

UNTOLD = (
    "if no error stands above, something killed it, as where memory is short or a file is damaged."
)
"""Of a job whose log ends in the middle of its work."""


def failures(logs: Sequence[str]) -> list[str]:
    """Why jobs failed for good or how they were stopped, by their logs, and what to do.

    Args:
        logs: Snakemake's own, which name them.
    """
    text = "\n".join(Path(log).read_text(errors="replace") for log in logs)
    finished = set(re.findall(r"^Finished jobid: (\d+)", text, re.MULTILINE))
    failed = {
        log: _said(message, other)
        for message, job, log, other in ERROR.findall(text)
        if job not in finished
    }
    jobs = {name: Path(name).read_text(errors="replace") for name in failed if Path(name).is_file()}
    ends = {name: _end(jobs.get(name, "")) for name in failed}
    said = [end for end in ends.values() if end]
    if HALTED.search(text) or any(not end.startswith(FAILED.lstrip()) for end in said):
        return [*said, GO_ON]
    untold = [name for name, end in ends.items() if not end]
    if any(_is_full(Path(name).parent) for name in untold):
        return [*said, WHEN_FULL]
    return said + [f"{name} does not say why its job failed: {failed[name]}" for name in untold]


def _said(message: str, log: str) -> str:
    """What Snakemake and an executor say of a job that failed, without calls and advice."""
    if message == "None\n":
        return UNTOLD
    short = re.split(r"For further error details|\n +", message)[0].rstrip()
    return f"{short} See {log}." if log else short


def _is_full(folder: Path) -> bool:
    """Whether a folder, if there is one, has no room for a log."""
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(1 << 20))
            file.flush()
    except OSError as error:
        return bool(FULL.search(str(error)))
    return False


def _end(text: str) -> str:
    """How a job's log, of one attempt or several, says that the job failed or was stopped."""
    stops, failed = list(STOPPED.finditer(text)), text.rfind(FAILED)
    if stops and stops[-1].start() > failed:
        return stops[-1][1]
    return text[failed:].strip() if failed >= 0 else ""


@contextmanager
def shown() -> Iterator[None]:
    """Sends log lines to standard error, as they are."""
    handler, level = logging.StreamHandler(sys.stderr), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class LogFile(logging.FileHandler):
    """A log whose disk may be full: of what it has no room for the terminal gets errors alone."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Goes on."""

    def close(self) -> None:
        """Closes the file, whatever of it could be written."""
        with suppress(OSError):
            super().close()


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Sends log lines to the file `path`, and those of warnings and errors to standard error too.

    Raises:
        SystemExit: the block ended in an error or on Ctrl-C. Both end with a line that says so.
            Before it the file has the traceback, unless the error is about what a person gave.
    """
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
    handlers: list[logging.Handler] = [
        LogFile(path, errors="backslashreplace"),  # for names of files in no encoding
        logging.StreamHandler(sys.stderr),
    ]
    handlers[1].setLevel(logging.WARNING)
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
            with suppress(OSError), open(path, "a", errors="backslashreplace") as file:
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
