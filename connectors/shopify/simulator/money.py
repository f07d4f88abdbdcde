"""Money at Shopify: captured, let go, paid back; never more than there is. One capture, unless it may be several."""

from decimal import Decimal

from connectors.shopify.simulator.state import Books, Obj, UserError, amount_of, children, transaction


def capture(books: Books, wanted: Obj) -> Obj:
    """Carry out `orderCapture`."""
    order = books.order(wanted["id"])
    held = transaction(order, wanted["parentTransactionId"])
    amount = Decimal(wanted["amount"])
    currency = wanted.get("currency") or order["presentmentCurrencyCode"]
    if currency != order["presentmentCurrencyCode"]:
        raise UserError("Currency must be the presentment currency of the order", path=["currency"])
    taken = children(order, held, "CAPTURE")
    if held["kind"] != "AUTHORIZATION" or held["status"] != "SUCCESS":
        raise UserError("Transaction is not an authorization", path=["parentTransactionId"])
    if children(order, held, "VOID"):
        raise UserError("Authorization was voided", path=["parentTransactionId"])
    if taken and not held["multiCapturable"]:
        raise UserError("Authorization was captured already", path=["parentTransactionId"])
    if amount <= 0 or amount > amount_of(held) - sum(amount_of(one) for one in taken):
        raise UserError("Amount exceeds the authorized amount", path=["amount"])
    return books.transact(order, "CAPTURE", amount, parent=held)


def let_go(books: Books, parent_id: str) -> Obj:
    """Carry out `transactionVoid`."""
    for order in books.orders.values():
        if any(one["id"] == parent_id for one in order["transactions"]):
            held = transaction(order, parent_id)
            if (
                children(order, held, "CAPTURE")
                or children(order, held, "VOID")
                or held["kind"] != "AUTHORIZATION"
            ):
                raise UserError("Transaction can't be voided", "AUTH_NOT_VOIDABLE", ["parentTransactionId"])
            return books.transact(order, "VOID", amount_of(held), parent=held)
    raise UserError("Transaction does not exist", "AUTH_NOT_FOUND", ["parentTransactionId"])


def refund(books: Books, wanted: Obj) -> Obj:
    """Carry out `refundCreate`: money, or units that leave the order, or both."""
    order = books.order(wanted["orderId"])
    payments: list[Obj] = wanted.get("transactions") or []
    for one in payments:
        parent = transaction(order, one.get("parentId") or "")
        amount = Decimal(one["amount"])
        left = amount_of(parent) - sum(amount_of(paid) for paid in children(order, parent, "REFUND"))
        if parent["kind"] not in {"SALE", "CAPTURE"} or parent["status"] != "SUCCESS":
            raise UserError("Transaction can't be refunded", path=["transactions"])
        if amount <= 0 or amount > left:
            raise UserError("Refund amount exceeds what is left", path=["transactions"])
    units: list[Obj] = wanted.get("refundLineItems") or []
    for unit in units:
        _check_unit(order, unit)
    made: Obj = {
        "id": books.next_id("Refund"),
        "note": wanted.get("note"),
        "createdAt": books.now(),
        "transactions": [],
    }
    for one in payments:
        parent = transaction(order, one["parentId"])
        made["transactions"].append(books.transact(order, "REFUND", Decimal(one["amount"]), parent=parent))
    for unit in units:
        _take_off(books, order, unit)
    order["refunds"].append(made)
    books.touch(order)
    return made


def _check_unit(order: Obj, unit: Obj) -> None:
    line = next((one for one in order["lineItems"] if one["id"] == unit["lineItemId"]), None)
    if line is None or not 0 < unit["quantity"] <= line["currentQuantity"]:
        raise UserError("Line item can't be refunded in this quantity", path=["refundLineItems"])
    open_units = sum(
        one["remainingQuantity"]
        for place in order["fulfillmentOrders"]
        for one in place["lineItems"]
        if one["lineItem"] is line
    )
    if unit.get("restockType") == "CANCEL" and unit["quantity"] > open_units:
        raise UserError("Only what is not fulfilled can be cancelled", path=["refundLineItems"])


def _take_off(books: Books, order: Obj, unit: Obj) -> None:
    line = next(one for one in order["lineItems"] if one["id"] == unit["lineItemId"])
    line["currentQuantity"] -= unit["quantity"]
    if unit.get("restockType") == "CANCEL":
        left = unit["quantity"]
        for place in order["fulfillmentOrders"]:
            for one in place["lineItems"]:
                if one["lineItem"] is line:
                    taken = min(left, one["remainingQuantity"])
                    one["remainingQuantity"] -= taken
                    left -= taken
        books.restock(line, unit["quantity"])
