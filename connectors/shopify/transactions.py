"""What the transactions of an order at Shopify say. Pure.

Sources: shopify.dev/docs/api/admin-graphql/2026-10/objects/OrderTransaction, enums OrderTransactionKind and
OrderTransactionStatus.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from canonical.money import Money
from connectors.shopify.client import Obj
from connectors.shopify.documents import number

HOLDING = frozenset({"AUTHORIZATION", "EMV_AUTHORIZATION", "SALE"})
DONE = frozenset({"SUCCESS"})
UNDER_WAY = frozenset({"PENDING", "AWAITING_RESPONSE", "UNKNOWN"})


def of_order(order: Obj) -> list[Obj]:
    """Return an order's transactions, oldest first."""
    return cast("list[Obj]", order.get("transactions") or [])


def find(transactions: Iterable[Obj], reference: str) -> Obj | None:
    """Return the transaction of that number."""
    return next((one for one in transactions if number(one["id"]) == reference), None)


def captures(transactions: Sequence[Obj], reference: str) -> list[Obj]:
    """Return what was taken, or is being taken, of an authorisation."""
    return [
        one for one in transactions if one["kind"] == "CAPTURE" and _is_of(one, reference) and _counts(one)
    ]


def void(transactions: Iterable[Obj], reference: str) -> Obj | None:
    """Return the transaction by which an authorisation was let go."""
    voids = (one for one in transactions if one["kind"] == "VOID" and one["status"] in DONE)
    return next((one for one in voids if _is_of(one, reference)), None)


def taken_by(transactions: Sequence[Obj], reference: str) -> tuple[Obj, Money] | None:
    """Return what a refund goes against, the sale or the first capture with enough left, and what is left of it."""
    sale = find(transactions, reference)
    takings = [sale] if sale is not None and sale["kind"] == "SALE" else captures(transactions, reference)
    best: tuple[Obj, Money] | None = None
    for taking in takings:
        left = money(taking)
        for one in transactions:
            if one["kind"] == "REFUND" and _is_of(one, number(taking["id"])) and _counts(one):
                left -= money(one)
        if best is None or left > best[1]:
            best = (taking, left)
    return best


def money(transaction: Obj) -> Money:
    """Return a transaction's amount, as the buyer sees it."""
    said = transaction["amountSet"]["presentmentMoney"]
    return Money(amount=Decimal(str(said["amount"])), currency=said["currencyCode"]).rounded()


def moment(transaction: Obj, otherwise: datetime) -> datetime:
    """Return when it was processed."""
    said = transaction.get("processedAt")
    return datetime.fromisoformat(said) if isinstance(said, str) else otherwise


def _is_of(transaction: Obj, reference: str) -> bool:
    parent = transaction.get("parentTransaction")
    return isinstance(parent, dict) and number(str(cast("Obj", parent)["id"])) == reference


def _counts(transaction: Obj) -> bool:
    return transaction["status"] in DONE | UNDER_WAY
