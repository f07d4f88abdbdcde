"""Events in EasyPost's shape (docs.easypost.com/docs/trackers), with nobody real in them."""

import json
from typing import Any


def event(
    status: str = "in_transit",
    detail: str | None = "arrived_at_facility",
    *,
    description: str = "tracker.updated",
    **tracker: Any,
) -> dict[str, Any]:
    """Return an event about a tracker that stands at `status`."""
    scan = {
        "object": "TrackingDetail", "message": "Arrived at a facility", "description": None, "status": status,
        "status_detail": detail, "datetime": "2026-11-20T10:15:00Z", "source": "DHLPaket", "carrier_code": None,
        "tracking_location": {
            "object": "TrackingLocation", "city": "LEIPZIG", "state": None, "country": "DE", "zip": "04103",
        },
    }  # fmt: skip
    result = {
        "id": "trk_1", "object": "Tracker", "mode": "test", "tracking_code": "0034043416", "status": status,
        "status_detail": detail, "created_at": "2026-11-19T08:00:00Z", "updated_at": "2026-11-20T10:20:00Z",
        "signed_by": None, "weight": None, "est_delivery_date": None, "shipment_id": "shp_1",
        "carrier": "DHLPaket", "tracking_details": [{**scan, "datetime": "2026-11-19T18:00:00Z"}, scan],
        "carrier_detail": None, "finalized": False, "is_return": False, "public_url": "https://track.example.com/1",
    }  # fmt: skip
    return {
        "id": "evt_1", "object": "Event", "description": description, "mode": "test",
        "previous_attributes": {"status": "pre_transit"}, "created_at": "2026-11-20T10:20:01Z", "pending_urls": [],
        "completed_urls": [], "updated_at": "2026-11-20T10:20:01Z", "user_id": "user_1", "status": "pending",
        "result": {**result, **tracker},
    }  # fmt: skip


def body(document: dict[str, Any]) -> bytes:
    """Return an event as it travels."""
    return json.dumps(document).encode()
