"""What a mapping says about a partner's EDI."""

from typing import Literal

from pydantic import Field, field_validator

from mappings.syntax.base import SyntaxOptions
from mappings.syntax.edi.charsets import SYNTAX_IDENTIFIERS, agreed
from mappings.syntax.edi.model import Delimiters

FUNCTIONAL_IDS = {
    "180": "AN", "214": "QM", "810": "IN", "846": "IB", "850": "PO", "855": "PR", "856": "SH", "860": "PC",
    "865": "CA", "940": "OW", "943": "AR", "944": "RE", "945": "SW", "947": "AW", "997": "FA", "999": "FA",
}  # fmt: skip
"""GS01 of the sets that the hub exchanges."""


class EdiOptions(SyntaxOptions):
    """What both families have in common."""

    set: str | None = None
    """The type of set: `850`, `ORDERS`. Reading: others are refused (or see `others`). Writing: what is written."""
    version: str | None = None
    """Writing: `004010`; `D96A`."""
    others: Literal["refuse", "skip"] = "refuse"
    """Reading: what a set of another type in the same file means."""
    check: Literal["grammar", "envelope"] = "grammar"
    """Reading and writing: whether a set is held against its grammar too, where there is one."""


class X12Options(EdiOptions):
    """How a partner writes X12."""

    charset: str = "utf-8"
    """By agreement: X12 names none."""
    segment: str = Field(default="~", min_length=1, max_length=1)
    element: str = Field(default="*", min_length=1, max_length=1)
    component: str = Field(default=">", min_length=1, max_length=1)
    repetition: str | None = Field(default=None, min_length=1, max_length=1)
    """Writing, from 00402 on: `^`."""
    functional_id: str | None = None
    """Writing: GS01, where it isn't the usual one of the set."""

    @field_validator("charset")
    @classmethod
    def _charset_is_known(cls, charset: str) -> str:
        agreed(charset)
        return charset

    @property
    def delimiters(self) -> Delimiters:
        """What is written."""
        return Delimiters(self.segment, self.element, self.component, self.repetition)


class EdifactOptions(EdiOptions):
    """How a partner writes EDIFACT."""

    syntax_identifier: str = "UNOC"
    """Writing: UNB's character set. Reading, it is what UNB says."""
    syntax_version: Literal["1", "2", "3", "4"] = "3"
    agency: str = "UN"
    association: str = ""
    """Writing: UNH's 0057, such as `EAN008`."""
    una: bool = True
    """Writing: UNA leads."""
    decimal: Literal[".", ","] = "."
    """Writing: what numbers have before their decimals."""

    @field_validator("syntax_identifier")
    @classmethod
    def _identifier_is_known(cls, identifier: str) -> str:
        if identifier not in SYNTAX_IDENTIFIERS:
            raise ValueError(f"{identifier!r} is none of {', '.join(SYNTAX_IDENTIFIERS)}")
        return identifier

    @property
    def delimiters(self) -> Delimiters:
        """What is written."""
        repetition = "*" if self.syntax_version == "4" else None
        return Delimiters("'", "+", ":", repetition, "?", self.decimal)
