"""What a supplier calls our items, put into our SKUs: it may answer with its own numbers, with ours, or with both."""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol, TypeVar

from canonical.document import Document
from canonical.purchase_documents import PurchaseAnswerDocument, ShipNoticeDocument, SupplierInvoiceDocument
from canonical.release_documents import ReturnDocument
from canonical.stock import Node
from canonical.stock_documents import StockAdjustmentDocument, StockDocument


class _Line(Protocol):
    @property
    def sku(self) -> str: ...

    def replace(self, *, sku: str) -> "_Line": ...


L = TypeVar("L", bound=_Line)


def in_our_numbers(document: Document, nodes: Mapping[str, Node]) -> Document:
    """Return a supplier's document with our SKU where it has the number that `SupplierItem.reference` names.

    What is one of our SKUs already, or what nobody has agreed on, stays as it was said.
    """
    match document:
        case PurchaseAnswerDocument() | SupplierInvoiceDocument():
            ours = _ours(nodes.get(document.supplier))
            return document.replace(lines=_said(document.lines, ours)) if ours else document
        case ShipNoticeDocument():
            ours = _ours(nodes.get(document.supplier))
            return _noticed(document, ours) if ours else document
        case StockDocument() | StockAdjustmentDocument() | ReturnDocument():
            ours = _ours(nodes.get(document.node))
            return document.replace(lines=_said(document.lines, ours)) if ours else document
        case _:
            return document


def _ours(node: Node | None) -> Mapping[str, str]:
    """Return SKUs by a supplier's numbers; a number that two items have, or that is a SKU itself, is left out."""
    if node is None:
        return {}
    times = Counter(item.reference for item in node.items.values())
    return {
        item.reference: sku
        for sku, item in node.items.items()
        if item.reference and times[item.reference] == 1 and item.reference not in node.items
    }


def _noticed(notice: ShipNoticeDocument, ours: Mapping[str, str]) -> ShipNoticeDocument:
    packages = (package.replace(lines=_said(package.lines, ours)) for package in notice.packages)
    return notice.replace(packages=tuple(packages))


def _said(lines: tuple[L, ...], ours: Mapping[str, str]) -> tuple[_Line, ...]:
    return tuple(line.replace(sku=ours[line.sku]) if line.sku in ours else line for line in lines)
