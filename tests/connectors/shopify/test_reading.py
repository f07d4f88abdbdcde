"""An order as it was fetched says the order, its payments, its cancellation and its changes; or names what is wrong."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.capture import place
from canonical.documents import (
    AmendmentDocument,
    CancelDocument,
    Document,
    OrderDocument,
    PaymentDocument,
    PaymentFact,
)
from canonical.evolve import evolve
from canonical.order import Order
from connectors.shopify.reading import ShopifyReader
from connectors.shopify.simulator.checkout import Basket, Wanted
from core.errors import DocumentError
from core.ports import RawDocument
from tests.connectors.shopify.stage import CUPS_AND_POT, MAPPINGS, Stage, stage

READER = ShopifyReader("shopify", MAPPINGS, take_tests=False)


async def fetched(on: Stage, reference: str) -> dict[str, Any]:
    """Return an order as the connector fetches it."""
    on.desk.kept.clear()
    on.cursors.values.clear()
    await on.open(since="2020-01-01T00:00:00Z").feeds[0].poll(on.desk)
    found = [json.loads(raw.body) for raw in on.desk.orders()]
    return next(one for one in found if one["order"]["legacyResourceId"] == reference)


def read(document: dict[str, Any]) -> tuple[Document, ...]:
    return READER(RawDocument("order", json.dumps(document).encode()))


def the_order(document: dict[str, Any]) -> OrderDocument:
    found = read(document)[0]
    assert isinstance(found, OrderDocument)
    return found


def facts(document: dict[str, Any]) -> list[tuple[PaymentFact, str, Decimal]]:
    return [(d.fact, d.currency, d.amount) for d in read(document) if isinstance(d, PaymentDocument)]


def placed(document: OrderDocument) -> Order:
    """Return the order that the hub makes of it."""
    skus = {line.reference: line.reference for line in document.lines}
    order = evolve(None, place(document, uuid4(), skus))
    assert order is not None
    return order


BASKETS = {
    "plain": CUPS_AND_POT,
    "discounted": Basket((Wanted("CUP", 3, "9.99", discount="5.01"), Wanted("POT", 1, "20.00"))),
    "tax on top": Basket((Wanted("CUP", 3, "3.33"),), tax_rate="0.06", tax_included=False, currency="USD"),
    "yen": Basket((Wanted("CUP", 3, "980"),), currency="JPY", shipping="500", tax_rate="0"),
    "dinars": Basket((Wanted("CUP", 1, "3.125"),), currency="KWD", shipping="0", tax_rate="0"),
    "no shipping": Basket((Wanted("CUP", 1, "9.95"),), shipping="0.00"),
}


@pytest.mark.parametrize("name", BASKETS)
async def test_an_order_adds_up_to_the_cent(name: str) -> None:
    async with stage() as on:
        document = the_order(await fetched(on, on.shop.place(BASKETS[name])))
        order = placed(document)
        assert order.computed_total() == order.total
        assert [tender.amount for tender in document.tenders] == [document.total]


async def test_an_order_is_what_the_buyer_bought() -> None:
    async with stage() as on:
        document = the_order(await fetched(on, on.shop.place(BASKETS["discounted"], number=77)))
        assert (document.channel, document.channel_ref, document.language) == ("shopify", "77", "de")
        cups, pot = document.lines
        assert (cups.reference, cups.quantity, cups.unit_price) == ("CUP", 3, Decimal("9.99"))
        assert [(d.code, d.amount) for d in cups.discounts] == [("WELCOME", Decimal("5.01"))]
        assert [(t.code, t.rate, t.collected_by) for t in pot.taxes] == [("VAT", Decimal("0.19"), "merchant")]
        assert (document.shipping_method, document.shipping_amount) == ("standard", Decimal("4.90"))
        assert document.parties is not None
        assert document.parties.buyer.email == "a.customer@example.com"
        (tender,) = document.tenders
        assert (tender.gateway, tender.method.value) == ("shopify", "adopt")


async def test_an_item_without_a_sku_is_known_by_its_variants_number() -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(CUPS_AND_POT))
        line = document["order"]["lineItems"]["nodes"][0]
        line["sku"] = ""
        assert the_order(document).lines[0].reference == line["variant"]["legacyResourceId"]
        line["variant"] = None
        with pytest.raises(DocumentError, match="sku"):
            read(document)


async def test_a_tax_that_the_channel_pays_is_not_the_merchants() -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(CUPS_AND_POT))
        document["order"]["lineItems"]["nodes"][0]["taxLines"][0]["channelLiable"] = True
        cups, pot = the_order(document).lines
        assert (cups.taxes[0].collected_by, pot.taxes[0].collected_by) == ("marketplace", "merchant")


async def test_several_allocations_and_shipping_lines_are_added_up_exactly() -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(CUPS_AND_POT))
        lines = document["order"]["shippingLines"]["nodes"]
        lines.append(json.loads(json.dumps(lines[0])))
        lines.append({**lines[0], "isRemoved": True})
        lines[1]["discountedPriceSet"]["presentmentMoney"]["amount"] = "0.10"
        assert the_order(document).shipping_amount == Decimal("5.00")


async def test_money_at_each_stage_is_a_fact_under_shopifys_own_number() -> None:
    async with stage() as on:
        authorised, paid = on.shop.place(CUPS_AND_POT), on.shop.place(CUPS_AND_POT, payment="paid")
        total = Decimal("44.80")
        assert facts(await fetched(on, authorised)) == [(PaymentFact.AUTHORISED, "EUR", total)]
        assert facts(await fetched(on, paid)) == [
            (PaymentFact.AUTHORISED, "EUR", total),
            (PaymentFact.CAPTURED, "EUR", total),
        ]
        on.shop.refund(paid, "9.95")
        document = await fetched(on, paid)
        assert facts(document)[2:] == [(PaymentFact.REFUNDED, "EUR", Decimal("9.95"))]
        payments = [d for d in read(document) if isinstance(d, PaymentDocument)]
        assert len({d.reference for d in payments}) == 1
        assert len({d.fact_key() for d in payments}) == 3


async def test_a_refund_that_fails_later_is_told_so() -> None:
    async with stage() as on:
        paid = on.shop.place(CUPS_AND_POT, payment="paid")
        on.shop.refund(paid, "9.95")
        refund = on.shop.transaction(paid, "REFUND")
        for status, fact in (("PENDING", PaymentFact.REFUNDED), ("FAILURE", PaymentFact.REFUND_FAILED)):
            refund["status"] = status
            assert facts(await fetched(on, paid))[-1][0] is fact


async def test_a_payment_that_is_under_way_is_no_fact_yet_and_a_tender_already() -> None:
    async with stage() as on:
        pending = on.shop.place(CUPS_AND_POT, payment="pending")
        document = await fetched(on, pending)
        assert facts(document) == []
        assert len(the_order(document).tenders) == 1
        assert the_order(await fetched(on, on.shop.place(CUPS_AND_POT, payment="none"))).tenders == ()
        assert the_order(await fetched(on, on.shop.place(CUPS_AND_POT, payment="failed"))).tenders == ()


async def test_a_payment_that_fails_is_told_only_where_nothing_else_pays() -> None:
    async with stage() as on:
        reference = on.shop.place(CUPS_AND_POT, payment="pending")
        on.shop.fail(reference)
        assert facts(await fetched(on, reference)) == [(PaymentFact.DECLINED, "EUR", Decimal("44.80"))]
        on.shop.pay(reference)
        assert [fact for fact, *_ in facts(await fetched(on, reference))] == [
            PaymentFact.AUTHORISED,
            PaymentFact.CAPTURED,
        ]


async def test_holding_and_taking_of_a_sale_are_two_operations() -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(CUPS_AND_POT, payment="paid"))
        held, taken = (d for d in read(document) if isinstance(d, PaymentDocument))
        assert (taken.reference, taken.operation) == (held.reference, f"{held.operation}:taken")


async def test_what_the_shop_paid_back_is_said_before_it_says_that_it_cancelled() -> None:
    async with stage() as on:
        paid = on.shop.place(CUPS_AND_POT, payment="paid")
        on.shop.cancel(paid, "FRAUD")
        found = read(await fetched(on, paid))
        last, before = found[-1], found[-2]
        assert isinstance(last, CancelDocument)
        assert last.reason == "the order was fraudulent"
        assert isinstance(before, PaymentDocument)
        assert before.fact is PaymentFact.REFUNDED


async def test_an_edit_is_one_wish_for_each_state_of_the_lines() -> None:
    async with stage() as on:
        reference = on.shop.place(CUPS_AND_POT)
        wishes: list[AmendmentDocument] = []
        for units in (1, 0):
            on.shop.edit(reference, {0: units})
            wish = read(await fetched(on, reference))[-1]
            assert isinstance(wish, AmendmentDocument)
            assert read(await fetched(on, reference))[-1] == wish
            wishes.append(wish)
        assert wishes[0].units == {"1": 1, "2": 1}
        assert wishes[0].summary == "CUP: 1 instead of 2"
        assert wishes[0].amendment_id != wishes[1].amendment_id


async def test_test_orders_are_ignored_unless_they_are_asked_for() -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(Basket((Wanted("CUP", 1, "1.00"),), test=True)))
        assert read(document) == ()
        takes = ShopifyReader("shopify", MAPPINGS, take_tests=True)
        assert takes(RawDocument("order", json.dumps(document).encode()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("totalTipReceivedSet", {"presentmentMoney": {"amount": "2.00", "currencyCode": "EUR"}}),
        ("originalTotalDutiesSet", {"presentmentMoney": {"amount": "7.10", "currencyCode": "EUR"}}),
        ("originalTotalAdditionalFeesSet", {"presentmentMoney": {"amount": "1", "currencyCode": "EUR"}}),
        ("shippingAddress", None),
        ("lineItems", None),
        ("presentmentCurrencyCode", "EURO"),
        ("createdAt", "yesterday"),
        ("totalPriceSet", {"presentmentMoney": {"amount": "44,80", "currencyCode": "EUR"}}),
    ],
)
async def test_what_the_hub_can_not_carry_is_refused_by_name(field: str, value: Any) -> None:
    async with stage() as on:
        document = await fetched(on, on.shop.place(CUPS_AND_POT))
        document["order"][field] = value
        with pytest.raises(DocumentError) as refused:
            read(document)
        assert any(field in (problem.field or "") for problem in refused.value.problems)


async def test_a_line_that_is_not_sent_is_refused_by_its_place() -> None:
    async with stage() as on:
        basket = Basket((Wanted("CUP", 1, "1.00"), Wanted("GIFT CARD", 1, "25.00", shipped=False)))
        with pytest.raises(DocumentError) as refused:
            read(await fetched(on, on.shop.place(basket)))
        assert [p.field for p in refused.value.problems] == ["order.lineItems.nodes[1].requiresShipping"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"order": null}', b"\xff", b"[" * 100_000])
def test_what_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        READER.documents(body)


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """An order, as it is fetched."""
    money = {"presentmentMoney": {"amount": "10.00", "currencyCode": "EUR"}}
    address = {"name": "A. Customer", "address1": "1 Example Street", "city": "Town", "countryCodeV2": "DE"}
    line = {
        "id": "gid://shopify/LineItem/1", "sku": "CUP", "title": "Cup", "quantity": 1, "currentQuantity": 1,
        "requiresShipping": True, "originalUnitPriceSet": money, "discountAllocations": [], "taxLines": [],
    }  # fmt: skip
    return {
        "order": {
            "id": "gid://shopify/Order/1", "legacyResourceId": "1", "createdAt": "2026-11-20T12:00:00Z",
            "updatedAt": "2026-11-20T12:00:00Z", "presentmentCurrencyCode": "EUR", "taxesIncluded": True,
            "totalPriceSet": money, "shippingAddress": address, "billingAddress": None,
            "lineItems": {"nodes": [line]}, "shippingLines": {"nodes": []}, "transactions": [],
        }
    }  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_field_is_read_or_refused_and_never_breaks(
    example: dict[str, Any], data: st.DataObject
) -> None:
    document = json.loads(json.dumps(example))
    holder: Any = document["order"]
    for _ in range(data.draw(st.integers(0, 3))):
        parts = [
            v
            for v in (holder.values() if isinstance(holder, dict) else holder)
            if v and not isinstance(v, (str, int))
        ]
        if not parts:
            break
        holder = data.draw(st.sampled_from(parts))
    key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    holder[key] = data.draw(JSON)
    with suppress(DocumentError):
        READER.documents(json.dumps(document).encode())
