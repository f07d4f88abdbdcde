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
