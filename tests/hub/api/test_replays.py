"""Replays of many over HTTP: planned, previewed, agreed to, run as a canary, stopped."""

from typing import Any

import httpx

from hub.desk.access import Role
from tests.hub.api.conftest import Api
from tests.hub.stage import Reading


async def planned(api: Api, count: int = 2) -> tuple[httpx.AsyncClient, dict[str, Any]]:
    """Let messages fail, and plan their replay."""
    for i in range(count):
        await api.stage.failed(f"B-{i}")
    engineer = api.client(Role.ENGINEER)
    made = await engineer.post("/replays", json={"filter": {"connector": "shop"}})
    assert made.status_code == 201
    return engineer, made.json()


async def over(api: Api, client: httpx.AsyncClient, replay_id: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        shown: dict[str, Any] = (await client.get(f"/replays/{replay_id}")).json()
        return shown if shown["state"] in {"done", "stopped"} else None

    found: dict[str, Any] = await api.stage.until(there, seconds=30)
    return found


async def test_a_plan_is_previewed_and_run_as_a_canary(api: Api) -> None:
    engineer, plan = await planned(api)
    assert (plan["total"], plan["manifest"]["sorts"][0]["count"]) == (2, 2)
    still = (await engineer.post(f"/replays/{plan['id']}/preview")).json()
    assert still["outcomes"] == {"failed": 2}
    Reading.mended = True
    would = (await engineer.post("/replay-preview", json={"filter": {"stage": "read"}})).json()
    assert would["effects"]["wms SubmitRelease"] == 2
    one = (await engineer.post(f"/failures/{would['items'][0]['failure_id']}/preview")).json()
    assert one["outcome"] == "done"
    begun = await engineer.post(f"/replays/{plan['id']}/run", json={"mode": "canary", "wait_s": 60})
    assert (begun.status_code, begun.json()["counts"]["planned"]) == (202, 1)
    assert (await over(api, engineer, plan["id"]))["counts"] == {"resolved": 2}
    items = (await engineer.get(f"/replays/{plan['id']}/items?after=1")).json()
    assert [item["seq"] for item in items] == [2]


async def test_a_plan_is_stopped_and_continued(api: Api) -> None:
    engineer, plan = await planned(api)
    stopped = await engineer.post(f"/replays/{plan['id']}/stop", json={"reason": "lunch"})
    assert (stopped.json()["state"], stopped.json()["reason"]) == ("stopped", "lunch")
    Reading.mended = True
    await engineer.post(f"/replays/{plan['id']}/run", json={"confirm": 2})
    assert (await over(api, engineer, plan["id"]))["counts"] == {"resolved": 2}


async def test_what_is_read_and_what_goes_must_be_the_same_number(api: Api) -> None:
    engineer, plan = await planned(api)
    refused = await engineer.post(f"/replays/{plan['id']}/run", json={"confirm": 3})
    assert (refused.status_code, refused.json()["detail"]) == (
        422, "2 items go, and not 3: look again, then confirm that number",
    )  # fmt: skip


async def test_support_may_preview_and_neither_plan_nor_run(api: Api) -> None:
    _, plan = await planned(api)
    support, viewer = api.client(Role.SUPPORT), api.client(Role.VIEWER)
    assert (await support.post(f"/replays/{plan['id']}/preview")).status_code == 200
    assert (await viewer.post(f"/replays/{plan['id']}/preview")).status_code == 403
    for path in ("run", "stop", "approve"):
        assert (await support.post(f"/replays/{plan['id']}/{path}")).status_code == 403
    assert (await support.post("/replays", json={"filter": {}})).status_code == 403


async def test_nobody_agrees_to_a_plan_of_their_own(api: Api) -> None:
    engineer, plan = await planned(api)
    refused = await engineer.post(f"/replays/{plan['id']}/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    agreed = await api.client(Role.ADMIN).post(f"/replays/{plan['id']}/approve")
    assert agreed.json()["approved_by"] == "admin-1"


async def test_a_replay_of_everything_takes_a_selection_and_a_reason(api: Api) -> None:
    await api.stage.placed("R-1")
    engineer = api.client(Role.ENGINEER)
    bare = await engineer.post("/replays", json={"verb": "all", "reason": "stock"})
    assert (bare.status_code, "is of a selection" in bare.json()["detail"]) == (422, True)
    wish = {"verb": "all", "reason": "stock", "messages": {"connector": "shop"}}
    made = (await engineer.post("/replays", json=wish)).json()
    assert (made["verb"], made["counts"], made["manifest"]["money"]) == (
        "all",
        {"planned": 1},
        {"EUR": "25.00"},
    )
