"""What becomes of parcels once a carrier has them, scan after scan (docs.easypost.com/docs/trackers)."""

from collections.abc import Mapping
from dataclasses import dataclass

Scan = tuple[str, str]
"""Status and status detail."""

_TAKEN: Scan = ("in_transit", "received_at_origin_facility")
_MOVED: Scan = ("in_transit", "arrived_at_facility")
_OUT: Scan = ("out_for_delivery", "out_for_delivery")
_THERE: Scan = ("delivered", "arrived_at_destination")


@dataclass(frozen=True, slots=True)
class Journey:
    """The scans of a parcel, in their order."""

    scans: tuple[Scan, ...]


JOURNEYS: Mapping[str, Journey] = {
    "delivered": Journey((_TAKEN, _MOVED, _OUT, _THERE)),
    "second_attempt": Journey(
        (_TAKEN, _OUT, ("in_transit", "delivery_exception"), _OUT, _THERE),
    ),
    "lost": Journey((_TAKEN, _MOVED, ("failure", "lost"))),
    "returned": Journey((_TAKEN, _OUT, ("return_to_sender", "return"))),
    "to_be_fetched": Journey((_TAKEN, ("available_for_pickup", "arrived_at_pickup_location"))),
    "silent": Journey((_TAKEN, _MOVED)),
    "never_scanned": Journey(()),
}
"""By name: what a test or a demo may wish for."""

TEST_CODES: Mapping[str, Scan] = {
    "EZ1000000001": ("pre_transit", "status_update"),
    "EZ2000000002": ("in_transit", "arrived_at_facility"),
    "EZ3000000003": ("out_for_delivery", "out_for_delivery"),
    "EZ4000000004": ("delivered", "arrived_at_destination"),
    "EZ5000000005": ("return_to_sender", "return"),
    "EZ6000000006": ("failure", "status_update"),
    "EZ7000000007": ("unknown", "unknown"),
}
"""Tracking codes of the test mode, and where their parcels stand (docs.easypost.com/docs/trackers)."""
