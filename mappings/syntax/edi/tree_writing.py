"""From a tree to the segments of a set: the reverse of `tree`, in the order in which the tree has them."""

import re
from collections.abc import Iterator
from decimal import Decimal

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.edi.ack.composing import Element, Plain, special
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.model import Delimiters
from mappings.syntax.edi.tree import HL, LEVEL, MORE
from mappings.syntax.trees import TreePlace, scalar_text, tree_name

ABOUT = frozenset({"type", "version", "control", "interchange", "group", "ST", "SE", "UNH", "UNT"})
"""What a tree says of its envelopes; headers and trailers are written from it."""

_ELEMENT = re.compile(r"([0-9]{2})(?:_([1-9][0-9]?))?")
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")


class TreeWriter:
    """Makes segments of one tree; raises `MappingError` with the path of what can't be written."""

    def __init__(self, delimiters: Delimiters, charset: Charset, place: TreePlace = ()) -> None:
        self._delimiters = delimiters
        self._charset = charset
        self._place = place
        self._special = special(delimiters) if delimiters.release is None else frozenset[str]()
        self._levels = 0

    def segments(self, tree: dict[str, Data]) -> Iterator[Plain]:
        """Yield the segments between header and trailer."""
        body = {key: value for key, value in tree.items() if key not in ABOUT}
        yield from self._loop(body, self._place, above="")

    def _loop(self, node: dict[str, Data], place: TreePlace, above: str) -> Iterator[Plain]:
        number = above
        for key, value in node.items():
            if value is None:
                continue
            items = value if is_list(value) else [value]
            for index, item in enumerate(items):
                at = (*place, key, index) if is_list(value) else (*place, key)
                if not is_object(item):
                    raise _refuse(at, "a segment is an object of elements, a loop one of segments")
                if key.startswith(LEVEL):
                    yield from self._level(key, item, at, number)
                elif not item or any(_ELEMENT.match(name) for name in item):
                    yield self._segment(key.removesuffix(MORE), item, at)
                    number = str(item.get("01", number)) if key == HL else number
                else:
                    yield from self._loop(item, at, number)

    def _level(self, key: str, node: dict[str, Data], place: TreePlace, above: str) -> Iterator[Plain]:
        """Yield a level: its number, its parent's, its code and whether others are within it are filled in."""
        self._levels += 1
        given: Data = node.get(HL)
        known: dict[str, Data] = given if is_object(given) else {}
        within = any(name.startswith(LEVEL) and child for name, child in node.items())
        filled = {
            "01": str(self._levels),
            "02": above,
            "03": key.removeprefix(LEVEL),
            "04": "1" if within else "0",
        }
        yield from self._loop({HL: filled | known} | {k: v for k, v in node.items() if k != HL}, place, above)

    def _segment(self, tag: str, node: dict[str, Data], place: TreePlace) -> Plain:
        if not _TAG.fullmatch(tag):
            raise _refuse(
                place, f"{tag[:20]!r} is no tag of a segment: a loop's items are objects of segments"
            )
        parts: dict[int, dict[int, str]] = {}
        for key, value in node.items():
            match = _ELEMENT.fullmatch(key)
            if match is None or int(match[1]) == 0:
                raise _refuse(
                    (*place, key), "elements are called by number: `03`, and `03_2` for a second component"
                )
            if value is not None:
                parts.setdefault(int(match[1]), {})[int(match[2] or 1)] = self._text(value, (*place, key))
        return (tag, *(_element(parts.get(i, {})) for i in range(1, max(parts, default=0) + 1)))

    def _text(self, value: Data, place: TreePlace) -> str:
        try:
            text = scalar_text(value)
            if isinstance(value, Decimal):
                text = text.replace(".", self._delimiters.decimal)
            raw = self._charset.raw(text)
        except (TypeError, ValueError) as error:
            raise _refuse(place, str(error)) from None
        if not raw.isprintable() and any(char < " " for char in raw):
            raise _refuse(place, "the value holds a control character, such as a line break")
        if found := self._special.intersection(raw):
            raise _refuse(
                place,
                f"the value holds {min(found)!r}, which is a delimiter of this interchange: agree on other delimiters",
            )
        return raw


def _element(parts: dict[int, str]) -> Element:
    if set(parts) <= {1}:
        return parts.get(1, "")
    return tuple(parts.get(i, "") for i in range(1, max(parts) + 1))


def _refuse(place: TreePlace, reason: str) -> MappingError:
    return MappingError(Problem(reason, ErrorCode.TARGET, target=tree_name(place)))


def element_place(key: str) -> tuple[int, int] | None:
    """Return element and component of a key such as `03` or `03_2`; None for a key that is none."""
    match = _ELEMENT.match(key)
    return None if match is None else (int(match[1]), int(match[2] or 1))
