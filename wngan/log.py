"""Log lines: to the terminal, and to a job's log file."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger("wngan")


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Sends log lines, and an error's traceback, to the file `path` and to standard error."""
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S")
    handlers: list[logging.Handler] = [logging.FileHandler(path), logging.StreamHandler(sys.stderr)]
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    except Exception:
        logger.exception("Failed:")
        raise
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()
