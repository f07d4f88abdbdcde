"""YAML in which every value knows its place: the parser says no types, so its nodes are read into these at once."""

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it begins; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A plain value."""

    value: str


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list."""

    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entries(Node):
    """A mapping, in the order in which it is written; a name may come twice."""

    values: tuple[tuple[Node, Node], ...]


class NotYamlError(ValueError):
    """A text is no YAML."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.reason, self.line, self.column = reason, line, column


def parse(text: str) -> Node | None:
    """Return the data of a text, None for an empty one; raise `NotYamlError` with the place of what it can't be."""
    parser: Any = YAML(typ="safe", pure=True)
    try:
        root = parser.compose(text)
    except YAMLError as caught:
        error: Any = caught
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYamlError(reason, *where) from None
    return None if root is None else _node(root)


def _node(node: Any) -> Node:
    where = (node.start_mark.line + 1, node.start_mark.column + 1)
    match node.id:
        case "mapping":
            return Entries(*where, tuple((_node(key), _node(value)) for key, value in node.value))
        case "sequence":
            return Items(*where, tuple(_node(item) for item in node.value))
        case _:
            return Text(*where, str(node.value))
