"""A supplier's documents in our SKUs, whichever numbers it uses."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical.document import Document, SkuQuantity
from canonical.purchase_documents import (
    AnswerLine,
    InvoicedLine,
    PurchaseAnswer,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    ShippedPackage,
    SupplierInvoiceDocument,
)
from canonical.purchases import LineAnswer
from canonical.release_documents import ReturnDocument
from canonical.stock import Node, NodeKind, StockBasis, SupplierItem
from canonical.stock_documents import AdjustedLine, StockAdjustmentDocument, StockDocument, StockLine
from canonical.supplier_numbers import in_our_numbers

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def supplier(**references: str) -> Node:
    items = {sku: SupplierItem(reference=reference) for sku, reference in references.items()}
    return Node(id="acme", connector="acme", country="DE", kind=NodeKind.SUPPLIER, items=items)


ACME = supplier(CUP="AC-100", POT="AC-200", JUG="JUG")
NODES = {"acme": ACME, "berlin": Node(id="berlin", connector="berlin", country="DE")}
ABOUT: dict[str, Any] = {"supplier": "acme", "purchase_id": "PO-1"}


def documents(sku: str) -> tuple[Document, ...]:
    pieces = (SkuQuantity(sku=sku, quantity=2),)
    return (
        PurchaseAnswerDocument(
            **ABOUT, reference="A-1", answer=PurchaseAnswer.LINES,
            lines=(AnswerLine(sku=sku, answer=LineAnswer.ACCEPTED, quantity=2),),
        ),
        ShipNoticeDocument(
            **ABOUT, notice_id="N-1",
            packages=(ShippedPackage(package_id="1", lines=pieces), ShippedPackage(package_id="2", lines=pieces)),
        ),
        SupplierInvoiceDocument(
            **ABOUT, invoice_id="I-1", currency="EUR", total=Decimal(8),
            lines=(InvoicedLine(sku=sku, quantity=2, unit_price=Decimal(4)),),
        ),
        StockDocument(
            node="acme", basis=StockBasis.ON_HAND, as_of=NOON, lines=(StockLine(sku=sku, quantity=7),)
        ),
        StockAdjustmentDocument(
            node="acme", number="J-1", happened_at=NOON,
            lines=(AdjustedLine(sku=sku, quantity=-1, reason="broken"),),
        ),
        ReturnDocument(node="acme", release_id="PO-1", return_id="R-1", lines=pieces),
    )  # fmt: skip


@pytest.mark.parametrize("n", range(6))
def test_a_suppliers_own_number_becomes_our_sku_in_every_document(n: int) -> None:
    assert in_our_numbers(documents("AC-100")[n], NODES) == documents("CUP")[n]


@pytest.mark.parametrize("said", ["CUP", "JUG", "AC-999"])
def test_what_is_ours_already_or_was_not_agreed_on_stays_as_it_was_said(said: str) -> None:
    for document in documents(said):
        assert in_our_numbers(document, NODES) == document


def test_a_number_that_two_items_have_is_nobodys() -> None:
    nodes = {"acme": supplier(CUP="AC-100", BOWL="AC-100")}
    for document in documents("AC-100"):
        assert in_our_numbers(document, nodes) == document


def test_a_number_that_is_the_sku_of_another_item_means_that_item() -> None:
    nodes = {"acme": supplier(CUP="POT", POT="AC-200")}
    for document in documents("POT"):
        assert in_our_numbers(document, nodes) == document


def test_the_numbers_of_another_node_are_not_looked_at() -> None:
    for document in documents("AC-100"):
        assert in_our_numbers(document, {"berlin": NODES["berlin"]}) == document
