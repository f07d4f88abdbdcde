"""YAML as data in which every value knows its line: what `hub.yaml` and files of values are read into."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hub.config.problems import ConfigError, ConfigProblem
from mappings.errors import Mark

LONGEST_FILE = 1_000_000
DEEPEST = 30

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,18})")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][-+]?[0-9]+)?")

Scalar: TypeAlias = str | int | float | bool | None
Step: TypeAlias = str | int
YamlNode: TypeAlias = Any
"""A node of the parser's, which says no types: `id` is mapping, sequence or scalar."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands. `keys` holds where the keys of a mapping stand.

    `written` is what the file says where `value` came from elsewhere (a placeholder, a file): only that is shown.
    """

    value: "dict[str, Node] | list[Node] | Scalar"
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict[str, Mark])
    written: str | None = None

    @property
    def fields(self) -> "dict[str, Node]":
        """The mapping that it is, or an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def child(self, step: Step) -> "Node | None":
        """Return the value under a key or an index; None where there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def plain(self) -> Any:
        """Return the value without its marks."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def leaves(self, path: tuple[Step, ...] = ()) -> "Iterator[tuple[tuple[Step, ...], Node]]":
        """Yield every scalar in it with its path."""
        if isinstance(self.value, dict):
            for key, child in self.value.items():
                yield from child.leaves((*path, key))
        elif isinstance(self.value, list):
            for index, child in enumerate(self.value):
                yield from child.leaves((*path, index))
        else:
            yield path, self


def path_text(path: Sequence[Step]) -> str:
    """Return a path as people write it: `connectors.shop.api_secrets[0]`."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else str(step)
    return out


def parse_yaml(text: str, file: str) -> Node:
    """Return the data of one file; raise `ConfigError` with line and column for what it can't be."""
    if len(text) > LONGEST_FILE:
        raise _invalid(Mark(file), f"the file has more than {LONGEST_FILE:,} characters")
    try:
        root: YamlNode = _compose(text)
    except MarkedYAMLError as marked:
        error: Any = marked  # the parser says no types
        mark = error.problem_mark or error.context_mark
        where = Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file)
        raise _invalid(where, f"this is not YAML: {error.problem or error.context}") from None
    except YAMLError as unmarked:
        reason = str(unmarked).strip().partition("\n")[0]
        raise _invalid(Mark(file), f"this is not YAML: {reason}") from None
    except RecursionError:
        raise _invalid(Mark(file), f"values are nested deeper than {DEEPEST} levels") from None
    return Node({}, Mark(file)) if root is None else _Reader(file).node(root, 0)


def _compose(text: str) -> "YamlNode":
    parser: Any = YAML(typ="safe", pure=True)
    return parser.compose(text)


def _invalid(mark: Mark, reason: str) -> ConfigError:
    return ConfigError((ConfigProblem(mark, reason),))


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file

    def node(self, node: YamlNode, depth: int) -> Node:
        mark = self._mark(node)
        if depth > DEEPEST:
            raise _invalid(mark, f"values are nested deeper than {DEEPEST} levels")
        if node.anchor is not None:
            raise _invalid(mark, "anchors and aliases are not used here: say it twice, or use a placeholder")
        if node.id == "mapping":
            return self._mapping(node, mark, depth)
        if node.id == "sequence":
            return Node([self.node(child, depth + 1) for child in node.value], mark)
        return Node(_scalar(node, mark), mark)

    def _mapping(self, node: YamlNode, mark: Mark, depth: int) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for key, value in node.value:
            where = self._mark(key)
            if key.id != "scalar":
                raise _invalid(where, "a key is a plain word or text")
            if key.value in found:
                line = keys[key.value].line
                raise _invalid(where, f"the key {key.value!r} stands twice; the first is in line {line}")
            found[key.value] = self.node(value, depth + 1)
            keys[key.value] = where
        return Node(found, mark, keys)

    def _mark(self, node: YamlNode) -> Mark:
        return Mark(self._file, node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(node: YamlNode, mark: Mark) -> Scalar:
    """Return the value of a scalar. Numbers with leading zeros are codes, and stay texts."""
    text: str = node.value
    kind = str(node.tag).rpartition(":")[2]
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" if _INT.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
        case "str" | "int" | "float" | "timestamp":
            return text
        case _:
            raise _invalid(mark, f"the tag {node.tag!s} is not used here")
