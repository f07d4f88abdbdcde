"""Payment as the fold of what the gateways said: requested, succeeded, failed, by reference."""

from enum import StrEnum

from canonical.base import Instant, Name, Value
from canonical.money import Money, total
from canonical.statuses import PaymentStatus


class PaymentMethod(StrEnum):
    """How the money is to be had."""

    ADOPT = "adopt"
    """The shop has an authorisation at the gateway already; `Tender.reference` names it."""
    STORED = "stored"
    """The gateway keeps a method that it may charge; `Tender.reference` names it."""
    PREPAID = "prepaid"
    """The channel has the money already (a till, a marketplace)."""


class PaymentKind(StrEnum):
    """What a gateway was asked, or did."""

    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    DISPUTE = "dispute"


class Outcome(StrEnum):
    """How it went, so far."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Tender(Value):
    """One means of paying: a gateway (a connector's name), a method there, an amount."""

    n: int
    gateway: Name
    method: PaymentMethod
    reference: Name | None = None
    customer_reference: Name | None = None
    may_reauthorise: bool = False
    """The customer agreed to later authorisations with the stored card."""
    amount: Money


class PaymentEntry(Value):
    """One fact about one reference at the gateway. `key` groups request and outcome of the same operation."""

    key: Name
    kind: PaymentKind
    outcome: Outcome
    gateway: Name
    reference: Name | None = None
    amount: Money
    at: Instant
    capture_before: Instant | None = None
    multicapture: bool = False
    reason: str | None = None


class Payment(Value):
    """The tenders of an order, and everything that the gateways said about them, oldest first."""

    tenders: tuple[Tender, ...] = ()
    entries: tuple[PaymentEntry, ...] = ()

    def latest(self) -> tuple[PaymentEntry, ...]:
        """Return the last word about each operation: an outcome replaces its request, a later failure a success."""
        return tuple({entry.key: entry for entry in self.entries}.values())

    def _sum(self, kind: PaymentKind, outcome: Outcome, currency: str) -> Money:
        found = (e.amount for e in self.latest() if e.kind is kind and e.outcome is outcome)
        return total(found, currency)

    def authorised(self, currency: str) -> Money:
        """Return what may still be captured or has been: successful authorisations that were not voided."""
        voided = {
            e.reference for e in self.latest() if e.kind is PaymentKind.VOID and e.outcome is Outcome.SUCCEEDED
        }
        live = (e.amount for e in self.authorisations() if e.reference not in voided)
        return total(live, currency)

    def authorisations(self) -> tuple[PaymentEntry, ...]:
        """Return the successful authorisations, oldest first."""
        return tuple(
            e for e in self.latest() if e.kind is PaymentKind.AUTHORISE and e.outcome is Outcome.SUCCEEDED
        )

    def captured(self, currency: str) -> Money:
        """Return what was captured for certain."""
        return self._sum(PaymentKind.CAPTURE, Outcome.SUCCEEDED, currency)

    def capture_pending(self, currency: str) -> Money:
        """Return what was asked to be captured and is not decided."""
        return self._sum(PaymentKind.CAPTURE, Outcome.REQUESTED, currency)

    def refunded(self, currency: str) -> Money:
        """Return what was paid back for certain."""
        return self._sum(PaymentKind.REFUND, Outcome.SUCCEEDED, currency)

    def refund_pending(self, currency: str) -> Money:
        """Return what was asked to be paid back and is not decided."""
        return self._sum(PaymentKind.REFUND, Outcome.REQUESTED, currency)

    def prepaid(self, currency: str) -> Money:
        """Return what the channel had been paid before the order came."""
        return total((t.amount for t in self.tenders if t.method is PaymentMethod.PREPAID), currency)

    def disputed(self) -> bool:
        """Say whether a dispute is open."""
        return any(e.kind is PaymentKind.DISPUTE and e.outcome is Outcome.REQUESTED for e in self.latest())

    def status(self, currency: str) -> PaymentStatus:  # noqa: PLR0911 - one return per status reads as the table it is
        """Derive the payment axis of the header."""
        captured = self.captured(currency) + self.prepaid(currency)
        refunded = self.refunded(currency)
        if self.disputed():
            return PaymentStatus.DISPUTED
        if captured:
            if refunded >= captured:
                return PaymentStatus.REFUNDED
            if refunded:
                return PaymentStatus.PARTIALLY_REFUNDED
            covers = captured >= total((t.amount for t in self.tenders), currency)
            return PaymentStatus.CAPTURED if covers else PaymentStatus.PARTIALLY_CAPTURED
        if self.authorised(currency):
            return PaymentStatus.AUTHORISED
        latest = self.latest()
        if not latest:
            return PaymentStatus.NONE
        last = latest[-1]
        if last.kind is PaymentKind.VOID and last.outcome is Outcome.SUCCEEDED:
            return PaymentStatus.VOIDED
        return PaymentStatus.DECLINED if last.outcome is Outcome.FAILED else PaymentStatus.PENDING
