"""The door at which a partner POSTs its interchanges: known by what it shows, stored before it is answered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core.clock import ManualClock
from core.connector import OpenConnector
from core.errors import DoorError
from core.ports import DoorRequest, DoorResponse, RawDocument, Receipt
from core.trading.settings import TradingSettings
from tests.core.engine.stage import NOON
from tests.hub.trading import PROFILES, opened_with

BASIC = {"type": "basic", "username": "acme", "password": "secret"}
BEARER = {"type": "bearer", "token": "abc"}
HEADER = {"type": "header", "name": "X-Api-Key", "value": "xyz"}
SHOWN = {"authorization": "Bearer abc"}
KEYED = {**SHOWN, "idempotency-key": "1"}
ORDER = b"ISA*00~IEA*1*000000001~"


class Desk:
    """Stores each telling once."""

    def __init__(self) -> None:
        self.stored: list[RawDocument] = []
        self.is_full = False

    async def receive(self, raw: RawDocument) -> Receipt:
        """Store it."""
        if self.is_full:
            raise DoorError(503, "busy", "Service Unavailable")
        known = {one.external_id for one in self.stored if one.external_id}
        self.stored.append(raw)
        return Receipt(uuid4(), duplicate=raw.external_id in known)


def by_https(folder: Path, **transport: Any) -> OpenConnector:
    settings = TradingSettings.model_validate(
        {
            "transport": {"type": "https", "url": "https://edi.example.com/in", **transport},
            "partner": PROFILES["x12"],
        }
    )
    return opened_with(folder, ManualClock(NOON), settings)


async def post(
    connector: OpenConnector, desk: Desk, headers: Mapping[str, str] = SHOWN, body: bytes = ORDER
) -> DoorResponse:
    (door,) = connector.doors
    return await door.handler(DoorRequest("POST", door.path, headers, {}, {}, body), desk)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("credential", "headers"),
    [
        (BASIC, {"authorization": "Basic YWNtZTpzZWNyZXQ="}),
        (BASIC, {"authorization": "basic  YWNtZTpzZWNyZXQ="}),
        (BEARER, SHOWN),
        (HEADER, {"x-api-key": "xyz"}),
    ],
)
async def test_what_the_partner_shows_lets_it_in(
    tmp_path: Path, credential: dict[str, str], headers: dict[str, str]
) -> None:
    connector, desk = by_https(tmp_path, door=[{**BEARER, "token": "old"}, credential]), Desk()
    answer = await post(connector, desk, headers)
    assert answer.status == 202
    assert [(one.kind, one.body, one.media_type) for one in desk.stored] == [
        ("interchange", ORDER, "application/edi-x12")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer abcd"},
        {"authorization": "Bearer ab"}, {"authorization": "Basic abc"}, {"authorization": "Bearer \xe4bc"},
        {"x-api-key": "abc"},
    ],
)  # fmt: skip
async def test_nobody_else_is_let_in(tmp_path: Path, headers: dict[str, str]) -> None:
    connector, desk = by_https(tmp_path, door=[BEARER, HEADER]), Desk()
    with pytest.raises(DoorError) as refused:
        await post(connector, desk, headers)
    assert (refused.value.status, refused.value.headers) == (401, {"www-authenticate": "Bearer"})
    assert desk.stored == []


async def test_a_request_that_is_repeated_is_stored_once(tmp_path: Path) -> None:
    connector, desk = by_https(tmp_path, door=[BEARER]), Desk()
    assert (await post(connector, desk, KEYED)).status == 202
    assert (await post(connector, desk, KEYED)).status == 200
    # Another body under the same key is another telling: the ledger knows it by its control number.
    assert (await post(connector, desk, KEYED, ORDER + b"\n")).status == 202
    # Without a key each is stored: an interchange that was refused may come again with the same bytes.
    assert [(await post(connector, desk)).status for _ in range(2)] == [202, 202]


@pytest.mark.parametrize("body", [b"", b"hello", b"<Order/>", b'{"a":1}', b"\x00" * 100, b" " * 2000 + ORDER])
async def test_what_is_no_interchange_is_refused_at_once(tmp_path: Path, body: bytes) -> None:
    connector, desk = by_https(tmp_path, door=[BEARER]), Desk()
    with pytest.raises(DoorError, match="begins with ISA, UNA or UNB") as refused:
        await post(connector, desk, SHOWN, body)
    assert (refused.value.status, desk.stored) == (422, [])


async def test_a_body_beyond_the_bound_and_a_key_that_can_not_be_kept_are_refused(tmp_path: Path) -> None:
    connector, desk = by_https(tmp_path, door=[BEARER], max_request_bytes=100), Desk()
    assert connector.doors[0].max_body_bytes == 100
    with pytest.raises(DoorError) as refused:
        await post(connector, desk, SHOWN, ORDER.ljust(101))
    assert refused.value.status == 413
    for key in ("k" * 201, "a\x07b"):
        with pytest.raises(DoorError) as refused:
            await post(connector, desk, {**SHOWN, "idempotency-key": key})
        assert refused.value.status == 400
    assert desk.stored == []


async def test_what_could_not_be_stored_is_not_answered_as_if_it_were(tmp_path: Path) -> None:
    connector, desk = by_https(tmp_path, door=[BEARER]), Desk()
    desk.is_full = True
    with pytest.raises(DoorError) as refused:
        await post(connector, desk)
    assert refused.value.status == 503


def test_without_a_credential_of_the_partner_there_is_no_door_and_never_a_feed(tmp_path: Path) -> None:
    connector = by_https(tmp_path)
    assert (connector.doors, connector.feeds) == ((), ())


def test_folders_are_refused_where_there_are_none() -> None:
    transport = {"type": "https", "url": "https://edi.example.com/in"}
    with pytest.raises(ValueError, match="folders: https has no folders"):
        TradingSettings.model_validate(
            {"transport": transport, "partner": PROFILES["x12"], "folders": {"inbox": "in"}}
        )
