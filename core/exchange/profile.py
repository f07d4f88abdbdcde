"""What is agreed with a partner about interchanges: all that a connector's settings say of EDI."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = [
    "MEDIA_TYPES",
    "DelimiterSettings",
    "Duplicates",
    "Expected",
    "Hours",
    "PartnerProfile",
    "PartyId",
    "pair_of",
]

MEDIA_TYPES = {
    "x12": "application/edi-x12",
    "edifact": "application/edifact",
    "ubl": "application/xml",
    "cxml": "text/xml",
}
_FROZEN = ConfigDict(frozen=True, extra="forbid")
_X12_ID, _X12_QUALIFIER = 15, 2
_EDIFACT_ID, _EDIFACT_QUALIFIER = 35, 4
_PLAIN = re.compile(r"[A-Za-z0-9 ]")
SetType = Annotated[str, StringConstraints(pattern=r"^([0-9]{3}|[A-Z]{6})$")]
Hours = Annotated[float, Field(gt=0, le=24 * 90)]


class PartyId(BaseModel):
    """A partner's identification in an interchange's header."""

    model_config = _FROZEN

    id: Annotated[str, StringConstraints(pattern=r"^[!-~](?:[ -~]*[!-~])?$", max_length=_EDIFACT_ID)]
    qualifier: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]*$", max_length=_EDIFACT_QUALIFIER)] = ""
    group_id: Annotated[str, StringConstraints(pattern=r"^[!-~]*$", max_length=_X12_ID)] = ""
    """GS02 and GS03, where they differ from the id."""

    @property
    def named(self) -> tuple[str, str]:
        """Qualifier and id."""
        return self.qualifier, self.id


class DelimiterSettings(BaseModel):
    """What we write with; what a partner writes with stands in its own interchanges."""

    model_config = _FROZEN

    segment: Annotated[str, StringConstraints(min_length=1, max_length=1)]
    element: Annotated[str, StringConstraints(min_length=1, max_length=1)]
    component: Annotated[str, StringConstraints(min_length=1, max_length=1)]
    repetition: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    release: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None

    @model_validator(mode="after")
    def _tell_apart(self) -> Self:
        marks = [m for m in (self.segment, self.element, self.component, self.repetition, self.release) if m]
        if len(set(marks)) < len(marks):
            raise ValueError("two delimiters are the same character: each has a meaning of its own")
        plain = [mark for mark in marks if _PLAIN.match(mark)]
        if plain:
            raise ValueError(f"{plain[0]!r} can't be a delimiter: it stands in ordinary values")
        return self


class Duplicates(BaseModel):
    """What becomes of an interchange whose control number came before."""

    model_config = _FROZEN

    window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long a control number is remembered; a partner that begins again sooner needs a shorter one."""
    same_bytes: Literal["ignore", "refuse"] = "ignore"
    """The same interchange once more: passed over, and its message says so; or refused with a failure."""
    other_bytes: Literal["refuse", "take"] = "refuse"
    """Another interchange under the same number."""


class Expected(BaseModel):
    """After a set of one type there must be one of another type about the same document, in time."""

    model_config = _FROZEN

    after: SetType
    """What begins it: a set that we sent (`850`) or took (`810`)."""
    wants: SetType
    """What the partner owes: `856`."""
    within_h: Hours


class PartnerProfile(BaseModel):
    """One partner's agreement."""

    model_config = _FROZEN

    standard: Literal["x12", "edifact"]
    ours: PartyId
    theirs: PartyId
    version: Annotated[str, StringConstraints(pattern=r"^(00[0-9]{4}[A-Z0-9]*|D[0-9]{2}[AB])$")]
    """Of the sets that we write: `004010` (GS08), `D96A` (UNH)."""
    association: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{0,6}$")] = ""
    """UNH's association code, such as `EAN008`."""
    envelope: Annotated[str, StringConstraints(pattern=r"^(00[0-9]{3}|UNO[A-Z]:[34])$")] = ""
    """ISA12, or syntax identifier and version; empty: 00401 or UNOC:3."""
    charset: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,20}$")] = ""
    """X12's, by agreement, such as `iso-8859-1`; empty: utf-8. EDIFACT's is named by the envelope."""
    delimiters: DelimiterSettings | None = None
    """None: the usual ones of the standard."""
    acknowledge: Literal["997", "999", "contrl", "none"] = "997"
    """How we acknowledge; a TA1 goes out besides where it is asked for or needed."""
    expect_acknowledgement: bool = True
    """Whether the partner acknowledges what we send."""
    mode: Literal["production", "test"] = "production"
    """What we write says so, and what says otherwise is refused."""
    receives: tuple[SetType, ...] = ()
    """Types that are taken from the partner; none: whatever comes."""
    overlays: Path | None = None
    """A folder of `*.overlay` files: what the partner has otherwise than the standard, both ways."""
    content_errors: Literal["reject", "accept"] = "reject"
    """Whether a set with a wrong segment or element is taken nevertheless, and acknowledged with its errors."""
    tolerate: tuple[str, ...] = ()
    """Codes of faults that reject nothing, such as `GE01-count`."""
    duplicates: Duplicates = Duplicates()
    acknowledged_within_h: Hours = 24
    """How long the partner may take to acknowledge."""
    acknowledge_within_h: Hours = 2
    """How long we may take."""
    expects: tuple[Expected, ...] = ()

    @model_validator(mode="after")
    def _fit(self) -> Self:
        is_x12 = self.standard == "x12"
        if is_x12 and self.acknowledge == "contrl":
            raise ValueError("acknowledge: contrl is EDIFACT's; X12 knows 997 and 999")
        if not is_x12 and self.acknowledge in {"997", "999"} and "acknowledge" in self.model_fields_set:
            raise ValueError(f"acknowledge: {self.acknowledge} is X12's; EDIFACT knows contrl")
        if self.charset and not is_x12:
            raise ValueError("charset: EDIFACT's is named by the envelope, such as UNOC:3")
        if is_x12 == self.version.startswith("D"):
            raise ValueError(
                f"version: {self.version} is not of {self.standard}: 004010 or 005010, D96A or D01B"
            )
        if self.envelope and is_x12 == self.envelope.startswith("UNO"):
            raise ValueError(f"envelope: {self.envelope} is not of {self.standard}: such as 00401, or UNOC:3")
        for name, party in (("ours", self.ours), ("theirs", self.theirs)):
            self._fit_party(name, party)
        if self.ours.named == self.theirs.named:
            raise ValueError("ours and theirs are the same: one of them is the partner")
        return self

    def _fit_party(self, name: str, party: PartyId) -> None:
        if self.standard == "x12" and len(party.id) > _X12_ID:
            raise ValueError(
                f"{name}.id: {party.id!r} has {len(party.id)} characters, and ISA has room for 15"
            )
        if self.standard == "x12" and len(party.qualifier) != _X12_QUALIFIER:
            raise ValueError(f"{name}.qualifier: X12 needs one of two characters, such as ZZ or 01")

    @property
    def acknowledges_by(self) -> str:
        """How we acknowledge: by the standard's own way where nothing is said."""
        is_default = "acknowledge" not in self.model_fields_set
        return "contrl" if is_default and self.standard == "edifact" else self.acknowledge

    @property
    def outward(self) -> str:
        """The pair whose numbers we draw."""
        return pair_of(self.standard, self.ours.named, self.theirs.named)

    @property
    def inward(self) -> str:
        """The pair whose numbers the partner draws."""
        return pair_of(self.standard, self.theirs.named, self.ours.named)


def pair_of(standard: str, sender: tuple[str, str], receiver: tuple[str, str]) -> str:
    """Name an ordered pair of partners: `x12 ZZ:HUB>01:123456789`."""
    return f"{standard} {':'.join(sender)}>{':'.join(receiver)}"
