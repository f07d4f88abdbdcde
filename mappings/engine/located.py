"""YAML as plain data in which everything knows its line. No tags, no anchors: a mapping is data, never code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

import yaml

from mappings.data import Data
from mappings.errors import Finding, InvalidMappingError, Mark

LONGEST_FILE = 1_000_000
DEEPEST = 40

_PARSER: Final = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
"""libyaml's, twenty times as fast, wherever PyYAML was built with it. Neither makes objects of what it reads."""
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
"""Of YAML 1.2: `no`, `on` and `y` are texts, as are the country and the switch that they mean."""
_TAG = "tag:yaml.org,2002:"
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
    try:
        return _Reader(file).document(yaml.parse(text, Loader=_PARSER))
    except yaml.MarkedYAMLError as error:
        raise _invalid(
            _place(error, file, text), f"this is not YAML: {error.problem or error.context}"
        ) from None
    except yaml.YAMLError as error:
        reason = str(error).strip().partition("\n")[0]
        raise _invalid(Mark(file), f"this is not YAML: {reason}") from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise _invalid(
            Mark(file, line), "this is not YAML: half of a surrogate pair is no character"
        ) from None


def _place(error: yaml.MarkedYAMLError, file: str, text: str) -> Mark:
    """Return where the trouble is. What was never closed is shown where it begins, or at the end, not behind it."""
    lines = text.rstrip().split("\n")
    for mark in (error.problem_mark, error.context_mark):
        if mark and mark.line < len(lines):
            return Mark(file, mark.line + 1, mark.column + 1)
    return Mark(file, len(lines), len(lines[-1]) + 1)


def _invalid(mark: Mark, message: str) -> InvalidMappingError:
    return InvalidMappingError([Finding(mark, message)])


Events: TypeAlias = Iterator[yaml.Event]


class _Reader:
    """Makes data of what the parser meets. Depth is looked at on the way, before anything is as deep."""

    def __init__(self, file: str) -> None:
        self._file = file

    def document(self, events: Events) -> Node:
        next(events)  # the stream begins
        begin = next(events)
        if isinstance(begin, yaml.StreamEndEvent):
            raise _invalid(Mark(self._file), "the file is empty")
        root = self._node(next(events), events, 0)
        next(events)  # the document ends
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _invalid(self._mark(after), "this is not YAML of one document: another begins here")
        return root

    def _node(self, event: yaml.Event, events: Events, depth: int) -> Node:
        mark = self._mark(event)
        if depth > DEEPEST:
            raise _invalid(mark, f"values are nested deeper than {DEEPEST} levels")
        match event:
            case yaml.NodeEvent(anchor=str()):
                raise _anchored(mark)
            case yaml.ScalarEvent():
                return Node(_scalar(event, mark), mark)
            case yaml.CollectionStartEvent(tag=str()):
                raise _invalid(mark, f"the tag {event.tag} is not used in mappings")
            case yaml.MappingStartEvent():
                return self._mapping(events, mark, depth)
            case _:
                return Node([self._node(item, events, depth + 1) for item in _until_end(events)], mark)

    def _mapping(self, events: Events, mark: Mark, depth: int) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for key in _until_end(events):
            where = self._mark(key)
            if isinstance(key, yaml.NodeEvent) and key.anchor is not None:
                raise _anchored(where)
            if not isinstance(key, yaml.ScalarEvent):
                raise _invalid(where, "a key is a plain word or text")
            if key.value in found:
                raise _invalid(
                    where, f"the key {key.value!r} stands twice; the first is in line {keys[key.value].line}"
                )
            found[key.value] = self._node(next(events), events, depth + 1)
            keys[key.value] = where
        return Node(found, mark, keys)

    def _mark(self, event: yaml.Event) -> Mark:
        begin = event.start_mark
        if begin is None:  # pragma: no cover - what a parser meets has its place
            return Mark(self._file)
        return Mark(self._file, begin.line + 1, begin.column + 1)


def _anchored(mark: Mark) -> InvalidMappingError:
    return _invalid(mark, "anchors and aliases are not used in mappings: say it twice, or use an overlay")


def _until_end(events: Events) -> Events:
    """Yield what a list or a mapping begins its next value with, until it ends."""
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            return
        yield event


def _scalar(event: yaml.ScalarEvent, mark: Mark) -> Scalar:
    """Return the value of a scalar. Numbers with leading zeros are codes, and stay texts; there are no floats."""
    text = event.value
    if event.tag not in (None, "!", f"{_TAG}str"):
        raise _invalid(mark, f"the tag {event.tag} is not used in mappings")
    is_plain = event.implicit[0] and event.tag is None
    if not is_plain:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INT.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
