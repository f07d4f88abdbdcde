"""Every document that the doors accept becomes the canonical document that it means."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.capture import place
from canonical.documents import DOCUMENT_BY_NAME, AmendmentDocument, CancelDocument, Document, OrderDocument
from canonical.evolve import evolve
from canonical.payment import PaymentMethod
from connectors.webstore import CONNECTOR
from connectors.webstore.opening import KINDS
from core.errors import DoorError
from mappings.engine.environment import Environment
from mappings.engine.registry import MappingRegistry, MappingSet
from tests.connectors.webstore.asking import Counter
from tests.connectors.webstore.building import wire_order
from tests.contracts.building import NOON


def load() -> MappingSet:
    (folder,) = CONNECTOR.mappings
    texts = {f"webstore/{path.name}": path.read_text() for path in Path(folder).glob("*.yaml")}
    return MappingRegistry(Environment(dict(DOCUMENT_BY_NAME), CONNECTOR.python_transforms)).load(texts)


MAPPINGS = load()


def read(kind: str, document: dict[str, Any]) -> Document:
    (found,) = MAPPINGS[f"webstore/{kind}"].read_all(json.dumps(document).encode(), {"channel": "webstore"})
    assert isinstance(found, Document)
    return found


def test_each_kind_of_document_has_a_mapping_without_warnings() -> None:
    assert sorted(MAPPINGS) == sorted(f"webstore/{kind}" for kind in KINDS)
    assert MAPPINGS.warnings == ()


def test_an_order_becomes_the_order_that_it_says() -> None:
    order = read("order", wire_order())
    assert isinstance(order, OrderDocument)
    assert (order.channel, order.channel_ref, order.language) == ("webstore", "W-1001", "de")
    assert order.parties is not None
    assert (order.parties.buyer.email, order.parties.buyer.country) == ("a.customer@example.com", "DE")
    assert [(line.id, line.reference, line.quantity, line.unit_price) for line in order.lines] == [
        ("1", "CUP", 2, Decimal("9.95")),
        ("2", "POT", 1, Decimal("20.00")),
    ]
    assert order.lines[0].taxes[0].amount == Decimal("3.18")
    (tender,) = order.tenders
    assert (tender.gateway, tender.method, tender.reference) == ("stripe", PaymentMethod.ADOPT, "pi_1001")


def test_the_buyer_has_the_country_of_the_bill() -> None:
    bill = {**wire_order()["ship_to"], "country": "AT"}
    order = read("order", wire_order(bill_to=bill))
    assert isinstance(order, OrderDocument)
    assert order.parties is not None
    assert order.parties.buyer.country == "AT"
    assert order.parties.bill_to is not None


def test_a_cancellation_becomes_a_cancellation() -> None:
    wish = {"id": "c-1", "order": "W-1001", "requested_at": "2026-11-20T13:00:00+01:00", "reason": "too late"}
    assert read("cancel", wish) == CancelDocument(
        occurred_at=NOON, channel="webstore", channel_ref="W-1001", cancel_id="c-1", reason="too late"
    )


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"quantities": [{"line": "1", "quantity": 1}, {"line": "2", "quantity": 0}]},
         "quantities: line 1 to 1, line 2 to 0"),
        ({"ship_to": wire_order()["ship_to"]}, "a new delivery address"),
        ({"shipping_method": "express", "quantities": [], "note": "for A. Customer"}, "delivery method express"),
        ({"quantities": [{"line": "1", "quantity": 1}], "shipping_method": "express"},
         "quantities: line 1 to 1; delivery method express"),
    ],
)  # fmt: skip
def test_an_amendment_is_summed_up_without_naming_anybody(changes: dict[str, Any], summary: str) -> None:
    wish = {"id": "a-1", "order": "W-1001", "requested_at": "2026-11-20T12:00:00Z", **changes}
    found = read("amendment", wish)
    assert isinstance(found, AmendmentDocument)
    assert found.summary == summary


def test_a_summary_of_a_thousand_changes_is_bounded() -> None:
    many = [{"line": f"line-{n}", "quantity": n} for n in range(1000)]
    found = read(
        "amendment", {"id": "a", "order": "W", "requested_at": "2026-11-20T12:00:00Z", "quantities": many}
    )
    assert isinstance(found, AmendmentDocument)
    assert len(found.summary) == 500


TEXTS = st.text(max_size=30)
AMOUNTS = st.decimals("0", "500", places=2)
PARTS = st.lists(
    st.fixed_dictionaries({"code": TEXTS, "amount": st.decimals("0", "9", places=2).map(str)}), max_size=2
)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.text("12345", min_size=1, max_size=3),
            "sku": st.sampled_from(["CUP", "POT", "LID"]),
            "quantity": st.integers(1, 99),
            "unit_price": AMOUNTS.map(str),
        },
        optional={
            "title": TEXTS,
            "discounts": PARTS,
            "attributes": st.dictionaries(TEXTS, TEXTS, max_size=2),
        },
    ),
    min_size=1,
    max_size=3,
)


@given(
    lines=LINES,
    discounts=PARTS,
    shipping=AMOUNTS,
    texts=st.fixed_dictionaries(
        {}, optional={name: TEXTS | st.none() for name in ("company", "region", "postcode")}
    ),
    tax=st.booleans(),
)
async def test_what_the_door_accepts_can_be_read_and_adds_up(
    lines: list[dict[str, Any]],
    discounts: list[dict[str, str]],
    shipping: Decimal,
    texts: dict[str, Any],
    *,
    tax: bool,
) -> None:
    parts = [*discounts, *(part for line in lines for part in line.get("discounts", ()))]
    off = sum((Decimal(part["amount"]) for part in parts), Decimal(0))
    total = sum((Decimal(line["unit_price"]) * line["quantity"] for line in lines), shipping - off)
    order = wire_order(
        lines=lines,
        discounts=discounts,
        shipping={"amount": str(shipping)},
        ship_to={**wire_order()["ship_to"], **texts},
        prices_include_tax=tax,
        total=str(total),
        payments=[{"gateway": "till", "type": "prepaid", "amount": str(total)}],
    )
    try:
        await Counter().post("/orders", order)
    except DoorError:
        return
    document = read("order", order)
    assert isinstance(document, OrderDocument)
    skus = {sku: sku for sku in ("CUP", "POT", "LID")}
    placed = evolve(None, place(document, UUID(int=1), skus))
    assert placed.computed_total() == placed.total
