"""Goods on their way to a node, announced to it before they come."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from canonical.base import Instant, Name, Value

RELEASE_MARK = "-R"
"""What is in the number of every release (`canonical.numbers`), and of no announcement: a receipt names either."""


def _is_no_release(number: str) -> str:
    if RELEASE_MARK in number:
        raise ValueError(f"{RELEASE_MARK} marks the number of a release: take another number, such as ASN-7")
    return number


InboundNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=22, pattern=r"^[\x21-\x7e]+$"),
    AfterValidator(_is_no_release),
]
"""Our number of what is announced, without spaces: X12 has room for 22 characters (W0602)."""

Scac = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")]
"""A carrier's Standard Carrier Alpha Code."""


class InboundStatus(StrEnum):
    """How far goods have come."""

    ANNOUNCED = "announced"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    """All that was announced has come, sound or damaged."""


class InboundLine(Value):
    """So many units of a SKU."""

    sku: Name
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]
    title: str = ""


class InboundInstruction(Value):
    """What comes to a node: what outgoing mappings to nodes write from."""

    number: InboundNumber
    node: Name
    created_at: Instant
    expected_at: Instant | None = None
    ship_from: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None
    ) = None
    """Who sends it: a supplier, another warehouse."""
    carrier: Scac | None = None
    lines: Annotated[tuple[InboundLine, ...], Field(min_length=1, max_length=9999)]

    def units(self) -> int:
        """Return how many units come in all."""
        return sum(line.quantity for line in self.lines)
