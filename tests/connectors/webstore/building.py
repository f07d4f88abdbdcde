"""An order as a shop posts it, and a hub that the doors can be tried on."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from canonical.order import Order
from connectors.webstore.settings import WebstoreSettings
from core.ports import RawDocument, Receipt

SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OLDER = "whsec_" + "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
STRANGERS = "whsec_" + "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
_SPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def settings(**changes: Any) -> WebstoreSettings:
    """Settings of a shop that is told nothing."""
    return WebstoreSettings.model_validate({"api_secrets": [SECRET], **changes})


def wire_order(reference: str = "W-1001", **changes: Any) -> dict[str, Any]:
    """Two cups and a pot for 44.80 EUR, paid by an authorisation at the gateway."""
    address = {
        "name": "A. Customer",
        "address_lines": ["1 Example Street"],
        "city": "Berlin",
        "postcode": "10115",
        "country": "DE",
    }
    order: dict[str, Any] = {
        "reference": reference,
        "placed_at": "2026-11-20T11:58:00Z",
        "currency": "EUR",
        "prices_include_tax": True,
        "language": "de",
        "customer": {"name": "A. Customer", "email": "a.customer@example.com"},
        "ship_to": address,
        "lines": [
            {
                "id": "1",
                "sku": "CUP",
                "title": "A cup",
                "quantity": 2,
                "unit_price": "9.95",
                "taxes": [{"code": "VAT", "rate": "0.19", "amount": "3.18"}],
            },
            {"id": "2", "sku": "POT", "title": "A pot", "quantity": 1, "unit_price": "20.00"},
        ],
        "shipping": {"method": "standard", "amount": "4.90"},
        "total": "44.80",
        "payments": [
            {"gateway": "stripe", "type": "payment_intent", "reference": "pi_1001", "amount": "44.80"}
        ],
    }
    return {**order, **changes}


class OneDesk:
    """A hub with one store of messages, in memory: `core.ports.Desk` as its docstring says."""

    def __init__(self, stock: Mapping[str, int] | None = None) -> None:
        self.stock = dict(stock if stock is not None else {"CUP": 10, "POT": 1, "LID": 0})
        self.received: dict[str, RawDocument] = {}
        self.orders: dict[str, Order] = {}
        self.failed: dict[UUID, str] = {}

    async def receive(self, raw: RawDocument) -> Receipt:
        """Keep a document, once per external id."""
        key = raw.external_id or hashlib.sha256(raw.body).hexdigest()
        known = self.received.setdefault(key, raw)
        return Receipt(uuid5(_SPACE, key), duplicate=known is not raw, same_body=known.body == raw.body)

    async def find_order(self, channel_ref: str) -> Order | None:
        """Return what a test has put there."""
        return self.orders.get(channel_ref)

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        """Return the status of what was received."""
        if message_id not in {uuid5(_SPACE, key) for key in self.received}:
            return None
        reason = self.failed.get(message_id)
        return ("failed" if reason else "received", reason)

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        """Return the stock that the test gave it."""
        return {reference: self.stock.get(reference) for reference in references}
