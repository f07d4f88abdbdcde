"""YAML as plain data in which everything knows its line. No tags, no anchors: a mapping is data, never code."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from mappings.data import Data
from mappings.errors import Finding, InvalidMappingError, Mark

LONGEST_FILE = 1_000_000
DEEPEST = 40

_DEEP = re.compile(rf"[\[{{](?:\s*[\[{{]){{{DEEPEST}}}")
"""The parser takes long to give up on these."""
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]{1,30}")

Scalar: TypeAlias = str | int | bool | Decimal | None


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a mapping's file, and where it stands. `keys` holds where the keys of a dict stand."""

    value: "dict[str, Node] | list[Node] | Scalar"
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict[str, Mark])

    @property
    def fields(self) -> "dict[str, Node]":
        """The dict that it is, or an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """The list that it is, or an empty one."""
        return self.value if isinstance(self.value, list) else []

    def key_mark(self, key: str) -> Mark:
        """Return where `key` stands."""
        return self.keys.get(key, self.mark)

    def plain(self) -> Data:
        """Return the value without its marks."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def parse_yaml(text: str, file: str) -> Node:
    """Return the data of one file; raise `InvalidMappingError` with line and column for what it can't be."""
    if len(text) > LONGEST_FILE:
        raise _invalid(Mark(file), f"the file has more than {LONGEST_FILE:,} characters")
    if match := _DEEP.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise _invalid(Mark(file, line), f"values are nested deeper than {DEEPEST} levels")
    parser: Data = YAML(typ="safe", pure=True)
    try:
        root = parser.compose(text)
        if root is None:
            raise _invalid(Mark(file), "the file is empty")
        return _Reader(file).node(root, 0)
    except MarkedYAMLError as marked:
        error: Data = marked
        mark = error.problem_mark or error.context_mark
        where = Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file)
        raise _invalid(where, f"this is not YAML: {error.problem or error.context}") from None
    except YAMLError as failed:
        reason = str(failed).strip().partition("\n")[0]
        raise _invalid(Mark(file), f"this is not YAML: {reason}") from None
    except RecursionError:  # pragma: no cover - how deep Python goes depends on who calls
        raise _invalid(Mark(file), f"values are nested deeper than {DEEPEST} levels") from None


def _invalid(mark: Mark, message: str) -> InvalidMappingError:
    return InvalidMappingError([Finding(mark, message)])


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def node(self, node: Data, depth: int) -> Node:
        mark = Mark(self._file, node.start_mark.line + 1, node.start_mark.column + 1)
        if depth > DEEPEST:
            raise _invalid(mark, f"values are nested deeper than {DEEPEST} levels")
        if node.anchor is not None:
            raise _invalid(
                mark, "anchors and aliases are not used in mappings: say it twice, or use an overlay"
            )
        if node.id == "mapping":
            return self._mapping(node, mark, depth)
        if node.id == "sequence":
            return Node([self.node(child, depth + 1) for child in node.value], mark)
        return Node(_scalar(node, mark), mark)

    def _mapping(self, node: Data, mark: Mark, depth: int) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for key, value in node.value:
            where = Mark(self._file, key.start_mark.line + 1, key.start_mark.column + 1)
            if key.id != "scalar":
                raise _invalid(where, "a key is a plain word or text")
            if key.value in found:
                raise _invalid(
                    where, f"the key {key.value!r} stands twice; the first is in line {keys[key.value].line}"
                )
            found[key.value] = self.node(value, depth + 1)
            keys[key.value] = where
        return Node(found, mark, keys)


def _scalar(node: Data, mark: Mark) -> Scalar:
    """Return the value of a scalar. Numbers with leading zeros are codes, and stay texts; there are no floats."""
    text: str = node.value
    kind = str(node.tag).rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _DECIMAL.fullmatch(text):
        return Decimal(text)
    if kind in ("str", "int", "timestamp", "float"):
        return text
    raise _invalid(mark, f"the tag {node.tag!s} is not used in mappings")
