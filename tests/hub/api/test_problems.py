"""Everything that goes wrong is answered with problem details, and nothing of the hub's insides."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from hub.desk.access import Role
from tests.hub.api.conftest import Api, serve
from tests.hub.stage import NAME, Stage


@pytest.mark.parametrize(
    "path", ["/nothing", "/orders/x/y/z", "/connectors/shop/nothing", "/connectors/nobody/orders"]
)
async def test_an_unknown_path_is_a_problem(api: Api, path: str) -> None:
    answer = await api.client(Role.ADMIN).post(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/orders"), ("PATCH", "/connectors/shop/orders")])
async def test_a_wrong_method_says_which_are_right(api: Api, method: str, path: str) -> None:
    answer = await api.client(Role.ADMIN).request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("held=perhaps", "held"),
        ("colour=red", "colour"),
    ],
)
async def test_a_bad_query_names_its_field(api: Api, query: str, field: str) -> None:
    answer = await api.client(Role.VIEWER).get(f"/orders?{query}")
    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


async def test_a_cursor_of_nowhere_is_refused(api: Api) -> None:
    for path in ("/orders", "/messages", "/failures", "/effects", "/audit"):
        answer = await api.client(Role.ADMIN).get(f"{path}?cursor=abc")
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("order_id", ["1", "not-a-uuid", "0" * 400, "%00"])
async def test_an_id_that_is_none_is_refused(api: Api, order_id: str) -> None:
    answer = await api.client(Role.VIEWER).get(f"/orders/{order_id}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "order_id"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"\xff\xfe", 400),
        (b'{"type":"other"}', 422),
        (b'{"type":"nonsense","reason":"x"}', 422),
        (b'{"type":"other","reason":""}', 422),
        (b'{"type":"other","reason":"x","more":1}', 422),
        (b'{"type":"other","reason":"x","blocks":[]}', 422),
    ],
)
async def test_a_bad_body_is_refused_with_its_fields(api: Api, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = await api.client(Role.SUPPORT).post(f"/orders/{uuid4()}/hold", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]


async def test_a_text_that_can_not_be_stored_is_refused(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    answer = await api.client(Role.SUPPORT).post(f"/orders/{order_id}/notes", json={"text": "a\x00b"})
    assert answer.status_code == 422


@pytest.mark.parametrize("thing", ["orders", "messages", "failures", "effects", "replays"])
async def test_what_is_not_there_is_not_found(api: Api, thing: str) -> None:
    answer = await api.client(Role.VIEWER).get(f"/{thing}/{uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_a_refusal_has_a_reason_for_people(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    answer = await api.client(Role.SUPPORT).post(f"/orders/{order_id}/release", json={"type": "fraud_review"})
    assert answer.status_code == 409
    assert "no fraud_review hold" in answer.json()["detail"]


async def test_every_answer_has_the_security_headers(api: Api) -> None:
    for path in ("/", "/health/live", "/orders", "/nothing", "/docs"):
        headers = (await api.client().get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"


async def test_a_body_that_is_too_large_is_refused_while_it_streams(hub: Stage) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b"x" * 1000

    async with serve(hub, max_body_bytes=10_000) as api:
        answer = await api.client(Role.ENGINEER).post("/master-data/items?name=a.csv", content=endless())
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert sent < 30_000


async def test_a_body_that_says_it_is_too_large_is_not_read(hub: Stage) -> None:
    async with serve(hub, max_body_bytes=100) as api:
        answer = await api.client(Role.ENGINEER).post("/master-data/items?name=a.csv", content=b"x" * 101)
    assert answer.status_code == 413


async def test_a_body_that_never_ends_runs_into_the_time_limit(hub: Stage) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b"sku"
        await asyncio.sleep(60)

    async with serve(hub, time_limit_s=0.2) as api:
        answer = await api.client(Role.ENGINEER).post("/master-data/items?name=a.csv", content=dripping())
    assert answer.status_code == 503
    assert answer.json()["code"] == "too_slow"


async def test_a_defect_is_answered_without_its_words(api: Api) -> None:
    answer = await api.client().post("/connectors/shop/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert NAME not in answer.text
