"""A configuration beside its JSON schema: text that stands for values, and what does not fit."""

import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from functools import reduce
from operator import getitem
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

# JSON would take 2000.0 for an integer.
Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)

TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys with values",
    "string": "text",
}
"""What JSON's types are called."""


def typed(config: Any, schema: dict[str, Any]) -> Any:
    """`config`, in which text stands for a number or a truth value only where none is wanted.

    Snakemake hands over whatever is nested in an argument of `--config` as text, and truth values
    too. Text that does not read as what the schema wants is left as it is.
    """
    return _typed(config, schema, schema)


def misfits(config: Any, schema: dict[str, Any]) -> list[str]:
    """A sentence for everything in `config` that is not as the schema wants, or not finite.

    The schema's patterns have a `description` that says what their text must be.
    """
    named = _named(config)
    errors = Validator(schema).iter_errors(named)
    return sorted({*_slips(config), *(_sentence(error, named) for error in errors)})


def _typed(value: Any, schema: Any, root: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        path = schema["$ref"].removeprefix("#/").split("/")
        schema = reduce(getitem, path, root) | schema
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        return {key: _typed(each, known.get(key, others), root) for key, each in value.items()}
    if isinstance(value, list):
        return [_typed(each, schema.get("items"), root) for each in value]
    types = schema.get("type", [])
    return _read(value, types) if isinstance(value, str) else value


def _read(text: str, types: str | list[str]) -> Any:
    """What a text means where something of `types` is wanted, one or several."""
    if "boolean" in types and text.lower() in ("true", "false"):
        return text.lower() == "true"
    for name, read in (("integer", int), ("number", float)):
        if name in types:
            with suppress(ValueError):
                return read(text)
    return text


def _named(config: Any) -> Any:
    """`config` without keys that are no text, which JSON has not."""
    if isinstance(config, dict):
        return {key: _named(value) for key, value in config.items() if isinstance(key, str)}
    return [_named(each) for each in config] if isinstance(config, list) else config


def _slips(config: Any, key: str = "") -> Iterator[str]:
    """What no pattern says: keys that are no text, endless numbers, characters that nobody sees."""
    if isinstance(config, str) and not config.isprintable():
        yield f"{key}: {config!r} has a character that cannot be seen."
    if isinstance(config, float) and not math.isfinite(config):
        yield f"{key} must be finite, not {config}."
    if isinstance(config, int) and abs(config) > sys.float_info.max:
        yield f"{key} has too many digits."
    if isinstance(config, list):
        for number, value in enumerate(config):
            yield from _slips(value, f"{key}.{number}")
    if isinstance(config, dict):
        for name, value in config.items():
            yield from _name_slips(name, key or "the configuration")
            yield from _slips(value, f"{key}.{name}".removeprefix("."))


def _name_slips(name: Any, key: str) -> Iterator[str]:
    """What is wrong with the name of something below a key."""
    if isinstance(name, bool):
        yield f"{key}: the key {name} must be in quotes, as YAML reads on or yes as true."
    elif not isinstance(name, str):
        yield f"{key}: the key {name} must be text: '{name}'."
    elif not name.isprintable():
        yield f"{key}: the key {name!r} has a character that cannot be seen."


def _sentence(error: ValidationError, config: Any) -> str:
    """The problem of one key as a sentence."""
    key = ".".join(map(str, error.absolute_path)) or "the configuration"
    value: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            known = list(schema["properties"])
            unknown = (f"{name!r}{_meant(name, known)}" for name in value if name not in known)
            return f"{key} has an unknown key {', '.join(unknown)}; it may have {', '.join(known)}."
        case "required":
            missing = [repr(name) for name in rule if name not in value]
            *above, name = error.absolute_path or [""]
            beside = reduce(getitem, above, config)
            others = [other for other in beside if other != name] if name in beside else []
            return f"{key} lacks {', '.join(missing)}{_meant(str(name), others)}."
        case "type":
            types = [rule] if isinstance(rule, str) else rule
            right = " or ".join(TYPES[name] for name in types)
            if value is None:
                return f"{key} is empty and must be {right}."
            if types == ["array"] and isinstance(value, str | int | float):
                right += f", as in [{value}]"
            quotes = types == ["string"] and isinstance(value, int | float)
            hint = "; put it in quotes" if quotes else ""
            return f"{key} must be {right}, not {value!r}{hint}."
        case "enum":
            return f"{key} must be one of {', '.join(map(str, rule))}, not {value!r}."
        case "pattern":
            return f"{key}: {value!r} must be {schema['description']}."
        case "minimum":
            return f"{key} must be at least {rule}, not {value!r}."
        case "maximum":
            return f"{key} must be at most {rule}, not {value!r}."
        case "exclusiveMinimum":
            return f"{key} must be more than {rule}, not {value!r}."
        case "minLength" | "minItems" | "minProperties" if not value:
            return f"{key} must not be empty."
        case "uniqueItems":
            twice = [each for number, each in enumerate(value) if each in value[:number]]
            return f"{key} has {', '.join(map(repr, twice))} twice."
        case "not":
            return f"{key} has a key {value!r}, which no data set of its type has."
        case _:
            return f"{key}: {error.message}."


def _meant(name: str, known: list[str]) -> str:
    """The known name that is most like another, if any is, as a question."""
    return "".join(f" (did you mean {each!r}?)" for each in get_close_matches(name, known, 1))
