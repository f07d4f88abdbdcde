"""The door: what is signed is kept as it came, and everything else is refused unread."""

import pytest
from pydantic import SecretStr

from connectors.easypost.settings import EasyPostSettings
from connectors.easypost.webhooks import LARGEST_EVENT_BYTES, EasyPostDoors, signature, verify
from core.errors import DoorError
from core.ports import DoorRequest, DoorResponse
from tests.connectors.easypost.events import body, event
from tests.connectors.easypost.stage import API_KEY, SENDER
from tests.connectors.surroundings import KeptDesk

OLD, NEW = "the-old-webhook-secret", "the-new-webhook-sécret"


def doors() -> EasyPostDoors:
    settings = {"api_key": API_KEY, "webhook_secrets": [OLD, NEW], "senders": {"berlin": SENDER}}
    return EasyPostDoors(EasyPostSettings.model_validate(settings))


def request(raw: bytes, mark: str | None) -> DoorRequest:
    headers = {} if mark is None else {"x-hmac-signature": mark}
    return DoorRequest("POST", "/webhook", headers, {}, {}, raw)


async def knock(desk: KeptDesk, raw: bytes, mark: str | None = None) -> DoorResponse:
    (door,) = doors().doors()
    return await door.handler(request(raw, signature(NEW, raw) if mark is None else mark), desk)


async def test_an_event_is_kept_as_it_came_and_then_answered() -> None:
    desk, raw = KeptDesk(), body(event()) + b"\n"
    answer = await knock(desk, raw)
    assert answer.status == 200
    assert desk.kept["evt_1"].body == raw


async def test_nothing_is_answered_before_it_is_kept() -> None:
    desk = KeptDesk()
    desk.refusing = DoorError(503, "busy", "Later")
    with pytest.raises(DoorError) as refused:
        await knock(desk, body(event()))
    assert refused.value.status == 503


async def test_a_repeated_event_is_one_event() -> None:
    desk = KeptDesk()
    await knock(desk, body(event()))
    again = await knock(desk, body(event("delivered")))
    assert [receipt.duplicate for receipt in desk.receipts] == [False, True]
    assert b'"duplicate": true' in again.body


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_both_secrets_of_a_rotation_are_accepted(secret: str) -> None:
    desk, raw = KeptDesk(), body(event())
    await knock(desk, raw, signature(secret, raw))
    assert list(desk.kept) == ["evt_1"]


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("", "signature_missing"),
        ("hmac-sha256-hex=", "signature_invalid"),
        ("hmac-sha256-hex=" + "0" * 64, "signature_invalid"),
        (signature("somebody-elses-secret", body(event())), "signature_invalid"),
        (signature(NEW, body(event()) + b" "), "signature_invalid"),
        (signature(NEW, body(event())).removeprefix("hmac-sha256-hex="), "signature_invalid"),
        ("é", "signature_invalid"),
    ],
)
async def test_what_is_not_signed_rightly_is_refused_unread(mark: str, code: str) -> None:
    desk = KeptDesk()
    with pytest.raises(DoorError) as refused:
        await knock(desk, body(event()), mark)
    assert (refused.value.status, refused.value.code) == (401, code)
    assert desk.kept == {}


@pytest.mark.parametrize(
    "raw", [b"no json", b"[]", b"{}", b'{"id": 7}', b'{"id": ""}', b'{"id": "a\\u0000"}']
)
async def test_a_signed_body_that_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(DoorError) as refused:
        await knock(KeptDesk(), raw)
    assert (refused.value.status, refused.value.code) == (400, "event_unreadable")


async def test_fifty_megabytes_that_got_past_the_hub_are_refused_unread() -> None:
    with pytest.raises(DoorError) as refused:
        await knock(KeptDesk(), b" " * (LARGEST_EVENT_BYTES + 1), "anything")
    assert refused.value.status == 413


def test_the_secret_is_normalised_as_easyposts_own_clients_do_it() -> None:
    """The same letter, written as one sign or as two, is one secret (NFKD)."""
    raw = body(event())
    assert signature("s\u00e9cret", raw) == signature("se\u0301cret", raw)
    verify(signature("s\u00e9cret", raw), raw, [SecretStr("se\u0301cret")])
