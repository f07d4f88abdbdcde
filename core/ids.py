"""Ids that sort by time (RFC 9562 UUID version 7), and ids that derive from what they name."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["floor_id", "named_id", "time_of", "uuid7"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _build(at: datetime, rest: int) -> UUID:
    milliseconds = int((at - _EPOCH).total_seconds() * 1000) & (2**48 - 1)
    random_a = (rest >> 62) & 0xFFF
    random_b = rest & (2**62 - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | random_a << 64 | 0b10 << 62 | random_b)


def named_id(name: str, at: datetime) -> UUID:
    """Return the id of what `name` says, at `at`: the same for the same arguments, wherever it is asked."""
    return _build(at, int.from_bytes(hashlib.sha256(name.encode()).digest()[:10]))


def floor_id(at: datetime) -> UUID:
    """Return the lowest id of that millisecond: a partition's bound."""
    return _build(at, 0)


def time_of(identifier: UUID) -> datetime:
    """Return the millisecond in which a version 7 id was made."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
