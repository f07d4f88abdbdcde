"""Whatever comes: a refusal or an accepted order, and never another exception."""

import json
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.webstore.doors import WebstoreDoors
from core.clock import ManualClock
from core.errors import DoorError
from core.ports import DoorResponse
from tests.connectors.webstore.asking import Counter, signed
from tests.connectors.webstore.building import settings, wire_order
from tests.contracts.building import NOON

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({*wire_order(), "bill_to", "discounts", "unknown"}))
AMOUNTS = st.decimals("0", "99999", places=2).map(str) | st.sampled_from(["0", "00.10", "9999999999.9999"])


async def outcome(document: bytes, **headers: str) -> DoorResponse | DoorError:
    counter = Counter()
    signed_by_us = {**signed("POST", "/orders", document), **headers}
    found = await reply(counter.send("POST", "/orders", signed_by_us, document))
    stored = len(counter.desk.received)
    if isinstance(found, DoorError):
        assert (stored, 400 <= found.status < 500) == (0, True)
    else:
        assert (stored, found.status) == (1, 202)
    return found


async def reply(asked: Coroutine[Any, Any, DoorResponse]) -> DoorResponse | DoorError:
    try:
        return await asked
    except DoorError as error:
        return error


@given(st.binary(max_size=400))
async def test_any_bytes(document: bytes) -> None:
    await outcome(document)


@given(JSON)
async def test_any_json(document: object) -> None:
    await outcome(json.dumps(document).encode("utf-8", "surrogatepass"))


@given(st.dictionaries(FIELDS, JSON, max_size=3))
async def test_any_order_with_strange_fields(changes: dict[str, Any]) -> None:
    await outcome(json.dumps(wire_order(**changes)).encode("utf-8", "surrogatepass"))


@given(st.data())
async def test_any_order_with_a_strange_value_somewhere(data: st.DataObject) -> None:
    order: Any = wire_order()
    node = order
    while True:
        keys: list[Any] = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(JSON | AMOUNTS)
    await outcome(json.dumps(order).encode("utf-8", "surrogatepass"))


@given(st.integers(0, 700), st.integers(1, 40))
async def test_any_order_that_was_damaged_on_its_way(start: int, length: int) -> None:
    whole = json.dumps(wire_order()).encode()
    await outcome(whole[:start] + whole[start + length :])


@given(
    st.sampled_from(
        ["webhook-id", "webhook-timestamp", "webhook-signature", "idempotency-key", "content-type"]
    ),
    st.text(max_size=40),
)
async def test_any_header(name: str, value: str) -> None:
    found = await outcome(json.dumps(wire_order()).encode(), **{name: value})
    if name in {"webhook-id", "webhook-timestamp", "webhook-signature"}:
        assert isinstance(found, DoorError)
        assert found.status == 401


@given(st.text(max_size=60))
async def test_any_query(query: str) -> None:
    counter = Counter()
    target = "/stock?" + query.encode("utf-8", "surrogatepass").decode("latin-1")
    headers = signed("GET", target, b"")
    assert (await reply(counter.send("GET", target, headers))).status in {200, 400}


@given(
    st.lists(st.tuples(st.decimals("0", "9999", places=2), st.integers(1, 99)), min_size=1, max_size=4),
    st.decimals("0", "99", places=2),
)
async def test_an_order_is_accepted_when_it_adds_up_and_refused_when_a_cent_is_off(
    bought: list[tuple[Decimal, int]], shipping: Decimal
) -> None:
    lines = [
        {"id": str(n), "sku": "CUP", "quantity": quantity, "unit_price": str(price)}
        for n, (price, quantity) in enumerate(bought)
    ]
    total = sum((price * quantity for price, quantity in bought), shipping)
    for stated in (total, total + Decimal("0.01")):
        paid = [{"gateway": "till", "type": "prepaid", "amount": str(stated)}]
        order = wire_order(lines=lines, shipping={"amount": str(shipping)}, total=str(stated), payments=paid)
        found = await outcome(json.dumps(order).encode())
        assert isinstance(found, DoorError) is (stated != total)


def test_the_doors_are_those_of_the_readme() -> None:
    doors = WebstoreDoors("webstore", settings(), ManualClock(NOON)).doors()
    assert [(door.method, door.path) for door in doors] == [
        ("POST", "/orders"),
        ("GET", "/orders/{ref}"),
        ("POST", "/orders/{ref}/cancel"),
        ("POST", "/orders/{ref}/amendments"),
        ("GET", "/stock"),
        ("GET", "/schema"),
        ("GET", "/schema/{document}"),
    ]
