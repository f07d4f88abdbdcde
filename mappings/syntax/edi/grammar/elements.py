"""The checks of one segment's elements: one look if all is well, a close one if not."""

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.errors import Position
from mappings.syntax.edi.grammar.codes import standard_code
from mappings.syntax.edi.grammar.notes import broken
from mappings.syntax.edi.grammar.patterns import JOINT, PLAIN, released_pattern, segment_pattern
from mappings.syntax.edi.grammar.shapes import Part, SegmentShape
from mappings.syntax.edi.grammar.values import value_fault
from mappings.syntax.edi.grammar.wording import element_message
from mappings.syntax.edi.model import Delimiters, Fault, Level, Segment, Standard
from mappings.syntax.edi.values import plain, split

_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value is."""

    segment: Segment
    number: int
    loop: str | None
    element: int
    component: int | None = None


class ElementChecks:
    """What the elements of one segment must be, for one interchange's delimiters."""

    def __init__(self, shape: SegmentShape, standard: Standard, delimiters: Delimiters) -> None:
        self._shape = shape
        self._standard = standard
        self._delimiters = delimiters
        self._parts = shape.parts
        self._match = segment_pattern(self._parts, delimiters).fullmatch
        self._released = released_pattern(delimiters)
        self._release = delimiters.release or ""
        self._sound: set[tuple[bool, ...]] = set()
        """Which elements were there in segments that broke no rule; a real file has few such shapes."""
        self._notes = bool(shape.notes)

    def are_sound(self, fields: list[str]) -> bool:
        """Say whether nothing is wrong; False may also mean that it takes a closer look."""
        joined = JOINT.join(fields)
        if self._released is not None and self._release in joined:
            joined = self._released.sub(PLAIN, joined)
        if self._match(joined) is None:
            return False
        return not self._notes or tuple(map(bool, fields)) in self._sound

    def faults(self, segment: Segment, number: int, loop: str | None) -> list[Fault]:
        """Return everything that is wrong with the elements."""
        there = tuple(map(bool, segment.fields))
        found = list(self._value_faults(segment, number, loop))
        for note in self._shape.notes:
            for place, code in broken(note, there):
                part = self._parts[place - 1]
                spot = Spot(segment, number, loop, place)
                if not part.required or there[place : place + 1] == (True,):
                    found.append(self._fault(code, part, spot, rule=note.text))
        if not found and len(self._sound) < _REMEMBERED:
            self._sound.add(there)
        return found

    def _value_faults(self, segment: Segment, number: int, loop: str | None) -> Iterator[Fault]:
        fields = segment.fields
        for place, part in enumerate(self._parts, 1):
            value = fields[place] if place < len(fields) else ""
            yield from self._element_faults(part, value, Spot(segment, number, loop, place))
        extra = [place for place in range(len(self._parts) + 1, len(fields)) if fields[place]]
        if extra:
            spot = Spot(segment, number, loop, extra[0])
            yield self._fault("too-many-elements", None, spot, most=len(self._parts))

    def _element_faults(self, part: Part, value: str, spot: Spot) -> Iterator[Fault]:
        if not value:
            if part.required:
                yield self._fault("element-missing", part, spot)
            return
        if part.forbidden:
            yield self._fault("element-not-used", part, spot, value)
            return
        mark = self._delimiters.repetition
        pieces = [value] if mark is None else split(value, mark, self._delimiters.release)
        allowed = part.repeat if mark else 1
        if len(pieces) > allowed:
            yield self._fault("too-many-repetitions", part, spot, most=allowed)
        for piece in pieces[:allowed]:
            yield from self._piece_faults(part, piece, spot)

    def _piece_faults(self, part: Part, piece: str, spot: Spot) -> Iterator[Fault]:
        components = split(piece, self._delimiters.component, self._delimiters.release)
        given = [index for index, component in enumerate(components) if component]
        most = len(part.parts) if part.element is None else 1
        if given and given[-1] >= most:
            place = Spot(spot.segment, spot.number, spot.loop, spot.element, given[-1] + 1)
            yield self._fault("too-many-components", part, place, most=most)
        if part.element is not None:
            if components[0]:
                yield from self._simple_faults(part, components[0], spot)
            elif not given and part.required:
                yield self._fault("element-missing", part, spot)
            return
        for index, inner in enumerate(part.parts):
            text = components[index] if index < len(components) else ""
            place = Spot(spot.segment, spot.number, spot.loop, spot.element, index + 1)
            if text and inner.forbidden:
                yield self._fault("element-not-used", inner, place, text)
            elif text:
                yield from self._simple_faults(inner, text, place)
            elif inner.required and (given or part.required):
                yield self._fault("element-missing", inner, place)

    def _simple_faults(self, part: Part, text: str, spot: Spot) -> Iterator[Fault]:
        value = plain(text, self._delimiters.release)
        if part.element is not None and (code := value_fault(part.element, value)):
            yield self._fault(code, part, spot, value)

    def _fault(
        self, code: str, part: Part | None, spot: Spot, value: str | None = None, *,
        most: int | None = None, rule: str | None = None,
    ) -> Fault:  # fmt: skip
        fields = spot.segment.fields
        offset = spot.segment.offset + sum(len(field) + 1 for field in fields[: spot.element])
        name = f"{fields[0]}{spot.element:02}" + (f"-{spot.component}" if spot.component else "")
        personal = part is not None and part.element is not None and part.element.personal
        return Fault(
            code=code,
            message=element_message(code, name, part, value, most=most, rule=rule),
            level=Level.ELEMENT,
            position=Position(
                offset=min(offset, spot.segment.offset + sum(map(len, fields)) + len(fields) - 1),
                segment=spot.number, element=spot.element, component=spot.component,
            ),
            tag=fields[0], loop=spot.loop, reference=_reference(part),
            value=None if personal else value, standard_code=standard_code(code, self._standard),
        )  # fmt: skip


def _reference(part: Part | None) -> str | None:
    """Return the number in the standard's dictionary; a name that starts with `_` is the grammar's own."""
    return None if part is None or part.reference.startswith("_") else part.reference
