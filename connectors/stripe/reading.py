"""From a Stripe event to payment facts. Pure.

An answer of the API is read as the event that Stripe will send about it, so both are the same fact by
construction. A PaymentIntent without the hub's mark is not the hub's: events about it are no documents.
Stripe sends several events about one thing; one of them is read, and the others are not:

| fact | event | operation |
| --- | --- | --- |
| authorised | `charge.succeeded`, not captured | the PaymentIntent |
| declined | `payment_intent.payment_failed` | the failed charge |
| captured | `payment_intent.succeeded` | the charge, and which capture of it |
| voided | `payment_intent.canceled` | the PaymentIntent |
| refunded, refund failed | `refund.created`, `refund.updated`, `refund.failed` | the refund |
| dispute opened, won, lost | `charge.dispute.created`, `charge.dispute.closed` | the dispute |
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import ValidationError

from canonical.documents import Document, PaymentDocument, PaymentFact
from connectors.stripe import labels
from connectors.stripe.amounts import from_minor
from core.errors import DocumentError, Problem

Obj = dict[str, Any]
Facts = Iterator[dict[str, Any]]

_RELEASES = frozenset({"expired_uncaptured_charge", "partial_capture"})
_DISPUTES = {
    "won": PaymentFact.DISPUTE_WON,
    "warning_closed": PaymentFact.DISPUTE_WON,
    "lost": PaymentFact.DISPUTE_LOST,
}


def read_event(gateway: str, body: bytes) -> tuple[Document, ...]:
    """Return the facts that an event tells of, none for one that says nothing about payments of ours.

    Raises `DocumentError` with the path of what is not as agreed.
    """
    try:
        event: object = json.loads(body)
    except ValueError as error:
        line, column = (
            (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (None, None)
        )
        raise DocumentError((Problem(f"this is not JSON: {error}", line=line, column=column),)) from error
    if not isinstance(event, dict) or cast("Obj", event).get("object") != "event":
        raise DocumentError((Problem("this is not a Stripe event", field="object"),))
    return facts_of(gateway, cast("Obj", event))


def facts_of(gateway: str, event: Obj) -> tuple[Document, ...]:
    """Return the facts of an event that was parsed."""
    reader = _READERS.get(event.get("type", ""))
    if reader is None:
        return ()
    try:
        about = event["data"]["object"]
        at = datetime.fromtimestamp(event["created"], UTC)
        facts = [
            {**_money(fact, about), "gateway": gateway, "occurred_at": at} for fact in reader(event, about)
        ]
        return tuple(PaymentDocument.model_validate(fact) for fact in facts)
    except ValidationError as error:
        problems = (_problem(event, one["loc"], one["msg"], one["input"]) for one in error.errors())
        raise DocumentError(tuple(problems)) from error
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError, OSError) as error:
        reason = f"a {event.get('type')} event is not like this: {type(error).__name__} {error}"
        raise DocumentError((Problem(reason, field="data.object", source=str(event.get("id"))),)) from error


def _authorised(_: Obj, charge: Obj) -> Facts:
    marks = charge["metadata"]
    if labels.ORDER not in marks or charge["captured"]:
        return
    card = _part(charge["payment_method_details"], "card")
    before = card.get("capture_before")
    yield {
        "fact": PaymentFact.AUTHORISED,
        "reference": charge["payment_intent"],
        "operation": charge["payment_intent"],
        "effect_key": marks.get(labels.AUTHORISE),
        "order_id": marks[labels.ORDER],
        "amount": charge["amount"],
        "capture_before": datetime.fromtimestamp(before, UTC) if before else None,
        "multicapture": _part(card, "multicapture").get("status") == "available",
    }


def _declined(_: Obj, intent: Obj) -> Facts:
    marks = intent["metadata"]
    if labels.ORDER not in marks:
        return
    error = _part(intent, "last_payment_error")
    words = (error.get("message"), error.get("decline_code") or error.get("code"))
    yield {
        "fact": PaymentFact.DECLINED,
        "reference": intent["id"],
        "operation": _id_of(intent["latest_charge"]) or intent["id"],
        "effect_key": marks.get(labels.AUTHORISE),
        "order_id": marks[labels.ORDER],
        "amount": intent["amount"],
        "reason": " ".join(f"({word})" if at else word for at, word in enumerate(words) if word),
    }


def _captured(_: Obj, intent: Obj) -> Facts:
    """Tell every capture of the PaymentIntent: ours by their marks, and what somebody took past us."""
    marks = intent["metadata"]
    if labels.ORDER not in marks:
        return
    charge = _id_of(intent["latest_charge"])
    common = {"fact": PaymentFact.CAPTURED, "reference": intent["id"], "order_id": marks[labels.ORDER]}
    ours = {name: text for name, text in marks.items() if name.startswith(labels.CAPTURE)}
    known = 0
    for name, text in sorted(ours.items()):
        amount, _, key = text.partition(" ")
        known += int(amount)
        operation = f"{charge}:{name.removeprefix(labels.CAPTURE)}"
        yield {**common, "operation": operation, "effect_key": key, "amount": int(amount)}
    received = intent["amount_received"]
    if received > known:
        yield {**common, "operation": f"{charge}:{received}", "amount": received - known}


def _voided(event: Obj, intent: Obj) -> Facts:
    marks = intent["metadata"]
    if labels.ORDER not in marks:
        return
    key: str | None = _part(event, "request").get("idempotency_key")
    yield {
        "fact": PaymentFact.VOIDED,
        "reference": intent["id"],
        "operation": intent["id"],
        "effect_key": labels.effect_key(key) if key else None,
        "order_id": marks[labels.ORDER],
        "amount": intent["amount"] - intent["amount_received"],
        "reason": intent["cancellation_reason"] or "",
    }


def _refunded(_: Obj, refund: Obj) -> Facts:
    """Tell a refund once it is decided.

    Stripe also books money that was held and let go as a refund: one that moved nothing, so without a balance
    transaction. That is told by the PaymentIntent.
    """
    marks = _part(refund, "metadata")
    fact = {
        "succeeded": PaymentFact.REFUNDED,
        "failed": PaymentFact.REFUND_FAILED,
        "canceled": PaymentFact.REFUND_FAILED,
    }.get(refund["status"])
    let_go = refund["reason"] in _RELEASES or (
        labels.REFUND not in marks and not refund["balance_transaction"]
    )
    if fact is None or let_go or not refund["payment_intent"]:
        return
    yield {
        "fact": fact,
        "reference": _id_of(refund["payment_intent"]),
        "operation": refund["id"],
        "effect_key": marks.get(labels.REFUND),
        "order_id": marks.get(labels.ORDER),
        "amount": refund["amount"],
        "reason": refund.get("failure_reason") or "",
    }


def _disputed(event: Obj, dispute: Obj) -> Facts:
    opened = event["type"] == "charge.dispute.created"
    fact = PaymentFact.DISPUTE_OPENED if opened else _DISPUTES.get(dispute["status"])
    if fact is None or not dispute["payment_intent"]:
        return
    yield {
        "fact": fact,
        "reference": _id_of(dispute["payment_intent"]),
        "operation": dispute["id"],
        "amount": dispute["amount"],
        "reason": dispute["reason"] or "",
    }


_READERS: Mapping[str, Callable[[Obj, Obj], Facts]] = {
    "charge.succeeded": _authorised,
    "payment_intent.payment_failed": _declined,
    "payment_intent.succeeded": _captured,
    "payment_intent.canceled": _voided,
    "refund.created": _refunded,
    "refund.updated": _refunded,
    "refund.failed": _refunded,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _disputed,
}

EVENT_TYPES = tuple(_READERS)
"""What a webhook endpoint at Stripe must be subscribed to."""


def _money(fact: dict[str, Any], about: Obj) -> dict[str, Any]:
    currency = about["currency"].upper()
    return {**fact, "amount": from_minor(fact["amount"], currency), "currency": currency}


def _part(whole: Obj, name: str) -> Obj:
    """Return a nested object, an empty one where there is none."""
    return whole.get(name) or {}


def _id_of(value: str | Obj | None) -> str | None:
    """Return the id, also where the object stands in its place."""
    return value["id"] if isinstance(value, dict) else value


def _problem(event: Obj, where: tuple[int | str, ...], reason: str, value: object) -> Problem:
    field = ".".join(str(part) for part in where)
    return Problem(
        reason, field=field, value=str(value)[:100], source=f"{event.get('type')} {event.get('id')}"
    )
