"""Changes to a set: what a partner, or a later version, has otherwise than the set that it is based on.

    require PATH…              forbid PATH…             optional PATH…
    limit PATH COUNT           drop PATH…               add USE after PATH, or before PATH
    codes ELEMENT CODE…        length ELEMENT 1..20

What is forbidden is known and not used, which errors say; what is dropped is as unknown to the set as any other. Lines
under `add` make a loop of it. `require PATH with ELEMENT CODE…` asks for one that has one of the codes there.

A PATH names loops and a segment or loop: `REF`, `PO1/PID`, `SG25/LIN`. An ELEMENT is a segment with the element's place
in two digits: `BEG03`, `REF04-2` for a component, `PO1/REF01` for the segments of one loop only.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from mappings.syntax.edi.grammar.shapes import (
    ANY,
    Item,
    Loop,
    Need,
    Part,
    SegmentShape,
    SetShape,
    Use,
    restricted,
)
from mappings.syntax.edi.grammar.structure import read_items
from mappings.syntax.edi.grammar.text import Complaints, Line
from mappings.syntax.edi.grammar.words import read_lengths

_ELEMENT = re.compile(r"(?:(.+)/)?([A-Z][A-Z0-9]{1,2})([0-9]{2})(?:-([1-9][0-9]?))?")
_HOW = {
    "require": "write `require PATH …`: `require REF PO1/PID BEG08`, or `require N1 with N101 ST`",
    "optional": "write `optional PATH …`",
    "forbid": "write `forbid PATH …`: `forbid SPI PO1/SAC BEG04`",
    "drop": "write `drop PATH …`: as if the base had never had it",
    "limit": "write `limit PATH COUNT`: `limit PO1 500`",
    "add": "write `add USE after PATH`, or `before`: `add NTE:5 after REF`",
    "codes": "write `codes ELEMENT CODE …`: `codes N101 ST BT`",
    "length": "write `length ELEMENT LENGTHS`: `length BEG03 1..10`",
}
STATEMENTS = tuple(_HOW)

PartChange = Callable[[Part], Part]
ItemChange = Callable[[Item], tuple[Item, ...]]


def is_change(line: Line) -> bool:
    """Say whether a line changes a set; `codes` of an element's number belongs to the dictionary."""
    if line.keyword == "codes":
        return len(line.words) > 1 and _ELEMENT.fullmatch(line.words[1]) is not None
    return line.keyword in STATEMENTS


def changed(shape: SetShape, lines: list[Line], complaints: Complaints) -> SetShape:
    """Return the set with the changes that `lines` say."""
    for line in lines:
        editor = _Editor(shape, line, complaints)
        shape = editor.apply()
    return shape


class _Editor:
    """One change."""

    def __init__(self, shape: SetShape, line: Line, complaints: Complaints) -> None:
        self._shape = shape
        self._line = line
        self._complaints = complaints

    def apply(self) -> SetShape:
        """Return the set with the change."""
        words = self._line.words[1:]
        match (self._line.keyword, *words):
            case ("require", path, "with", element, _, *_):
                return self._need(path, element, frozenset(words[3:]))
            case ("require" | "optional" | "forbid" | "drop" as verb, _, *_):
                for path in words:
                    self._shape = self._set_status(verb, path)
            case ("add", _, "after" | "before" as side, path):
                return self._add(side, path)
            case _:
                return self._restrict(words)
        return self._shape

    def _restrict(self, words: tuple[str, ...]) -> SetShape:
        match (self._line.keyword, *words):
            case ("limit", path, count) if count == "*" or (count.isdigit() and int(count) > 0):
                most = ANY if count == "*" else int(count)
                return self._at(path, lambda item: (replace(item, most=most),))
            case ("codes", path, _, *_):
                codes = frozenset(words[1:])
                return self._element(path, lambda part: restricted(part, codes=codes))
            case ("length", path, lengths) if limits := read_lengths(lengths):
                return self._element(path, lambda part: restricted(part, least=limits[0], most=limits[1]))
            case _:
                self._complaints.add(self._line.mark, _HOW[self._line.keyword])
                return self._shape

    def _need(self, path: str, element: str, codes: frozenset[str]) -> SetShape:
        match = _ELEMENT.fullmatch(element)
        shape = self._shape.dictionary.segments.get(match[2]) if match and match[1] is None else None
        if match is None or shape is None or not 1 <= int(match[3]) <= len(shape.parts):
            self._complaints.add(
                self._line.mark, f"{element!r} names no element: write it as N101 or RFF01-1"
            )
            return self._shape
        need = Need(tuple(path.split("/")), int(match[3]), int(match[4] or 1), codes, element)
        shape_with_it = replace(self._shape, needs=(*self._shape.needs, need))
        found = self._at(path, lambda item: (item,))
        return shape_with_it if found is not self._shape else found

    def _set_status(self, verb: str, path: str) -> SetShape:
        if verb == "drop":
            return self._at(path, _gone)
        required, forbidden = verb == "require", verb == "forbid"
        if self._is_element(path):
            return self._element(path, lambda part: replace(part, required=required, forbidden=forbidden))
        return self._at(path, lambda item: (replace(item, required=required, forbidden=forbidden),))

    def _is_element(self, path: str) -> bool:
        match = _ELEMENT.fullmatch(path)
        return match is not None and match[2] in self._shape.dictionary.segments

    def _add(self, side: str, path: str) -> SetShape:
        line = Line(self._line.words[1:2], "", self._line.mark)
        if self._line.under:
            line = Line(("loop", *line.words), "", line.mark, self._line.under)
        new = read_items([line], self._shape.dictionary, self._complaints)
        return self._at(path, lambda item: (item, *new) if side == "after" else (*new, item))

    def _at(self, path: str, change: ItemChange) -> SetShape:
        items = _edited(self._shape.items, path.split("/"), change)
        if items is None:
            known = list(_paths(self._shape.items, ""))
            self._complaints.unknown(self._line.mark, "segment or loop", path, known)
            return self._shape
        return replace(self._shape, items=items)

    def _element(self, path: str, change: PartChange) -> SetShape:
        match = _ELEMENT.fullmatch(path)
        if match is None or match[2] not in self._shape.dictionary.segments:
            reason = f"{path!r} names no element: write it as BEG03, REF04-2 or PO1/REF01"
            self._complaints.add(self._line.mark, reason)
            return self._shape
        loops, tag, place, component = match[1], match[2], int(match[3]), int(match[4] or 0)
        if loops is None:
            return self._everywhere(tag, lambda shape: self._part(shape, place, component, change))
        return self._at(f"{loops}/{tag}", lambda item: (self._here(item, place, component, change),))

    def _everywhere(self, tag: str, change: Callable[[SegmentShape], SegmentShape]) -> SetShape:
        dictionary = self._shape.dictionary.copy()
        dictionary.segments[tag] = change(dictionary.segments[tag])
        return replace(self._shape, dictionary=dictionary)

    def _here(self, item: Item, place: int, component: int, change: PartChange) -> Item:
        if isinstance(item, Loop):
            first = self._here(item.items[0], place, component, change)
            return replace(item, items=(first, *item.items[1:]))
        shape = item.shape or self._shape.dictionary.segments[item.tag]
        return replace(item, shape=self._part(shape, place, component, change))

    def _part(self, shape: SegmentShape, place: int, component: int, change: PartChange) -> SegmentShape:
        parts = list(shape.parts)
        if not 1 <= place <= len(parts):
            self._complaints.add(
                self._line.mark, f"{shape.tag} has {len(parts)} elements, and no element {place:02}"
            )
            return shape
        part = parts[place - 1]
        if component == 0:
            parts[place - 1] = self._valued(part, change)
        elif component > len(part.parts):
            reason = f"{shape.tag}{place:02} has {len(part.parts)} components, and no component {component}"
            self._complaints.add(self._line.mark, reason)
        else:
            inner = list(part.parts)
            inner[component - 1] = change(inner[component - 1])
            parts[place - 1] = replace(part, parts=tuple(inner))
        return replace(shape, parts=tuple(parts))

    def _valued(self, part: Part, change: PartChange) -> Part:
        if part.element is None and self._line.keyword in ("codes", "length"):
            self._complaints.add(
                self._line.mark, f"{part.reference} is a composite: name a component, as in REF04-2"
            )
        return change(part)


def _gone(_: Item) -> tuple[Item, ...]:
    return ()


def _edited(items: tuple[Item, ...], path: list[str], change: ItemChange) -> tuple[Item, ...] | None:
    """Return the items with what `path` names changed; None if there is no such thing."""
    for index, item in enumerate(items):
        name = item.tag if isinstance(item, Use) else item.name
        if name != path[0]:
            continue
        if len(path) == 1:
            return (*items[:index], *change(item), *items[index + 1 :])
        if isinstance(item, Loop):
            inner = _edited(item.items, path[1:], change)
            if inner is not None:
                return (*items[:index], replace(item, items=inner), *items[index + 1 :])
    return None


def _paths(items: tuple[Item, ...], prefix: str) -> list[str]:
    found: list[str] = []
    for item in items:
        if isinstance(item, Use):
            found.append(prefix + item.tag)
        else:
            found += [prefix + item.name, *_paths(item.items, f"{prefix}{item.name}/")]
    return found
