"""Log lines: to the terminal, and to a job's log file."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger("wngan")


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Sends log lines to the file `path` and to standard error.

    Raises:
        SystemExit: the block ended in an error. Both have said so in a line, and the file, which
            nobody needs to read for a mistake in the data, has its traceback.
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
        sentence = str(error) if " " in str(error) else repr(error)
        logger.error("Failed: %s", sentence)
        with open(path, "a") as file:
            file.write(traceback.format_exc())
        raise SystemExit(1) from error
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
