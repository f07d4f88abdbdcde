"""The hub's marks in Stripe's metadata: whose a PaymentIntent is, and which of our wishes it fulfils.

A shop may keep metadata of its own there, so every name begins with `orderhub_`. A capture leaves a mark of its own
in the same call that captures, so a PaymentIntent always tells which captures were ours and how much each took:
`orderhub_capture_5f2c…: "orderhub capture 5f2c… 12.50 EUR capture:<order>:<shipment>"`. It is written for
people to read at Stripe's desk, and for `mappings/stripe/captured.yaml`.
"""

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote, unquote

from canonical.money import Money

ORDER = "orderhub_order_id"
AUTHORISE = "orderhub_authorise_key"
REFUND = "orderhub_refund_key"

_CAPTURE = "orderhub_capture_"
_VISIBLE = "!$&'()*+,/:;=?@[]~"  # all but % and #, which have a meaning of their own in the key
_LONGEST_KEY = 240
"""Stripe allows 255 characters; some are kept for what marks another key."""
_AGAIN = re.compile(r"#[0-9]+\Z")
_CAPTURED = re.compile(r"orderhub capture [0-9a-f]{20} ([0-9.]{1,20}) ")


def capture_mark(key: str) -> str:
    """Return the metadata name of a capture; Stripe allows 40 characters, and effect keys are longer."""
    return _CAPTURE + _short(key)


def capture_note(key: str, amount: Money) -> str:
    """Return what is noted of a capture: its short name, its amount, and the wish that it fulfils."""
    return f"orderhub capture {_short(key)} {amount.amount:f} {amount.currency} {key}"


def captured_by_us(metadata: Mapping[str, str]) -> Decimal:
    """Return how much the marks of a PaymentIntent say that we captured."""
    notes = (_CAPTURED.match(text) for name, text in metadata.items() if name.startswith(_CAPTURE))
    return sum((Decimal(note[1]) for note in notes if note), Decimal(0))


def idempotency_key(key: str, again: int | None = None) -> str:
    """Return an effect's key as a header can carry it; two keys never become one.

    `again` makes another key for a wish whose first one is spent on a stored failure.
    """
    quoted = quote(key, safe=_VISIBLE)
    if len(quoted) > _LONGEST_KEY:
        quoted = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return quoted if again is None else f"{quoted}#{again}"


def effect_key(sent: str) -> str:
    """Return the effect key that an idempotency key was made of."""
    return unquote(_AGAIN.sub("", sent))


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:20]
