"""The envelopes of both families as a table, and the faults that are found in them."""

from collections.abc import Iterable
from dataclasses import dataclass

from mappings.errors import Position, Severity
from mappings.syntax.edi.model import Fault, Level, Segment, Standard
from mappings.syntax.edi.values import place

MOST_FAULTS = 1000
"""Of one set, group or interchange; further ones are counted, not kept."""
TOO_MANY = "too-many-faults"
"""Says how many; one of a trailer may be among them."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One level of envelopes: its two segments, where they say their reference, and how faults are called.

    Both families agree on the trailer: element 1 is a count, element 2 repeats the header's reference.
    """

    level: Level
    head: str
    tail: str
    reference: int
    """The header's element with the control number."""
    counts: str
    """What the trailer counts, in words."""
    count_code: str
    reference_code: str
    duplicate_code: str
    standard_count: str
    standard_reference: str
    standard_missing: str
    """Of a missing trailer: AK502, AK905 or TA105; 0085."""
    standard_duplicate: str | None
    is_number: bool = False
    """Leading zeros of the control number mean nothing: X12 says N0."""


ENVELOPES = {
    Standard.X12: (
        Envelope(
            Level.INTERCHANGE, "ISA", "IEA", 13, "groups", "IEA01-count", "IEA02-mismatch", "ISA13-duplicate",
            "021", "001", "023", "025", is_number=True,
        ),
        Envelope(
            Level.GROUP, "GS", "GE", 6, "sets", "GE01-count", "GE02-mismatch", "GS06-duplicate", "5", "4", "3", None,
            is_number=True,
        ),
        Envelope(
            Level.SET, "ST", "SE", 2, "segments", "SE01-count", "SE02-mismatch", "ST02-duplicate", "4", "3", "2", "23"
        ),
    ),
    Standard.EDIFACT: (
        Envelope(
            Level.INTERCHANGE, "UNB", "UNZ", 5, "messages or groups", "UNZ-count", "UNZ-ref", "UNB-duplicate",
            "29", "28", "13", "26",
        ),
        Envelope(
            Level.GROUP, "UNG", "UNE", 5, "messages", "UNE-count", "UNE-ref", "UNG-duplicate", "29", "28", "13", "26"
        ),
        Envelope(
            Level.SET, "UNH", "UNT", 1, "segments", "UNT-count", "UNT-ref", "UNH-duplicate", "29", "28", "13", "26"
        ),
    ),
}  # fmt: skip
"""Interchange, group, set. X12: TA105, AK905 (715) and AK502 (718); EDIFACT: 0085 of ISO 9735."""


class Faults:
    """What is wrong with one set, group or interchange, up to `MOST_FAULTS`."""

    __slots__ = ("_beyond", "_found")

    def __init__(self) -> None:
        self._found: list[Fault] = []
        self._beyond = 0

    def add(self, found: Iterable[Fault]) -> None:
        """Keep some more, or count them."""
        for fault in found:
            if len(self._found) < MOST_FAULTS:
                self._found.append(fault)
            else:
                self._beyond += 1

    def all(self) -> tuple[Fault, ...]:
        """Return them in the order of their finding, and how many weren't kept."""
        if not self._beyond:
            return tuple(self._found)
        last = self._found[-1]
        message = f"{self._beyond} further faults are not listed: mend these first"
        return (*self._found, Fault(TOO_MANY, message, last.level, last.position))


def missing_tail(envelope: Envelope, offset: int, number: int | None, before: str) -> Fault:
    """Return the fault of a trailer that isn't there, where it should have stood."""
    return Fault(
        f"no-{envelope.tail}", f"{envelope.tail} is missing: it should stand here, before {before}",
        envelope.level, Position(offset=offset, segment=number), tag=envelope.tail,
        standard_code=envelope.standard_missing,
    )  # fmt: skip


def wrong_count(envelope: Envelope, tail: Segment, stated: str, found: int, number: int | None) -> Fault:
    """Return the fault of a trailer that counts otherwise than what is there."""
    said = f"says {stated}" if stated else "doesn't say how many"
    return Fault(
        envelope.count_code, f"{envelope.tail} {said} {envelope.counts}, and {found} are there",
        envelope.level, place(tail, 1, number), tag=envelope.tail, value=stated,
        standard_code=envelope.standard_count,
    )  # fmt: skip


def wrong_reference(envelope: Envelope, tail: Segment, stated: str, head: str, number: int | None) -> Fault:
    """Return the fault of a trailer that repeats another control number than the header's."""
    return Fault(
        envelope.reference_code, f"{envelope.tail} says {stated!r}, and its {envelope.head} says {head!r}",
        envelope.level, place(tail, 2, number), tag=envelope.tail, value=stated,
        standard_code=envelope.standard_reference,
    )  # fmt: skip


def duplicate(
    envelope: Envelope, head: Segment, reference: str, severity: Severity, number: int | None = None
) -> Fault:
    """Return the fault of a control number that stood in this interchange or group before."""
    return Fault(
        envelope.duplicate_code, f"{envelope.head} has the control number {reference!r}, as one before it has",
        envelope.level, place(head, envelope.reference, number), tag=envelope.head, value=reference,
        standard_code=envelope.standard_duplicate if severity is Severity.ERROR else None, severity=severity,
    )  # fmt: skip


def missing_head(envelope: Envelope, segment: Segment, level: Level, standard_code: str) -> Fault:
    """Return the fault of a header that should stand before `segment`."""
    return Fault(
        f"no-{envelope.head}", f"{segment.tag[:20]} stands here without {envelope.head} before it",
        level, place(segment), tag=envelope.head, standard_code=standard_code,
    )  # fmt: skip


def warning(code: str, message: str, level: Level, position: Position, **known: str | None) -> Fault:
    """Return something to note that rejects nothing."""
    return Fault(code, message, level, position, severity=Severity.WARNING, **known)
