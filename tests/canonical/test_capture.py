from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.capture import UnknownItemError, place
from canonical.documents import DocumentDiscount, DocumentLine, DocumentTax, OrderDocument
from canonical.evolve import evolve
from canonical.money import total
from canonical.statuses import RowStatus
from tests.canonical.building import NOON, ORDER_ID, document, eur


def bought(line_id: str, quantity: int, price: str, *discounts: str) -> DocumentLine:
    return DocumentLine(
        id=line_id,
        reference=f"ref-{line_id}",
        quantity=quantity,
        unit_price=Decimal(price),
        discounts=tuple(DocumentDiscount(code="line", amount=Decimal(d)) for d in discounts),
        taxes=(DocumentTax(code="vat", rate=Decimal("0.1"), amount=Decimal("0.10")),),
        attributes={"engraving": "yes"},
    )


def skus(said: OrderDocument) -> dict[str, str]:
    return {line.reference: f"SKU-{line.id}" for line in said.lines}


def shares(said: OrderDocument) -> list[list[str]]:
    return [
        [str(d.amount.amount) for d in line.discounts] for line in place(said, ORDER_ID, skus(said)).lines
    ]


def test_an_order_is_placed_without_anybodys_data() -> None:
    event = place(document(), ORDER_ID, {"SKU-1": "A"})
    text = event.model_dump_json()
    assert "Customer" not in text
    assert "example.com" not in text
    assert "10115" not in text
    assert event.destination.country == "DE"
    assert event.fact_key == "placed:webstore:1001"


def test_lines_begin_as_created_under_our_sku() -> None:
    said = document(lines=(bought("1", 2, "5.00"),))
    (line,) = place(said, ORDER_ID, {"ref-1": "A"}).lines
    assert (line.sku, line.ordered, line.attributes) == ("A", 2, {"engraving": "yes"})
    assert [(row.status, row.quantity) for row in line.rows] == [(RowStatus.CREATED, 2)]
    assert line.tax() == eur("0.10")


def test_tenders_are_numbered_from_one() -> None:
    event = place(document(), ORDER_ID, {"SKU-1": "A"})
    assert [(t.n, t.gateway, t.reference, t.amount) for t in event.tenders] == [
        (1, "stripe", "pi_1", eur("30.00"))
    ]


def test_the_orders_discount_is_divided_by_value_with_ties_in_line_order() -> None:
    said = document(
        lines=(bought("1", 1, "1.00"), bought("2", 1, "1.00"), bought("3", 1, "1.00")),
        discounts=(DocumentDiscount(code="ten", amount=Decimal("0.10")),),
    )
    assert shares(said) == [["0.04"], ["0.03"], ["0.03"]]


def test_what_a_lines_own_discount_took_bears_no_share() -> None:
    said = document(
        lines=(bought("1", 1, "1.00", "1.00"), bought("2", 1, "1.00")),
        discounts=(DocumentDiscount(code="ten", amount=Decimal("0.10")),),
    )
    assert shares(said) == [["1.00"], ["0.10"]]


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=6),
    st.lists(st.integers(1, 300), max_size=4),
)
def test_no_discount_is_lost_and_no_line_falls_below_nothing(prices: list[int], discounts: list[int]) -> None:
    given_away = [d for i, d in enumerate(discounts) if sum(discounts[: i + 1]) <= sum(prices)]
    said = document(
        lines=tuple(bought(str(n), 1, str(Decimal(price) / 100)) for n, price in enumerate(prices)),
        discounts=tuple(DocumentDiscount(code="d", amount=Decimal(d) / 100) for d in given_away),
    )
    lines = place(said, ORDER_ID, skus(said)).lines
    assert all(line.goods() >= eur(0) for line in lines)
    assert total((line.goods() for line in lines), "EUR").minor == sum(prices) - sum(given_away)


def test_an_item_that_is_not_known_is_named() -> None:
    with pytest.raises(UnknownItemError) as caught:
        place(document(), ORDER_ID, {})
    assert str(caught.value) == "line 1 names 'SKU-1': no item is known under that reference"
    assert (caught.value.line_id, caught.value.reference) == ("1", "SKU-1")


def test_an_order_begins_with_its_placement() -> None:
    order = evolve(None, place(document(), ORDER_ID, {"SKU-1": "A"}))
    assert (order.version, order.placed_at, order.facts) == (1, NOON, ("placed:webstore:1001",))
