"""Where values stand in a JSON text. Nothing is kept while parsing: it is looked up when an error asks."""

import re
from collections.abc import Callable
from decimal import Decimal
from json import JSONDecoder

from mappings.data import Data
from mappings.errors import Position
from mappings.syntax.base import position_of
from mappings.syntax.trees import TreePlace, tree_name

_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]', re.DOTALL)
_SKIP = JSONDecoder(parse_float=Decimal)


class JsonWire:
    """A parsed JSON document and its text."""

    def __init__(self, root: Data, text: str) -> None:
        self.root = root
        self._text = text
        self._members: dict[int, dict[str | int, int]] = {}

    def name(self, place: TreePlace) -> str:
        """Return the path of a place."""
        return tree_name(place)

    def position(self, place: TreePlace) -> Position | None:
        """Return line and column of a value, or of the nearest value around it that is there."""
        offset = self._after_space(0)
        for step in place:
            inner = self._members_at(offset).get(step)
            if inner is None:
                break
            offset = inner
        return position_of(self._text, offset)

    def _after_space(self, offset: int) -> int:
        match = _SPACE.match(self._text, offset)
        return match.end() if match else offset

    def _members_at(self, offset: int) -> dict[str | int, int]:
        """Return the offsets of what the object or list at `offset` holds; kept, so that it is read once."""
        if offset not in self._members:
            opening = self._text[offset]
            known = (
                self._object_at(offset) if opening == "{" else self._list_at(offset) if opening == "[" else {}
            )
            self._members[offset] = known
        return self._members[offset]

    def _object_at(self, offset: int) -> dict[str | int, int]:
        found: dict[str | int, int] = {}
        here = self._after_space(offset + 1)
        while self._text[here] != "}":
            key, end = _SKIP.raw_decode(self._text, here)
            value = self._after_space(self._after_space(end) + 1)
            found[key] = value
            here = self._after_value(value)
        return found

    def _list_at(self, offset: int) -> dict[str | int, int]:
        found: dict[str | int, int] = {}
        here = self._after_space(offset + 1)
        while self._text[here] != "]":
            found[len(found)] = here
            here = self._after_value(here)
        return found

    def _after_value(self, offset: int) -> int:
        """Skip a value and the comma after it. The C parser skips faster than any walk over tokens."""
        end = self._after_space(_SKIP.raw_decode(self._text, offset)[1])
        return self._after_space(end + 1) if self._text[end] == "," else end


def first_duplicate(text: str) -> tuple[str, int]:
    """Return the first key that stands twice in its object, and where its second time is; there must be one."""
    seen: list[set[str]] = []
    last: tuple[str, int] = ("", 0)
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found in "{[":
            seen.append(set())
        elif found in "}]":
            seen.pop()
        elif found == ":":
            if last[0] in seen[-1]:
                break
            seen[-1].add(last[0])
        elif found != ",":
            last = (_SKIP.decode(found), match.start())
    return last


def first_string(text: str, wrong: Callable[[str], bool]) -> int | None:
    """Return where the first text starts that is `wrong`."""
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found[0] == '"' and "\\u" in found and wrong(_SKIP.decode(found)):
            return match.start()
    return None
