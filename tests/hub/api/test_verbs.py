"""The desk's verbs over HTTP: what goes in, and what comes out."""

import base64

import orjson
import pytest

from hub.desk.access import Role
from tests.hub.api.conftest import Api
from tests.hub.stage import Reading, order_json


async def test_an_order_is_held_noted_released_and_cancelled(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    await api.stage.settled()
    support = api.client(Role.SUPPORT)
    held = await support.post(
        f"/orders/{order_id}/hold", json={"type": "other", "reason": "x", "blocks": ["release"]}
    )
    assert held.json()["order"]["holds"] == ["other"]
    noted = await support.post(f"/orders/{order_id}/notes", json={"text": "called"})
    assert noted.json()["applied"] is True
    released = await support.post(f"/orders/{order_id}/release", json={"type": "other", "reason": "done"})
    assert released.json()["order"]["held"] is False
    cancelled = await support.post(f"/orders/{order_id}/cancel", json={"reason": "changed their mind"})
    assert cancelled.status_code == 200
    again = await support.post(f"/orders/{order_id}/cancel", json={"reason": "changed their mind"})
    assert again.status_code == 409
    erased = await api.client(Role.ADMIN).post(
        f"/orders/{order_id}/erase", json={"reason": "asked", "force": True}
    )
    assert erased.json()["parties"] is True


@pytest.mark.parametrize("encoded", [False, True])
async def test_an_edited_copy_is_sent_as_text_or_base64(api: Api, encoded: bool) -> None:
    failure_id, message_id = await api.stage.failed("B-1")
    content = order_json("B-1")
    body = {"body_base64": base64.b64encode(content).decode()} if encoded else {"body": content.decode()}
    sent = await api.client(Role.SUPPORT).post(
        f"/messages/{message_id}/edit", json={**body, "reason": "mended"}
    )
    assert sent.status_code == 202
    await api.stage.failure_is(failure_id, "resolved")
    copy = await api.client(Role.SUPPORT).get(f"/messages/{sent.json()['message_id']}/body")
    assert copy.content == content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "x"}, 422),
        ({"reason": "x", "body": "a", "body_base64": "YQ=="}, 422),
        ({"reason": "x", "body_base64": "not base64!"}, 422),
        ({"reason": "x", "body": ""}, 409),
        ({"body": "a"}, 422),
    ],
)
async def test_an_edit_that_says_too_little_or_too_much_is_refused(
    api: Api, body: object, status: int
) -> None:
    _, message_id = await api.stage.failed("B-1")
    answer = await api.client(Role.SUPPORT).post(f"/messages/{message_id}/edit", json=body)
    assert answer.status_code == status, answer.text
    assert (await api.stage.rows("SELECT status FROM messages WHERE id = $1", message_id))[0][
        "status"
    ] == "failed"


async def test_goods_are_announced_to_a_node_listed_and_shown(api: Api) -> None:
    engineer, viewer = api.client(Role.ENGINEER), api.client(Role.VIEWER)
    content = b"number,sku,quantity\nASN-7,MUG-1,20\n"
    made = await engineer.post("/inbound/hall?name=asn.csv", content=content)
    assert (made.status_code, made.json()["announced"]) == (201, ["ASN-7"])
    listed = (await viewer.get("/inbound?status=announced&node=hall")).json()
    assert [(one["number"], one["expected"]) for one in listed["items"]] == [("ASN-7", 20)]
    shown = (await viewer.get("/inbound/hall/ASN-7")).json()
    assert shown["lines"] == [{"sku": "MUG-1", "expected": 20, "received": 0, "damaged": 0}]
    assert (await viewer.get("/inbound/hall/ASN-9")).status_code == 404
    assert (await viewer.post("/inbound/hall?name=asn.csv", content=content)).status_code == 403
    wrong = await engineer.post("/inbound/hall?name=asn.csv", content=content.replace(b"20", b"none"))
    assert wrong.status_code == 422
    (problem,) = wrong.json()["errors"]
    assert (problem["line"], problem["field"], problem["value"]) == (2, "quantity", "none")
    other = await engineer.post("/inbound/hall?name=asn.csv", content=content.replace(b"20", b"21"))
    assert other.status_code == 409


async def test_a_group_is_planned_run_and_followed(api: Api) -> None:
    for ref in ("B-1", "B-2", "B-3"):
        await api.stage.failed(ref)
    engineer = api.client(Role.ENGINEER)
    group = (await engineer.get("/failure-groups")).json()[0]
    planned = await engineer.post("/replays", json={"filter": {"signature": group["signature"]}})
    assert planned.status_code == 201
    replay_id = planned.json()["id"]
    Reading.mended = True
    assert (await engineer.post(f"/replays/{replay_id}/run", json={"mode": "all"})).status_code == 202

    async def resolved() -> bool:
        counts: dict[str, int] = (await engineer.get(f"/replays/{replay_id}")).json()["counts"]
        return counts == {"resolved": 3}

    await api.stage.until(resolved)
    items = (await engineer.get(f"/replays/{replay_id}/items?after=1&limit=1")).json()
    assert [item["seq"] for item in items] == [2]
    assert (await engineer.post(f"/replays/{replay_id}/run")).status_code == 409
    assert (await engineer.post("/replays", json={"filter": {}})).status_code == 409


@pytest.mark.parametrize(
    "plan", [{}, {"ids": ["x"]}, {"filter": {"colour": "red"}}, {"ids": [], "filter": None}]
)
async def test_a_plan_of_nothing_named_is_refused(api: Api, plan: object) -> None:
    answer = await api.client(Role.ENGINEER).post("/replays", json=plan)
    assert answer.status_code == 422


async def test_a_failure_is_claimed_and_discarded(api: Api) -> None:
    failure_id, _ = await api.stage.failed("B-1")
    support = api.client(Role.SUPPORT)
    assert (await support.post(f"/failures/{failure_id}/claim")).json()["claimed_by"] == "support-1"
    refused = await api.client(Role.ENGINEER).post(f"/failures/{failure_id}/replay")
    assert refused.status_code == 409
    assert "support-1 has claimed" in refused.json()["detail"]
    assert (await support.post(f"/failures/{failure_id}/unclaim")).json()["claimed_by"] is None
    gone = await support.post(f"/failures/{failure_id}/discard", json={"reason": "a test"})
    assert gone.json()["status"] == "discarded"


async def test_a_file_is_imported_and_a_bad_one_refused_with_its_lines(api: Api) -> None:
    engineer = api.client(Role.ENGINEER)
    good = await engineer.post("/master-data/items?name=a.csv", content=b"sku,title\nA-1,One\n")
    assert good.json() == {"kind": "items", "rows": 1, "new": 1, "changed": 0, "same": 0}
    bad = await engineer.post("/master-data/items?name=a.csv", content=b"sku,weight_g\nA-1,x\n")
    assert bad.status_code == 422
    (wrong,) = bad.json()["errors"]
    assert (wrong["source"], wrong["line"], wrong["field"], wrong["value"]) == ("a.csv", 2, "weight_g", "x")


async def test_stock_is_set_shown_and_promised(api: Api) -> None:
    wish = {"sku": "CUP-2", "node": "hall", "on_hand": 7, "reason": "counted"}
    assert (await api.client(Role.ENGINEER).put("/stock", json=wish)).json()["available"] == 7
    viewer = api.client(Role.VIEWER)
    assert (await viewer.get("/stock?sku=CUP-2")).json()["levels"][-1]["on_hand"] == 7
    asked = "/availability?channel=shop&reference=CUP-2&reference=NOPE"
    assert [row["available"] for row in (await viewer.get(asked)).json()] == [7, None]
    assert (await viewer.get("/availability?channel=shop")).status_code == 422
    assert (await viewer.get("/stock?sku=NOPE")).status_code == 404


async def test_an_effect_of_no_doubt_is_not_resolved(api: Api) -> None:
    await api.stage.placed("R-1")
    await api.stage.settled()
    effect = (await api.client(Role.VIEWER).get("/effects?connector=wms&limit=1")).json()["items"][0]
    wish = {"resolution": "look_up", "reason": "to see"}
    answer = await api.client(Role.SUPPORT).post(f"/effects/{effect['id']}/resolve", json=wish)
    assert answer.status_code == 409


async def test_pages_of_a_list_follow_each_other(api: Api) -> None:
    for i in range(3):
        await api.stage.placed(f"R-{i}")
    viewer = api.client(Role.VIEWER)
    first = (await viewer.get("/orders?limit=2")).json()
    rest = (await viewer.get(f"/orders?limit=2&cursor={first['next']}")).json()
    refs = [order["channel_ref"] for order in (*first["items"], *rest["items"])]
    assert refs == ["R-2", "R-1", "R-0"]
    assert rest["next"] is None
    assert orjson.loads(orjson.dumps(first))["items"][0]["total"] == "25.00 EUR"
