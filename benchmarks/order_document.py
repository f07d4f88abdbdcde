"""The order that every program of the benchmark moves: five lines, paid, half shipped, about 7 KB of JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from canonical.money import Money
from canonical.order import Discount, Line, Note, Order, Release, ReleaseLine, Row, Shipment, Shipping, Tax
from canonical.parties import Destination
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind, PaymentMethod, Tender
from canonical.statuses import ReleaseStatus, RowStatus

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINES = 5


def order_document(order_id: UUID) -> str:
    """Return the order of that id as JSON, as the hub stores it."""
    return build_order(order_id).model_dump_json()


def build_order(order_id: UUID) -> Order:
    """Return the canonical order of that id. Two of them differ in id and reference only."""
    lines = tuple(_line(n) for n in range(1, LINES + 1))
    shipped = tuple(ReleaseLine(line_id=line.id, sku=line.sku, quantity=1) for line in lines)
    return Order(
        id=order_id,
        version=1,
        channel="webstore",
        channel_ref=f"W-{order_id.hex}",
        placed_at=NOON,
        currency="EUR",
        destination=Destination(country="DE", region="BE"),
        lines=lines,
        shipping=Shipping(amount=_euro("4.90"), taxes=(_tax("0.78"),)),
        total=_euro("298.60"),
        payment=_payment(),
        releases=tuple(_release(n, shipped) for n in (1, 2)),
        shipments=(
            Shipment(
                id="S-1",
                release="R-1",
                node="berlin-1",
                carrier="parcel-service",
                tracking_number="00340434161094015902",
                shipped_at=NOON,
                lines=shipped,
            ),
        ),
        notes=(Note(text="Leave the parcel in the porch. " * 8, actor="desk", at=NOON),),
        facts=tuple(f"webstore:event:{n:032d}:succeeded" for n in range(6)),
    )


def _line(n: int) -> Line:
    return Line(
        id=f"line-{n}",
        sku=f"SKU-{n:06d}",
        title="A fairly realistic title of a product, with its colour and its size",
        ordered=3,
        unit_price=_euro("19.99"),
        discounts=(Discount(code="SPRING", amount=_euro("1.23")),),
        taxes=(_tax("9.38"),),
        rows=(
            Row(status=RowStatus.SHIPPED, quantity=1, node="berlin-1", release="R-1", shipment="S-1"),
            Row(status=RowStatus.RELEASED, quantity=1, node="berlin-1", release="R-2", eta=NOON),
            Row(status=RowStatus.RESERVED, quantity=1, eta=NOON),
        ),
        attributes={"colour": "blue", "size": "XL", "engraving": "to somebody, with the best wishes"},
    )


def _payment() -> Payment:
    tender = Tender(
        n=1,
        gateway="gateway",
        method=PaymentMethod.ADOPT,
        reference="pi_00000000000000000001",
        amount=_euro("298.60"),
    )
    kinds = (PaymentKind.AUTHORISE, PaymentKind.CAPTURE, PaymentKind.CAPTURE)
    outcomes = (Outcome.SUCCEEDED, Outcome.REQUESTED, Outcome.SUCCEEDED)
    entries = tuple(
        PaymentEntry(
            key=f"{kind.value}:{min(n, 1)}",
            kind=kind,
            outcome=outcome,
            gateway="gateway",
            reference="pi_00000000000000000001",
            amount=_euro("298.60"),
            at=NOON,
        )
        for n, (kind, outcome) in enumerate(zip(kinds, outcomes, strict=True))
    )
    return Payment(tenders=(tender,), entries=entries)


def _release(n: int, lines: tuple[ReleaseLine, ...]) -> Release:
    return Release(
        id=f"R-{n}",
        node="berlin-1",
        connector="warehouse",
        status=ReleaseStatus.ACCEPTED,
        lines=lines,
        requested_at=NOON,
    )


def _tax(amount: str) -> Tax:
    return Tax(code="VAT", rate=Decimal("0.19"), amount=_euro(amount))


def _euro(amount: str) -> Money:
    return Money.of(amount, "EUR")
