"""Goods at Shopify: fulfilled, cancelled, counted."""

from connectors.shopify.simulator.state import LOCATION, Books, Obj, UserError, amount_of, children


def fulfil(books: Books, wanted: Obj) -> tuple[Obj, Obj]:
    """Carry out `fulfillmentCreate`; return the order and the fulfilment."""
    places = [_place(books, one["fulfillmentOrderId"]) for one in wanted["lineItemsByFulfillmentOrder"]]
    if len({place["assignedLocation"]["location"]["id"] for _, place in places}) != 1:
        raise UserError("All fulfillment orders must be of one location", path=["fulfillment"])
    taken: list[tuple[Obj, int]] = []
    for (_, place), said in zip(places, wanted["lineItemsByFulfillmentOrder"], strict=True):
        if place["status"] not in {"OPEN", "IN_PROGRESS"}:
            raise UserError(f"Fulfillment order is {place['status'].lower()}", path=["fulfillment"])
        for unit in said["fulfillmentOrderLineItems"]:
            line = next((one for one in place["lineItems"] if one["id"] == unit["id"]), None)
            if line is None or not 0 < unit["quantity"] <= line["remainingQuantity"]:
                raise UserError("Invalid fulfillment order line item quantity", path=["fulfillment"])
            taken.append((line, unit["quantity"]))
    order = places[0][0]
    for line, quantity in taken:
        line["remainingQuantity"] -= quantity
    for _, place in places:
        left = any(line["remainingQuantity"] for line in place["lineItems"])
        place["status"] = "IN_PROGRESS" if left else "CLOSED"
    tracking: Obj = wanted.get("trackingInfo") or {}
    made: Obj = {
        "id": books.next_id("Fulfillment"), "status": "SUCCESS",
        "trackingInfo": [{"number": tracking.get("number"), "company": tracking.get("company")}],
        "fulfillmentLineItems": [
            {"id": books.next_id("FulfillmentLineItem"), "quantity": quantity, "lineItem": line["lineItem"]}
            for line, quantity in taken
        ],
    }  # fmt: skip
    order["fulfillments"].append(made)
    books.touch(order)
    return order, made


def _place(books: Books, place_id: str) -> tuple[Obj, Obj]:
    for order in books.orders.values():
        for place in order["fulfillmentOrders"]:
            if place["id"] == place_id:
                return order, place
    raise UserError("Fulfillment order does not exist", path=["fulfillment"])


def may_cancel(order: Obj) -> None:
    """Refuse what `orderCancel` refuses."""
    if order["cancelledAt"] is not None:
        raise UserError("Order has already been cancelled", "INVALID", ["orderId"])
    if any(one["status"] == "SUCCESS" for one in order["fulfillments"]):
        raise UserError("Cannot cancel an order that has fulfillments", "INVALID", ["orderId"])


def cancel(books: Books, order: Obj, reason: str, *, restock: bool) -> None:
    """Cancel an order: what is held is let go, whatever becomes of what was taken."""
    order["cancelledAt"], order["cancelReason"] = books.now(), reason
    for held in [
        one for one in order["transactions"] if one["kind"] == "AUTHORIZATION" and one["status"] == "SUCCESS"
    ]:
        if not children(order, held, "CAPTURE") and not children(order, held, "VOID"):
            books.transact(order, "VOID", amount_of(held), parent=held)
    for place in order["fulfillmentOrders"]:
        place["status"] = "CLOSED"
        for line in place["lineItems"]:
            if restock:
                books.restock(line["lineItem"], line["remainingQuantity"])
            line["lineItem"]["currentQuantity"] -= line["remainingQuantity"]
            line["remainingQuantity"] = 0
    books.touch(order)


def set_quantities(books: Books, wanted: Obj) -> list[str]:
    """Carry out `inventorySetQuantities`, all or nothing; return the SKUs."""
    by_item = {variant.item_id: variant for variant in books.variants.values()}
    for i, one in enumerate(wanted["quantities"]):
        path = ["input", "quantities", str(i)]
        variant = by_item.get(one["inventoryItemId"])
        if "changeFromQuantity" not in one:
            raise UserError("changeFromQuantity is required", "COMPARE_QUANTITY_REQUIRED", path)
        if variant is None or one["locationId"] != LOCATION:
            raise UserError("The specified inventory item could not be found", "INVALID_INVENTORY_ITEM", path)
        if not variant.stocked:
            raise UserError("The item is not stocked at the location", "ITEM_NOT_STOCKED_AT_LOCATION", path)
        if one["changeFromQuantity"] is not None and one["changeFromQuantity"] != variant.available:
            message = "The changeFromQuantity value does not match persisted value."
            raise UserError(message, "CHANGE_FROM_QUANTITY_STALE", path)
    changed: list[str] = []
    for one in wanted["quantities"]:
        variant = by_item[one["inventoryItemId"]]
        variant.available = one["quantity"]
        changed.append(variant.sku)
        books.ledger.write("stock_set", variant.sku, quantity=one["quantity"])
    return changed
