"""TA1, 997 and 999: what X12 says of a verdict (X12.5, X12.20 and X12.56; 999 as in 005010X231)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

from mappings.syntax.edi.ack.composing import Body, Element, Plain, special
from mappings.syntax.edi.ack.outline import (
    ACKNOWLEDGEMENTS,
    InterchangeOutline,
    group_control,
    is_group_nameable,
    is_nameable,
    set_control,
    set_type,
)
from mappings.syntax.edi.ack.verdict import Decision, GroupVerdict, SetVerdict, Verdict
from mappings.syntax.edi.grammar.codes import IMPLEMENTATION_CODES
from mappings.syntax.edi.model import Delimiters, Fault, Level
from mappings.syntax.edi.values import value

Functional = Literal["997", "999"]

_LETTERS = {
    Decision.ACCEPTED: "A", Decision.WITH_ERRORS: "E", Decision.PARTLY: "P", Decision.REJECTED: "R",
}  # fmt: skip
_SEGMENT_HAS_ERRORS = "8"
"""AK304: an AK4 says which."""
_SET_HAS_ERRORS = "5"
"""AK502: one or more segments in error."""
_CONDITIONAL = frozenset({"2", "10"})
"""AK403 that a condition between elements explains."""
MOST_CODES = 5
"""AK502-506, AK905-909."""
_LONGEST_TAG = 3
LONGEST_COPY = 99
"""AK404."""
GUIDE_999 = "005010X231A1"
_NUMBER_OF_DOCUMENT = {
    "BEG": 3, "BAK": 3, "BSN": 2, "BCH": 3, "BCA": 3, "BIG": 2, "BIA": 3, "BGN": 2, "W05": 2, "B10": 1,
}  # fmt: skip
"""Which element of a set's second segment is its document's number."""


def ta1(verdict: Verdict, *, asked: bool = False) -> Plain | None:
    """Return the TA1 segment: where ISA14 asks for one, or the envelope isn't sound; else None.

    Nothing answers an interchange that holds nothing but acknowledgements. `asked`: somebody wants it nevertheless.
    """
    outline = verdict.outline
    if outline.only_acknowledges or not (asked or outline.wants_answer or verdict.faults):
        return None
    cause = verdict.cause
    code = "000" if cause is None else cause.standard_code or "022"
    # TA101 to 103 say which interchange: ISA13, ISA09, ISA10. TA104 A, E or R; TA105 why.
    place = tuple(_plain(value(outline.head, element, outline.delimiters)) for element in (13, 9, 10))
    return ("TA1", *place, _LETTERS[verdict.decision], code)


def functional(verdict: Verdict, kind: Functional, marks: Delimiters) -> tuple[Body, ...]:
    """Return one 997 or 999 for each group that is to be acknowledged; `marks` are the answer's own delimiters.

    An interchange that is rejected has none: its TA1 has said it.
    """
    if verdict.decision is Decision.REJECTED:
        return ()
    return tuple(
        Body(
            kind, tuple(_group(group, verdict.outline, kind, marks)), "FA", GUIDE_999 if kind == "999" else ""
        )
        for group in verdict.groups
        if is_group_nameable(group.outline, verdict.outline) and not _answers(group, verdict.outline)
    )


def _answers(group: GroupVerdict, outline: InterchangeOutline) -> bool:
    head = group.outline.head
    if head is not None and value(head, 1, outline.delimiters) == "FA":
        return True
    types = {set_type(one.outline, outline) for one in group.sets}
    return bool(types) and types <= ACKNOWLEDGEMENTS


def _group(
    group: GroupVerdict, outline: InterchangeOutline, kind: Functional, marks: Delimiters
) -> Iterator[Plain]:
    head = group.outline.head
    if head is None:
        return
    version = _plain(value(head, 8, outline.delimiters))
    named = (version,) if kind == "999" or version >= "005010" else ()
    yield ("AK1", value(head, 1, outline.delimiters), group_control(group.outline, outline), *named)
    lost = group.own is Decision.REJECTED
    known = [one for one in group.sets if is_nameable(one.outline, outline)]
    for one in known:
        if not lost or one.own is Decision.REJECTED:  # of a group that is lost, an AK5*A would be a lie
            yield from _set(one, outline, kind, marks)
    received = len(known)
    included = received if group.outline.included is None else group.outline.included
    accepted = sum(one.decision is not Decision.REJECTED for one in group.sets)
    counts = (str(included), str(received), str(accepted))
    yield ("AK9", _LETTERS[group.decision], *counts, *_codes(group.faults, "1"))


def _set(
    one: SetVerdict, outline: InterchangeOutline, kind: Functional, marks: Delimiters
) -> Iterator[Plain]:
    guide = _plain(value(one.outline.head, 3, outline.delimiters))
    yield (
        "AK2",
        set_type(one.outline, outline),
        set_control(one.outline, outline),
        *([guide] if guide else []),
    )
    content = [f for f in one.faults if f.level in {Level.SEGMENT, Level.ELEMENT}]
    for _, faults in groupby(content, key=lambda f: (f.position.segment, f.tag)):
        yield from _segment(list(faults), one, outline, kind, marks)
    own = _codes([f for f in one.faults if f.level is Level.SET], _SET_HAS_ERRORS)
    codes = sorted({*own, _SET_HAS_ERRORS} if content else own, key=lambda code: (len(code), code))
    yield ("AK5" if kind == "997" else "IK5", _LETTERS[one.own], *codes[:MOST_CODES])


def _codes(faults: Sequence[Fault], otherwise: str) -> list[str]:
    """Return each code once, as many as there is room for."""
    return list(dict.fromkeys(f.standard_code or otherwise for f in faults))[:MOST_CODES]


def _segment(
    faults: list[Fault], one: SetVerdict, outline: InterchangeOutline, kind: Functional, marks: Delimiters
) -> Iterator[Plain]:
    """Say what is wrong with one segment: AK3 and IK3 have room for one code, and are repeated for another."""
    first = faults[0]
    tag = _plain(first.tag or "")[:_LONGEST_TAG]
    if len(tag) < _LONGEST_TAG - 1:  # AK301 is mandatory: what has no tag is only counted, in AK5
        return
    place = (tag, str(first.position.segment or ""), first.loop or "")
    if kind == "999":
        faults = [replace(f, standard_code=IMPLEMENTATION_CODES.get(f.code, f.standard_code)) for f in faults]
    whole = _codes([f for f in faults if f.level is Level.SEGMENT], _SEGMENT_HAS_ERRORS)
    elements = [f for f in faults if f.level is Level.ELEMENT]
    if elements and _SEGMENT_HAS_ERRORS not in whole:
        whole = [*whole[: MOST_CODES - 1], _SEGMENT_HAS_ERRORS]
    note, detail = ("AK3", "AK4") if kind == "997" else ("IK3", "IK4")
    for code in whole:
        yield (note, *place, code)
        if code != _SEGMENT_HAS_ERRORS:
            continue
        if kind == "999":
            if any(f.standard_code in _CONDITIONAL for f in elements):
                yield ("CTX", "SITUATIONAL TRIGGER", *place)
            yield from _document(one, outline, marks)
        yield from ((detail, *_element(f, marks)) for f in elements if _is_sayable(f))


def _plain(text: str) -> str:
    """Return what of a partner's damaged value can stand anywhere."""
    return "".join(c for c in text if c.isascii() and c.isalnum())


def _is_sayable(fault: Fault) -> bool:
    """AK401 and AK403 are mandatory."""
    return fault.position.element is not None and fault.standard_code is not None


def _element(fault: Fault, marks: Delimiters) -> tuple[Element, ...]:
    """Return AK401 to AK404: place, data element, code, copy of what was found."""
    at = fault.position
    component = "" if at.component is None else str(at.component)
    return (
        (str(at.element), component), _sendable(fault.reference or "", marks), fault.standard_code or "",
        _sendable(fault.value or "", marks)[:LONGEST_COPY],
    )  # fmt: skip


def _sendable(text: str, marks: Delimiters) -> str:
    """Return a copy that our own interchange can hold: X12 has no release character."""
    return "" if special(marks).intersection(text) or not text.isprintable() else text


def _document(one: SetVerdict, outline: InterchangeOutline, marks: Delimiters) -> Iterator[Plain]:
    """CTX names the document by its number, so that people find it: `CTX*BEG03:4711`."""
    opening = one.outline.opening
    element = _NUMBER_OF_DOCUMENT.get(opening.tag) if opening else None
    number = value(opening, element, outline.delimiters) if opening and element else ""
    if opening and number and _sendable(number, marks):
        yield ("CTX", (f"{opening.tag}{element:02d}", number))
