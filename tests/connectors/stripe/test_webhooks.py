import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.stripe.webhooks import StripeDoors, verify
from core.clock import ManualClock
from core.errors import DoorError
from core.ports import DoorRequest, DoorResponse
from tests.connectors.stripe.test_requests import settings
from tests.connectors.surroundings import KeptDesk

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD, NEW = "whsec_old_one", "whsec_new_one"
EVENT = {"id": "evt_1", "object": "event", "type": "some.event", "data": {"object": {}}}
BODY = json.dumps(EVENT, indent=2).encode()


def signature(body: bytes = BODY, secret: str = NEW, at: datetime = NOW) -> str:
    """What the official library signs with."""
    header: str = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(at.timestamp())
    )
    return header


async def knock(
    body: bytes = BODY, header: str | None = None, desk: KeptDesk | None = None, **more: Any
) -> DoorResponse:
    (door,) = StripeDoors(settings(webhook_secrets=[OLD, NEW], **more), ManualClock(NOW)).doors()
    headers: Mapping[str, str] = {} if header is None else {"stripe-signature": header}
    return await door.handler(DoorRequest("POST", "/webhook", headers, {}, {}, body), desk or KeptDesk())


async def test_an_event_is_kept_as_it_came_and_then_answered() -> None:
    desk = KeptDesk()
    answer = await knock(header=signature(), desk=desk)
    assert answer.status == 200
    (raw,) = desk.kept.values()
    assert (raw.kind, raw.external_id, raw.body) == ("event", "evt_1", BODY)


async def test_nothing_is_answered_before_it_is_kept() -> None:
    desk = KeptDesk()
    desk.refusing = DoorError(503, "busy", "The hub is busy")
    with pytest.raises(DoorError) as refused:
        await knock(header=signature(), desk=desk)
    assert refused.value.status == 503


async def test_a_repeated_event_is_one_event_though_its_bytes_differ() -> None:
    desk = KeptDesk()
    again = json.dumps({**EVENT, "pending_webhooks": 0}).encode()
    await knock(header=signature(), desk=desk)
    answer = await knock(again, signature(again), desk)
    assert answer.status == 200
    assert json.loads(answer.body) == {"received": True, "duplicate": True}
    assert len(desk.kept) == 1


async def test_without_a_secret_the_door_is_closed_and_keeps_nothing() -> None:
    desk = KeptDesk()
    (door,) = StripeDoors(settings(webhook_secrets=[]), ManualClock(NOW)).doors()
    headers = {"stripe-signature": signature(secret="")}
    with pytest.raises(DoorError) as refused:
        await door.handler(DoorRequest("POST", "/webhook", headers, {}, {}, BODY), desk)
    assert (refused.value.status, refused.value.code) == (503, "no_webhook_secret")
    assert desk.kept == {}


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_both_secrets_of_a_rotation_are_accepted(secret: str) -> None:
    assert (await knock(header=signature(secret=secret))).status == 200


async def test_one_right_signature_among_several_is_enough() -> None:
    right = signature()
    time, mark = right.split(",")
    assert (await knock(header=f"{time},v0={'0' * 64},v1={'f' * 64}, {mark}")).status == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "signature_missing"),
        ("", "signature_missing"),
        ("v1=" + "0" * 64, "signature_malformed"),
        ("t=now,v1=" + "0" * 64, "signature_malformed"),
        ("t=1,t=2,v1=" + "0" * 64, "signature_malformed"),
        ("t=-5,v1=" + "0" * 64, "signature_malformed"),
        ("t=١٢٣,v1=" + "0" * 64, "signature_malformed"),
        ("t=" + "9" * 400 + ",v1=" + "0" * 64, "signature_malformed"),
        (f"t={int(NOW.timestamp())}", "signature_malformed"),
        (f"t={int(NOW.timestamp())},v0=" + "0" * 64, "signature_malformed"),
        (f"t={int(NOW.timestamp())},v1=" + "0" * 64, "signature_invalid"),
        (f"t={int(NOW.timestamp())},v1=schlüssel", "signature_invalid"),
        (signature(secret="whsec_of_another"), "signature_invalid"),
        (signature(b"{}"), "signature_invalid"),
    ],
)
async def test_what_is_not_signed_rightly_is_refused_unread(header: str | None, code: str) -> None:
    desk = KeptDesk()
    with pytest.raises(DoorError) as refused:
        await knock(header=header, desk=desk)
    assert (refused.value.status, refused.value.code) == (401, code)
    assert desk.kept == {}


@pytest.mark.parametrize("away_s", [-301, 301, -86_400, 86_400])
async def test_a_signature_from_another_time_is_refused_old_or_future(away_s: int) -> None:
    with pytest.raises(DoorError) as refused:
        await knock(header=signature(at=NOW + timedelta(seconds=away_s)))
    assert refused.value.code == "signature_expired"


@pytest.mark.parametrize("away_s", [-300, 0, 300])
async def test_a_signature_within_the_tolerance_is_accepted(away_s: int) -> None:
    assert (await knock(header=signature(at=NOW + timedelta(seconds=away_s)))).status == 200


async def test_the_timestamp_is_part_of_what_is_signed() -> None:
    old = signature(at=NOW - timedelta(days=1))
    renewed = old.replace(old.split(",")[0], f"t={int(NOW.timestamp())}")
    with pytest.raises(DoorError) as refused:
        await knock(header=renewed)
    assert refused.value.code == "signature_invalid"


@pytest.mark.parametrize(
    "body",
    [
        BODY[:-10],
        b"",
        b"[]",
        b"null",
        b"\x00",
        BODY.replace(b"evt_1", b"evt\x00_1"),
        b'{"object": "event"}',
        b'{"id": 7}',
        b'{"id": ""}',
        b'{"id": "evt\\u0000_1"}',
        json.dumps({"id": "e" * 256}).encode(),
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_a_signed_body_that_is_no_event_is_refused_and_not_kept(body: bytes) -> None:
    desk = KeptDesk()
    with pytest.raises(DoorError) as refused:
        await knock(body, signature(body), desk)
    assert (refused.value.status, refused.value.code) == (400, "event_unreadable")
    assert desk.kept == {}


def test_the_door_takes_no_more_than_a_megabyte() -> None:
    (door,) = StripeDoors(settings(), ManualClock(NOW)).doors()
    assert (door.method, door.path, door.max_body_bytes) == ("POST", "/webhook", 1024 * 1024)


async def test_fifty_megabytes_that_got_past_the_hub_are_refused_unread() -> None:
    body = b" " * 50 * 1024 * 1024
    with pytest.raises(DoorError) as refused:
        await knock(body, "t=1,v1=0")
    assert refused.value.status == 413


async def test_no_refusal_names_a_secret() -> None:
    with pytest.raises(DoorError) as refused:
        await knock(header=signature(secret="whsec_of_another"))
    said = f"{refused.value} {refused.value.title} {refused.value.detail}"
    assert OLD not in said
    assert NEW not in said


@given(body=st.binary(max_size=200).filter(lambda raw: raw.isascii()), secret=st.text("abc_", min_size=1))
def test_what_the_library_signs_is_verified_and_any_other_body_is_not(body: bytes, secret: str) -> None:
    header, secrets = signature(body, secret), (SecretStr(secret),)
    verify(header, body, secrets, NOW.timestamp(), 300)
    with pytest.raises(DoorError):
        verify(header, body + b" ", secrets, NOW.timestamp(), 300)
