"""Fraud screening: what a gateway may decide, where an order stands with it, and what it is told afterwards."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from canonical.base import Instant, Name, Value
from canonical.money import Money
from canonical.parties import Destination


class FraudVerdict(StrEnum):
    """What a fraud gateway, or a person, says of an order."""

    APPROVED = "approved"
    REVIEW = "review"
    """The gateway leaves it to a person."""
    REJECTED = "rejected"


class FraudStanding(StrEnum):
    """What the hub has made of it. Only a cleared order is sent."""

    PENDING = "pending"
    """The gateway was asked, and has not decided."""
    REVIEW = "review"
    """A person decides."""
    REJECTED = "rejected"
    CLEARED = "cleared"


class FraudReport(StrEnum):
    """What a fraud gateway is told of an order that it was asked about."""

    AUTHORISED = "authorised"
    """Money was authorised after it was asked: a renewal."""
    CAPTURED = "captured"
    VOIDED = "voided"
    REFUNDED = "refunded"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    VERDICT = "verdict"
    """What a person decided."""


class FraudCheck(Value):
    """Where an order stands with fraud. `by` is who decided, or is to decide: the gateway, `policy`, or a person."""

    standing: FraudStanding
    by: Name
    person: bool = False
    """A person decided, and no gateway overrules that."""
    gateway: Name | None = None
    """The connector that was asked; None: the policy did not want this order screened."""
    reference: Name | None = None
    """The gateway's own name of its case."""
    turn: Annotated[int, Field(ge=0)] = 0
    """How often the gateway was asked: again when the order was changed."""
    asked_at: Instant | None = None
    total: Money | None = None
    """What the order came to when it was asked."""
    destination: Destination | None = None
    """Where it went when it was asked."""
    verdict: FraudVerdict | None = None
    """The gateway's newest word since it was last asked."""
    verdict_at: Instant | None = None
    """When the gateway gave its newest word, by its own clock; older ones change nothing."""

    def is_older(self, at: Instant | None) -> bool:
        """Say whether the gateway gave a word of `at` before the newest that is known."""
        return at is not None and self.verdict_at is not None and at < self.verdict_at
