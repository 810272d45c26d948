"""Plain values that remember their line: one shape for YAML text and for data already parsed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

_NULL = "tag:yaml.org,2002:null"
_MAX_CHARACTERS = 200_000


class Scalar(NamedTuple):
    """One value as written, without a type: whoever reads it knows the type it wants. `text` is None for an
    empty value."""

    line: int
    text: str | None


class Items(NamedTuple):
    """A list."""

    line: int
    values: list[Located]


class Entry(NamedTuple):
    """One key of a mapping, and its value."""

    line: int
    key: str
    value: Located


class Mapping(NamedTuple):
    """Keys and values in order; a key written twice is here twice."""

    line: int
    entries: list[Entry]


Located = Scalar | Items | Mapping


@dataclass(frozen=True)
class UnreadableError(Exception):
    """The text is no YAML at all, or uses what a target pathway must not. `line` counts from 1."""

    line: int
    message: str


def locate_yaml(text: str) -> Located:
    """Reads one YAML document. Raises UnreadableError."""
    if len(text) > _MAX_CHARACTERS:
        raise UnreadableError(1, f"Le fichier dépasse {_MAX_CHARACTERS} caractères.")
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                # Nested aliases can describe a text larger than any memory.
                raise UnreadableError(_line(event.start_mark), "Les renvois YAML (« *nom ») ne sont pas acceptés.")
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(_line(mark), _not_yaml(error.problem)) from error
    except yaml.YAMLError as error:
        raise UnreadableError(1, _not_yaml(str(error))) from error
    except RecursionError as error:
        raise UnreadableError(1, "Les niveaux de retrait sont trop nombreux.") from error
    return Scalar(1, None) if node is None else _from_node(node)


def locate_data(data: Any) -> Located:
    """Wraps JSON-like data, at line 0."""
    match data:
        case dict():
            return Mapping(0, [Entry(0, str(key), locate_data(value)) for key, value in data.items()])
        case list() | tuple():
            return Items(0, [locate_data(value) for value in data])
        case None:
            return Scalar(0, None)
        case bool():
            return Scalar(0, "true" if data else "false")
        case _:
            return Scalar(0, str(data))


def _from_node(node: yaml.Node) -> Located:
    """A node of `yaml.compose`, with its line counted from 1."""
    line = _line(node.start_mark)
    match node:
        case yaml.MappingNode():
            return Mapping(line, [_entry(key, value) for key, value in node.value])
        case yaml.SequenceNode():
            return Items(line, [_from_node(value) for value in node.value])
        case _:
            return Scalar(line, None if node.tag == _NULL else node.value)


def _entry(key: yaml.Node, value: yaml.Node) -> Entry:
    """One key and its value; a key that is a list or a mapping becomes a name nobody knows."""
    name = key.value if isinstance(key, yaml.ScalarNode) else "?"
    return Entry(_line(key.start_mark), name, _from_node(value))


def _line(mark: Any) -> int:
    """The line, from 1, of a mark of either YAML parser."""
    return mark.line + 1 if mark else 1


def _not_yaml(problem: str | None) -> str:
    return f"Le fichier n’est pas un YAML lisible ({problem or 'erreur de syntaxe'})."
