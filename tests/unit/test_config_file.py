"""Configurations in files: what is wrong with one is a sentence with file, line and key."""

import json
from pathlib import Path

import pytest

from wngan.config import ConfigError
from wngan.config_file import read


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: 1\nb: 2\na: 3\n", ", line 3: a stands in line 1 already; join them."),
        (b"figures:\n  curves: {x: 1, x: 2}\n", ", line 2: figures.curves.x stands in line 2"),
        (b"a: [{b: 1, b: 1}]\n", ", line 1: a.b stands in line 1 already"),
        (b"a:\n\tb: 1\n", ", line 2, column 1, is no YAML: found character '\\t' that cannot"),
        (b"only: [a\nseed: 1\n", ", line 2, column 5, is no YAML: "),
        (b"a: 1\nb: \xe9t\xe9\n", ", line 2, must be text in UTF-8."),
        (b"a: \x00\n", " is no YAML: unacceptable character"),
        (b"", " has no keys, such as `experiments`."),
        (b"- a\n", " has no keys, such as `experiments`."),
        (b"a:\n  b: [8, 010]\n", ", line 2: a.b: YAML reads 010 by eights or sixties; write it"),
        (b"a: 1:30\n", ", line 1: a: YAML reads 1:30 by eights"),
        (b"a: 2020-13-01\n", " is no YAML: month must be in 1..12"),
        (b"a: " + b"[" * 900 + b"]" * 900, " has too many levels"),
        (b"a: 1\n---\nb: 2\n", ", line 2, column 1, is no YAML: but found another document"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read(file)
    assert f"{file}{sentence}" in str(caught.value)


def test_each_key_that_is_there_twice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("a: {b: 1, b: 2}\nc: 1\nc: 2\n")
    with pytest.raises(ConfigError) as caught:
        read(file)
    assert len(str(caught.value).splitlines()) == 2


def test_what_yaml_allows_is_read(tmp_path: Path) -> None:
    """A mark of UTF-8 as Windows writes it; the same key in two places, also by an anchor; JSON."""
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\nc: *a\n")
    one = {"x": 1, "y": 2}
    assert read(file) == {"a": one, "b": one | {"x": 3}, "c": one}
    file.write_text(json.dumps({"a": one}, indent=2))
    assert read(file) == {"a": one}
    file.write_text("a: [0, 0.5, 10, 0x10, 50_000, '010', 1:x]\n")
    assert read(file) == {"a": [0, 0.5, 10, 16, 50_000, "010", "1:x"]}


def test_json_may_have_tabs_and_no_key_twice(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"a": {"x": 1}}, indent="\t"))
    assert read(file) == {"a": {"x": 1}}
    file.write_text('{"a": 1,\n\t"a": 2}')
    with pytest.raises(ConfigError, match="line 2: a stands in line 1 already"):
        read(file)
