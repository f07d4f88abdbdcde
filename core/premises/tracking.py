"""The numbers that parcels are given: always the same for the same parcel."""

import hashlib

_DIGITS = 20


def parcel_id(release_id: str, number: int) -> str:
    """Return the warehouse's own id of a release's n-th parcel."""
    return f"{release_id}-p{number}"


def tracking_number(shipment_id: str) -> str:
    """Return a carrier's number of twenty digits."""
    digest = int.from_bytes(hashlib.sha256(shipment_id.encode()).digest())
    return f"{digest % 10**_DIGITS:0{_DIGITS}d}"


def sscc(seed: str) -> str:
    """Return a serial shipping container code with its check digit and application identifier (00), always the same.

    GS1 General Specifications, 7.9; as it stands in X12's MAN GM.
    """
    serial = int.from_bytes(hashlib.sha256(seed.encode()).digest()) % 10**9
    digits = f"00345678{serial:09d}"
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(digits))
    return f"00{digits}{-total % 10}"
