"""What the doors take, and what they answer."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from canonical.order import Hold
from canonical.statuses import HoldType, RowStatus
from connectors.webstore.showing import show
from core.errors import DoorError
from core.ports import DoorResponse, RawDocument, Receipt
from tests.connectors.webstore.asking import Counter, signed
from tests.connectors.webstore.building import OLDER, SECRET, STRANGERS, OneDesk, wire_order
from tests.contracts.building import NOON, an_order

CANCEL = {"id": "c-1", "order": "W-1001", "requested_at": "2026-11-20T12:00:00Z", "reason": "too late"}
AMENDMENT = {
    "id": "a-1",
    "order": "W-1001",
    "requested_at": "2026-11-20T12:00:00Z",
    "quantities": [{"line": "1", "quantity": 1}],
}


def body(answer: DoorResponse) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer.body)
    return document


def said(error: DoorError) -> dict[str | None, str]:
    return {problem.field: problem.reason for problem in error.problems}


# ---- orders ----


async def test_an_order_is_stored_as_it_came_and_then_accepted() -> None:
    counter = Counter()
    raw = json.dumps(wire_order(), indent=1).encode()
    answer = await counter.post("/orders", raw)
    kept = counter.desk.received["req-1"]
    assert (answer.status, kept.body, kept.kind) == (202, raw, "order")
    assert "webhook-signature" not in kept.headers
    message_id = str(UUID(body(answer)["message_id"]))
    assert body(answer) == {
        "message_id": message_id,
        "order": "W-1001",
        "status": "received",
        "status_url": f"/connectors/webstore/orders/W-1001?message={message_id}",
    }
    assert answer.headers["location"] == body(answer)["status_url"]


class FullDesk(OneDesk):
    """A hub that can't store now."""

    async def receive(self, raw: RawDocument) -> Receipt:
        raise DoorError(503, "busy", "The hub is busy", detail=raw.kind, headers={"retry-after": "5"})


async def test_an_order_that_can_not_be_stored_is_not_accepted() -> None:
    refused = await Counter(FullDesk()).refusal("/orders", wire_order())
    assert (refused.status, refused.headers) == (503, {"retry-after": "5"})


async def test_a_repetition_gets_the_same_answer_and_no_second_order() -> None:
    counter = Counter()
    first = await counter.post("/orders", wire_order())
    second = await counter.post("/orders", wire_order())
    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers["idempotent-replayed"] == "true"
    assert len(counter.desk.received) == 1


async def test_a_key_that_comes_with_another_body_is_refused() -> None:
    counter = Counter()
    await counter.post("/orders", wire_order())
    refused = await counter.refusal("/orders", wire_order("W-1002"))
    assert (refused.status, refused.code) == (409, "idempotency_key_reused")


async def test_a_key_of_an_order_is_no_key_of_its_cancellation() -> None:
    counter = Counter()
    await counter.post("/orders", wire_order())
    assert (await counter.refusal("/orders/W-1001/cancel", CANCEL)).status == 409


async def test_another_order_under_a_reference_that_is_taken_is_refused() -> None:
    counter = Counter()
    counter.desk.orders["W-1001"] = an_order(placed_at=NOON - timedelta(days=2))
    refused = await counter.refusal("/orders", wire_order())
    assert (refused.status, refused.code) == (409, "order_exists")


async def test_the_same_order_under_a_new_key_is_taken_and_left_to_its_natural_key() -> None:
    counter = Counter()
    counter.desk.orders["W-1001"] = an_order(placed_at=NOON - timedelta(minutes=2))
    assert (await counter.post("/orders", wire_order(), key="req-2")).status == 202


@pytest.mark.parametrize(
    ("change", "pointer", "reason"),
    [
        ({"total": "44.81"}, "/total", "add up to 44.80"),
        ({"total": "44.81"}, "/payments", "the payments add up to 44.80"),
        ({"discounts": [{"code": "TEN", "amount": "100.00"}]}, "/discounts", "larger than its goods"),
        ({"total": "44.805"}, "/total", "EUR has 2 digits"),
        ({"currency": "JPY"}, "/lines/0/unit_price", "JPY has 0 digits"),
        ({"shipping": {"amount": "4.90", "currency": "USD"}}, "/shipping/currency", "one currency"),
        ({"lines": [{"id": "1", "sku": "CUP", "quantity": 1_000_000, "unit_price": "9999999999"}]},
         "/lines/0/quantity", "more than any order may be"),
        ({"lines": [{"id": "1", "sku": "CUP", "quantity": 1, "unit_price": "1",
                     "discounts": [{"code": "TEN", "amount": "10"}]}]}, "/lines/0/discounts", "by 9"),
        ({"shipping": {"amount": "4.90", "taxes": [{"code": "VAT", "rate": "1.5", "amount": "0"}]}},
         "/shipping/taxes/0/rate", "for 19 %"),
        ({"placed_at": "2026-02-30T12:00:00Z"}, "/placed_at", "no such day"),
        ({"placed_at": "2026-11-22T12:00:00Z"}, "/placed_at", "from the future"),
        ({"placed_at": "2026-11-20T12:00:00"}, "/placed_at", "a time has a zone"),
        ({"placed_at": "1700000000"}, "/placed_at", "a time has a zone"),
        ({"placed_at": "0001-01-01T00:00:00+14:00"}, "/placed_at", "year"),
        ({"total": 44.8}, "/total", "not a number"),
        ({"total": "-1"}, "/total", "never below zero"),
        ({"total": "1e9"}, "/total", "digits"),
        ({"total": "44.80\n"}, "/total", "digits"),
        ({"lines": []}, "/lines", "at least 1"),
        ({"lines": wire_order()["lines"][:1] * 2}, "/lines/1/id", "two lines"),
        ({"reference": "../orders"}, "/reference", "pattern"),
        ({"totl": "1"}, "/totl", "did you mean total"),
        ({"customer": {"name": "A\r\nBcc: b"}}, "/customer/name", "line break"),
        ({"customer": {"name": "A", "email": "a b@example.com"}}, "/customer/email", "pattern"),
        ({"customer": {"name": " "}}, "/customer/name", "nothing but space"),
        ({"currency": "XYZ"}, "/currency", "ISO 4217 has no such code"),
        ({"ship_to": {**wire_order()["ship_to"], "country": "XX"}}, "/ship_to/country", "ISO 3166-1"),
        ({"payments": [{"gateway": "p", "type": "payment_intent", "reference": "r", "amount": "44.80"}]},
         "/payments/0/gateway", "paid by stripe"),
        ({"payments": [{"gateway": "stripe", "type": "payment_intent", "amount": "44.80"}]},
         "/payments/0", "names the gateway's own reference"),
        ({"payments": [{"gateway": "stripe", "type": "barter", "amount": "44.80"}]},
         "/payments/0/type", "prepaid"),
    ],
)  # fmt: skip
async def test_an_order_that_is_not_as_agreed_is_refused(
    change: dict[str, Any], pointer: str, reason: str
) -> None:
    refused = await Counter().refusal("/orders", wire_order(**change))
    assert refused.status == 422
    assert reason in said(refused)[pointer]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": -1}, "greater than or equal to 1"),
        ({"quantity": 0}, "greater than or equal to 1"),
        ({"quantity": 1.5}, "whole number"),
        ({"quantity": "2"}, "whole number"),
        ({"quantity": True}, "whole number"),
        ({"quantity": 10**30}, "less than or equal to 1000000"),
    ],
)
async def test_only_a_whole_number_above_zero_is_a_quantity(change: dict[str, Any], reason: str) -> None:
    order = wire_order()
    order["lines"][0] |= change
    refused = await Counter().refusal("/orders", order)
    assert reason in said(refused)["/lines/0/quantity"]


async def test_an_unknown_sku_is_refused_and_one_out_of_stock_is_not() -> None:
    order = wire_order()
    order["lines"][0]["sku"] = "CPU"
    refused = await Counter().refusal("/orders", order)
    assert said(refused) == {
        "/lines/0/sku": "no item has this SKU, or this reference of the shop: add it to the items first"
    }
    order["lines"][0]["sku"] = "LID"
    assert (await Counter().post("/orders", order)).status == 202


async def test_everything_wrong_is_told_at_once_with_its_place() -> None:
    text = (
        b'{"reference": "W-1",\n "placed_at": "2026-11-20T11:58:00Z",\n "currency": "eur",\n'
        b' "customer": {"name": "Somebody Private", "email": 5},\n "lines": [{"id": "1", "sku": "CUP",\n'
        b'   "quantity": -3, "unit_price": 1}], "total": "1"}'
    )
    refused = await Counter().refusal("/orders", text)
    places = {p.field: (p.line, p.column, p.value) for p in refused.problems}
    assert places == {
        "/currency": (3, 14, "'eur'"),
        "/customer/email": (4, 52, "hidden"),
        "/ship_to": (1, 1, None),
        "/lines/0/quantity": (6, 16, "-3"),
        "/lines/0/unit_price": (6, 34, "1"),
    }
    assert "Somebody Private" not in str(refused.problems)


async def test_sums_that_do_not_add_up_are_taken_where_the_shop_is_set_so() -> None:
    counter = Counter(check_totals="accept")
    assert (await counter.post("/orders", wire_order(total="44.79"))).status == 202


async def test_tax_on_top_of_the_prices_counts() -> None:
    order = wire_order(prices_include_tax=False, total="47.98")
    order["payments"][0]["amount"] = "47.98"
    assert (await Counter().post("/orders", order)).status == 202


async def test_a_free_order_needs_no_payment() -> None:
    order = wire_order(total="0", payments=[], shipping={"method": "download"})
    order["discounts"] = [{"code": "GIFT", "amount": "39.90"}]
    assert (await Counter().post("/orders", order)).status == 202


async def test_a_till_sends_what_is_paid_already() -> None:
    paid = [{"gateway": "till-4", "type": "prepaid", "amount": "44.80"}]
    assert (await Counter().post("/orders", wire_order(payments=paid))).status == 202


# ---- bytes that are no document ----


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        (b"", "malformed_json", "empty"),
        (b'{"reference": "W-1",', "malformed_json", "cut off"),
        (b"<order/>", "malformed_json", "XML"),
        (b'{"reference": "W-1", "reference": "W-2"}', "malformed_json", "twice"),
        (b'{"total": NaN}', "malformed_json", "NaN"),
        (b'{"title": "\\u0000"}', "malformed_json", "u0000"),
        (b'{"title": "\\ud83d"}', "malformed_json", "surrogate"),
        (b'{"title": "\xff"}', "malformed_json", "0xff"),
        (b'{"title": "\x00"}', "malformed_json", "NUL"),
        (b"[" * 100_000, "malformed_json", ""),
        (b"[" * 500 + b"]" * 500, "too_deep", "16"),
        (b'{"total": ' + b"9" * 5000 + b"}", "malformed_json", "digits"),
        (b"\xff\xfe{\x00}\x00", "malformed_json", "UTF-16"),
    ],
)
async def test_bytes_that_are_no_json_are_refused_with_their_place(
    text: bytes, code: str, reason: str
) -> None:
    refused = await Counter().refusal("/orders", text)
    assert (refused.status, refused.problems != ()) == (400, True)
    if refused.code != "too_deep":
        assert refused.code == code
    assert reason in refused.detail


async def test_what_is_too_large_is_refused_unread() -> None:
    refused = await Counter().refusal("/orders", b" " * (1024 * 1024 + 1))
    assert (refused.status, refused.code) == (413, "too_large")


@pytest.mark.parametrize(
    "media_type", ["text/xml", "", "application/json; charset=latin-1", "application/jsonx"]
)
async def test_what_is_no_json_by_its_own_words_is_refused(media_type: str) -> None:
    counter, raw = Counter(), json.dumps(wire_order()).encode()
    headers = {**signed("POST", "/orders", raw), "content-type": media_type}
    with pytest.raises(DoorError) as refused:
        await counter.send("POST", "/orders", headers, raw)
    assert refused.value.status == 415
    assert counter.desk.received == {}


async def test_json_may_say_that_it_is_utf_8() -> None:
    counter, raw = Counter(), json.dumps(wire_order()).encode()
    headers = {**signed("POST", "/orders", raw), "content-type": 'application/json; charset="UTF-8"'}
    assert (await counter.send("POST", "/orders", headers, raw)).status == 202


# ---- signatures ----


async def test_a_request_without_signature_is_told_what_it_lacks() -> None:
    with pytest.raises(DoorError, match="webhook-signature") as refused:
        await Counter().send("POST", "/orders", {"content-type": "application/json"}, b"{}")
    assert refused.value.status == 401
    assert "www-authenticate" in refused.value.headers


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "req-2"),
        ("webhook-timestamp", str(int(NOON.timestamp()) + 1)),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "ü"),
        ("webhook-signature", "v1,\ud800"),
    ],
)
async def test_a_signature_covers_each_of_its_parts(header: str, value: str) -> None:
    raw = json.dumps(wire_order()).encode()
    headers = {**signed("POST", "/orders", raw), header: value}
    with pytest.raises(DoorError) as refused:
        await Counter().send("POST", "/orders", headers, raw)
    assert (refused.value.status, refused.value.code) == (401, "signature_mismatch")


async def test_a_signature_covers_method_target_and_body() -> None:
    raw = json.dumps(CANCEL).encode()
    for method, target, text in (
        ("GET", "/orders/W-1001/cancel", raw),
        ("POST", "/orders/W-1002/cancel", raw),
        ("POST", "/orders/W-1001/cancel?x=1", raw),
        ("POST", "/orders/W-1001/cancel", raw + b" "),
    ):
        headers = signed(method, target, text)
        with pytest.raises(DoorError) as refused:
            await Counter().send("POST", "/orders/W-1001/cancel", headers, raw)
        assert refused.value.code == "signature_mismatch"


async def test_the_secrets_of_a_rotation_are_all_accepted_and_a_strangers_is_not() -> None:
    counter = Counter(api_secrets=[SECRET, OLDER])
    for key, secret in (("new", SECRET), ("old", OLDER)):
        assert (await counter.post("/orders", wire_order(key), key=key, secret=secret)).status == 202
    assert (await counter.refusal("/orders", wire_order(), secret=STRANGERS)).status == 401


async def test_a_sender_may_sign_with_several_secrets() -> None:
    counter, raw = Counter(api_secrets=[OLDER]), json.dumps(wire_order()).encode()
    new, old = (signed("POST", "/orders", raw, secret=secret) for secret in (SECRET, OLDER))
    both = {**new, "webhook-signature": f"{new['webhook-signature']} {old['webhook-signature']}"}
    assert (await counter.send("POST", "/orders", both, raw)).status == 202


@pytest.mark.parametrize("away_s", [-300, 300])
async def test_a_clock_may_be_five_minutes_off(away_s: int) -> None:
    answer = await Counter().post("/orders", wire_order(), at=int(NOON.timestamp()) + away_s)
    assert answer.status == 202


@pytest.mark.parametrize("away_s", [-301, 301])
async def test_a_clock_that_is_further_off_is_refused_both_ways(away_s: int) -> None:
    refused = await Counter().refusal("/orders", wire_order(), at=int(NOON.timestamp()) + away_s)
    assert (refused.status, refused.code) == (401, "timestamp_outside_tolerance")


@pytest.mark.parametrize("at", ["now", "-5", "1e9", "٣", "9" * 40])
async def test_a_timestamp_that_is_no_number_is_refused(at: str) -> None:
    refused = await Counter().refusal("/orders", wire_order(), at=at)
    assert (refused.status, refused.code) == (401, "timestamp_unreadable")


async def test_a_request_recorded_earlier_is_worthless_later() -> None:
    counter, raw = Counter(), json.dumps(wire_order()).encode()
    headers = signed("POST", "/orders", raw)
    await counter.send("POST", "/orders", headers, raw)
    counter.clock.advance(301)
    with pytest.raises(DoorError, match="301 s behind"):
        await counter.send("POST", "/orders", headers, raw)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"idempotency-key": None}, "idempotency_key_missing"),
        ({"idempotency-key": "another"}, "idempotency_key_differs"),
    ],
)
async def test_a_post_names_its_signed_id_as_its_key(headers: dict[str, str | None], code: str) -> None:
    raw = json.dumps(wire_order()).encode()
    all_headers = {**signed("POST", "/orders", raw), **headers}
    present = {name: value for name, value in all_headers.items() if value is not None}
    with pytest.raises(DoorError) as refused:
        await Counter().send("POST", "/orders", present, raw)
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize("key", ["a b", "ü", "x" * 129])
async def test_an_id_that_no_store_should_keep_is_refused(key: str) -> None:
    assert (await Counter().refusal("/orders", wire_order(), key=key)).code == "bad_id"


# ---- cancellations and amendments ----


@pytest.mark.parametrize(
    ("path", "document", "kind"), [("cancel", CANCEL, "cancel"), ("amendments", AMENDMENT, "amendment")]
)
async def test_a_wish_about_an_order_is_stored_even_before_the_order(
    path: str, document: dict[str, Any], kind: str
) -> None:
    counter = Counter()
    answer = await counter.post(f"/orders/W-1001/{path}", document)
    assert (answer.status, counter.desk.received["req-1"].kind) == (202, kind)


@pytest.mark.parametrize(("path", "document"), [("cancel", CANCEL), ("amendments", AMENDMENT)])
async def test_a_wish_names_the_order_that_its_url_names(path: str, document: dict[str, Any]) -> None:
    refused = await Counter().refusal(f"/orders/W-1002/{path}", document)
    assert said(refused) == {"/order": "the body is about another order than the URL"}


async def test_an_amendment_changes_something() -> None:
    document = {name: value for name, value in AMENDMENT.items() if name != "quantities"}
    refused = await Counter().refusal("/orders/W-1001/amendments", document)
    assert "give `quantities`" in said(refused)["/"]


# ---- what shops may ask ----


async def test_an_order_is_found_from_its_acceptance_on() -> None:
    counter = Counter()
    url = body(await counter.post("/orders", wire_order()))["status_url"].removeprefix("/connectors/webstore")
    assert body(await counter.get(url)) == {"order": "W-1001", "status": "received", "attention": False}
    counter.desk.orders["W-1001"] = an_order()
    assert body(await counter.get(url))["status"] == "in_progress"


async def test_an_order_that_failed_after_acceptance_is_shown_as_looked_at() -> None:
    counter = Counter()
    answer = body(await counter.post("/orders", wire_order()))
    counter.desk.failed[UUID(answer["message_id"])] = "the database said something private"
    shown = await counter.get(answer["status_url"].removeprefix("/connectors/webstore"))
    assert body(shown)["attention"] is True
    assert b"private" not in shown.body


@pytest.mark.parametrize("query", ["", "?message=00000000-0000-0000-0000-000000000000"])
async def test_an_order_that_never_came_is_unknown(query: str) -> None:
    with pytest.raises(DoorError) as refused:
        await Counter().get(f"/orders/W-1{query}")
    assert refused.value.status == 404


async def test_a_message_is_named_by_its_id() -> None:
    with pytest.raises(DoorError) as refused:
        await Counter().get("/orders/W-1?message=1")
    assert (refused.value.status, refused.value.code) == (400, "bad_query")


def test_an_order_is_shown_with_its_parcels_and_without_people_or_houses() -> None:
    hold = Hold(type=HoldType.FRAUD_REVIEW, reason="score 91 at the gateway", actor="rules", placed_at=NOON)
    shown = show(an_order(holds=(hold,)))
    assert shown["lines"][0] == {
        "id": "1", "sku": "CUP", "ordered": 2, "open": 0, "back_ordered": 0, "shipped": 2, "returned": 0,
        "cancelled": 0,
    }  # fmt: skip
    assert shown["shipments"][0]["tracking_number"] == "00340434161094042557"
    assert shown["holds"] == [{"text": "The order is being checked.", "since": NOON.isoformat()}]
    assert "berlin" not in json.dumps(shown)
    assert "91" not in json.dumps(shown["holds"])


@pytest.mark.parametrize("status", list(RowStatus))
def test_every_unit_of_a_line_is_shown_somewhere(status: RowStatus) -> None:
    order = an_order()
    row = order.lines[1].rows[0].replace(status=status)
    shown = show(order.replace(lines=(order.lines[1].replace(rows=(row,)),)))["lines"][0]
    counts = [value for name, value in shown.items() if name not in {"id", "sku", "ordered"}]
    assert sum(counts) == shown["ordered"] == 1


@pytest.mark.parametrize("hold_type", list(HoldType))
def test_every_hold_has_words_for_the_shop(hold_type: HoldType) -> None:
    hold = Hold(type=hold_type, reason="internal", actor="rules", placed_at=NOON)
    assert show(an_order(holds=(hold,)))["holds"][0]["text"].endswith(".")


async def test_stock_is_shown_by_sku_and_unknown_ones_are_told_apart_from_empty_ones() -> None:
    counter = Counter(OneDesk({"CUP": 3, "a/b c": 1, "LID": 0}))
    shown = body(await counter.get("/stock?sku=CUP&sku=a%2Fb%20c&sku=LID&sku=NIX&sku=CUP"))
    assert shown["as_of"] == NOON.isoformat()
    assert [(row["sku"], row["available"], row["known"]) for row in shown["stock"]] == [
        ("CUP", 3, True),
        ("a/b c", 1, True),
        ("LID", 0, True),
        ("NIX", None, False),
    ]


@pytest.mark.parametrize(
    "query", ["", "?sku=", "?sku=%00", "?" + "&".join(f"sku={i}" for i in range(101)), "?" + "sku=1&" * 200]
)
async def test_one_to_a_hundred_skus_may_be_asked_for(query: str) -> None:
    with pytest.raises(DoorError) as refused:
        await Counter().get(f"/stock{query}")
    assert (refused.value.status, refused.value.code) == (400, "bad_query")


async def test_questions_are_signed_too() -> None:
    for target in ("/stock?sku=CUP", "/orders/W-1001"):
        with pytest.raises(DoorError) as refused:
            await Counter().send("GET", target, {})
        assert refused.value.status == 401


@pytest.mark.parametrize("name", ["", "/order", "/cancel", "/amendment", "/webhook"])
async def test_the_schemas_are_public(name: str) -> None:
    answer = await Counter().send("GET", f"/schema{name}", {})
    assert answer.media_type == "application/schema+json"
    assert body(answer)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert body(answer)["additionalProperties"] is False


async def test_a_schema_that_is_not_there_is_unknown() -> None:
    with pytest.raises(DoorError, match="amendment"):
        await Counter().send("GET", "/schema/invoice", {})
