import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from core.bus.envelope import MAX_BYTES, MAX_ITEMS, EnvelopeError, Item, cloud_event, pack, unpack
from tests.contracts.bus import item, items

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ITEMS = st.builds(
    Item,
    id=st.uuids(),
    type=TEXTS,
    subject=st.none() | TEXTS,
    attempt=st.integers(1, 1000),
    time=st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-5, minutes=-30)))),
    correlation_id=st.uuids(),
    causation_id=st.none() | st.uuids(),
    data=TEXTS | st.integers(20_000, 50_000).map(lambda n: "x" * n),
    traceparent=st.none() | TEXTS,
)


def wire(**changes: Any) -> bytes:
    """An envelope of one item, with some of its members otherwise; None takes one away."""
    (_, body), *_ = pack("in.shop", [item()])
    envelope = json.loads(body)
    envelope["items"][0] |= changes
    envelope["items"][0] = {k: v for k, v in envelope["items"][0].items() if v is not None}
    return json.dumps(envelope).encode()


@given(st.lists(ITEMS, max_size=150))
def test_what_was_packed_is_unpacked_within_the_limits(given_items: list[Item]) -> None:
    unpacked: list[Item] = []
    for envelope, body in pack("in.shop", given_items):
        assert unpack("in.shop", body) == envelope
        assert 1 <= len(envelope.items) <= MAX_ITEMS
        assert len(body) <= MAX_BYTES or len(envelope.items) == 1
        unpacked.extend(envelope.items)
    assert unpacked == given_items


def test_as_much_goes_into_an_envelope_as_may() -> None:
    assert [len(envelope.items) for envelope, _ in pack("in.shop", items(MAX_ITEMS + 1))] == [MAX_ITEMS, 1]
    tens = [item(data="x" * 10_000) for _ in range(4)]
    assert [len(envelope.items) for envelope, _ in pack("in.shop", tens)] == [3, 1]


def test_the_wire_has_the_names_of_cloud_events() -> None:
    sent = replace(item(), causation_id=uuid7(), traceparent="00-1-1-01")
    (_, body), *_ = pack("in.shop", [sent])
    (written,) = json.loads(body)["items"]
    assert written == {
        "specversion": "1.0",
        "id": str(sent.id),
        "type": "OrderPlaced",
        "source": "orderhub",
        "subject": sent.subject,
        "time": "2026-03-01T12:00:00+00:00",
        "correlationid": str(sent.correlation_id),
        "causationid": str(sent.causation_id),
        "traceparent": "00-1-1-01",
        "attempt": 1,
        "data": '{"n": 0}',
    }
    assert b" " not in body.replace(b'{\\"n\\": 0}', b"")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "envelope"),
        (b"\xff", "envelope"),
        (b"[]", "envelope"),
        (b'{"items":[]}', "v"),
        (b'{"v":2,"items":[]}', "v"),
        (b'{"v":1}', "items"),
        (b'{"v":1,"items":[]}', "items"),
        (b'{"v":1,"items":{}}', "items"),
        (b'{"v":1,"items":[1]}', "items[0]"),
        (wire(id="1234"), "items[0].id"),
        (wire(id=None), "items[0].id"),
        (wire(type=7), "items[0].type"),
        (wire(subject=7), "items[0].subject"),
        (wire(attempt=0), "items[0].attempt"),
        (wire(attempt=True), "items[0].attempt"),
        (wire(attempt="1"), "items[0].attempt"),
        (wire(time="noon"), "items[0].time"),
        (wire(time="2026-03-01T12:00:00"), "items[0].time"),
        (wire(correlationid=None), "items[0].correlationid"),
        (wire(causationid="x"), "items[0].causationid"),
        (wire(data={"n": 1}), "items[0].data"),
        (wire(traceparent=[]), "items[0].traceparent"),
    ],
)
def test_what_is_not_as_agreed_is_named(body: bytes, field: str) -> None:
    with pytest.raises(EnvelopeError) as raised:
        unpack("in.shop", body)
    assert (raised.value.field or "envelope") == field
    assert str(raised.value).startswith(field)


@given(st.binary())
def test_any_bytes_are_an_envelope_or_an_error(body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        unpack("in.shop", body)


def test_a_newer_envelope_says_to_update() -> None:
    with pytest.raises(EnvelopeError, match="update it"):
        unpack("in.shop", b'{"v":2,"items":[{}]}')


@pytest.mark.parametrize(
    ("bad", "field"),
    [(replace(item(), time=datetime(2026, 3, 1)), "time"), (item(data="\ud800"), "data")],  # noqa: DTZ001
)
def test_an_item_that_can_not_be_written_is_named(bad: Item, field: str) -> None:
    with pytest.raises(EnvelopeError, match=str(bad.id)) as raised:
        pack("in.shop", [item(), bad])
    assert raised.value.field == field


def test_an_event_for_others_holds_json_and_not_text_of_it() -> None:
    event = orjson.loads(cloud_event(item(data='{"amount": 1.10}')))
    assert event["data"] == {"amount": 1.1}
    assert b'"data":{"amount": 1.10}' in cloud_event(item(data='{"amount": 1.10}'))


def test_an_event_whose_data_is_not_json_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="can't be written as JSON"):
        cloud_event(item(data="{"))


class DriverId(UUID):
    """What a database's driver gives in a UUID's place."""


def test_an_id_made_by_a_database_driver_is_written_like_any_other() -> None:
    sent = item()
    twin = replace(sent, id=DriverId(str(sent.id)), correlation_id=DriverId(str(sent.correlation_id)))
    assert pack("in.shop", [twin])[0][1] == pack("in.shop", [sent])[0][1]
    assert cloud_event(twin) == cloud_event(sent)
