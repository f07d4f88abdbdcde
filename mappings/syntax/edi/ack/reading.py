"""Reads acknowledgements segment by segment. What can't be read raises `MappingError` with its position."""

from collections.abc import Iterable, Sequence

from mappings.errors import ErrorCode, MappingError, Position, Problem
from mappings.syntax.edi.ack.answers import (
    Acknowledgement,
    ApplicationNote,
    ElementNote,
    GroupAnswer,
    SegmentNote,
    SetAnswer,
)
from mappings.syntax.edi.ack.verdict import Decision
from mappings.syntax.edi.model import Delimiters, Segment
from mappings.syntax.edi.values import components, value

_LETTERS = {
    "A": Decision.ACCEPTED, "E": Decision.WITH_ERRORS, "P": Decision.PARTLY, "R": Decision.REJECTED,
    "M": Decision.REJECTED, "W": Decision.REJECTED, "X": Decision.REJECTED,
}  # fmt: skip
"""AK501, AK901 and TA104; M, W and X: rejected because its authentication, assurance or encryption failed."""
_ACTIONS = {"4": Decision.REJECTED, "7": Decision.ACCEPTED, "8": None}
"""0083; 8 says only that it came."""
_NOT_ACCEPTED = "27"
_DOCUMENT = ("ACW", "ON")
"""1153: reference number to previous message, order number."""


def read_answer(kind: str, segments: Sequence[Segment], delimiters: Delimiters) -> Acknowledgement:
    """Return what an acknowledgement of that type says: `TA1`, of one segment, `997`, `999`, `CONTRL` or `APERAK`."""
    if kind == "TA1":
        return read_ta1(segments[0], delimiters)
    if kind == "APERAK":
        return read_aperak(segments, delimiters)
    return read_contrl(segments, delimiters) if kind == "CONTRL" else read_functional(segments, delimiters)


def read_ta1(segment: Segment, delimiters: Delimiters) -> Acknowledgement:
    """Return what a TA1 says."""
    of = _Reader(delimiters)
    code = of.text(segment, 5)
    return Acknowledgement(
        "TA1", of.needed(segment, 1), of.letter(segment, 4), () if code in {"", "000"} else (code,)
    )


def read_functional(segments: Iterable[Segment], delimiters: Delimiters) -> Acknowledgement:
    """Return what a 997 or 999 says; `segments` are those from ST to SE."""
    of = _Reader(delimiters)
    group: Segment | None = None
    sets: list[SetAnswer] = []
    pending: _Set | None = None
    kind, end = "997", None
    for segment in segments:
        match segment.tag:
            case "ST":
                kind = of.needed(segment, 1)
            case "AK1":
                group = segment
            case "AK2":
                pending = _Set(of.needed(segment, 1), of.needed(segment, 2))
            case "AK5" | "IK5" if pending is not None:
                codes = of.rest(segment, 2)
                sets.append(
                    SetAnswer(pending.type, pending.control, of.letter(segment, 1), codes, pending.notes())
                )
                pending = None
            case "AK9":
                end = segment
            case _ if pending is not None:
                pending.take(segment, of)
            case _:
                pass
    if group is None or end is None:
        raise _broken(
            f"a {kind} without {'AK1' if group is None else 'AK9'} says of no group what became of it", None
        )
    counted = tuple(of.number(end, element) for element in (2, 3, 4))
    answer = GroupAnswer(
        of.needed(group, 1), of.needed(group, 2), of.letter(end, 1), of.rest(end, 5), tuple(sets),
        (counted[0] or 0, counted[1] or 0, counted[2] or 0),
    )  # fmt: skip
    return Acknowledgement(kind, None, None, groups=(answer,))


def read_contrl(segments: Iterable[Segment], delimiters: Delimiters) -> Acknowledgement:
    """Return what a CONTRL says; `segments` are those from UNH to UNT."""
    of = _Reader(delimiters)
    head: Segment | None = None
    groups: list[tuple[Segment | None, list[_Set]]] = [(None, [])]
    for segment in segments:
        match segment.tag:
            case "UCI":
                head = segment
            case "UCF":
                groups.append((segment, []))
            case "UCM":
                kind = components(segment, 2, delimiters)[0]
                groups[-1][1].append(_Set(kind, of.needed(segment, 1), segment))
            case "UCS" | "UCD" if groups[-1][1]:
                groups[-1][1][-1].take(segment, of)
            case _:
                pass
    if head is None:
        raise _broken("a CONTRL without UCI says of no interchange what became of it", None)
    decision = of.action(head, 4)
    answers = [_edifact_group(group, sets, decision, of) for group, sets in groups if group or sets]
    return Acknowledgement("CONTRL", of.needed(head, 1), decision, of.one(head, 5), tuple(answers))


def _edifact_group(
    group: Segment | None, sets: "Sequence[_Set]", interchange: Decision | None, of: "_Reader"
) -> GroupAnswer:
    answers = tuple(
        SetAnswer(
            one.type, one.control, _firm(of.action(one.segment, 3)), of.one(one.segment, 4), one.notes()
        )
        for one in sets
        if one.segment is not None
    )
    decision = interchange if group is None else of.action(group, 4)
    codes = () if group is None else of.one(group, 5)
    return GroupAnswer("", "" if group is None else of.needed(group, 1), _firm(decision), codes, answers)


def _firm(decision: Decision | None) -> Decision:
    """What only came has not been refused."""
    return decision or Decision.ACCEPTED


def read_aperak(segments: Iterable[Segment], delimiters: Delimiters) -> Acknowledgement:
    """Return what an APERAK says; `segments` are those from UNH to UNT."""
    of = _Reader(delimiters)
    references: dict[str, str] = {}
    function = ""
    notes: list[ApplicationNote] = []
    for segment in segments:
        match segment.tag:
            case "BGM":
                function = of.text(segment, 3)
            case "RFF" if not notes:
                qualifier, number, *_ = (*components(segment, 1, delimiters), "", "")
                references.setdefault(qualifier, number)
            case "ERC":
                notes.append(ApplicationNote(of.text(segment, 1), ""))
            case "FTX" if notes:
                text = "".join(components(segment, 4, delimiters)).strip()
                notes[-1] = ApplicationNote(notes[-1].code, (notes[-1].text + " " + text).strip())
            case _:
                pass
    # Partners name the document as the previous message or as the order, and put other references beside it.
    named = (*(references.get(one) for one in _DOCUMENT), *references.values())
    document = next((one for one in named if one), None)
    refused = function == _NOT_ACCEPTED or (bool(notes) and function != "29")
    decision = Decision.REJECTED if refused else Decision.WITH_ERRORS if notes else Decision.ACCEPTED
    return Acknowledgement("APERAK", None, decision, document=document, notes=tuple(notes))


class _Set:
    """One set of ours while what is said of it is read."""

    def __init__(self, type_: str, control: str, segment: Segment | None = None) -> None:
        self.type, self.control, self.segment = type_, control, segment
        self._notes: list[SegmentNote] = []

    def take(self, segment: Segment, of: "_Reader") -> None:
        """Take what is said of a segment or of an element."""
        match segment.tag:
            case "AK3" | "IK3":
                note = SegmentNote(
                    of.text(segment, 1) or None,
                    of.number(segment, 2),
                    of.rest(segment, 4),
                    of.text(segment, 3) or None,
                )
                self._notes.append(note)
            case "UCS":
                self._notes.append(SegmentNote(None, of.number(segment, 1), of.one(segment, 2)))
            case "AK4" | "IK4" if self._notes:
                place = (*of.place(segment, 1), of.needed(segment, 3))
                self._add(ElementNote(*place, of.text(segment, 2) or None, of.text(segment, 4) or None))
            case "UCD" if self._notes:
                element, component = of.place(segment, 2)
                self._add(ElementNote(element - 1, component, of.needed(segment, 1)))
            case "CTX" if self._notes:
                last = self._notes[-1]
                said = of.delimiters.element.join(segment.fields[1:])
                self._notes[-1] = _with(last, context=(*last.context, said))
            case _:
                pass

    def _add(self, note: ElementNote) -> None:
        last = self._notes[-1]
        self._notes[-1] = _with(last, elements=(*last.elements, note))

    def notes(self) -> tuple[SegmentNote, ...]:
        """Return what was said."""
        return tuple(self._notes)


def _with(
    note: SegmentNote, elements: tuple[ElementNote, ...] | None = None, context: tuple[str, ...] | None = None
) -> SegmentNote:
    return SegmentNote(
        note.tag, note.number, note.codes, note.loop,
        note.elements if elements is None else elements, note.context if context is None else context,
    )  # fmt: skip


class _Reader:
    """Takes values out of segments."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.delimiters = delimiters

    def text(self, segment: Segment, element: int) -> str:
        """Return an element's first component, or nothing."""
        return value(segment, element, self.delimiters)

    def needed(self, segment: Segment, element: int) -> str:
        """Return what must be there."""
        found = self.text(segment, element)
        if not found:
            raise _broken(
                f"{segment.tag}{element:02d} is missing: it says what is acknowledged", segment, element
            )
        return found

    def one(self, segment: Segment, element: int) -> tuple[str, ...]:
        """Return a code, if there is one."""
        found = self.text(segment, element)
        return (found,) if found else ()

    def rest(self, segment: Segment, first: int) -> tuple[str, ...]:
        """Return the codes from an element on."""
        return tuple(code for code in segment.fields[first:] if code)

    def number(self, segment: Segment, element: int) -> int | None:
        """Return a number; None where there is none."""
        found = self.text(segment, element)
        return int(found) if found.isascii() and found.isdigit() else None

    def place(self, segment: Segment, element: int) -> tuple[int, int | None]:
        """Return element and component of a composite place."""
        found = [*components(segment, element, self.delimiters), ""]
        if not (found[0].isascii() and found[0].isdigit()):
            raise _broken(f"{segment.tag} names no element: {found[0]!r} is no number", segment, element)
        return int(found[0]), int(found[1]) if found[1].isascii() and found[1].isdigit() else None

    def letter(self, segment: Segment, element: int) -> Decision:
        """Return what A, E, P, R, M, W and X say."""
        found = self.needed(segment, element)
        if found not in _LETTERS:
            raise _unknown(segment, element, found, ", ".join(_LETTERS))
        return _LETTERS[found]

    def action(self, segment: Segment, element: int) -> Decision | None:
        """Return what 0083 says."""
        found = self.needed(segment, element)
        if found not in _ACTIONS:
            raise _unknown(segment, element, found, ", ".join(_ACTIONS))
        return _ACTIONS[found]


def _unknown(segment: Segment, element: int, found: str, known: str) -> MappingError:
    return _broken(
        f"{segment.tag}{element:02d} is {found!r}, and the standard knows {known}", segment, element
    )


def _broken(reason: str, segment: Segment | None, element: int | None = None) -> MappingError:
    position = Position(offset=segment.offset, element=element) if segment else None
    return MappingError(Problem(reason, ErrorCode.VALUE, position=position))
