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
from mappings.syntax.edi.model import Delimiters, Fault, Segment, SetKey, Standard
from mappings.syntax.edi.values import components, value


@dataclass(frozen=True, slots=True)
class InterchangeBegin:
    """ISA or UNB. Where the file has none, `head` is a bare tag, and its absence one of the faults at the end."""

    standard: Standard
    delimiters: Delimiters
    charset: Charset
    head: Segment
    start: int
    """Bytes from the start of the file: where ISA, UNA or UNB begins."""
    written: str = ""
    """What announced the delimiters, as it stands in the file: UNA; empty where there is none."""

    @property
    def control(self) -> str:
        """ISA13 or UNB's 0020; empty where it is missing."""
        return self.element(13 if self.standard is Standard.X12 else 5).strip()

    @property
    def sender(self) -> tuple[str, str]:
        """Qualifier and id of who sent it (ISA05, ISA06; UNB's S002)."""
        return self._party(5, 2)

    @property
    def receiver(self) -> tuple[str, str]:
        """Qualifier and id of whom it is for (ISA07, ISA08; UNB's S003)."""
        return self._party(7, 3)

    @property
    def is_test(self) -> bool:
        """Whether it says so: ISA15 is T, UNB's 0035 is 1."""
        return self.element(15) == "T" if self.standard is Standard.X12 else self.element(11) == "1"

    @property
    def prepared(self) -> tuple[str, str]:
        """Date and time as they are written (ISA09, ISA10; UNB's S004)."""
        if self.standard is Standard.X12:
            return self.element(9), self.element(10)
        return self.element(4), self.element(4, 2)

    def element(self, number: int, component: int = 1) -> str:
        """Return an element of the header; empty where it is missing."""
        return value(self.head, number, self.delimiters, component)

    def _party(self, x12: int, edifact: int) -> tuple[str, str]:
        if self.standard is Standard.X12:
            return self.element(x12).strip(), self.element(x12 + 1).strip()
        found = components(self.head, edifact, self.delimiters)
        return (found[1] if len(found) > 1 else ""), found[0]


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
