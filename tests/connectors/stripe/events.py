"""Events in Stripe's shape (docs.stripe.com/api/events/object), written for these tests. They show what matters."""

import json
from typing import Any
from uuid import UUID

ORDER_ID = UUID("0b8f7f0e-5f0a-5c5e-9a3e-3a1f6a2b9c10")
AT = 1_795_348_800
"""2026-11-22 12:00 UTC."""
MARKS = {"order_id": "W-1001", "orderhub_order_id": str(ORDER_ID), "orderhub_authorise_key": "authorise:1"}

Obj = dict[str, Any]


def event(kind: str, about: Obj, *, key: str | None = None, **more: Any) -> bytes:
    """An event about an object; `key` is the idempotency key of the call that caused it."""
    whole = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": AT,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1" if key else None, "idempotency_key": key},
        "type": kind,
        **more,
    }
    return json.dumps(whole).encode()


def charge(**changes: Any) -> Obj:
    """44.80 EUR, held until five days later."""
    card = {"capture_before": AT + 5 * 86_400, "multicapture": {"status": "unavailable"}}
    held = {
        "id": "ch_1",
        "object": "charge",
        "amount": 4480,
        "amount_captured": 0,
        "amount_refunded": 0,
        "captured": False,
        "currency": "eur",
        "metadata": MARKS,
        "payment_intent": "pi_1",
        "payment_method_details": {"card": card, "type": "card"},
        "status": "succeeded",
    }
    return {**held, **changes}


def intent(**changes: Any) -> Obj:
    """44.80 EUR, received."""
    received = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 4480,
        "amount_capturable": 0,
        "amount_received": 4480,
        "cancellation_reason": None,
        "currency": "eur",
        "last_payment_error": None,
        "latest_charge": "ch_1",
        "metadata": MARKS,
        "status": "succeeded",
    }
    return {**received, **changes}


def refund(**changes: Any) -> Obj:
    """9.95 EUR, paid back as the hub wished."""
    paid = {
        "id": "re_1",
        "object": "refund",
        "amount": 995,
        "balance_transaction": "txn_1",
        "charge": "ch_1",
        "currency": "eur",
        "metadata": {"orderhub_order_id": str(ORDER_ID), "orderhub_refund_key": "refund:1"},
        "payment_intent": "pi_1",
        "reason": None,
        "status": "succeeded",
    }
    return {**paid, **changes}


def dispute(**changes: Any) -> Obj:
    """All of it, disputed."""
    opened = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 4480,
        "charge": "ch_1",
        "currency": "eur",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": "needs_response",
    }
    return {**opened, **changes}
