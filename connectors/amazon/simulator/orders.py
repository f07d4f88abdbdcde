"""The marketplace's orders: sold, paid, shipped, cancelled; shown as the Orders API v2026-01-01 shows them."""

import copy
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.amazon.simulator.wire import Obj, RefusalError, Reply, Request, invalid
from core.clock import Clock
from core.simulator import Faults, Ledger

DATA_SETS = frozenset(
    {
        "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX",
        "PAYMENT", "FULFILLMENT_ORDERS",
    }
)  # fmt: skip
_PART_OF = {
    "BUYER": "buyer", "RECIPIENT": "recipient", "PROCEEDS": "proceeds", "PROMOTION": "promotion",
    "CANCELLATION": "cancellation", "FULFILLMENT": "fulfillment", "PACKAGES": "packages", "TAX": "tax",
}  # fmt: skip
_TOKEN_LIFE = timedelta(hours=24)
_FOUND = 100


def iso(at: datetime) -> str:
    """Return a time as Amazon writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Orders:
    """All orders of one seller. `changed` is told of every change."""

    def __init__(
        self, clock: Clock, ledger: Ledger, faults: Faults, changed: Callable[[Obj, str], None]
    ) -> None:
        self._clock, self._ledger, self._faults, self._changed = clock, ledger, faults, changed
        self.all: dict[str, Obj] = {}
        self._tokens: dict[str, tuple[datetime, Obj, int]] = {}
        self.page_size = _FOUND
        self.behind = timedelta(minutes=2)
        """A search shows what changed until two minutes ago (the model's note on lastUpdatedBefore)."""

    # --- what people do ---

    def add(self, order: Obj) -> None:
        """Take an order in the shape of the model, with all data sets."""
        now = iso(self._clock.now())
        order = {"createdTime": now, "lastUpdatedTime": now, "packages": [], **copy.deepcopy(order)}
        self.all[order["orderId"]] = order
        units = {item["product"]["sellerSku"]: item["quantityOrdered"] for item in order["orderItems"]}
        self._ledger.write("ordered", order["orderId"], order=order["orderId"], units=units)
        self._tell(order, "OrderStatusChange")

    def set_status(self, order_id: str, status: str) -> None:
        """Let an order come to a status by itself: paid, shipped by Amazon."""
        order = self.all[order_id]
        order["fulfillment"]["fulfillmentStatus"] = status
        self._tell(order, "OrderStatusChange")

    def ask_to_cancel(self, order_id: str, reason: str = "", items: Iterable[str] | None = None) -> None:
        """Let the buyer ask for items to be cancelled; all, where none are named."""
        order = self.all[order_id]
        for item in order["orderItems"]:
            if items is None or item["orderItemId"] in items:
                request = {"requester": "BUYER", "cancelReason": reason}
                item.setdefault("cancellation", {})["cancellationRequest"] = request
        self._tell(order, "BuyerRequestedChange")

    def cancel(self, order_id: str, by: str, reason: str = "", items: Iterable[str] | None = None) -> None:
        """Cancel items; all, where none are named."""
        order = self.all[order_id]
        for item in order["orderItems"]:
            if items is None or item["orderItemId"] in items:
                done = {"cancelledBy": by, "cancelReason": reason}
                item.setdefault("cancellation", {})["cancellationExecution"] = done
        if all("cancellationExecution" in item.get("cancellation", {}) for item in order["orderItems"]):
            order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
        self._tell(order, "OrderStatusChange")

    def _tell(self, order: Obj, kind: str) -> None:
        order["lastUpdatedTime"] = iso(self._clock.now())
        self._changed(order, kind)

    # --- searchOrders, getOrder ---

    def search(self, request: Request) -> Reply:
        """Answer searchOrders."""
        included = self._included(request)
        token = request.query.get("paginationToken")
        if token is not None:
            made, told, start = self._tokens.get(token, (self._clock.now() - 2 * _TOKEN_LIFE, {}, 0))
            if self._clock.now() - made > _TOKEN_LIFE:
                raise invalid("the pagination token is not known, or has expired")
        else:
            told, start = self._asked(request), 0
        size = min(int(request.query.get("maxResultsPerPage", _FOUND)), self.page_size)
        rows = sorted(
            (o for o in self.all.values() if _matches(o, told)),
            key=lambda o: (o["lastUpdatedTime"], o["orderId"]),
        )
        page: Obj = {
            "orders": [self._shown(o, included) for o in rows[start : start + size]],
            "lastUpdatedBefore" if told["field"] == "lastUpdatedTime" else "createdBefore": told["before"],
        }
        if start + size < len(rows):
            token = f"page-{len(self._tokens) + 1}"
            self._tokens[token] = (self._clock.now(), told, start + size)
            page["pagination"] = {"nextToken": token}
        return Reply.of(page)

    def _asked(self, request: Request) -> Obj:
        query = request.query
        if ("createdAfter" in query) == ("lastUpdatedAfter" in query):
            raise invalid("provide exactly one of createdAfter and lastUpdatedAfter")
        created = "createdAfter" in query
        latest = self._clock.now() - self.behind
        before = _time(query.get("createdBefore" if created else "lastUpdatedBefore"), latest)
        after = _time(query["createdAfter" if created else "lastUpdatedAfter"], latest)
        if not 1 <= int(query.get("maxResultsPerPage", _FOUND)) <= _FOUND:
            raise invalid("maxResultsPerPage is 1 to 100")
        return {
            "field": "createdTime" if created else "lastUpdatedTime",
            "after": iso(after),
            "before": iso(min(before, latest)),
            "marketplaces": [m for m in query.get("marketplaceIds", "").split(",") if m],
            "statuses": [s for s in query.get("fulfillmentStatuses", "").split(",") if s],
        }

    def get(self, request: Request, order_id: str) -> Reply:
        """Answer getOrder."""
        included = self._included(request)
        order = self.all.get(order_id)
        if order is None:
            raise RefusalError(404, "NotFound", f"order {order_id} is not there")
        return Reply.of({"order": self._shown(order, included)})

    def _included(self, request: Request) -> frozenset[str]:
        named = frozenset(name for name in request.query.get("includedData", "").split(",") if name)
        if named - DATA_SETS:
            raise invalid(f"includedData: {', '.join(sorted(named - DATA_SETS))}")
        if named and self._faults.strikes("included_refused", request.path):
            raise invalid("includedData: FULFILLMENT")
        return named

    def _shown(self, order: Obj, included: frozenset[str]) -> Obj:
        hidden = {part for name, part in _PART_OF.items() if name not in included}
        for fault, part in (("without_fulfillment", "fulfillment"), ("without_recipient", "recipient")):
            if part not in hidden and self._faults.strikes(fault, order["orderId"]):
                hidden.add(part)
        if order["fulfillment"]["fulfillmentStatus"] in {"PENDING", "PENDING_AVAILABILITY"}:
            hidden |= {"buyer", "recipient", "proceeds", "promotion"}
        shown = {
            name: value for name, value in order.items() if name not in hidden and not name.startswith("_")
        }
        shown["orderItems"] = [
            {name: value for name, value in item.items() if name not in hidden}
            for item in order["orderItems"]
        ]
        if "proceeds" in hidden:
            for item in shown["orderItems"]:
                item["product"] = {k: v for k, v in item["product"].items() if k != "price"}
        return copy.deepcopy(shown)

    # --- confirmShipment (version 0) ---

    def confirm(self, request: Request, order_id: str) -> Reply:
        """Answer confirmShipment: note a parcel. The same reference again changes that parcel."""
        order, said = self.all.get(order_id), request.json()
        if order is None:
            raise invalid(f"order {order_id} is not there")
        package, items = _package(said)
        if order["fulfillment"]["fulfillmentStatus"] not in {"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"}:
            status = order["fulfillment"]["fulfillmentStatus"]
            raise invalid(f"order {order_id} is {status}")
        reference = str(package["packageReferenceId"])
        others = [p for p in order["packages"] if p["packageReferenceId"] != reference]
        known = {item["orderItemId"]: item for item in order["orderItems"]}
        for item_id, quantity in items.items():
            sent = sum(
                p["quantity"] for o in others for p in o["packageItems"] if p["orderItemId"] == item_id
            )
            if item_id not in known or sent + quantity > known[item_id]["quantityOrdered"]:
                raise invalid(f"order item {item_id}: {quantity} units are not left to ship")
        first = len(others) == len(order["packages"])
        order["packages"] = [*others, _shown_package(package, items)]
        self._count_what_left(order)
        if first:
            units = {known[i]["product"]["sellerSku"]: quantity for i, quantity in items.items()}
            self._ledger.write(
                "told_shipped", f"{order_id}:{reference}", order=order_id, units=units, items=dict(items),
                tracking=package["trackingNumber"],
            )  # fmt: skip
        self._tell(order, "OrderStatusChange")
        return Reply(204)

    def _count_what_left(self, order: Obj) -> None:
        left = 0
        for item in order["orderItems"]:
            sent = sum(
                p["quantity"]
                for o in order["packages"]
                for p in o["packageItems"]
                if p["orderItemId"] == item["orderItemId"]
            )
            cancelled = "cancellationExecution" in item.get("cancellation", {})
            open_units = 0 if cancelled else item["quantityOrdered"] - sent - item.get("_cancelled", 0)
            item.setdefault("fulfillment", {}).update(quantityFulfilled=sent, quantityUnfulfilled=open_units)
            left += open_units
        order["fulfillment"]["fulfillmentStatus"] = "PARTIALLY_SHIPPED" if left else "SHIPPED"


def _package(said: Obj) -> tuple[Obj, dict[str, int]]:
    """Check the body against the model ConfirmShipmentRequest."""
    package: Obj = said.get("packageDetail") or {}
    if not package or not said.get("marketplaceId"):
        raise invalid("marketplaceId and packageDetail are required")
    for name in ("packageReferenceId", "carrierCode", "trackingNumber", "shipDate", "orderItems"):
        if not package.get(name):
            raise invalid(f"packageDetail.{name} is required")
    if not str(package["packageReferenceId"]).isdigit() or int(package["packageReferenceId"]) < 1:
        raise invalid("packageDetail.packageReferenceId: only positive numbers are supported")
    if package["carrierCode"] == "Other" and not package.get("carrierName"):
        raise invalid("packageDetail.carrierName is required where carrierCode is Other")
    items = {str(item["orderItemId"]): int(item["quantity"]) for item in package["orderItems"]}
    if any(quantity < 1 for quantity in items.values()):
        raise invalid("packageDetail.orderItems: a quantity is at least 1")
    return package, items


def _shown_package(package: Obj, items: dict[str, int]) -> Obj:
    return {
        "packageReferenceId": str(package["packageReferenceId"]),
        "packageStatus": {"status": "SHIPPED"},
        "carrier": package.get("carrierName") or package["carrierCode"],
        "shipTime": package["shipDate"],
        "trackingNumber": package["trackingNumber"],
        "packageItems": [{"orderItemId": i, "quantity": quantity} for i, quantity in items.items()],
    }


def _matches(order: Obj, told: Obj) -> bool:
    at = order[told["field"]]
    place = order["salesChannel"].get("marketplaceId")
    status = order["fulfillment"]["fulfillmentStatus"]
    return (
        told["after"] <= at <= told["before"]
        and (not told["marketplaces"] or place in told["marketplaces"])
        and (not told["statuses"] or status in told["statuses"])
    )


def _time(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text!r} is not an ISO 8601 time") from None
    if at.tzinfo is None:
        raise invalid(f"{text!r} has no time zone")
    return at.astimezone(default.tzinfo)


def money(amount: Decimal | str, currency: str) -> Obj:
    """Return an amount as the model writes it."""
    return {"amount": str(amount), "currencyCode": currency}
