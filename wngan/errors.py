"""Errors that are about what a person gave, not about the code."""

from collections.abc import Sequence

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
