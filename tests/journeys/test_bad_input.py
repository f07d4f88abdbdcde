"""Bad input from end to end: a clear refusal at the door, or a failure record with its position; others go through."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.desk.access import Principal, Role
from hub.desk.tokens import create_token
from tests.journeys.doorstep import Doorstep, doorstep, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(90)]

ADMIN = Principal("root", Role.ADMIN)
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Doorstep]:
    async with doorstep(tmp_path) as found:
        yield found


def _line(**changes: Any) -> Change:
    return lambda order: order["lines"][0].update(changes)


def _without(*path: str) -> Change:
    def change(order: dict[str, Any]) -> None:
        for name in path[:-1]:
            order = order[name]
        del order[path[-1]]

    return change


WRONG_ORDERS: tuple[tuple[str, Change, str], ...] = (
    ("an unknown SKU", _line(sku="NO-SUCH"), "/lines/0/sku"),
    ("an unknown currency", lambda order: order.update(currency="XXQ"), "/currency"),
    ("an unknown country", lambda order: order["ship_to"].update(country="QX"), "/ship_to/country"),
    ("an unknown field", lambda order: order.update(colour="octarine"), "/colour"),
    ("a missing field", _without("ship_to", "city"), "/ship_to/city"),
    ("no lines", lambda order: order.update(lines=[]), "/lines"),
    ("a negative quantity", _line(quantity=-1), "/lines/0/quantity"),
    ("a quantity that is a word", _line(quantity="two"), "/lines/0/quantity"),
    ("a price below zero", _line(unit_price="-19.90"), "/lines/0/unit_price"),
    ("a total that does not add up", lambda order: order.update(total="59.71"), "/total"),
    ("two currencies", _line(currency="USD"), "/lines/0/currency"),
    ("an unknown gateway", lambda order: order["payments"][0].update(type="payment_intent"), "/payments/0/gateway"),
)  # fmt: skip


async def test_the_door_names_the_field_of_every_wrong_order(here: Doorstep) -> None:
    async with here.beside_a_good_order():
        for what, change, place in WRONG_ORDERS:
            order = here.order()
            change(order)
            answer = await here.post(orjson.dumps(order))
            assert answer.status_code == 422, (what, answer.text)
            fields = {error.get("field") for error in answer.json()["errors"]}
            assert place in fields, (what, answer.text)
            assert await here.status(order["reference"]) is None, what
    assert await here.failures() == []


async def test_the_door_refuses_bytes_that_are_no_order(here: Doorstep) -> None:
    good = orjson.dumps(here.order())
    cases = {
        "truncated": (good[: len(good) // 2], 400),
        "empty": (b"", 400),
        "over the limit": (b'{"note":"' + b"x" * 4_000_000 + b'"}', 413),
        "deeply nested": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        "wrong encoding": (good.replace(b"Berlin", "Köln".encode("latin-1")), 400),
        "a NUL byte": (good.replace(b"Berlin", b"Ber\x00lin"), 400),
        "an escaped NUL": (good.replace(b"Berlin", b"Ber\\u0000lin"), 400),
        "a lone surrogate": (good.replace(b"Berlin", b"\\ud800"), 400),
        "a list": (b"[1,2,3]", 422),
    }
    async with here.beside_a_good_order():
        for what, (body, status) in cases.items():
            answer = await here.post(body)
            assert answer.status_code == status, (what, answer.status_code, answer.text[:500])
            problem = answer.json()
            assert problem["title"], what
            assert problem.get("detail") or problem.get("errors"), what
        answer = await here.post(good, media_type="text/xml")
        assert answer.status_code == 415
    assert await here.failures() == []


async def test_the_door_knows_forged_replayed_and_stale_requests(here: Doorstep) -> None:
    order = orjson.dumps(here.order())
    forged = "whsec_" + "A" * 32
    async with here.beside_a_good_order():
        assert (await here.post(order, secret=forged)).json()["code"] == "signature_mismatch"
        late = await here.post(order, at=int(time.time()) - 3600)
        assert late.json()["code"] == "timestamp_outside_tolerance"
        first = await here.post(order, key="request-1")
        again = await here.post(order, key="request-1")
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"
        other = await here.post(orjson.dumps(here.order()), key="request-1")
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_stripes_door_knows_forged_and_stale_events(here: Doorstep) -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    door = f"{here.url}/connectors/stripe/webhook"
    secret = here.partners.settings["stripe"]["webhook_secrets"][0].encode()

    async def told(at: int, key: bytes) -> tuple[int, str]:
        mark = hmac.new(key, f"{at}.".encode() + body, "sha256").hexdigest()
        answer = await here.http.post(door, content=body, headers={"stripe-signature": f"t={at},v1={mark}"})
        return answer.status_code, answer.json()["code"]

    now = int(time.time())
    async with here.beside_a_good_order():
        assert await told(now, b"another") == (401, "signature_invalid")
        assert await told(now - 3600, secret) == (401, "signature_expired")
        unsigned = await here.http.post(door, content=body)
        assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature_missing")


async def test_an_expired_token_opens_nothing(here: Doorstep) -> None:
    token = await create_token(here.hub.desk, ADMIN, "once", Role.ADMIN, expires_in_days=1)
    headers = {"authorization": f"Bearer {token.secret}"}
    assert (await here.http.get(f"{here.url}/orders", headers=headers)).status_code == 200
    yesterday = here.hub.blueprint.clock.now() - timedelta(days=1)
    async with here.hub.database.transaction() as session:
        await session.run("UPDATE tokens SET expires_at = $2 WHERE id = $1", token.id, yesterday)

    async def is_refused() -> bool:  # a token is remembered for a moment
        answer = await here.http.get(f"{here.url}/orders", headers=headers)
        return answer.status_code == 401 and "over its date" in answer.json()["detail"]

    async with here.beside_a_good_order():
        await until(is_refused, within_s=60)


_DISPATCH = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<DispatchAdvice xmlns="urn:warehouse-exchange:1" version="1"><Dispatch>
  <ReleaseId>{release}</ReleaseId><ShipmentId>{release}-p1</ShipmentId>
  <DispatchedAt>2026-03-02T12:00:00Z</DispatchedAt><Carrier>{carrier}</Carrier>
  <TrackingNumber>00340434161094021501</TrackingNumber>
  <Lines><Line><Sku>TEE-BLUE-M</Sku><Quantity>{quantity}</Quantity></Line></Lines>
</Dispatch></DispatchAdvice>"""


def _dispatch(doctype: str = "", release: str = "R-1", carrier: str = "DHL", quantity: str = "1") -> bytes:
    return _DISPATCH.format(doctype=doctype, release=release, carrier=carrier, quantity=quantity).encode()


_BOMB = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
WRONG_PAPERS: dict[str, tuple[str, bytes]] = {
    "truncated": ("dispatch", _dispatch()[:250]),
    "empty": ("dispatch", b""),
    "an external entity": (
        "dispatch", _dispatch('<!DOCTYPE x [<!ENTITY e0 SYSTEM "file:///etc/hostname">]>', release="&e0;"),
    ),
    "an entity bomb": (
        "dispatch", _dispatch(f'<!DOCTYPE x [<!ENTITY e0 "boom">{_BOMB}]>', release="&e9;"),
    ),
    "a wrong encoding": ("dispatch", _dispatch(carrier="Kölner Post").decode().encode("latin-1")),
    "a NUL": ("dispatch", _dispatch(carrier="D\x00L")),
    "deeply nested": ("dispatch", b"<a>" * 20_000 + b"</a>" * 20_000),
    "an unknown code": (
        "answer",
        (b'<Answers xmlns="urn:warehouse-exchange:1" version="1"><Answer><ReleaseId>R-1</ReleaseId>'
        b"<At>2026-03-02T12:00:00Z</At><Outcome>MAYBE</Outcome></Answer></Answers>"),
    ),
    "a negative quantity": ("dispatch", _dispatch(quantity="-1")),
    "a missing field": ("dispatch", _dispatch().replace(b"<ShipmentId>R-1-p1</ShipmentId>", b"")),
    "a trailer that does not add up": (
        "stock", b"H;leipzig;ON_HAND;2026-03-02T12:00:00Z\r\nD;TEE-BLUE-M;5\r\nT;2\r\n",
    ),
    "a stock of less than nothing": (
        "stock", b"H;leipzig;ON_HAND;2026-03-02T12:00:00Z\r\nD;TEE-BLUE-M;-5\r\nT;1\r\n",
    ),
}  # fmt: skip


async def test_every_wrong_paper_becomes_a_failure_record_with_its_position(here: Doorstep) -> None:
    async with here.beside_a_good_order():
        for so_far, (what, (kind, body)) in enumerate(WRONG_PAPERS.items()):
            path = here.arrives(kind, f"{so_far:02d}{'.csv' if kind == 'stock' else '.xml'}", body)
            failure = await here.next_failure(so_far)
            assert (failure["stage"], failure["connector"]) == ("read", "leipzig"), (what, failure)
            assert failure["problems"], (what, failure)
            assert all(problem["reason"] for problem in failure["problems"]), what
            placed = [p for p in failure["problems"] if p.get("line") or p.get("field")]
            assert placed or body == b"", (what, failure)
            assert "root:" not in failure["reason"], what
            await until(partial(_gone, path))
    assert len(await here.failures()) == len(WRONG_PAPERS)


async def test_a_feed_that_fails_half_way_goes_on_where_it_was(here: Doorstep) -> None:
    berlin = here.partners.berlin
    async with here.beside_a_good_order():
        await berlin.stop()
        folder = berlin.root / "in" / "stock"
        for i, body in enumerate((b"H;berlin;ON_HAND\r\n", b"no report\r\n")):
            (folder / f"broken-{i}.csv").write_bytes(body)
        berlin.put_stock("TEE-BLUE-M", 4711)
        berlin.send_stock_report()
        await asyncio.sleep(1.5)
        assert here.hub.scheduler.feeds["berlin", "stock"].failures > 0
        assert "berlin" not in {failure["connector"] for failure in await here.failures()}
        await berlin.start()
        await until(lambda: _has_on_hand(here, 4711))
    broken = [failure for failure in await here.failures() if failure["connector"] == "berlin"]
    assert len(broken) == 2
    assert all(failure["problems"] for failure in broken)


async def _gone(path: Path) -> bool:
    return not await asyncio.to_thread(path.exists)


async def _has_on_hand(here: Doorstep, wanted: int) -> bool:
    sql = "SELECT on_hand FROM stock WHERE sku = 'TEE-BLUE-M' AND node = 'berlin'"
    async with here.hub.database.reading() as session:
        rows = await session.rows(sql)
    return bool(rows) and rows[0]["on_hand"] == wanted
