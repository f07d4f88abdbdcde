"""Carries out GraphQL against the shop's books, by graphql-core: what the schema does not have is refused by it."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - it leaves the context's type open
    parse,
    validate,
)
from graphql.execution.values import get_directive_values

from connectors.shopify.simulator import goods, money
from connectors.shopify.simulator.schema import SCHEMA
from connectors.shopify.simulator.state import LOCATION, Books, Obj, UserError, Variant

Info: TypeAlias = GraphQLResolveInfo[Any]
_IDEMPOTENT = SCHEMA.get_directive("idempotent")
_UPDATED = re.compile(r"updated_at:>=?'([^']+)'")
_SKU = re.compile(r'sku:"((?:[^"\\]|\\.)*)"')
_ID = re.compile(r"\bid:(\d+)")
_MOST = 250


@lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """Return a query's document, and what is wrong with it. A client asks the same few over and over."""
    document = parse(query)
    return document, validate(SCHEMA, document)


class Answering:
    """One shop's GraphQL. `changed` is called with each order that was changed, and the topics of its webhooks."""

    def __init__(self, books: Books, changed: Callable[..., None], *, job_looks: int) -> None:
        self._books, self._changed, self._job_looks = books, changed, job_looks
        self._keys: dict[str, tuple[str, Any]] = {}
        self._queries: Mapping[str, Any] = {
            "shop": {
                "name": "Example Shop",
                "myshopifyDomain": "example.myshopify.com",
                "currencyCode": books.currency,
            },
            "order": self._order,
            "orders": self._orders,
            "productVariants": self._variants,
            "job": self._job,
        }
        self._mutations: Mapping[str, Any] = {
            "orderCapture": self._capture,
            "transactionVoid": self._void,
            "refundCreate": self._refund,
            "orderCancel": self._cancel,
            "fulfillmentCreate": self._fulfil,
            "tagsAdd": self._tag,
            "metafieldsSet": self._mark,
            "inventorySetQuantities": self._set_quantities,
        }

    def answer(self, body: bytes) -> Obj:
        """Return `data`, or `errors`."""
        asked = json.loads(body)
        try:
            document, wrong = _read(asked["query"])
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        if wrong:
            return {"errors": [error.formatted for error in wrong]}
        is_change = asked["query"].lstrip().startswith("mutation")
        result = execute_sync(
            SCHEMA, document, self._mutations if is_change else self._queries,
            variable_values=asked.get("variables"), field_resolver=_resolve,
        )  # fmt: skip
        return dict(result.formatted)

    # --- questions ---

    def _order(self, info: Info, **args: Any) -> Obj | None:
        return self._books.orders.get(args["id"])

    def _orders(self, info: Info, **args: Any) -> Obj:
        match = _UPDATED.search(args.get("query") or "")
        since = datetime.fromisoformat(match[1]) if match else None
        found = [
            order
            for order in self._books.orders.values()
            if order["searchable_at"] <= self._books.clock.monotonic()
            and (since is None or datetime.fromisoformat(order["updatedAt"]) >= since)
        ]
        return _page(sorted(found, key=lambda order: (order["updatedAt"], order["id"])), **args)

    def _variants(self, info: Info, **args: Any) -> Obj:
        query = args.get("query") or ""
        skus = {json.loads(f'"{sku}"') for sku in _SKU.findall(query)}
        numbers = {int(one) for one in _ID.findall(query)}
        found = [v for v in self._books.variants.values() if v.sku in skus or v.number in numbers]
        return _page([_shown(variant) for variant in found], **args)

    def _job(self, info: Info, **args: Any) -> Obj | None:
        job = self._books.jobs.get(args["id"])
        if job is None:
            return None
        job["looks"] += 1
        if job["looks"] >= self._job_looks and not job["done"]:
            job["run"]()
            job["done"] = True
        return job

    # --- changes ---

    def _capture(self, info: Info, **args: Any) -> Obj:
        return self._done(
            "transaction", lambda: money.capture(self._books, args["input"]), args["input"]["id"]
        )

    def _void(self, info: Info, **args: Any) -> Obj:
        parent = args["parentTransactionId"]
        order = next(
            (
                o["id"]
                for o in self._books.orders.values()
                if any(t["id"] == parent for t in o["transactions"])
            ),
            "",
        )
        return self._done("transaction", lambda: money.let_go(self._books, parent), order)

    def _refund(self, info: Info, **args: Any) -> Obj:
        def make() -> Obj:
            order_id = args["input"]["orderId"]
            made = self._done(
                "refund", lambda: money.refund(self._books, args["input"]), order_id, "refunds/create"
            )
            units: list[Obj] = args["input"].get("refundLineItems") or []
            if made["refund"] and units:
                order = self._books.orders[order_id]
                shown = {one["lineItemId"].rpartition("/")[2]: one["quantity"] for one in units}
                self._books.ledger.write(
                    "told_cancelled", str(order["legacyResourceId"]), order=str(order["legacyResourceId"]), lines=shown,
                    note=made["refund"]["note"],
                )  # fmt: skip
            return made

        return self._once(info, args["input"], make)

    def _cancel(self, info: Info, **args: Any) -> Obj:
        try:
            order = self._books.order(args["orderId"])
            goods.may_cancel(order)
        except UserError as error:
            return {"job": None, "orderCancelUserErrors": [error.said]}

        def run() -> None:
            goods.cancel(self._books, order, args["reason"], restock=args["restock"])
            reference = str(order["legacyResourceId"])
            self._books.ledger.write(
                "told_cancelled", reference, order=reference, note=args.get("staffNote"), lines={}
            )
            self._changed(order, "orders/cancelled", "orders/updated")

        job: Obj = {"id": self._books.next_id("Job"), "done": False, "looks": 0, "run": run}
        self._books.jobs[job["id"]] = job
        return {"job": job, "orderCancelUserErrors": []}

    def _fulfil(self, info: Info, **args: Any) -> Obj:
        try:
            order, made = goods.fulfil(self._books, args["fulfillment"])
        except UserError as error:
            return {"fulfillment": None, "userErrors": [error.said]}
        reference, sent = str(order["legacyResourceId"]), made["fulfillmentLineItems"]
        self._books.ledger.write(
            "told_shipped", reference, order=reference, tracking=made["trackingInfo"][0]["number"],
            notified=bool(args["fulfillment"].get("notifyCustomer")),
            lines={line["lineItem"]["id"].rpartition("/")[2]: line["quantity"] for line in sent},
        )  # fmt: skip
        self._changed(order, "orders/updated")
        return {"fulfillment": made, "userErrors": []}

    def _tag(self, info: Info, **args: Any) -> Obj:
        try:
            order = self._books.order(args["id"])
        except UserError as error:
            return {"node": None, "userErrors": [error.said]}
        for tag in args["tags"]:
            if tag not in order["tags"]:
                order["tags"].append(tag)
                reference = str(order["legacyResourceId"])
                status = tag.removeprefix("hub: ").replace(" ", "_")
                self._books.ledger.write("told_status", reference, order=reference, status=status)
        self._books.touch(order)
        self._changed(order, "orders/updated")
        return {"node": order, "userErrors": []}

    def _mark(self, info: Info, **args: Any) -> Obj:
        made: list[Obj] = []
        for one in args["metafields"]:
            order = self._books.orders.get(one["ownerId"])
            if order is None:
                return {"metafields": None, "userErrors": [UserError("Owner does not exist", "INVALID").said]}
            field = {"id": self._books.next_id("Metafield"), "value": one["value"]}
            order["metafields"][one.get("namespace"), one["key"]] = field
            made.append(field)
        return {"metafields": made, "userErrors": []}

    def _set_quantities(self, info: Info, **args: Any) -> Obj:
        def make() -> Obj:
            try:
                goods.set_quantities(self._books, args["input"])
            except UserError as error:
                return {"inventoryAdjustmentGroup": None, "userErrors": [error.said]}
            return {
                "inventoryAdjustmentGroup": {"id": self._books.next_id("InventoryAdjustmentGroup")},
                "userErrors": [],
            }

        return self._once(info, args["input"], make)

    def _done(self, name: str, make: Callable[[], Obj], order_id: str, *topics: str) -> Obj:
        try:
            made = make()
        except UserError as error:
            return {name: None, "userErrors": [error.said]}
        self._changed(self._books.orders[order_id], *topics, "orders/updated")
        return {name: made, "userErrors": []}

    def _once(self, info: Info, given: Any, make: Callable[[], Obj]) -> Obj:
        """Do a thing once for each key; without one it is refused at run time, as of 2026-04."""
        values = (
            get_directive_values(_IDEMPOTENT, info.field_nodes[0], info.variable_values)
            if _IDEMPOTENT
            else None
        )
        if not values:
            message = "The @idempotent directive is required for this mutation"
            raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
        said = json.dumps(given, sort_keys=True)
        before = self._keys.get(values["key"])
        if before is not None and before[0] != said:
            message = "The same idempotency key cannot be used with different operation parameters."
            raise GraphQLError(message, extensions={"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"})
        if before is None:
            before = (said, make())
            self._keys[values["key"]] = before
        answer: Obj = before[1]
        return answer


def _shown(variant: Variant) -> Obj:
    def level(_: Info, **args: Any) -> Obj | None:
        if args["locationId"] != LOCATION or not variant.stocked:
            return None
        return {"quantities": [{"name": "available", "quantity": variant.available}]}

    item = {"id": variant.item_id, "tracked": variant.tracked, "inventoryLevel": level}
    number = variant.number
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "legacyResourceId": number,
        "sku": variant.sku,
        "inventoryItem": item,
    }


def _resolve(source: Any, info: Info, **args: Any) -> Any:
    """Resolve a field: dicts by name, functions by calling them, lists behind a connection page by page."""
    if info.field_name == "metafield":
        return source["metafields"].get((args.get("namespace"), args["key"]))
    value: Any = source.get(info.field_name)
    if callable(value):
        return value(info, **args)
    if _is_connection(info):
        return _page(value, **args)
    if info.field_name == "legacyResourceId":
        return str(value)  # an UnsignedInt64 travels as text
    return value


def _is_connection(info: Info) -> bool:
    wanted = cast("object", info.return_type)  # pyright: ignore[reportUnknownMemberType] - what it wraps is open
    return str(wanted).rstrip("!").endswith("Connection")


def _page(values: list[Any], **args: Any) -> Obj:
    size = min(args.get("first") or 50, _MOST)
    start = int(args.get("after") or 0)
    end = start + size
    return {"nodes": values[start:end], "pageInfo": {"hasNextPage": end < len(values), "endCursor": str(end)}}
