"""Who is let in, and to what."""

from uuid import UUID

import pytest

from hub.desk.access import Role
from tests.hub.api.conftest import LOCAL, Api, serve
from tests.hub.stage import EMAIL, NAME, Stage

NOBODYS = UUID("0f4c6f6e-0000-4000-8000-000000000000")
"""An id that nothing has."""

READS = (
    "/orders", "/messages", "/failures", "/failure-groups", "/replays", "/effects", "/connectors",
    "/statistics", "/metrics", "/stock/drift", "/master-data/items",
)  # fmt: skip


@pytest.mark.parametrize("path", READS)
async def test_nobody_reads_without_a_token(api: Api, path: str) -> None:
    answer = await api.client().get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("path", READS)
async def test_a_viewer_reads(api: Api, path: str) -> None:
    answer = await api.client(Role.VIEWER).get(path)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic b3A6b3A=",
        "Bearer oh_wrong",
        "Bearer nonsense",
        "Bearer oh_" + "x" * 500,
    ],
)
async def test_a_token_that_is_none_is_refused_without_saying_why(api: Api, given: str) -> None:
    answer = await api.client().get("/orders", headers={"authorization": given})
    assert answer.status_code == 401
    assert "oh_wrong" not in answer.text


async def test_a_revoked_token_is_refused_at_once(api: Api) -> None:
    admin = api.client(Role.ADMIN)
    made = (await admin.post("/tokens", json={"name": "short-lived", "role": "viewer"})).json()
    mine = {"authorization": f"Bearer {made['secret']}"}
    assert (await api.client().get("/orders", headers=mine)).status_code == 200
    assert (await admin.delete(f"/tokens/{made['id']}")).json()["revoked_at"]
    assert (await api.client().get("/orders", headers=mine)).status_code == 401


async def test_a_secret_is_shown_once_and_never_kept(api: Api) -> None:
    admin = api.client(Role.ADMIN)
    made = (
        await admin.post("/tokens", json={"name": "robot", "role": "support", "expires_in_days": 30})
    ).json()
    assert made["secret"].startswith("oh_")
    assert len(made["secret"]) >= 43
    assert made["secret"] not in (await admin.get("/tokens")).text
    assert made["secret"] not in str(await api.stage.rows("SELECT * FROM tokens"))
    assert made["secret"] not in str(await api.stage.rows("SELECT * FROM audit_log"))


@pytest.mark.parametrize(
    ("method", "path", "least", "body"),
    [
        ("POST", f"/orders/{NOBODYS}/hold", Role.SUPPORT, {"type": "other", "reason": "x"}),
        ("POST", f"/orders/{NOBODYS}/release", Role.SUPPORT, {"type": "other"}),
        ("POST", f"/orders/{NOBODYS}/cancel", Role.SUPPORT, {"reason": "x"}),
        ("POST", f"/orders/{NOBODYS}/notes", Role.SUPPORT, {"text": "x"}),
        ("POST", f"/orders/{NOBODYS}/erase", Role.ADMIN, {"reason": "x"}),
        ("GET", f"/messages/{NOBODYS}/body", Role.SUPPORT, None),
        ("POST", f"/messages/{NOBODYS}/replay", Role.SUPPORT, None),
        ("POST", f"/messages/{NOBODYS}/edit", Role.SUPPORT, {"body": "x", "reason": "x"}),
        ("POST", f"/failures/{NOBODYS}/claim", Role.SUPPORT, None),
        ("POST", f"/failures/{NOBODYS}/discard", Role.SUPPORT, {"reason": "x"}),
        ("POST", f"/failures/{NOBODYS}/replay", Role.SUPPORT, None),
        ("POST", "/replays", Role.ENGINEER, {"filter": {}}),
        ("POST", f"/replays/{NOBODYS}/run", Role.ENGINEER, None),
        ("POST", f"/effects/{NOBODYS}/resolve", Role.SUPPORT, {"resolution": "look_up", "reason": "x"}),
        ("PUT", "/stock", Role.ENGINEER, {"sku": "NOPE", "node": "hall", "on_hand": 1, "reason": "x"}),
        ("POST", "/master-data/items?name=a.csv", Role.ENGINEER, None),
        ("POST", "/connectors/nobody/pause", Role.ENGINEER, {"reason": "x"}),
        ("GET", "/audit", Role.ENGINEER, None),
        ("GET", "/tokens", Role.ADMIN, None),
        ("POST", "/tokens", Role.ADMIN, {"name": "", "role": "viewer"}),
    ],
)
async def test_each_verb_takes_its_role(api: Api, method: str, path: str, least: Role, body: object) -> None:
    roles = list(Role)
    below, at = roles[roles.index(least) - 1], least
    refused = await api.client(below).request(method, path, json=body)
    if refused.status_code != 422:  # what makes no sense is refused before the role is looked at
        assert refused.status_code == 403, refused.text
        assert least.value in refused.json()["detail"]
    assert (await api.client(at).request(method, path, json=body)).status_code not in {401, 403}


async def test_a_viewer_sees_no_personal_data_anywhere(api: Api) -> None:
    order_id = await api.stage.placed("R-1")
    failure_id, message_id = await api.stage.failed()
    await api.stage.settled()
    viewer = api.client(Role.VIEWER)
    shown = (await viewer.get(f"/orders/{order_id}")).json()
    paths = [
        f"/orders/{order_id}", f"/orders/{order_id}/explain", f"/failures/{failure_id}", f"/messages/{message_id}",
        "/failures", "/failure-groups", "/effects", "/messages", "/metrics",
        *(f"/messages/{message['id']}" for message in shown["messages"]),
    ]  # fmt: skip
    for path in paths:
        text = (await viewer.get(path)).text
        assert EMAIL not in text, path
        assert NAME not in text, path
        assert "10115" not in text, path
    assert NAME in (await api.client(Role.SUPPORT).get(f"/messages/{message_id}")).text


async def test_an_open_console_lets_this_machine_look_and_nobody_change(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    async with serve(hub, open_console=True) as api:
        here = api.client(address="127.0.0.1", base_url=LOCAL)
        assert (await here.get("/orders")).status_code == 200
        assert (await here.get(f"/console/orders/{order_id}")).status_code == 200
        assert (await here.post(f"/orders/{order_id}/cancel", json={"reason": "x"})).status_code == 401
        assert (await here.get("/tokens")).status_code == 403


@pytest.mark.parametrize(
    ("address", "base_url"),
    [
        ("203.0.113.9", LOCAL),
        ("127.0.0.1", "http://rebound.example.com"),
        ("not an address", LOCAL),
    ],
)
async def test_an_open_console_is_closed_to_others(hub: Stage, address: str, base_url: str) -> None:
    async with serve(hub, open_console=True) as api:
        assert (await api.client(address=address, base_url=base_url).get("/orders")).status_code == 401


async def test_a_console_that_is_not_open_wants_a_token_here_too(api: Api) -> None:
    here = api.client(address="127.0.0.1", base_url=LOCAL)
    assert (await here.get("/orders")).status_code == 401
    assert "Sign in" in (await here.get("/")).text
    assert (await here.get("/console/orders")).status_code == 303


async def test_a_token_signs_in_to_the_console_only(api: Api) -> None:
    client = api.client()
    wrong = await client.post("/console/login", data={"token": "oh_wrong"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = await client.post("/console/login", data={"token": api.secrets[Role.VIEWER]})
    assert right.status_code == 303
    cookie = right.headers["set-cookie"].casefold()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "viewer-1" in (await client.get("/")).text
    assert (await client.get("/orders")).status_code == 401
    await client.post("/console/logout")
    assert "Sign in" in (await client.get("/")).text
