"""What a template may look at: a few values made for it, and nothing of the order's inner life."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from canonical.commands import SendMail
from canonical.money import Money
from canonical.order import Line, Order, Shipment
from canonical.statuses import RowStatus
from core.errors import RejectedError

COMMON = frozenset({"shop", "customer", "order", "language"})
VARIABLES: Mapping[str, frozenset[str]] = {
    "order_confirmed": COMMON | {"amount"},
    "payment_declined": COMMON | {"amount", "reason"},
    "back_ordered": COMMON | {"back_ordered"},
    "shipment_dispatched": COMMON | {"shipment"},
    "out_for_delivery": COMMON | {"shipment"},
    "available_for_pickup": COMMON | {"shipment"},
    "delivered": COMMON | {"shipment"},
    "delivery_problem": COMMON | {"shipment", "reason"},
    "order_cancelled": COMMON | {"cancelled", "reason"},
    "cancel_rejected": COMMON | {"reason"},
}
"""Every template, and the variables that it may use."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Who writes."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Customer:
    """To whom."""

    name: str


@dataclass(frozen=True, slots=True)
class Units:
    """Some units of an item. `amount` is what the whole line costs."""

    title: str
    sku: str
    quantity: int
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderView:
    """The order, as the buyer knows it."""

    reference: str
    placed_at: datetime
    lines: tuple[Units, ...]
    shipping: Money
    tax: Money | None
    """What comes on top of the prices; None where they include it."""
    total: Money


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel on its way; carrier and number where the warehouse told them."""

    carrier: str
    tracking_number: str
    lines: tuple[Units, ...]


def view(command: SendMail, order: Order, shop: Shop, customer: Customer, language: str) -> dict[str, Any]:
    """Return the variables of the command's template, and no others."""
    if command.template not in VARIABLES:
        known = ", ".join(VARIABLES)
        raise RejectedError(
            f"there is no template {command.template!r}; there is {known}", code="unknown_template"
        )
    confirmed = command.template == "order_confirmed"
    everything: dict[str, Any] = {
        "shop": shop,
        "customer": customer,
        "order": _order(order),
        "language": language,
        "amount": order.total if command.amount is None and confirmed else command.amount,
        "reason": command.reason,
        "back_ordered": _units(order, order.back_ordered()),
        "cancelled": _units(order, {line.id: line.quantity(RowStatus.CANCELLED) for line in order.lines}),
    }
    if "shipment" in VARIABLES[command.template]:
        everything["shipment"] = _parcel(command, order)
    return {name: everything[name] for name in VARIABLES[command.template]}


def samples(template: str) -> tuple[dict[str, Any], ...]:
    """Return a full and a bare set of a template's variables, to try the template with."""
    price = Money.of("9.95", "EUR")
    lines = (Units('A "cup" <b>', "CUP", 2, price * 2), Units("", "POT", 1, price))
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    order = OrderView("W-1001", at, lines, price, price, price * 5)
    full = {
        "shop": Shop("A Shop", "https://shop.example.com"), "customer": Customer("A. Customer"), "order": order,
        "language": "en", "amount": price, "reason": "a reason", "back_ordered": lines, "cancelled": lines,
        "shipment": Parcel("DHL", "00340434161094042557", lines),
    }  # fmt: skip
    untaxed = OrderView("W-1001", at, lines, price, None, price * 4)
    owed = price if template == "order_confirmed" else None
    bare = {
        **full, "shop": Shop("A Shop", ""), "order": untaxed, "amount": owed, "reason": "", "back_ordered": (),
        "cancelled": (), "shipment": Parcel("", "", lines[:1]),
    }  # fmt: skip
    return tuple({name: some[name] for name in VARIABLES[template]} for some in (full, bare))


def _order(order: Order) -> OrderView:
    lines = tuple(Units(_title(line), line.sku, line.ordered, line.goods()) for line in order.lines)
    tax = None if order.prices_include_tax else order.tax()
    shipping = order.shipping.amount
    return OrderView(order.channel_ref, order.placed_at, lines, shipping, tax, order.total)


def _units(order: Order, units: Mapping[str, int]) -> tuple[Units, ...]:
    """Return some units by line, in line order."""
    return tuple(
        Units(_title(line), line.sku, units[line.id], line.goods())
        for line in order.lines
        if units.get(line.id)
    )


def _parcel(command: SendMail, order: Order) -> Parcel:
    shipment = order.shipment(command.shipment_id or "")
    if shipment is None:
        message = f"the order has no shipment {command.shipment_id!r} to write about"
        raise RejectedError(message, code="unknown_shipment")
    return Parcel(shipment.carrier or "", shipment.tracking_number or "", _parcel_lines(order, shipment))


def _parcel_lines(order: Order, shipment: Shipment) -> tuple[Units, ...]:
    lines = {line.id: line for line in order.lines}
    return tuple(
        Units(_title(lines[x.line_id]), x.sku, x.quantity, lines[x.line_id].goods()) for x in shipment.lines
    )


def _title(line: Line) -> str:
    return line.title or line.sku
