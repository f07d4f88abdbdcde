"""Payment as the fold of what the gateways said: requested, succeeded, failed, by reference."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from canonical.base import Instant, Key, Name, Value
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

    key: Key
    kind: PaymentKind
    outcome: Outcome
    gateway: Name
    reference: Name | None = None
    """The authorisation that it is about."""
    amount: Money
    at: Instant
    tender: int | None = None
    """Which tender an authorisation is for, where that is known."""
    capture_before: Instant | None = None
    multicapture: bool = False
    final: bool = False
    """A capture after which the gateway lets the rest go."""
    shipments: tuple[Name, ...] = ()
    reason: str | None = None

    def annuls(self, earlier: "PaymentEntry") -> bool:
        """Say whether this is the newer word about the same operation.

        An outcome replaces its request, never the reverse, however late the request is told. Of two outcomes the one
        that happened later stands: a later failure annuls a success. But what was let go is gone for good.
        """
        if earlier.kind is PaymentKind.VOID and earlier.outcome is Outcome.SUCCEEDED:
            return self.outcome is Outcome.SUCCEEDED
        if self.outcome is Outcome.REQUESTED:
            return earlier.outcome is Outcome.REQUESTED
        return earlier.outcome is Outcome.REQUESTED or self.at >= earlier.at


class Payment(Value):
    """The tenders of an order, and everything that the gateways said about them, in the order of its telling."""

    tenders: tuple[Tender, ...] = ()
    entries: tuple[PaymentEntry, ...] = ()

    def latest(self) -> tuple[PaymentEntry, ...]:
        """Return the last word about each operation, operations by their first mention."""
        if not self.entries:
            return ()
        latest: dict[str, PaymentEntry] = {}
        for entry in self.entries:
            earlier = latest.get(entry.key)
            if earlier is None or entry.annuls(earlier):
                latest[entry.key] = entry
        return tuple(latest.values())

    def _sum(self, kind: PaymentKind, currency: str, *outcomes: Outcome) -> Money:
        return total((e.amount for e in self.of_kind(kind, *outcomes)), currency)

    def of_kind(self, kind: PaymentKind, *outcomes: Outcome) -> tuple[PaymentEntry, ...]:
        """Return the last words about operations of a kind that went so, oldest first."""
        return tuple(e for e in self.latest() if e.kind is kind and e.outcome in outcomes)

    def authorised(self, currency: str) -> Money:
        """Return what may still be captured or has been: successful authorisations that were not voided."""
        voided = {e.reference for e in self.of_kind(PaymentKind.VOID, Outcome.SUCCEEDED)}
        live = (e.amount for e in self.authorisations() if e.reference not in voided)
        return total(live, currency)

    def authorisations(self) -> tuple[PaymentEntry, ...]:
        """Return the successful authorisations, oldest first; one reference is one authorisation."""
        return self.of_kind(PaymentKind.AUTHORISE, Outcome.SUCCEEDED)

    def capturable(self, currency: str) -> tuple[tuple[PaymentEntry, Money], ...]:
        """Return each authorisation that still holds money, oldest first, with what is left of it.

        Nothing is left of one that was voided, or asked to be; nor after a final capture, which any capture is where
        the gateway allows but one. A capture that is not decided yet counts as made.
        """
        return _left(self.latest(), currency)

    def available(self, currency: str) -> Money:
        """Return what may still be captured."""
        return total((left for _, left in self.capturable(currency)), currency)

    def covered(self, currency: str) -> Money:
        """Return what the merchant has or can have: prepaid, captured, being captured, and capturable."""
        if not self.entries:
            return self.prepaid(currency)
        latest = self.latest()
        taken = (
            e.amount for e in latest if e.kind is PaymentKind.CAPTURE and e.outcome is not Outcome.FAILED
        )
        open_sums = (left for _, left in _left(latest, currency))
        return total((*self._prepaid(), *taken, *open_sums), currency)

    def taken(self, currency: str) -> Money:
        """Return what was captured, or is being captured."""
        return self._sum(PaymentKind.CAPTURE, currency, Outcome.SUCCEEDED, Outcome.REQUESTED)

    def captured(self, currency: str) -> Money:
        """Return what was captured for certain."""
        return self._sum(PaymentKind.CAPTURE, currency, Outcome.SUCCEEDED)

    def capture_pending(self, currency: str) -> Money:
        """Return what was asked to be captured and is not decided."""
        return self._sum(PaymentKind.CAPTURE, currency, Outcome.REQUESTED)

    def refunded(self, currency: str) -> Money:
        """Return what was paid back for certain."""
        return self._sum(PaymentKind.REFUND, currency, Outcome.SUCCEEDED)

    def refund_pending(self, currency: str) -> Money:
        """Return what was asked to be paid back and is not decided."""
        return self._sum(PaymentKind.REFUND, currency, Outcome.REQUESTED)

    def prepaid(self, currency: str) -> Money:
        """Return what the channel had been paid before the order came."""
        return total(self._prepaid(), currency)

    def prepaid_refunds(self, *outcomes: Outcome) -> tuple[PaymentEntry, ...]:
        """Return the refunds of what the channel had been paid, oldest first: those that are of no capture."""
        gateways = {t.gateway for t in self.tenders if t.method is PaymentMethod.PREPAID}
        captured = {(e.gateway, e.reference) for e in self.latest() if e.kind is PaymentKind.CAPTURE}
        refunds = self.of_kind(PaymentKind.REFUND, *outcomes)
        return tuple(e for e in refunds if e.gateway in gateways and (e.gateway, e.reference) not in captured)

    def _prepaid(self) -> Iterable[Money]:
        return (t.amount for t in self.tenders if t.method is PaymentMethod.PREPAID)

    def disputed(self) -> bool:
        """Say whether a dispute is open."""
        return any(e.kind is PaymentKind.DISPUTE and e.outcome is Outcome.REQUESTED for e in self.latest())

    def status(self, currency: str) -> PaymentStatus:  # noqa: PLR0911 - one return per status reads as the table it is
        """Derive the payment axis of the header."""
        if not self.entries and not self.tenders:
            return PaymentStatus.NONE
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


def _left(latest: Sequence[PaymentEntry], currency: str) -> tuple[tuple[PaymentEntry, Money], ...]:
    gone: set[str | None] = set()
    taken: dict[str | None, Money] = {}
    for e in latest:
        if e.outcome is Outcome.FAILED:
            continue
        if e.kind is PaymentKind.VOID:
            gone.add(e.reference)
        elif e.kind is PaymentKind.CAPTURE:
            taken[e.reference] = taken.get(e.reference, Money.zero(currency)) + e.amount
            if e.final:
                gone.add(e.reference)
    left: list[tuple[PaymentEntry, Money]] = []
    for e in latest:
        if e.kind is not PaymentKind.AUTHORISE or e.outcome is not Outcome.SUCCEEDED or e.reference in gone:
            continue
        used = taken.get(e.reference)
        if used is not None and not e.multicapture:
            continue
        rest = e.amount - used if used is not None else e.amount
        if rest.amount > 0:
            left.append((e, rest))
    return tuple(left)
