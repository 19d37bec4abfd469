"""Errors that are about what a person gave, not about the code."""

from collections.abc import Sequence

START = 1 << 10
"""Bytes that tell whether a file is a page."""

HTML = (b"<!doctype html", b"<html")
NOT_THE_FILE = "it is an HTML page, such as a host's error or quota page, not the file"

NAMED = 10
"""Problems that a message names; of others it says how many there are."""


class InputError(ValueError):
    """Something that a person gave can't be used; the message names it and says what is right."""


def all_of(problems: Sequence[str], what: str) -> InputError:
    """One error for several problems.

    Args:
        problems: a sentence each, at least one.
        what: they are about, in the plural.
    """
    if len(problems) == 1:
        return InputError(problems[0])
    lines = [f"{len(problems)} {what} can't be used:", *problems[:NAMED]]
    if len(problems) > NAMED:
        lines.append(f"… and {len(problems) - NAMED} more.")
    return InputError("\n".join(lines))


def is_html(start: bytes) -> bool:
    """Whether a file that starts like this is a page."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(HTML)
