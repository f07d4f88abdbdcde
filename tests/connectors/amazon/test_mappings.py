"""What Amazon says of an order becomes what it means, to the cent; what does not add up is refused with its field."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.capture import place
from canonical.documents import AmendmentDocument, CancelDocument, Document, OrderDocument, ShippedDocument
from canonical.evolve import evolve
from canonical.order import Order
from canonical.payment import PaymentMethod
from canonical.statuses import OrderType
from connectors.amazon.orders import look
from connectors.amazon.reading import OrderReader
from connectors.amazon.simulator.selling import Sold, an_order
from core.ports import RawDocument
from mappings.errors import MappingError
from tests.connectors.amazon.stage import CUPS, LIBRARY, POT, Library
from tests.contracts.building import NOON

READ = OrderReader("amazon", Library())
GIFT = Sold(
    "1", "CUP", 3, Decimal("10.00"), tax=Decimal("5.70"), shipping=Decimal("4.00"), shipping_tax=Decimal("0.76"),
    gift_wrap=Decimal("3.50"), discount=Decimal("2.00"),
)  # fmt: skip


def read(order: dict[str, Any]) -> tuple[Document, ...]:
    return READ(RawDocument("order", json.dumps(order).encode()))


def order_of(order: dict[str, Any]) -> OrderDocument:
    first = read(order)[0]
    assert isinstance(first, OrderDocument)
    return first


def placed(document: OrderDocument) -> Order:
    return evolve(
        None, place(document, UUID(int=1), {line.reference: line.reference for line in document.lines})
    )


def changed(order: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(order)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = made
    for part in parents:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return made


def test_the_mapping_documents_are_without_warnings() -> None:
    assert LIBRARY.warnings == ()


def test_an_order_becomes_the_order_that_it_says() -> None:
    document = order_of(an_order("A-1", [CUPS, POT], NOON))
    assert (document.channel, document.channel_ref, document.type) == ("amazon", "A-1", OrderType.STANDARD)
    assert (document.pending, document.review, document.shipping_method) == (False, "", "standard")
    assert document.placed_at == NOON
    assert document.parties is not None
    assert document.parties.buyer.email == "buyer-1@marketplace.example"
    assert document.parties.ship_to.address_lines == ("Example Street 1",)
    assert [(line.id, line.reference, line.quantity, line.unit_price) for line in document.lines] == [
        ("1", "CUP", 2, Decimal("9.95")),
        ("2", "POT", 1, Decimal("20.00")),
    ]
    (tender,) = document.tenders
    assert (tender.gateway, tender.method, tender.reference, tender.amount) == (
        "amazon", PaymentMethod.PREPAID, "A-1", Decimal("44.80"),
    )  # fmt: skip
    assert document.deadlines.ship_by == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert document.deadlines.deliver_by == datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_each_part_of_a_price_finds_its_place() -> None:
    document = order_of(an_order("A-1", [GIFT], NOON, facilitated=True))
    (line,) = document.lines
    assert [(c.code, c.amount) for c in line.charges] == [("gift_wrap", Decimal("3.50"))]
    assert [(d.code, d.amount) for d in line.discounts] == [("EXAMPLE-PROMOTION", Decimal("2.00"))]
    assert [(t.amount, t.rate, t.collected_by) for t in line.taxes] == [
        (Decimal("5.70"), Decimal("0.1810"), "marketplace")
    ]
    assert document.shipping_amount == Decimal("4.00")
    assert [(t.amount, t.collected_by) for t in document.shipping_taxes] == [(Decimal("0.76"), "marketplace")]
    order = placed(document)
    assert str(order.computed_total()) == str(order.total) == "41.96 EUR"


AMOUNTS = st.decimals("0", "500", places=2)
ITEMS = st.lists(
    st.builds(
        Sold,
        item_id=st.just("1"),
        sku=st.just("CUP"),
        quantity=st.integers(1, 99),
        price=st.decimals("5", "500", places=2),
        tax=AMOUNTS,
        shipping=AMOUNTS,
        shipping_tax=AMOUNTS,
        gift_wrap=AMOUNTS,
        discount=st.decimals("0", "5", places=2),
    ),
    min_size=1,
    max_size=4,
)


@given(items=ITEMS, facilitated=st.booleans())
def test_whatever_is_sold_adds_up_to_the_cent(items: list[Sold], *, facilitated: bool) -> None:
    numbered = [Sold(**{**_fields(item), "item_id": str(n)}) for n, item in enumerate(items)]
    document = order_of(an_order("A-1", numbered, NOON, facilitated=facilitated))
    order = placed(document)
    assert order.computed_total() == order.total
    assert order.total.amount == sum(item.total for item in numbered)
    assert order.tax().amount == sum(item.tax + item.shipping_tax for item in numbered)


def _fields(item: Sold) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Sold.__dataclass_fields__}


@given(goods=st.decimals("0.01", "999", places=2), quantity=st.integers(1, 60))
def test_an_amount_that_does_not_divide_by_its_units_loses_no_cent(goods: Decimal, quantity: int) -> None:
    order = an_order("A-1", [Sold("1", "CUP", quantity, Decimal("1.00"))], NOON)
    amount = {"amount": str(goods), "currencyCode": "EUR"}
    order["proceeds"]["grandTotal"] = amount
    order["orderItems"][0]["proceeds"] = {
        "proceedsTotal": amount,
        "breakdowns": [{"type": "ITEM", "subtotal": amount}],
    }
    found = placed(order_of(order))
    assert found.computed_total() == found.total
    assert found.total.amount == goods


def test_tax_that_the_amounts_hold_already_is_not_added_again() -> None:
    order = an_order("A-1", [Sold("1", "CUP", 1, Decimal("11.90"))], NOON)
    tax = {"type": "TAX", "subtotal": {"amount": "1.90", "currencyCode": "EUR"}}
    order["orderItems"][0]["proceeds"]["breakdowns"].append(tax)
    document = order_of(order)
    assert document.prices_include_tax
    assert [(t.rate, t.amount) for t in document.lines[0].taxes] == [(Decimal("0.1900"), Decimal("1.90"))]
    assert str(placed(document).computed_total()) == "11.90 EUR"


def test_a_discount_may_be_written_with_a_minus_or_without() -> None:
    order = an_order("A-1", [GIFT], NOON)
    for part in order["orderItems"][0]["proceeds"]["breakdowns"]:
        if part["type"] == "DISCOUNT":
            part["subtotal"]["amount"] = "2.00"
    assert str(placed(order_of(order)).computed_total()) == "41.96 EUR"


def test_yen_have_no_cents() -> None:
    order = placed(order_of(an_order("A-1", [Sold("1", "CUP", 3, Decimal(333))], NOON, currency="JPY")))
    assert str(order.computed_total()) == str(order.total) == "999 JPY"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("proceeds.grandTotal.amount", "44.81", "proceeds.grandTotal says 44.81, and the items add up to 44.80"),
        ("orderItems.0.proceeds.proceedsTotal.amount", "19.91", r"orderItems\[0\].proceeds.proceedsTotal says 19.91"),
        ("orderItems.0.proceeds.breakdowns.0.type", "MYSTERY", "'MYSTERY' is no part of a price"),
        ("orderItems.0.proceeds.breakdowns.0.subtotal.amount", "many", "'many' is no amount"),
        ("orderItems.0.proceeds.breakdowns.0.subtotal.currencyCode", "USD", "amounts are in EUR and USD"),
        ("fulfillment.fulfillmentStatus", "DREAMING", "DREAMING"),
        ("fulfillment.fulfillmentServiceLevel", "BY_PIGEON", "BY_PIGEON"),
        ("recipient", None, "parties"),
        ("orderItems.0.product.sellerSku", None, "reference"),
        ("createdTime", "2026-11-20T12:00:00", "zone"),
    ],
)  # fmt: skip
def test_what_is_not_as_agreed_is_refused_with_its_field(path: str, value: Any, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        read(changed(an_order("A-1", [CUPS, POT], NOON), path, value))


def test_a_pending_order_has_its_goods_and_nothing_else() -> None:
    order = an_order("A-1", [CUPS, POT], NOON, status="PENDING")
    for part in ("buyer", "recipient", "proceeds"):
        del order[part]
    for item in order["orderItems"]:
        del item["proceeds"], item["product"]["price"]
    (document,) = read(order)
    assert isinstance(document, OrderDocument)
    assert (document.pending, document.parties, document.tenders) == (True, None, ())
    assert document.destination is not None
    assert (document.destination.country, document.currency, document.total) == ("DE", "EUR", Decimal(0))
    assert [line.quantity for line in document.lines] == [2, 1]


@pytest.mark.parametrize(
    ("status", "by", "kind"),
    [
        ("UNSHIPPED", "MERCHANT", OrderType.STANDARD),
        ("UNSHIPPED", "AMAZON", OrderType.CHANNEL_FULFILLED),
        ("PENDING", "AMAZON", OrderType.CHANNEL_FULFILLED),
        ("SHIPPED", "AMAZON", OrderType.CHANNEL_FULFILLED),
        ("SHIPPED", "MERCHANT", OrderType.CHANNEL_FULFILLED),
        ("CANCELLED", "MERCHANT", OrderType.CHANNEL_FULFILLED),
        ("PARTIALLY_SHIPPED", "MERCHANT", OrderType.STANDARD),
    ],
)
def test_what_others_send_or_have_sent_is_not_ours_to_send(status: str, by: str, kind: OrderType) -> None:
    assert order_of(an_order("A-1", [CUPS], NOON, status=status, fulfilled_by=by)).type is kind


def test_an_order_of_amazons_own_may_come_without_its_people() -> None:
    order = changed(an_order("A-1", [CUPS], NOON, fulfilled_by="AMAZON"), "recipient", None)
    document = order_of(order)
    assert document.parties is None
    assert document.goes_to().country == "DE"


def test_an_order_that_was_shipped_in_part_is_looked_at_first() -> None:
    assert (
        "cancel what has left" in order_of(an_order("A-1", [CUPS], NOON, status="PARTIALLY_SHIPPED")).review
    )


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("programs", ["PRIME", "IN_STORE_PICK_UP"], "the buyer picks it up in a store"),
        ("programs", ["AMAZON_EASY_SHIP"], "Easy Ship"),
        ("payment", {"paymentExecutions": [{"paymentMethod": "CashOnDelivery"}]}, "has paid nothing yet"),
        ("orderItems.0.fulfillment.shipping", {"shippingConstraints": {"cashOnDelivery": "MANDATORY"}}, "at the door"),
        ("orderItems.1.fulfillment.shipping", {"shippingConstraints": {"palletDelivery": "MANDATORY"}}, "pallet"),
        ("orderItems.1.measurement", {"unit": "KILOGRAMS", "value": 1.5}, "item 2 is sold by measure: 1.5 KILOGRAMS"),
        ("orderItems.0.product.customization", {"customizedUrl": "https://example.com/1"}, "item 1 is made"),
    ],
)  # fmt: skip
def test_what_nobody_here_would_carry_out_is_for_a_person_to_see(path: str, value: Any, said: str) -> None:
    order = changed(an_order("A-1", [CUPS, POT], NOON), path, value)
    assert said in order_of(order).review
    order["fulfillment"]["fulfilledBy"] = "AMAZON"
    assert order_of(order).review == ""


def test_a_programme_and_a_measure_that_change_nothing_are_no_cause_to_wait() -> None:
    order = changed(an_order("A-1", [CUPS], NOON), "programs", ["PRIME", "AMAZON_BUSINESS"])
    order["orderItems"][0] |= {"measurement": {"unit": "COUNT", "value": 2}}
    order["orderItems"][0]["product"] |= {"customization": {"customizedUrl": ""}}
    assert order_of(order).review == ""


def test_what_amazon_sent_itself_waits_for_nobody() -> None:
    order = an_order("A-1", [CUPS], NOON, status="SHIPPED", fulfilled_by="AMAZON")
    assert order_of(order).review == ""
    assert "shipped already" in order_of(an_order("A-1", [CUPS], NOON, status="SHIPPED")).review


def test_an_item_that_was_cancelled_is_no_line() -> None:
    order = an_order("A-1", [CUPS, POT], NOON)
    order["orderItems"][0] |= {"quantityOrdered": 0, "proceeds": {}}
    order["proceeds"]["grandTotal"]["amount"] = "24.90"
    document = order_of(order)
    assert [line.id for line in document.lines] == ["2"]
    assert str(placed(document).computed_total()) == "24.90 EUR"


def test_an_order_of_which_nothing_is_left_is_cancelled_all_the_same() -> None:
    order = an_order("A-1", [CUPS, POT], NOON, status="CANCELLED")
    for item in order["orderItems"]:
        item["quantityOrdered"] = 0
    (cancelled,) = read(order)
    assert isinstance(cancelled, CancelDocument)


def test_an_answer_is_read_as_it_came_too() -> None:
    one, other = (an_order(name, [CUPS, POT], NOON, status="SHIPPED") for name in ("A-1", "A-2"))
    assert read({"order": one}) == read(one)
    page = read({"orders": [one, other], "pagination": {"nextToken": "more"}})
    assert page == (read(one)[0], read(other)[0], read(one)[1], read(other)[1])


def test_money_that_paid_for_it_may_be_of_another_kind() -> None:
    paid = {
        "paymentExecutions": [
            {"paymentMethod": "CreditCard", "paymentAmount": {"amount": "9.00", "currencyCode": "USD"}}
        ]
    }
    assert order_of(an_order("A-1", [CUPS], NOON) | {"payment": paid}).currency == "EUR"


def test_a_shipped_order_has_left() -> None:
    _, shipped = read(an_order("A-1", [CUPS], NOON, status="SHIPPED"))
    assert shipped == ShippedDocument(occurred_at=NOON, channel="amazon", channel_ref="A-1")


def test_a_cancelled_order_tells_who_did_it() -> None:
    order = an_order("A-1", [CUPS], NOON, status="CANCELLED")
    execution = {"cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "Found a better price"}}
    order["orderItems"][0]["cancellation"] = execution
    _, cancelled = read(order)
    assert cancelled == CancelDocument(
        occurred_at=NOON, channel="amazon", channel_ref="A-1", cancel_id="cancelled:A-1", by_channel=True,
        reason="cancelled at Amazon, by the buyer, Found a better price",
    )  # fmt: skip


def test_a_buyer_who_wants_all_of_it_cancelled_asks_for_that() -> None:
    order = an_order("A-1", [CUPS, POT], NOON)
    for item in order["orderItems"]:
        item["cancellation"] = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "too late"}}
    _, wish = read(order)
    assert wish == CancelDocument(
        occurred_at=NOON, channel="amazon", channel_ref="A-1", cancel_id="wanted:A-1",
        reason="the buyer asks for it at Amazon, too late",
    )  # fmt: skip


def test_a_buyer_who_wants_part_of_it_cancelled_is_for_a_person() -> None:
    order = an_order("A-1", [CUPS, POT], NOON)
    order["orderItems"][1]["cancellation"] = {"cancellationRequest": {"requester": "BUYER"}}
    _, wish = read(order)
    assert isinstance(wish, AmendmentDocument)
    assert wish.summary == "the buyer asks for these lines to be cancelled: 2"
    assert wish.amendment_id == "A-1: wanted 2"


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        (None, None),
        ("fulfillment", "fulfillment"),
        ("recipient", "recipient"),
        ("recipient.deliveryAddress.countryCode", "recipient"),
        ("orderItems.0.proceeds", "proceeds"),
    ],
)
def test_an_order_that_is_not_whole_says_what_it_lacks(path: str | None, missing: str | None) -> None:
    order = an_order("A-1", [CUPS, POT], NOON)
    assert look(json.dumps(changed(order, path, None) if path else order)).missing == missing
