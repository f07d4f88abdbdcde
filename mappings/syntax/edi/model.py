"""What every reader, checker, writer and acknowledgement of EDI speaks of.

A file is scanned as Latin-1, so that one character is one byte and offsets are exact in every character set whose
delimiters are single bytes; a value is decoded where it is taken. Segments are plain tuples, because a large file
has millions of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from mappings.errors import Position, Severity


class Standard(StrEnum):
    """The two families of EDI."""

    X12 = "x12"
    EDIFACT = "edifact"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The characters with a meaning of their own in one interchange.

    X12: ISA's 4th, 83rd (ISA11, from 00402 on), 105th and 106th characters. EDIFACT: UNA, else `:+.? '` (and `*`
    repeats in syntax version 4).
    """

    segment: str
    element: str
    component: str
    repetition: str | None = None
    release: str | None = None
    """The next character means itself; EDIFACT only."""
    decimal: str = "."


class Segment(NamedTuple):
    """One segment as it is written: neither components nor repetitions are split, release characters are kept."""

    fields: list[str]
    """The tag, then the elements; `fields[3]` is element 3. What is left out at the end isn't there."""
    offset: int
    """Bytes from the start of the file to the first byte of the tag."""

    @property
    def tag(self) -> str:
        """Return the tag, as in `BEG` or `LIN`."""
        return self.fields[0]


class Level(StrEnum):
    """What of an interchange a fault touches: it alone decides what a partner's acknowledgement rejects."""

    FILE = "file"
    """Not EDI, or bytes between interchanges."""
    INTERCHANGE = "interchange"
    GROUP = "group"
    """A functional group: GS…GE, UNG…UNE."""
    SET = "set"
    """A transaction set or message as a whole: ST…SE, UNH…UNT."""
    SEGMENT = "segment"
    ELEMENT = "element"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an interchange, where it is, and how an acknowledgement says it."""

    code: str
    """Stable and readable, led by the place in the standard: `SE01-count`, `UNZ-ref`, `no-IEA`, `element-too-long`."""
    message: str
    """What is wrong, what was expected, and the way out; personal data never."""
    level: Level
    position: Position
    """`offset` always; `segment` counts from 1 at ST or UNH, outside of a set it isn't given. Of a missing segment it
    is the number that it would have had, and `offset` is where it should have stood."""
    tag: str | None = None
    """The segment's tag; of a missing segment the tag that should have stood there."""
    loop: str | None = None
    """The loop (group of segments) it is in: an X12 loop id, an EDIFACT group such as `SG25`."""
    reference: str | None = None
    """The data element's number in the standard's dictionary (AK403, `C082.3039`), where it is known."""
    value: str | None = None
    """What was found, as AK404 may repeat it; None where it is personal or can't be shown."""
    standard_code: str | None = None
    """The standard's own number for this at this level: TA105, AK905, AK502, AK304 or AK403; 0085 for EDIFACT."""
    severity: Severity = Severity.ERROR


class SetKey(NamedTuple):
    """What a grammar is found by."""

    standard: Standard
    type: str
    """`850`, `ORDERS`."""
    version: str
    """`004010`, `D96A`; agency and association codes are left out."""


class Place(NamedTuple):
    """Where a segment belongs in its set; what is nested by it needs no grammar of its own."""

    loops: tuple[str, ...]
    """The loops around it, the outermost first: `("PO1", "N1")`, `("SG25", "SG29")`; empty outside of loops."""
    opens: bool = False
    """The segment opens a new instance of the last one of them."""


class SetCheck(Protocol):
    """The checks of one transaction set or message while it is read; made anew for each."""

    @property
    def place(self) -> Place | None:
        """Where the segment that was taken last belongs; None if it has no place in the set."""
        ...

    def take(self, segment: Segment, number: int) -> Sequence[Fault]:
        """Return what is wrong with the next segment; ST or UNH is number 1, and the trailer comes too."""
        ...

    def close(self) -> Sequence[Fault]:
        """Return what is still missing at the end."""
        ...


class Grammars(Protocol):
    """The grammars at hand, with a partner's overlays applied."""

    def check_for(self, key: SetKey, delimiters: Delimiters) -> SetCheck | None:
        """Return the checks of a new set, or None where there is no grammar for it: a warning, not an error."""
        ...
