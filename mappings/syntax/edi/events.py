"""What a reader says of an interchange while it goes through it, in the order of the file.

    InterchangeBegin
      LooseSegment*                          TA1, and security segments of EDIFACT
      GroupBegin                             only where there are groups
        SetBegin  Segment*  SetEnd           ST or UNH and the trailer are among the segments
      GroupEnd
    InterchangeEnd
    Fault                                    what stands outside of interchanges

Each end has the faults of its own level, and comes always: a trailer that is missing is a fault, and `tail` is None.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mappings.errors import Severity
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.heading import Heading
from mappings.syntax.edi.model import Fault, Segment, SetKey, Standard


@dataclass(frozen=True, slots=True)
class InterchangeBegin(Heading):
    """ISA or UNB. Where the file has none, its absence is one of the faults at the end."""

    charset: Charset
    start: int
    """Bytes from the start of the file: where ISA, UNA or UNB begins."""
    written: str = ""
    """What announced the delimiters, as it stands in the file: UNA; empty where there is none."""

    @property
    def prepared(self) -> tuple[str, str]:
        """Date and time as they are written (ISA09, ISA10; UNB's S004)."""
        if self.standard is Standard.X12:
            return self.element(9), self.element(10)
        return self.element(4), self.element(4, 2)


@dataclass(frozen=True, slots=True)
class LooseSegment:
    """A segment that may stand outside of sets: TA1."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class GroupBegin:
    """GS or UNG."""

    head: Segment
    type: str
    """GS01, UNG's 0038: `PO`, `ORDERS`."""
    control: str
    """GS06, UNG's 0048."""


@dataclass(frozen=True, slots=True)
class SetBegin:
    """ST or UNH; it also comes as the first segment. Where there is none, `head` is a bare tag and the type empty."""

    key: SetKey
    control: str
    """ST02, UNH's 0062."""
    head: Segment
    headless: bool = False
    """The segments that follow stand outside of any set: the header is missing or can't be recognised."""


@dataclass(frozen=True, slots=True)
class SetEnd:
    """SE or UNT, which was the last segment."""

    key: SetKey
    control: str
    tail: Segment | None
    segments: int
    """How many there are, header and trailer included."""
    end: int
    """Bytes from the start of the file to behind the last segment's terminator."""
    faults: tuple[Fault, ...]
    """Of level SET, SEGMENT and ELEMENT."""

    @property
    def accepted(self) -> bool:
        """Whether nothing is wrong with it; warnings don't count."""
        return not any(fault.severity is Severity.ERROR for fault in self.faults)


@dataclass(frozen=True, slots=True)
class GroupEnd:
    """GE or UNE."""

    tail: Segment | None
    sets: int
    """How many sets with a header there are."""
    faults: tuple[Fault, ...]
    """Of level GROUP."""


@dataclass(frozen=True, slots=True)
class InterchangeEnd:
    """IEA or UNZ."""

    tail: Segment | None
    groups: int
    sets: int
    end: int
    """Bytes from the start of the file to behind the last segment's terminator."""
    faults: tuple[Fault, ...]
    """Of level INTERCHANGE."""


Event: TypeAlias = (
    InterchangeBegin
    | LooseSegment
    | GroupBegin
    | SetBegin
    | Segment
    | SetEnd
    | GroupEnd
    | InterchangeEnd
    | Fault
)
"""Told apart by `match` or `isinstance`; `Segment` is by far the most frequent."""
