"""What the shop knows: orders in the shape in which GraphQL shows them, variants with their stock."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.clock import Clock
from core.simulator import Ledger

Obj = dict[str, Any]
LOCATION = "gid://shopify/Location/1"
_DIGITS: Mapping[str, int] = {"JPY": 0, "KRW": 0, "KWD": 3}


@dataclass
class Variant:
    """A variant and what is available of it."""

    number: int
    sku: str
    available: int = 0
    tracked: bool = True
    stocked: bool = True

    @property
    def item_id(self) -> str:
        """The inventory item's global id."""
        return f"gid://shopify/InventoryItem/{self.number}"


class UserError(Exception):
    """Shopify says what is wrong with the input, with status 200."""

    def __init__(self, message: str, code: str = "INVALID", path: list[str] | None = None) -> None:
        super().__init__(message)
        self.said: Obj = {"message": message, "code": code, "field": path}


@dataclass
class Books:
    """The shop's memory. `currency` is the shop's own; buyers may pay in another, at `rate`."""

    clock: Clock
    ledger: Ledger
    currency: str = "EUR"
    orders: dict[str, Obj] = field(default_factory=dict[str, Obj])
    variants: dict[str, Variant] = field(default_factory=dict[str, Variant])
    """By SKU."""
    jobs: dict[str, Obj] = field(default_factory=dict[str, Obj])
    authorised_for_s: float = 7 * 86_400
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(5001))

    def now(self) -> str:
        """Return the time as Shopify writes it: whole seconds."""
        return instant(self.clock.now())

    def next_id(self, kind: str) -> str:
        """Return a new global id."""
        return f"gid://shopify/{kind}/{next(self.numbers)}"

    def order(self, order_id: str) -> Obj:
        """Return an order, or refuse."""
        found = self.orders.get(order_id)
        if found is None:
            raise UserError("Order does not exist", "NOT_FOUND", ["id"])
        return found

    def touch(self, order: Obj) -> None:
        """Note that an order has changed, and derive what is shown of its payment."""
        order["updatedAt"] = self.now()
        order["displayFinancialStatus"] = financial_status(order)

    def minor(self, money: Decimal, currency: str) -> int:
        """Return an amount in its smallest unit, for the ledger."""
        return int(money.scaleb(_DIGITS.get(currency, 2)))

    def transact(
        self, order: Obj, kind: str, amount: Decimal, *, parent: Obj | None = None, status: str = "SUCCESS"
    ) -> Obj:
        """Add a transaction to an order, and write down money that moved."""
        currency = order["presentmentCurrencyCode"]
        ends = None
        if kind == "AUTHORIZATION":
            ends = instant(
                datetime.fromtimestamp(self.clock.now().timestamp() + self.authorised_for_s).astimezone()
            )
        made: Obj = {
            "id": self.next_id("OrderTransaction"), "kind": kind, "status": status, "gateway": "shopify_payments",
            "processedAt": self.now(), "authorizationExpiresAt": ends, "multiCapturable": False,
            "amountSet": bag(amount, currency), "parentTransaction": parent,
        }  # fmt: skip
        order["transactions"].append(made)
        if status == "SUCCESS":
            self.moved(order, made)
        self.touch(order)
        return made

    def moved(self, order: Obj, transaction: Obj) -> None:
        """Write money that moved into the ledger; a sale is held and taken at once."""
        names = {
            "AUTHORIZATION": ("authorised",), "SALE": ("authorised", "captured"), "CAPTURE": ("captured",),
            "VOID": ("voided",), "REFUND": ("refunded",),
        }  # fmt: skip
        parent = transaction["parentTransaction"]
        for name in names[transaction["kind"]]:
            self.ledger.write(
                name, transaction["id"], amount=self.minor(amount_of(transaction), order["presentmentCurrencyCode"]),
                parent=parent["id"] if parent else None, order=str(order["legacyResourceId"]),
                metadata={"reference": str(order["legacyResourceId"])},
            )  # fmt: skip

    def restock(self, line: Obj, quantity: int) -> None:
        """Make units available again."""
        variant = self.variants.get(line["sku"])
        if variant is not None:
            variant.available += quantity


def instant(moment: datetime) -> str:
    """Write a time as Shopify does."""
    return moment.astimezone(tz=moment.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ")


def bag(amount: Decimal | str, currency: str, rate: Decimal = Decimal(1)) -> Obj:
    """Return a sum in both moneys."""
    shown = Decimal(amount)
    return {
        "presentmentMoney": {"amount": str(shown), "currencyCode": currency},
        "shopMoney": {"amount": str(round(shown * rate, 2)), "currencyCode": currency},
    }


def amount_of(transaction: Obj) -> Decimal:
    """Return a transaction's amount."""
    return Decimal(transaction["amountSet"]["presentmentMoney"]["amount"])


def children(order: Obj, parent: Obj, kind: str) -> list[Obj]:
    """Return what was done of a transaction, and counts."""
    return [
        one
        for one in order["transactions"]
        if one["kind"] == kind
        and one["parentTransaction"] is parent
        and one["status"] in {"SUCCESS", "PENDING"}
    ]


def transaction(order: Obj, transaction_id: str) -> Obj:
    """Return an order's transaction, or refuse."""
    for one in order["transactions"]:
        if one["id"] == transaction_id:
            found: Obj = one
            return found
    raise UserError("Transaction does not exist", "TRANSACTION_NOT_FOUND", ["parentTransactionId"])


def financial_status(order: Obj) -> str:
    """Derive what Shopify shows of an order's payment."""
    done = [one for one in order["transactions"] if one["status"] == "SUCCESS"]
    total = {
        kind: sum(amount_of(one) for one in done if one["kind"] == kind)
        for kind in ("SALE", "CAPTURE", "REFUND")
    }
    taken = total["SALE"] + total["CAPTURE"]
    if taken and total["REFUND"]:
        return "REFUNDED" if total["REFUND"] >= taken else "PARTIALLY_REFUNDED"
    if taken:
        return "PAID"
    kinds = {one["kind"] for one in done}
    if "VOID" in kinds:
        return "VOIDED"
    return "AUTHORIZED" if "AUTHORIZATION" in kinds else "PENDING"
