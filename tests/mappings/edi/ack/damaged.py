"""Interchanges as text, and outlines of them with the faults that a person found: no reader stands between."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mappings.errors import Position, Severity
from mappings.syntax.edi.ack.composing import EdifactEnvelope, X12Envelope
from mappings.syntax.edi.ack.outline import GroupOutline, InterchangeOutline, SetOutline
from mappings.syntax.edi.model import Delimiters, Fault, Level, Segment, Standard

X12 = Delimiters("~", "*", ">", "^")
EDIFACT = Delimiters("'", "+", ":", None, "?")
AT = datetime(2026, 11, 23, 7, 5)  # noqa: DTZ001 - what stands in an envelope has no zone
HEADS, TRAILERS = {"ST", "UNH"}, {"SE", "UNT"}


def fault(  # noqa: PLR0913
    level: Level,
    code: str,
    *,
    tag: str | None = None,
    segment: int | None = None,
    element: int | None = None,
    component: int | None = None,
    loop: str | None = None,
    reference: str | None = None,
    value: str | None = None,
    warning: bool = False,
) -> Fault:
    """A fault whose name doesn't matter: acknowledgements say the standard's own code."""
    position = Position(offset=0, segment=segment, element=element, component=component)
    severity = Severity.WARNING if warning else Severity.ERROR
    return Fault(
        f"{tag}-{code}", "wrong", level, position, tag, loop, reference, value, code or None, severity
    )


def segments_of(text: str, marks: Delimiters) -> list[Segment]:
    """Split a text without release characters."""
    found: list[Segment] = []
    offset = 0
    for part in text.split(marks.segment):
        bare = part.strip()
        if bare:
            found.append(Segment(bare.split(marks.element), offset))
        offset += len(part) + 1
    return found


def outline(
    text: str,
    marks: Delimiters = X12,
    *,
    interchange: Sequence[Fault] = (),
    groups: Mapping[str, Sequence[Fault]] | None = None,
    sets: Mapping[str, Sequence[Fault]] | None = None,
) -> InterchangeOutline:
    """The outline of one interchange; faults by the control number of their group or set."""
    heads = segments_of(text, marks)
    is_x12 = heads[0].tag == "ISA"
    made: list[GroupOutline] = []
    begun: list[SetOutline] = []
    group: Segment | None = None
    for i, segment in enumerate(heads):
        if segment.tag in {"GS", "UNG"}:
            group, begun = segment, []
        elif segment.tag in HEADS:
            control = segment.fields[2 if is_x12 else 1]
            begun.append(SetOutline(segment, tuple((sets or {}).get(control, ())), heads[i + 1]))
        elif segment.tag in {"GE", "UNE"} and group is not None:
            found = tuple((groups or {}).get(group.fields[6 if is_x12 else 5], ()))
            made.append(GroupOutline(group, tuple(begun), int(segment.fields[1]), found))
            group, begun = None, []
        elif segment.tag in {"IEA", "UNZ"} and begun:
            made.append(GroupOutline(None, tuple(begun)))
    standard = Standard.X12 if is_x12 else Standard.EDIFACT
    return InterchangeOutline(
        standard, marks, heads[0], tuple(made), tuple(interchange), tuple(s for s in heads if s.tag == "TA1")
    )


X12_ANSWER = X12Envelope(("ZZ", "HUB"), ("01", "123456789"), "HUB", "SUPPLIER", AT, X12)
EDIFACT_ANSWER = EdifactEnvelope(("14", "4000001000005"), ("14", "4000002000004"), AT, EDIFACT)


def purchase_orders(*sets: str, wants_ta1: bool = False, test: bool = False) -> str:
    """One group 17 of orders in interchange 000000905 of the supplier's; `sets` from ST to SE."""
    return (
        "ISA*00*          *00*          *01*123456789      *ZZ*HUB            *261122*2300*U*00401*000000905*"
        f"{int(wants_ta1)}*{'T' if test else 'P'}*>~GS*PO*SUPPLIER*HUB*20261122*2300*17*X*004010~"
        + "".join(sets)
        + f"GE*{len(sets)}*17~IEA*1*000000905~"
    )


def order(control: str, number: str = "A-1", count: int = 5) -> str:
    """A small order: ST, BEG, N1, PO1, SE."""
    return f"ST*850*{control}~BEG*00*SA*{number}**20261122~N1*ST*Shop~PO1*1*2*EA*9.99**VN*CUP~SE*{count}*{control}~"
