"""An order as REST and webhooks show it is read as what it says, to the cent, or refused with the field's name."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.documents import AmendmentDocument, CancelDocument, OrderDocument
from connectors.shopify.rest import as_fetched
from core.errors import DocumentError
from tests.connectors.shopify.test_reading import placed, read, the_order


def money(amount: str, paid: str | None = None) -> dict[str, Any]:
    return {
        "shop_money": {"amount": amount, "currency_code": "EUR"},
        "presentment_money": {"amount": paid or amount, "currency_code": "EUR" if paid is None else "USD"},
    }


PEOPLE = {
    "name": "A. Customer", "company": None, "address1": "1 Example Street", "address2": "", "city": "Berlin",
    "province_code": None, "zip": "10115", "country_code": "DE", "phone": None,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": 71001, "name": "#1001", "test": False, "email": "a.customer@example.com", "phone": None,
    "created_at": "2026-11-20T12:58:00+01:00", "updated_at": "2026-11-20T12:59:00+01:00", "cancelled_at": None,
    "cancel_reason": None, "currency": "EUR", "presentment_currency": "EUR", "taxes_included": True,
    "customer_locale": "de-DE", "total_price": "28.40", "total_price_set": money("28.40"),
    "total_tip_received": "0.00", "original_total_duties_set": None,
    "shipping_address": PEOPLE, "billing_address": PEOPLE,
    "discount_applications": [{"type": "discount_code", "code": "TEN"}, {"type": "manual", "title": "Kindness"}],
    "line_items": [
        {
            "id": 1, "sku": "CUP", "title": "A cup", "quantity": 2, "requires_shipping": True, "variant_id": 11,
            "price": "9.95", "price_set": money("9.95"),
            "discount_allocations": [
                {"amount": "1.40", "amount_set": money("1.40"), "discount_application_index": 0},
                {"amount": "0.10", "amount_set": money("0.10"), "discount_application_index": 1},
            ],
            "tax_lines": [{"title": "VAT", "rate": 0.19, "price": "2.94", "price_set": money("2.94")}],
        },
        {
            "id": 2, "sku": None, "title": "A spoon", "quantity": 1, "requires_shipping": True, "variant_id": 12,
            "price": "6.00", "discount_allocations": [], "tax_lines": [],
        },
    ],
    "shipping_lines": [
        {"title": "DHL", "code": "Standard", "price": "5.00", "tax_lines": [],
         "discount_allocations": [{"amount": "1.00", "discount_application_index": 0}]},
    ],
}  # fmt: skip


def but(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(ORDER) | changes


@pytest.mark.parametrize("wrapped", [False, True])
def test_it_becomes_the_order_that_it_says(wrapped: bool) -> None:
    document = the_order({"order": but()} if wrapped else but())
    assert (document.channel_ref, document.currency, document.language) == ("71001", "EUR", "de")
    assert [(line.reference, line.quantity) for line in document.lines] == [("CUP", 2), ("12", 1)]
    assert [(d.code, str(d.amount)) for d in document.lines[0].discounts] == [
        ("TEN", "1.40"),
        ("Kindness", "0.10"),
    ]
    order = placed(document)
    assert str(order.computed_total()) == str(order.total) == "28.40 EUR"
    assert document.tenders == ()


def test_money_is_what_the_buyer_pays_with() -> None:
    order = but(presentment_currency="USD", total_price_set=money("28.40", "11.50"), shipping_lines=[])
    order["line_items"] = [{**order["line_items"][0], "price_set": money("9.95", "5.75")}]
    order["line_items"][0] |= {"discount_allocations": [], "tax_lines": []}
    document = the_order(order)
    assert str(placed(document).computed_total()) == "11.50 USD" == str(placed(document).total)


def test_a_cancellation_and_an_edit_are_told() -> None:
    _, cancelled = read(but(cancelled_at="2026-11-20T13:00:00Z", cancel_reason="customer"))
    assert isinstance(cancelled, CancelDocument)
    edited = but()
    edited["line_items"][0]["current_quantity"] = 1
    _, wish = read(edited)
    assert isinstance(wish, AmendmentDocument)
    assert wish.units == {"1": 1, "2": 1}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shipping_address": None}, "order.shippingAddress"),
        ({"total_tip_received": "2.00"}, "order.totalTipReceivedSet"),
        ({"original_total_duties_set": money("3.00")}, "order.originalTotalDutiesSet"),
        ({"taxes_included": None}, "order.taxesIncluded"),
        ({"total_price": None, "total_price_set": None}, "order.totalPriceSet"),
        (
            {"line_items": [{"id": 1, "requires_shipping": False, "quantity": 1}]},
            "lineItems.nodes[0].requiresShipping",
        ),
        ({"line_items": None}, "order.lineItems.nodes"),
    ],
)
def test_what_it_lacks_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises((DocumentError, ValueError)) as refused:
        read(but(**changes))
    assert field in str(refused.value)


def test_a_page_of_orders_and_what_is_no_order_are_named() -> None:
    with pytest.raises(DocumentError, match="orders: these are several orders"):
        read({"orders": [but(), but()]})
    with pytest.raises(DocumentError, match="order: this is not an order"):
        read({"draft_order": but()})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(ORDER)), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(name=st.sampled_from(sorted(ORDER)), value=JSON)
def test_any_order_is_put_into_shape_or_is_none(name: str, value: Any) -> None:
    shaped = as_fetched(but(**{name: value}))
    assert shaped is None or set(shaped) >= {"lineItems", "shippingLines", "totalPriceSet"}
    json.dumps(shaped)


async def test_what_the_hub_fetches_is_left_as_it_is() -> None:
    assert as_fetched({"order": {"id": "gid://shopify/Order/1", "lineItems": {"nodes": []}}}) is None


def test_the_first_thing_read_is_the_order() -> None:
    assert isinstance(read(but())[0], OrderDocument)
