"""Configurations in files, read so that nothing in them is lost without a word."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from wngan.config import ConfigError
from wngan.runs import Config

NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

OTHER_BASES = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
"""Numbers that YAML 1.1 counts by eights or by sixties."""


def read(path: Path) -> Config:
    """The keys and values of a file in YAML, or in JSON, which is YAML but for its tabs.

    Raises:
        ConfigError: it is not UTF-8 or no YAML, has no keys, or has one of them twice or a number
            that YAML does not read as it looks.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            text = text.replace("\t", " ")
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        slips = list(_slips(node, "", set()))
        config = loader.construct_document(node) if node else None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}, must be text in UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}{_place(error)} is no YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:  # the latter of a date
        raise ConfigError(f"{path} is no YAML: {error}.") from error
    except RecursionError as error:
        raise ConfigError(f"{path} has too many levels, one in the other.") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path} has no keys, such as `experiments`.")
    if slips:
        raise ConfigError("\n".join(f"{path}, {sentence}" for sentence in slips))
    return config


def _slips(node: yaml.Node | None, place: str, seen: set[int]) -> Iterator[str]:
    """A sentence for each key below a node that is there twice, and each number of another base."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if node and node.tag in NUMBERS and OTHER_BASES.fullmatch(node.value):
        line = f"line {node.start_mark.line + 1}: {place.rstrip('.')}"
        yield f"{line}: YAML reads {node.value} by eights or sixties; write it as a decimal."
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _slips(each, place, seen)
    if isinstance(node, yaml.MappingNode):
        first: dict[str, yaml.Mark] = {}
        for key, value in node.value:
            name, mark = str(key.value), key.start_mark
            before = first.setdefault(name, mark)
            if before is not mark and key.tag != "tag:yaml.org,2002:merge":
                lines = (
                    f"line {mark.line + 1}: {place}{name} stands in line {before.line + 1} already"
                )
                yield f"{lines}; join them."
            yield from _slips(value, f"{place}{name}.", seen)


def _place(error: yaml.MarkedYAMLError) -> str:
    """Where in a file an error is."""
    mark = error.problem_mark
    return f", line {mark.line + 1}, column {mark.column + 1}," if mark else ""
