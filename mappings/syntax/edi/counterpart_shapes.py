"""What one side of an exchange keeps to, and what it says of the files that it takes."""

from dataclasses import dataclass, field
from typing import Literal

from mappings.syntax.edi.ack.answers import Acknowledgement
from mappings.syntax.edi.ack.composing import Plain, syntax_of, usual_delimiters
from mappings.syntax.edi.ack.verdict import Decision
from mappings.syntax.edi.charsets import Charset, agreed, charset_of
from mappings.syntax.edi.model import Delimiters, Standard


@dataclass(frozen=True, slots=True)
class Terms:
    """What this side keeps to. Ids are (qualifier, id)."""

    standard: Standard
    ours: tuple[str, str]
    theirs: tuple[str, str]
    version: str
    """GS08 (`004010`), or what stands behind the type in UNH (`D:96A:UN`)."""
    envelope: str = ""
    """ISA12, or syntax identifier and version; empty: 00401, or UNOC:3."""
    delimiters: Delimiters | None = None
    charset: str = "utf-8"
    """X12's; EDIFACT's is its syntax identifier."""
    test: bool = False
    acknowledges: Literal["997", "999", "contrl", "none"] | None = None
    """None: 997 or CONTRL."""
    wants_acknowledgement: bool = True
    """Asks for a TA1 (ISA14), or a CONTRL (UNB's 0031)."""
    takes: frozenset[str] | None = None
    """Types of set; None: all."""

    @property
    def marks(self) -> Delimiters:
        """The delimiters that this side writes with."""
        return self.delimiters or usual_delimiters(self.standard, self.envelope)

    @property
    def syntax(self) -> tuple[str, str]:
        """Syntax identifier and version of UNB."""
        return syntax_of(self.envelope)

    @property
    def encoding(self) -> Charset:
        """What this side's bytes mean."""
        return agreed(self.charset) if self.standard is Standard.X12 else charset_of(self.syntax[0])


@dataclass(frozen=True, slots=True)
class Taken:
    """One set that this side accepts."""

    kind: str
    control: str
    segments: tuple[Plain, ...]
    """As they are meant, header and trailer left out: a composite is a tuple, release characters are gone."""
    body: bytes
    """An interchange that holds nothing else."""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One set that this side doesn't accept."""

    kind: str
    control: str
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Sent:
    """One interchange of this side's."""

    control: int
    groups: tuple[int, ...]
    sets: tuple[int, ...]
    kinds: tuple[str, ...]
    body: bytes
    decision: Decision | None = None
    """What the other side made of it; None while nobody knows."""


@dataclass(slots=True)
class Arrived:
    """What one file brought."""

    sets: list[Taken] = field(default_factory=list[Taken])
    refused: list[Refused] = field(default_factory=list[Refused])
    problems: list[str] = field(default_factory=list[str])
    """Why interchanges, or bytes outside of any, are not taken."""
    answers: list[Acknowledgement] = field(default_factory=list[Acknowledgement])
    """What it says of interchanges of ours."""
    repeated: list[str] = field(default_factory=list[str])
    """Control numbers of interchanges that came before with the same bytes: nothing is done, and nothing answered."""
    reply: bytes = b""
    """TA1, 997, 999 or CONTRL, to be sent back as it is; empty where there is nothing to say."""
