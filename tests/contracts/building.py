"""Builders of what the ports are given. They show only what matters; the rest is ordinary."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from canonical.commands import Command
from canonical.money import Money
from canonical.order import Line, Order, ReleaseLine, Row, Shipment, Shipping
from canonical.parties import Destination, Parties, Party
from canonical.statuses import RowStatus
from core.ports import Effect, EffectContext, Outgoing

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_SPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def an_order(reference: str = "W-1001", **changes: object) -> Order:
    """Two cups and a pot for 44.80 EUR, of which the cups have left in parcel `parcel-1`."""
    order = Order(
        id=uuid5(_SPACE, reference),
        version=7,
        channel="webstore",
        channel_ref=reference,
        placed_at=NOON,
        currency="EUR",
        destination=Destination(country="DE"),
        lines=(
            _line(
                "1", "CUP", "A cup", 2, "9.95", Row(status=RowStatus.SHIPPED, quantity=2, shipment="parcel-1")
            ),
            _line("2", "POT", "A pot", 1, "20.00", Row(status=RowStatus.RELEASED, quantity=1)),
        ),
        shipping=Shipping(amount=Money.of("4.90", "EUR")),
        total=Money.of("44.80", "EUR"),
        shipments=(a_parcel("parcel-1"),),
    )
    return order.replace(**changes)


def a_parcel(shipment_id: str) -> Shipment:
    """The two cups, on their way."""
    return Shipment(
        id=shipment_id,
        release="release-1",
        node="berlin",
        carrier="DHL",
        tracking_number="00340434161094042557",
        shipped_at=NOON,
        lines=(ReleaseLine(line_id="1", sku="CUP", quantity=2),),
    )


def somebody(**changes: object) -> Party:
    """A buyer with an e-mail address."""
    party = Party(
        name="A. Customer",
        address_lines=("1 Example Street",),
        city="Berlin",
        postcode="10115",
        country="DE",
        email="a.customer@example.com",
    )
    return party.replace(**changes)


def a_context(order: Order | None = None, parties: Parties | None = None) -> EffectContext:
    """What `render` may look at."""
    known = parties or Parties(buyer=somebody(), ship_to=somebody())
    return EffectContext(order or an_order(), known, nodes={}, items={}, now=NOON)


def an_effect(command: Command, outgoing: Outgoing, attempt: int = 1) -> Effect:
    """The wish to carry out `command`, claimed by this worker."""
    first_sent_at = NOON if attempt > 1 else None
    return Effect(uuid5(_SPACE, command.key), command.key, command, outgoing, attempt, first_sent_at)


def _line(line_id: str, sku: str, title: str, ordered: int, price: str, row: Row) -> Line:
    unit_price = Money.of(price, "EUR")
    return Line(id=line_id, sku=sku, title=title, ordered=ordered, unit_price=unit_price, rows=(row,))
