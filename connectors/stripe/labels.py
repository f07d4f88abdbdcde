"""The hub's marks in Stripe's metadata: whose a PaymentIntent is, and which of our wishes it fulfils.

A shop may keep metadata of its own there, so every name begins with `orderhub_`. A capture leaves a mark of
its own in the same call that captures, so that a PaymentIntent always tells which captures were ours and how
much each took: `orderhub_capture_5f2c…: "1250 capture:<order>:<shipment>"`.
"""

import hashlib
import re

ORDER = "orderhub_order_id"
AUTHORISE = "orderhub_authorise_key"
REFUND = "orderhub_refund_key"
CAPTURE = "orderhub_capture_"

_AGAIN = re.compile(r"~\d+\Z")


def capture_mark(key: str) -> str:
    """Return the metadata name of a capture; Stripe allows 40 characters, and effect keys are longer."""
    return CAPTURE + hashlib.sha256(key.encode()).hexdigest()[:20]


def again(key: str, attempt: int) -> str:
    """Return the idempotency key for a wish whose first key is spent on a stored failure."""
    return f"{key}~{attempt}"


def effect_key(idempotency_key: str) -> str:
    """Return the effect key that an idempotency key was made of."""
    return _AGAIN.sub("", idempotency_key)
