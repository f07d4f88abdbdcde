"""An order as its shop may see it: states, parcels, and what it waits for in words fit for customers."""

from collections.abc import Mapping
from typing import Any

from canonical.order import Hold, Line, Order, Shipment
from canonical.statuses import HoldType, RowStatus

_WAITS_FOR: Mapping[HoldType, str] = {
    HoldType.AWAITING_PAYMENT: "The payment has not arrived yet.",
    HoldType.PAYMENT_FAILED: "The payment failed: the customer is asked to pay by other means.",
    HoldType.REAUTH_NEEDED: "The payment has to be authorised again.",
    HoldType.FRAUD_REVIEW: "The order is being checked.",
    HoldType.INCORRECT_ADDRESS: "The delivery address has to be corrected.",
    HoldType.STOCK_SHORT: "Some items are not in stock yet.",
    HoldType.PRICE_MISMATCH: "The order's sums are being checked.",
    HoldType.AMENDMENT_OPEN: "A change of the order is being worked on.",
    HoldType.CANCEL_PENDING: "A cancellation is being worked on.",
    HoldType.RELEASE_DATE: "Some items are not released yet.",
    HoldType.CUSTOMER_REQUEST: "The order waits as the customer asked.",
    HoldType.DELIVERY_PROBLEM: "The carrier has a problem with a parcel.",
}
_ANY_OTHER = "The order is being checked."
"""Other reasons are the merchant's own business."""

_SHOWN_AS: Mapping[str, tuple[RowStatus, ...]] = {
    "open": (
        RowStatus.CREATED,
        RowStatus.RESERVED,
        RowStatus.SCHEDULED,
        RowStatus.RELEASED,
        RowStatus.ACCEPTED,
    ),
    "back_ordered": (RowStatus.BACKORDERED,),
    "shipped": (RowStatus.SHIPPED, RowStatus.DELIVERED),
    "returned": (RowStatus.RECEIVED_GOOD, RowStatus.RECEIVED_DAMAGED),
    "cancelled": (RowStatus.CANCELLED,),
}
"""The counts that a shop needs of a line; together they are always what was ordered."""


def show(order: Order) -> dict[str, Any]:
    """Return the order for its shop; no personal data, and nothing of nodes and gateways."""
    shown: dict[str, Any] = {
        "order": order.channel_ref,
        "status": order.status().value,
        "payment": order.payment_status().value,
        "fulfilment": order.fulfilment_status().value,
        "placed_at": order.placed_at.isoformat(),
        "currency": order.currency,
        "total": str(order.total.amount),
        "lines": [_line(line) for line in order.lines],
        "shipments": [show_shipment(shipment) for shipment in order.shipments],
        "holds": [_hold(hold) for hold in order.holds],
        "version": order.version,
    }
    if order.cancellation is not None:
        shown["cancellation"] = {"id": order.cancellation.id, "status": order.cancellation.status.value}
    return shown


def words(hold: HoldType) -> str:
    """Say what an order waits for."""
    return _WAITS_FOR.get(hold, _ANY_OTHER)


def show_shipment(shipment: Shipment) -> dict[str, Any]:
    """Return a parcel: its lines by the shop's own line ids."""
    return {
        "id": shipment.id,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "shipped_at": shipment.shipped_at.isoformat(),
        "lines": [{"line": x.line_id, "sku": x.sku, "quantity": x.quantity} for x in shipment.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    counts = {name: line.quantity(*statuses) for name, statuses in _SHOWN_AS.items()}
    return {"id": line.id, "sku": line.sku, "ordered": line.ordered, **counts}


def _hold(hold: Hold) -> dict[str, str]:
    return {"text": words(hold.type), "since": hold.placed_at.isoformat()}
