"""The door of Signifyd's decisions."""

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.signifyd.settings import SignifydSettings
from connectors.signifyd.webhooks import LARGEST_BYTES, SignifydDoors, verify
from core.errors import DoorError
from core.ports import DoorRequest, DoorResponse
from tests.connectors.surroundings import KeptDesk

OLD, NEW = "theKeyOfLastYear00", "theKeyOfThisYear00"
BODY = json.dumps({"orderId": "webstore:1", "decision": {"checkpointAction": "ACCEPT"}}).encode()
SETTINGS = SignifydSettings(api_key=SecretStr(NEW), former_api_keys=(SecretStr(OLD),))


def signed(body: bytes = BODY, key: str = NEW) -> str:
    """As Signifyd's guide computes it."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


async def knock(
    body: bytes = BODY,
    mark: str | None = None,
    desk: KeptDesk | None = None,
    *,
    header: str = "signifyd-sec-hmac-sha256",
    checkpoint: str = "SALE",
) -> DoorResponse:
    (door,) = SignifydDoors(SETTINGS).doors()
    headers = {} if mark is None else {header: mark, "signifyd-checkpoint": checkpoint}
    return await door.handler(DoorRequest("POST", "/webhook", headers, {}, {}, body), desk or KeptDesk())


async def test_a_decision_is_kept_as_it_came_and_then_answered() -> None:
    desk = KeptDesk()
    answer = await knock(mark=signed(), desk=desk)
    assert (answer.status, json.loads(answer.body)) == (200, {"received": True, "duplicate": False})
    (raw,) = desk.kept.values()
    assert (raw.kind, raw.body, dict(raw.headers)) == ("decision", BODY, {"signifyd-checkpoint": "SALE"})


async def test_nothing_is_answered_before_it_is_kept() -> None:
    desk = KeptDesk()
    desk.refusing = DoorError(503, "busy", "The hub is busy")
    with pytest.raises(DoorError) as refused:
        await knock(mark=signed(), desk=desk)
    assert refused.value.status == 503


async def test_a_repeated_decision_is_kept_once() -> None:
    desk = KeptDesk()
    await knock(mark=signed(), desk=desk)
    answer = await knock(mark=signed(), desk=desk, checkpoint="TRANSACTION")
    assert json.loads(answer.body) == {"received": True, "duplicate": True}
    assert len(desk.kept) == 1


async def test_another_decision_is_another_message() -> None:
    desk = KeptDesk()
    await knock(mark=signed(), desk=desk)
    other = BODY.replace(b"ACCEPT", b"REJECT")
    await knock(other, signed(other), desk)
    assert len(desk.kept) == 2


@pytest.mark.parametrize("key", [OLD, NEW])
async def test_both_keys_of_an_exchange_are_accepted(key: str) -> None:
    assert (await knock(mark=signed(key=key))).status == 200


async def test_the_older_name_of_the_header_is_known() -> None:
    assert (await knock(mark=signed(), header="x-signifyd-sec-hmac-sha256")).status == 200


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        (None, "signature_missing"),
        ("", "signature_missing"),
        ("nonsense", "signature_invalid"),
        ("ünsinn", "signature_invalid"),
        (signed(key="somebodyElsesKey00"), "signature_invalid"),
        (signed(b"another body"), "signature_invalid"),
        (hmac.new(NEW.encode(), BODY, "sha256").hexdigest(), "signature_invalid"),
    ],
)
async def test_what_is_not_signed_rightly_is_refused_unread(mark: str | None, code: str) -> None:
    desk = KeptDesk()
    with pytest.raises(DoorError) as refused:
        await knock(b"\xff not JSON", mark, desk)
    assert (refused.value.status, refused.value.code) == (401, code)
    assert not desk.kept
    assert NEW not in refused.value.detail


async def test_the_key_of_signifyds_test_message_is_no_key() -> None:
    with pytest.raises(DoorError):
        await knock(mark=signed(key="ABCDE"), checkpoint="cases/test")


async def test_what_is_too_large_is_refused_unread() -> None:
    body = b" " * (LARGEST_BYTES + 1)
    with pytest.raises(DoorError) as refused:
        await knock(body, signed(body))
    assert refused.value.status == 413


async def test_what_is_signed_is_kept_though_nobody_can_read_it() -> None:
    desk = KeptDesk()
    await knock(b"[1, 2", signed(b"[1, 2"), desk, checkpoint="x" * 90)
    (raw,) = desk.kept.values()
    assert (raw.body, dict(raw.headers)) == (b"[1, 2", {})


@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_signature_but_the_right_one_opens_the_door(body: bytes, mark: str) -> None:
    keys = (SecretStr(NEW), SecretStr(OLD))
    verify(signed(body), body, keys)
    with pytest.raises(DoorError):
        verify(mark, body, keys)
