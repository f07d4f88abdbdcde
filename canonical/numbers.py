"""The numbers under which partners know what the hub asks of them. Pure."""

import hashlib
from base64 import b32encode
from uuid import UUID


def purchase_number(order_id: UUID, n: int) -> str:
    """Return the number of an order's n-th purchase order: capitals, digits and a hyphen, at most 22 of them.

    X12 has room for 22 characters (BEG03), so the order's id is shortened to the 80 bits of its BLAKE2b digest.
    """
    return f"{_short(order_id)}-{n}"


def release_number(order_id: UUID, n: int) -> str:
    """Return the number of an order's n-th release to a node, made as a purchase order's (X12 W0502)."""
    return f"{_short(order_id)}-R{n}"


def _short(order_id: UUID) -> str:
    return b32encode(hashlib.blake2b(order_id.bytes, digest_size=10).digest()).decode()
