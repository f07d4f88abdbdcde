"""From a Stripe event to payment facts: which mapping document reads it. Pure.

An answer of the API is read as the event that Stripe will send about it, so both are the same fact by construction.
A PaymentIntent without the hub's mark is not the hub's: events about it are no documents. Stripe sends several
events about one thing; one of them is read, and the others say nothing:

| fact | event | operation |
| --- | --- | --- |
| authorised | `charge.succeeded`, not captured | the PaymentIntent |
| declined | `payment_intent.payment_failed` | the failed charge |
| captured | `payment_intent.succeeded` | the PaymentIntent, and which capture of it |
| voided | `payment_intent.canceled` | the PaymentIntent |
| refunded, refund failed | `refund.created`, `refund.updated`, `refund.failed` | the refund |
| dispute opened, won, lost | `charge.dispute.created`, `charge.dispute.closed` | the dispute |
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from canonical.documents import Document
from connectors.stripe import labels
from connectors.stripe.amounts import from_minor
from core.connector import Mappings
from core.errors import DocumentError, Problem
from core.ports import RawDocument
from core.raw_json import parse_json

Obj = dict[str, Any]

_CAPTURED = "stripe/captured"
_MAPPINGS: Mapping[str, str] = {
    "charge.succeeded": "stripe/authorised",
    "payment_intent.payment_failed": "stripe/declined",
    "payment_intent.succeeded": _CAPTURED,
    "payment_intent.canceled": "stripe/voided",
    "refund.created": "stripe/refunded",
    "refund.updated": "stripe/refunded",
    "refund.failed": "stripe/refunded",
    "charge.dispute.created": "stripe/disputed",
    "charge.dispute.closed": "stripe/disputed",
}

EVENT_TYPES = tuple(_MAPPINGS)
"""What a webhook endpoint at Stripe must be subscribed to."""


class StripeReader:
    """Reads events for the gateway of that name."""

    def __init__(self, gateway: str, mappings: Mappings) -> None:
        self._context, self._mappings = {"gateway": gateway}, mappings

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return the facts that a stored event tells."""
        return self.facts(raw.body)

    def facts(self, body: bytes) -> tuple[Document, ...]:
        """Return the facts that an event tells, none for one that says nothing about payments of ours.

        Raises `DocumentError` with everything that is not as agreed.
        """
        event = _event(body)
        mapping = _MAPPINGS.get(str(event.get("type")))
        if mapping is None:
            return ()
        found = self._mappings.read(mapping, body, self._context)
        return (*found, *self._elsewhere(event, body)) if mapping == _CAPTURED else found

    def _elsewhere(self, event: Obj, body: bytes) -> tuple[Document, ...]:
        """Return what was captured past us, at Stripe's own desk."""
        intent: Obj = event["data"]["object"]
        said = {"minor": intent.get("amount_received"), "currency": intent.get("currency")}
        try:
            more = _amount(said) - labels.captured_by_us(intent["metadata"])
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            reason = f"a PaymentIntent has a currency, an amount_received and metadata: {error!r}"
            raise _refusal(reason, "data.object") from error
        if more <= 0:
            return ()
        return self._mappings.read(
            "stripe/captured_elsewhere", body, {**self._context, "elsewhere": f"{more:f}"}
        )


def stripe_amount(value: object) -> Decimal | None:
    """Return `{minor, currency}` as an exact amount in the currency's unit, `less` what is not part of it.

    A Python transform of the mapping documents: Stripe's smallest units are not those of ISO 4217.
    """
    said = cast("Obj", value) if isinstance(value, dict) else {}
    if said.get("minor") is None or said.get("currency") is None:
        return None
    return _amount(said)


def _amount(said: Obj) -> Decimal:
    minor, less, currency = said["minor"], said.get("less") or 0, said["currency"]
    whole = all(isinstance(number, int) and not isinstance(number, bool) for number in (minor, less))
    if not whole or not isinstance(currency, str):
        message = "Stripe's amounts are whole numbers of the currency's smallest unit"
        raise ValueError(message)
    return from_minor(minor - less, currency)


def stripe_effect_key(value: object) -> str | None:
    """Return the effect key that an idempotency key was made of. A Python transform, as above."""
    return labels.effect_key(value) if isinstance(value, str) else None


PYTHON_TRANSFORMS: Mapping[str, Callable[..., Any]] = {
    "stripe_amount": stripe_amount,
    "stripe_effect_key": stripe_effect_key,
}


def _event(body: bytes) -> Obj:
    event = parse_json(body)
    found = cast("Obj", event) if isinstance(event, dict) else {}
    if found.get("object") != "event":
        raise _refusal("this is not a Stripe event", "object")
    data: object = found.get("data")
    if not isinstance(data, dict) or not isinstance(cast("Obj", data).get("object"), dict):
        raise _refusal("an event holds the object that it is about", "data.object")
    return found


def _refusal(reason: str, field: str) -> DocumentError:
    return DocumentError((Problem(reason, field=field),))
