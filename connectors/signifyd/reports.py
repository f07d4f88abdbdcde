"""What Signifyd is told of an order afterwards, in its own words. Nothing in it names people.

Transactions, fulfillments and returns of API v3; the codes are those of Signifyd's own integrations
(github.com/signifyd/commercetools, enums). Signifyd has no words for a refund without a return, nor for the verdict of
a person outside its console: what follows from that (parcels, a cancellation) is told.
"""

import json
from collections.abc import Mapping
from typing import Any

from canonical.commands import ReportToFraudGateway
from canonical.fraud import FraudReport
from canonical.order import Order
from connectors.signifyd.instructing import order_ref
from core.errors import RejectedError

EVENTS = "/v3/orders/events"
NOTHING_TO_SAY: tuple[str, bytes] = ("", b"")

_TRANSACTION: Mapping[FraudReport, str] = {
    FraudReport.AUTHORISED: "SUCCESS",
    FraudReport.CAPTURED: "SUCCESS",
    FraudReport.VOIDED: "CANCELLED",
}


def write_report(command: ReportToFraudGateway, order: Order, paid_by: str) -> tuple[str, bytes]:
    """Return path and body; `NOTHING_TO_SAY` for what Signifyd has no words for."""
    match command.report:
        case FraudReport.AUTHORISED | FraudReport.CAPTURED | FraudReport.VOIDED:
            return _written("transactions", order, transactions=[_transaction(command, paid_by)])
        case FraudReport.SHIPPED:
            status = "COMPLETE" if command.complete else "PARTIAL"
            return _written(
                "fulfillments", order, fulfillmentStatus=status, fulfillments=[_parcel(command, order)]
            )
        case FraudReport.CANCELLED:
            lines = {"shipmentId": command.subject, "products": _products(command, order)}
            return _written("fulfillments", order, fulfillmentStatus="CANCELED", fulfillments=[lines])
        case FraudReport.RETURNED:
            items = [{**product, "reason": "OTHER"} for product in _products(command, order)]
            return _written("returns/records", order, returnId=command.subject, returnedItems=items)
        case FraudReport.REFUNDED | FraudReport.VERDICT:
            return NOTHING_TO_SAY


def _written(event: str, order: Order, **said: Any) -> tuple[str, bytes]:
    body = {"orderId": order_ref(order), **said}
    return f"{EVENTS}/{event}", json.dumps(body, sort_keys=True).encode()


def _transaction(command: ReportToFraudGateway, paid_by: str) -> dict[str, Any]:
    if command.amount is None:
        message = f"the report {command.key} says nothing of an amount"
        raise RejectedError(message, code="no_amount")
    return {
        "transactionId": command.reference or command.subject,
        "gatewayStatusCode": _TRANSACTION[command.report],
        "paymentMethod": paid_by,
        "amount": float(command.amount.amount),
        "currency": command.amount.currency,
    }


def _parcel(command: ReportToFraudGateway, order: Order) -> dict[str, Any]:
    parcel = order.shipment(command.subject)
    if parcel is None:
        raise RejectedError(f"the order has no parcel {command.subject}", code="no_parcel")
    said = {
        "shipmentId": parcel.id,
        "shippedAt": parcel.shipped_at.isoformat(),
        "shipmentStatus": "IN_TRANSIT",
        "products": _products(command, order),
        "carrier": parcel.carrier,
        "trackingNumbers": [parcel.tracking_number] if parcel.tracking_number else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _products(command: ReportToFraudGateway, order: Order) -> list[dict[str, Any]]:
    titles = {line.id: line.title for line in order.lines}
    return [
        {
            "itemId": line.sku,
            "itemName": titles.get(line.line_id) or line.sku,
            "itemQuantity": line.quantity,
        }
        for line in command.lines
    ]
