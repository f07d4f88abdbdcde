"""The console's replay desk: its buttons do what they say, for those who may, and for nobody else."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from core.errors import RetryableError
from hub.desk.access import Role
from tests.hub.api.conftest import Api
from tests.hub.stage import NAME, Reading, order_json

EVIL = "<script>alert(1)</script>"


async def as_role(api: Api, role: Role) -> httpx.AsyncClient:
    client = api.client()
    await client.post("/console/login", data={"token": api.secrets[role]})
    return client


async def press(client: httpx.AsyncClient, path: str, **fields: Any) -> str:
    """Press a button, and return the page that it leads to."""
    answer = await client.post(path, data=fields)
    assert answer.status_code == 303, (path, answer.status_code, answer.text)
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text


async def planned(api: Api, client: httpx.AsyncClient, count: int = 2) -> str:
    """Let messages fail, plan their replay by its button, and return the plan's path."""
    for i in range(count):
        await api.stage.failed(f"B-{i}")
    answer = await client.post(
        "/console/replays", data={"signature": "shop | read | DocumentError | bench/order | colour"}
    )
    return str(answer.headers["location"]).partition("?")[0]


async def test_support_claims_and_replays_a_failure(api: Api) -> None:
    failure_id, _ = await api.stage.failed("B-1")
    client = await as_role(api, Role.SUPPORT)
    path = f"/console/failures/{failure_id}"
    assert "It is yours" in await press(client, f"{path}/claim")
    assert "everybody" in await press(client, f"{path}/unclaim")
    Reading.mended = True
    assert "New order shop:B-1" in (await client.get(f"{path}/preview")).text
    assert "It is being replayed" in await press(client, f"{path}/replay")
    await api.stage.failure_is(failure_id, "resolved")


async def test_a_failure_is_given_up_with_a_reason_and_not_without(api: Api) -> None:
    failure_id, _ = await api.stage.failed("B-1")
    client = await as_role(api, Role.SUPPORT)
    refused = await client.post(f"/console/failures/{failure_id}/discard", data={"reason": " "})
    assert refused.status_code == 422
    assert "It is given up" in await press(client, f"/console/failures/{failure_id}/discard", reason="a test")
    await api.stage.failure_is(failure_id, "discarded")


async def test_an_edited_copy_is_sent_from_the_messages_page(api: Api) -> None:
    failure_id, message_id = await api.stage.failed("B-1")
    client = await as_role(api, Role.SUPPORT)
    text = (await client.get(f"/console/messages/{message_id}?edit=yes")).text
    assert "<textarea" in text
    body = order_json("B-1").decode().replace("\n", "\r\n")
    await press(client, f"/console/messages/{message_id}/edit", body=body, reason="no such colour")
    await api.stage.failure_is(failure_id, "resolved")
    stored = await api.stage.rows("SELECT size FROM messages WHERE replay_of = $1", message_id)
    assert stored[0]["size"] == len(order_json("B-1"))


async def test_a_plan_is_made_previewed_and_run_as_a_canary(api: Api) -> None:
    client = await as_role(api, Role.ENGINEER)
    path = await planned(api, client)
    Reading.mended = True
    assert "2</b> done" in (await client.get(f"{path}/preview")).text
    assert "One goes first" in await press(client, f"{path}/canary", confirm="2")

    async def done() -> bool:
        return "Done" in (await client.get(path)).text

    await api.stage.until(done, seconds=30)
    text = (await client.get(path)).text
    assert "2</b> resolved" in text
    assert "http-equiv" not in text


async def test_a_running_page_looks_again_by_itself_and_has_a_stop_button(api: Api) -> None:
    client = await as_role(api, Role.ENGINEER)
    path = await planned(api, client)
    replay_id = UUID(path.rsplit("/", 1)[-1])
    await api.stage.run(
        "UPDATE replays SET state = 'running', mode = 'canary', wait_s = 60 WHERE id = $1", replay_id
    )
    await api.stage.run("DELETE FROM leases")
    text = (await client.get(path)).text
    assert re.search(r'http-equiv="refresh" content="\d+;url=/console/replays/', text) or "Stopped" in text


async def test_ticked_failures_are_planned_and_the_plan_is_stopped(api: Api) -> None:
    ids = [(await api.stage.failed(f"B-{i}"))[0] for i in range(3)]
    client = await as_role(api, Role.ENGINEER)
    assert 'type="checkbox"' in (await client.get("/console/failures")).text
    text = await press(client, "/console/replays", id=[str(one) for one in ids[:2]])
    assert "Replay of 2" in text
    path = re.search(r"/console/replays/[0-9a-f-]{36}", text)
    assert path is not None
    assert "Nothing more is sent" in await press(client, f"{path[0]}/stop", reason="wait")


async def test_what_makes_no_sense_is_refused_as_a_page(api: Api) -> None:
    client = await as_role(api, Role.ENGINEER)
    path = await planned(api, client, 1)
    for form, fields, status in (
        ("/console/replays", {"id": "7"}, 422),
        ("/console/replays", {"verb": "all", "connector": "shop"}, 422),
        (f"{path}/run", {"confirm": "9"}, 422),
        (f"{path}/dance", {}, 422),
        (f"{path}/approve", {}, 403),
        ("/console/failures/01a2066a-cb33-702b-b06b-7fcfe255b5ea/replay", {}, 404),
    ):
        answer = await client.post(form, data=fields)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), (
            form
        )


async def test_an_effect_in_doubt_is_resolved_and_says_who_decided(api: Api) -> None:
    api.stage.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    await api.stage.placed("R-1")
    rows = await api.stage.until(lambda: api.stage.rows("SELECT id FROM effects WHERE state = 'parked'"))
    client = await as_role(api, Role.SUPPORT)
    assert str(rows[0]["id"]) in (await client.get("/console/effects")).text
    path = f"/console/effects/{rows[0]['id']}"
    assert "It did not: send it again" in (await client.get(path)).text
    refused = await client.post(f"{path}/resolve", data={"resolution": "perhaps", "reason": "x"})
    assert refused.status_code == 422
    text = await press(client, f"{path}/resolve", resolution="not_sent", reason="they never had it")
    assert "support-1" in text
    assert "they never had it" in text
    await api.stage.settled()
    assert "What became of it?" not in (await client.get(path)).text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
async def test_buttons_are_for_those_who_may(api: Api, role: Role) -> None:
    path = await planned(api, await as_role(api, Role.ENGINEER), 1)
    failure_id = (await api.stage.rows("SELECT id FROM failures"))[0]["id"]
    client = await as_role(api, role)
    failure = (await client.get(f"/console/failures/{failure_id}")).text
    assert ("Discard" in failure) is (role is Role.SUPPORT)
    assert (NAME in failure) is (role is Role.SUPPORT)
    replay = (await client.get(path)).text
    assert "One first" not in replay
    assert ">Stop<" not in replay
    assert (await client.post(f"{path}/canary")).status_code == 403
    assert "Make a plan" not in (await client.get("/console/replays")).text
    assert 'type="checkbox"' not in (await client.get("/console/failures")).text
    if role is Role.VIEWER:
        assert (await client.post(f"/console/failures/{failure_id}/replay")).status_code == 403
        assert (await client.get(f"/console/failures/{failure_id}/preview")).status_code == 403


async def test_a_form_of_another_site_and_one_without_a_cookie_do_nothing(api: Api) -> None:
    failure_id, _ = await api.stage.failed("B-1")
    client = await as_role(api, Role.SUPPORT)
    path = f"/console/failures/{failure_id}/replay"
    assert (await client.post(path, headers={"origin": "https://evil.example"})).status_code == 403
    bearer = api.client(Role.SUPPORT)
    assert (await bearer.post(path)).headers["location"] == "/"
    assert (await api.stage.rows("SELECT status FROM failures"))[0]["status"] == "open"
    own = await client.post(path, headers={"origin": "http://hub.example.com"})
    assert own.status_code == 303


async def test_what_people_wrote_is_escaped_and_no_page_runs_a_script(api: Api) -> None:
    client = await as_role(api, Role.ENGINEER)
    path = await planned(api, client, 1)
    await press(client, f"{path}/stop", reason=EVIL)
    failure_id, message_id = await api.stage.failed(EVIL)
    await api.stage.run("UPDATE effects SET reason = $1", EVIL)
    for page in (
        path, "/console/replays", "/console/failures", f"{path}/preview", f"/console/failures/{failure_id}/preview",
        f"/console/messages/{message_id}?edit=yes", "/console/effects?state=open", f"{path}?said={EVIL}",
    ):  # fmt: skip
        answer = await client.get(page)
        assert answer.status_code == 200, (page, answer.text)
        assert "<script" not in answer.text, page
    assert "&lt;script&gt;" in (await client.get(path)).text


async def test_a_document_is_tried_over_http(api: Api) -> None:
    viewer, before = api.client(Role.VIEWER), await api.stage.rows("SELECT id FROM messages")
    good = await viewer.post("/connectors/shop/try?kind=order", content=order_json("T-1"))
    assert (good.status_code, good.json()["types"]) == (200, ["OrderDocument"])
    bad = await viewer.post("/connectors/shop/try?kind=order", content=order_json("T-1", colour="octarine"))
    assert (bad.status_code, bad.headers["content-type"]) == (422, "application/problem+json")
    assert bad.json()["errors"][0]["line"] == 3
    support = api.client(Role.SUPPORT)
    decided = await support.post("/connectors/shop/try?kind=order&decide=true", content=order_json("T-1"))
    assert decided.json()["decided"]["outcome"] == "done"
    assert await api.stage.rows("SELECT id FROM messages") == before
