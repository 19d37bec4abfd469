"""Configurations in files, read so that nothing in them is lost without a word."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from wngan.config import ConfigError
from wngan.runs import Config


def read(path: Path) -> Config:
    """The keys and values of a YAML file.

    Raises:
        ConfigError: it is not UTF-8 or no YAML, has no keys, or has one of them twice.
        OSError: it cannot be read.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        twice = list(_twice(node, "", set()))
        config = loader.construct_document(node) if node else None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}, must be text in UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}{_place(error)} is no YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {error}.") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{path} has no keys, such as `experiments`.")
    if twice:
        raise ConfigError("\n".join(f"{path}, {sentence}" for sentence in twice))
    return config


def _twice(node: yaml.Node | None, place: str, seen: set[int]) -> Iterator[str]:
    """A sentence for each key below a node that another of the same name comes before."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _twice(each, place, seen)
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
            yield from _twice(value, f"{place}{name}.", seen)


def _place(error: yaml.MarkedYAMLError) -> str:
    """Where in a file an error is."""
    mark = error.problem_mark
    return f", line {mark.line + 1}, column {mark.column + 1}," if mark else ""
