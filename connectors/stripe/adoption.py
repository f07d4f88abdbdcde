"""Whether the hub may take over a PaymentIntent that a shop made."""

from typing import Any

from canonical.commands import AuthorisePayment
from connectors.stripe import labels
from connectors.stripe.amounts import from_minor, to_minor

Obj = dict[str, Any]

_NOT_READY = {
    "requires_payment_method": "nobody has paid it",
    "requires_confirmation": "nobody has confirmed it",
    "requires_action": "the customer has not authenticated",
    "processing": "it is still being processed",
    "succeeded": "it was captured already",
    "canceled": "it was cancelled or has expired",
}


def refusal(intent: Obj, command: AuthorisePayment) -> str | None:
    """Say why `intent` can't be adopted by `command`, or None where it can."""
    intent_id, currency = intent["id"], intent["currency"].upper()
    owner = intent["metadata"].get(labels.ORDER)
    if owner not in {None, str(command.order_id)}:
        return f"{intent_id} pays for another order, {owner}"
    if intent["status"] != "requires_capture":
        reason = _NOT_READY.get(intent["status"], "that is not a state to capture from")
        return f"{intent_id} is {intent['status']}: {reason}"
    if currency != command.amount.currency or intent["amount"] != to_minor(command.amount):
        held = f"{from_minor(intent['amount'], currency)} {currency}"
        return f"{intent_id} is over {held}, and the order wants {command.amount}"
    return None
