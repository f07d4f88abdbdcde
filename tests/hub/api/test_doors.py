"""Connectors' doors over HTTP: the raw bytes in, the connector's answer out."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from core.ports import Door
from hub.api.app import create_app
from hub.api.doors import DoorClashError
from hub.desk.access import Role
from tests.hub.api.conftest import Api, View, serve
from tests.hub.stage import Stage, get_order, order_json

KEY = {"x-key": "letmein"}


async def test_an_order_comes_in_by_its_door_and_is_shown_by_it(api: Api) -> None:
    client = api.client()
    posted = await client.post("/connectors/shop/orders?a=%2F&b=1", content=order_json("R-1"), headers=KEY)
    assert posted.status_code == 202
    assert posted.json()["target"] == "/connectors/shop/orders?a=%2F&b=1"
    await api.stage.order_id("R-1")
    shown = await client.get("/connectors/shop/orders/R-1")
    assert shown.status_code == 200
    assert shown.headers["x-shop"] == "1"
    assert shown.json()["stock"] == {"MUG-1": 98, "NOPE": None}


async def test_a_reference_with_a_slash_is_one_segment(api: Api) -> None:
    await api.stage.placed("A/1 ü")
    shown = await api.client().get("/connectors/shop/orders/A%2F1%20%C3%BC")
    assert shown.status_code == 200


async def test_a_door_refuses_with_its_own_problem(api: Api) -> None:
    answer = await api.client().post("/connectors/shop/orders", content=b"{}", headers={"x-key": "wrong"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Key"
    assert answer.json()["code"] == "bad_signature"


async def test_a_door_names_what_is_wrong_and_where(api: Api) -> None:
    answer = await api.client().post("/connectors/shop/orders", content=b"{", headers=KEY)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"line": 1, "reason": "is no JSON"}]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_door_takes_no_more_bytes_than_it_says(api: Api, streamed: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    content = chunks() if streamed else b"x" * 2001
    answer = await api.client().post("/connectors/shop/orders", content=content, headers=KEY)
    assert answer.status_code == 413
    assert await api.stage.rows("SELECT id FROM messages WHERE direction = 'in'") == []


async def test_a_hub_that_takes_nothing_any_more_says_503(api: Api) -> None:
    await api.stage.hub.engine.stop()
    answer = await api.client().post("/connectors/shop/orders", content=order_json("R-1"), headers=KEY)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_a_door_that_never_answers_is_given_up(hub: Stage) -> None:
    async with serve(hub, door_time_limit_s=0.1) as api:
        answer = await api.client().post("/connectors/shop/slow")
    assert answer.status_code == 503
    assert answer.json()["code"] == "too_slow"
    assert answer.headers["retry-after"]


async def test_a_text_that_the_store_refuses_is_refused_at_the_door(api: Api) -> None:
    answer = await api.client().get("/connectors/shop/orders/%ED%A0%80")
    assert answer.status_code in {404, 422}


async def test_a_door_sees_its_own_orders_only(api: Api) -> None:
    await api.stage.placed("R-1")
    assert (await api.client().get("/connectors/shop/orders/R-2")).status_code == 404
    assert (await api.client().get("/connectors/wms/orders/R-1")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/connectors//orders", "/connectors/shop", "/connectors/", "/connectors/shop/orders/"]
)
async def test_a_path_beside_a_door_is_no_door(api: Api, path: str) -> None:
    answer = await api.client().post(path, content=b"{}", headers=KEY)
    assert answer.status_code in {404, 405, 307}
    assert answer.status_code != 202


async def test_no_door_hides_the_desks_verbs(hub: Stage) -> None:
    shop = hub.ctx.connectors["shop"]
    clashing = replace(shop, doors=(Door("POST", "/pause", get_order, "Pause"),))
    ctx = replace(hub.ctx, connectors={"shop": clashing})
    app = create_app(View(ctx))
    with pytest.raises(DoorClashError, match="pause"):
        app.build_middleware_stack()


async def test_the_desks_verbs_stand_beside_the_doors(api: Api) -> None:
    engineer = api.client(Role.ENGINEER)
    paused = await engineer.post("/connectors/shop/pause", json={"reason": "moving"})
    assert paused.json()["paused"] is True
    assert paused.json()["doors"][0] == "POST /orders"
    assert (await engineer.post("/connectors/shop/pause", json={"reason": "again"})).status_code == 409
    assert (await engineer.post("/connectors/shop/resume")).json()["paused"] is False
    assert (await engineer.post("/connectors/shop/test")).json() == {
        "name": "shop",
        "ok": True,
        "said": "nothing to reach",
    }
