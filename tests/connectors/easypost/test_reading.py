"""What EasyPost's events say, and what they don't."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.documents import Document, TrackingDocument
from canonical.parcels import ParcelStatus
from connectors.easypost.reading import EVENT_TYPES, EasyPostReader
from core.errors import DocumentError
from core.ports import RawDocument
from tests.connectors.easypost.events import body, event
from tests.connectors.easypost.stage import MAPPINGS

READ = EasyPostReader("easypost", MAPPINGS)


def read(document: dict[str, Any]) -> tuple[Document, ...]:
    return READ(RawDocument("event", body(document)))


def scan(document: dict[str, Any]) -> TrackingDocument:
    (found,) = read(document)
    assert isinstance(found, TrackingDocument)
    return found


def test_an_event_is_the_scan_that_it_shows_last() -> None:
    assert scan(event()) == TrackingDocument(
        occurred_at=datetime(2026, 11, 20, 10, 15, tzinfo=UTC),
        broker="easypost",
        reference="shp_1",
        tracking_number="0034043416",
        carrier="DHLPaket",
        status=ParcelStatus.IN_TRANSIT,
        said="in_transit/arrived_at_facility",
    )


@pytest.mark.parametrize(
    ("status", "detail", "means"),
    [
        ("in_transit", "departed_facility", ParcelStatus.IN_TRANSIT),
        ("in_transit", "weather_delay", ParcelStatus.IN_TRANSIT),
        ("in_transit", "delivery_exception", ParcelStatus.ATTEMPT_FAILED),
        ("out_for_delivery", "delivery_exception", ParcelStatus.ATTEMPT_FAILED),
        ("out_for_delivery", "out_for_delivery", ParcelStatus.OUT_FOR_DELIVERY),
        ("available_for_pickup", "arrived_at_pickup_location", ParcelStatus.AVAILABLE_FOR_PICKUP),
        ("delivered", "arrived_at_destination", ParcelStatus.DELIVERED),
        ("delivered", "damaged", ParcelStatus.DELIVERED),
        ("return_to_sender", "return", ParcelStatus.RETURNED_TO_SENDER),
        ("failure", "failure", ParcelStatus.EXCEPTION),
        ("failure", "lost", ParcelStatus.LOST),
        ("in_transit", "lost", ParcelStatus.LOST),
        ("failure", "refused", ParcelStatus.EXCEPTION),
        ("in_transit", "held", ParcelStatus.EXCEPTION),
        ("cancelled", "cancelled", ParcelStatus.CANCELLED),
        ("in_transit", "a_detail_of_tomorrow", ParcelStatus.IN_TRANSIT),
        ("in_transit", None, ParcelStatus.IN_TRANSIT),
    ],
)
def test_status_and_detail_together_say_where_a_parcel_is(
    status: str, detail: str | None, means: ParcelStatus
) -> None:
    found = scan(event(status, detail))
    assert found.status is means
    assert found.said == f"{status}/{detail or '-'}"


@pytest.mark.parametrize("status", ["unknown", "pre_transit", "error"])
def test_a_tracker_that_knows_no_scan_says_nothing(status: str) -> None:
    assert read(event(status, "status_update")) == ()


@pytest.mark.parametrize(
    "description", ["batch.updated", "refund.successful", "scan_form.created", "insurance"]
)
def test_an_event_of_another_kind_says_nothing(description: str) -> None:
    assert read(event(description=description)) == ()
    assert description not in EVENT_TYPES


def test_a_tracker_without_scans_stands_there_since_it_was_changed() -> None:
    assert scan(event(tracking_details=[])).occurred_at == datetime(2026, 11, 20, 10, 20, tzinfo=UTC)


def test_a_parcel_whose_label_is_not_easyposts_is_known_by_its_number() -> None:
    assert scan(event(shipment_id=None)).reference is None


def test_an_unknown_status_is_refused_by_the_name_of_the_table() -> None:
    with pytest.raises(DocumentError, match="the code table statuses has no such code") as refused:
        read(event("teleported"))
    (problem,) = refused.value.problems
    assert problem.field == "result.status"
    assert "teleported" in str(problem.value)


@pytest.mark.parametrize("missing", ["tracking_code", "updated_at"])
def test_what_is_not_as_agreed_is_refused_by_name(missing: str) -> None:
    document = event(tracking_details=[])
    del document["result"][missing]
    with pytest.raises(DocumentError, match="requires one"):
        read(document)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"object": "Tracker"}', b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        READ(RawDocument("event", raw))


_values = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.none(), max_size=2)


@given(st.sampled_from(sorted(event()["result"])), _values)
def test_any_value_in_any_field_is_read_or_refused_and_never_breaks(name: str, value: Any) -> None:
    found: tuple[Document, ...] = ()
    with suppress(DocumentError):
        found = read(event(**{name: value}))
    assert all(isinstance(document, TrackingDocument) for document in found)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    found: tuple[Document, ...] = ()
    with suppress(DocumentError):
        found = READ(RawDocument("event", raw))
    assert found == ()


def test_no_name_and_no_place_is_kept_of_a_scan() -> None:
    found = scan(event(signed_by="S. Omebody"))
    told = json.dumps(found.model_dump(mode="json"))
    assert "Omebody" not in told
    assert "LEIPZIG" not in told
