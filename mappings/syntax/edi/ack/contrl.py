"""CONTRL: what EDIFACT says of a verdict (ISO 9735, its part 4 for syntax 4; the codes are those of 0083 and 0085)."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from mappings.syntax.edi.ack.composing import Body, Element, Plain
from mappings.syntax.edi.ack.outline import (
    ACKNOWLEDGEMENTS,
    InterchangeOutline,
    group_control,
    set_control,
    set_type,
)
from mappings.syntax.edi.ack.verdict import Decision, GroupVerdict, SetVerdict, Verdict
from mappings.syntax.edi.model import Fault, Level
from mappings.syntax.edi.values import components

REJECTED, ACKNOWLEDGED = "4", "7"
"""0083: this level and all below it are rejected; this level is acknowledged, and below it what isn't rejected."""
_UNSPECIFIED = "18"
_MISSING = "13"
VERSION_3, VERSION_4 = "D:3:UN", "4:1:UN"
"""How UNH names CONTRL in each syntax version."""


def contrl(verdict: Verdict) -> Body | None:
    """Return the CONTRL about an interchange; None where it holds nothing but acknowledgements.

    What it does not name is accepted, so it names what is rejected. The standard has no "accepted with errors": what
    was taken in spite of an error is acknowledged.
    """
    outline = verdict.outline
    if outline.only_acknowledges:
        return None
    charset = [*components(outline.head, 1, outline.delimiters), "", ""]
    return Body("CONTRL", tuple(_interchange(verdict)), version=VERSION_4 if charset[1] >= "4" else VERSION_3)


def _interchange(verdict: Verdict) -> Iterator[Plain]:
    outline = verdict.outline
    rejected = verdict.decision is Decision.REJECTED
    why = _why([verdict.cause] if rejected and verdict.cause else [], outline.head.tag)
    yield (
        "UCI", outline.control, _as_sent(outline, 2), _as_sent(outline, 3),
        REJECTED if rejected else ACKNOWLEDGED, *why,
    )  # fmt: skip
    if rejected:
        return
    for group in verdict.groups:
        yield from _group(group, outline)


def _as_sent(outline: InterchangeOutline, element: int) -> Element:
    return tuple(components(outline.head, element, outline.delimiters))


def _group(group: GroupVerdict, outline: InterchangeOutline) -> Iterator[Plain]:
    """UCF is there where a group has something rejected; the messages of a rejected group aren't named."""
    lost = group.own is Decision.REJECTED
    rejected = [one for one in group.sets if one.decision is Decision.REJECTED and not _answers(one, outline)]
    head = group.outline.head
    if head is not None and (lost or rejected):
        named = (group_control(group.outline, outline), _party(group, outline, 2), _party(group, outline, 3))
        why = _why(group.faults[:1] if lost else [], head.tag)
        yield ("UCF", *named, REJECTED if lost else ACKNOWLEDGED, *why)
    if not lost:
        for one in rejected:
            yield from _message(one, outline)


def _party(group: GroupVerdict, outline: InterchangeOutline, element: int) -> Element:
    head = group.outline.head
    return tuple(components(head, element, outline.delimiters)) if head else ""


def _answers(one: SetVerdict, outline: InterchangeOutline) -> bool:
    return set_type(one.outline, outline) in ACKNOWLEDGEMENTS


def _message(one: SetVerdict, outline: InterchangeOutline) -> Iterator[Plain]:
    head = one.outline.head
    whole = [f for f in one.faults if f.level is Level.SET]
    kind = tuple(part if part.isascii() else "" for part in components(head, 2, outline.delimiters))
    yield ("UCM", set_control(one.outline, outline), kind, REJECTED, *_why(whole[:1], head.tag))
    content = [f for f in one.faults if f.level in {Level.SEGMENT, Level.ELEMENT}]
    for _, faults in groupby(content, key=lambda f: (f.position.segment, f.tag)):
        yield from _segment(list(faults))


def _why(faults: Sequence[Fault], tag: str) -> tuple[Element, ...]:
    """Return 0085, 0135 (0013 in syntax 3) and S011: there is room for one fault of the service segments."""
    for fault in faults:
        code = fault.standard_code or _UNSPECIFIED
        return (code, fault.tag or tag, _place(fault)) if fault.position.element else (code, fault.tag or tag)
    return ()


def _place(fault: Fault) -> Element:
    """Return S011. The tag is position 1 of its segment (0098), so that the first element has 2."""
    at = fault.position
    component = "" if at.component is None else str(at.component)
    return (str((at.element or 0) + 1), component)


def _segment(faults: list[Fault]) -> Iterator[Plain]:
    """UCS has one code; UCD says what is wrong with each element of its segment.

    0096 counts from UNH; what is missing is named by the last segment before the place where it should have stood.
    """
    elements = [f for f in faults if f.level is Level.ELEMENT and f.position.element]
    for fault in faults:
        if fault not in elements:
            code = fault.standard_code or _UNSPECIFIED
            number = fault.position.segment or 1
            yield ("UCS", str(number - 1 if code == _MISSING and number > 1 else number), code)
    if elements:
        yield ("UCS", str(elements[0].position.segment or 1))
        for fault in elements:
            yield ("UCD", fault.standard_code or _UNSPECIFIED, _place(fault))
