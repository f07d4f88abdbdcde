"""Orders and documents for tests of the language; each shows only what matters."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from canonical.documents import DocumentLine, OrderDocument
from canonical.events import Event, OrderPlaced
from canonical.evolve import evolve
from canonical.lines import Line, Row, Shipping, Tax
from canonical.money import Money
from canonical.order import Order
from canonical.parties import Destination, Parties, Party
from canonical.payment import PaymentMethod, Tender
from canonical.statuses import OrderType, RowStatus

ORDER_ID = UUID("00000000-0000-4000-8000-000000000002")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def eur(amount: str | int) -> Money:
    return Money.of(amount, "EUR")


def line(line_id: str = "1", ordered: int = 3, price: str = "10.00", tax: str | None = None) -> Line:
    return Line(
        id=line_id,
        sku=f"SKU-{line_id}",
        ordered=ordered,
        unit_price=eur(price),
        taxes=(Tax(code="vat", rate=Decimal("0.1"), amount=eur(tax)),) if tax else (),
        rows=(Row(status=RowStatus.CREATED, quantity=ordered),),
    )


def tender(n: int, amount: str, method: PaymentMethod = PaymentMethod.ADOPT) -> Tender:
    return Tender(n=n, gateway="stripe", method=method, reference=f"pi_{n}", amount=eur(amount))


def placed(
    *lines: Line, stated: str = "35.00", tenders: tuple[Tender, ...] | None = None, **more: Any
) -> OrderPlaced:
    return OrderPlaced(
        **{
            "order_id": ORDER_ID,
            "channel": "webstore",
            "channel_ref": "1001",
            "type": OrderType.STANDARD,
            "placed_at": NOON,
            "currency": "EUR",
            "prices_include_tax": True,
            "language": "en",
            "destination": Destination(country="DE"),
            "lines": lines or (line(),),
            "shipping": Shipping(amount=eur("5.00")),
            "total": eur(stated),
            "tenders": tenders if tenders is not None else (tender(1, stated),),
            **more,
        }
    )


def after(*events: Event, start: OrderPlaced | None = None) -> Order:
    order = evolve(None, start or placed())
    for event in events:
        order = evolve(order, event)
    return order


def party() -> Party:
    return Party(name="A. Customer", country="DE", email="a.customer@example.com", postcode="10115")


def document(**changes: Any) -> OrderDocument:
    return OrderDocument.model_validate(
        {
            "channel": "webstore",
            "channel_ref": "1001",
            "placed_at": NOON,
            "currency": "EUR",
            "parties": Parties(buyer=party(), ship_to=party()),
            "lines": (DocumentLine(id="1", reference="SKU-1", quantity=3, unit_price=Decimal("10.00")),),
            "total": Decimal("30.00"),
            "tenders": ({"gateway": "stripe", "method": "adopt", "reference": "pi_1", "amount": "30.00"},),
            **changes,
        }
    )
