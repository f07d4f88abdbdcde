"""The HTTP entrances: orders, cancellations and amendments in; status, stock and schemas out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

import orjson

from connectors.webstore import sums
from connectors.webstore.reading import Posted, check_media_type, invalid, read
from connectors.webstore.settings import WebstoreSettings, secret_key
from connectors.webstore.showing import show
from connectors.webstore.signing import ID, TIMESTAMP, Verifier
from connectors.webstore.webhooks import Webhook
from connectors.webstore.wire import AmendmentPosted, CancelPosted, OrderPosted
from core.clock import Clock
from core.errors import DoorError, Problem
from core.ports import Desk, Door, DoorHandler, DoorRequest, DoorResponse, RawDocument

MAX_BODY_BYTES = 1024 * 1024
_MOST_SKUS = 100
_AHEAD = timedelta(days=1)
"""An order from further in the future has its time zone wrong."""
_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+=@#~-")
_LONGEST_ID = 128
_SCHEMAS: Mapping[str, Any] = {
    "order": OrderPosted,
    "cancel": CancelPosted,
    "amendment": AmendmentPosted,
    "webhook": Webhook,
}
_D = TypeVar("_D", CancelPosted, AmendmentPosted)


class WebstoreDoors:
    """The entrances of one shop. `name` is the connector's in `hub.yaml`, and the mount point's."""

    def __init__(self, name: str, settings: WebstoreSettings, clock: Clock) -> None:
        self._name, self._settings, self._clock = name, settings, clock
        keys = [secret_key(secret) for secret in settings.api_secrets]
        self._verifier = Verifier(keys, clock, settings.tolerance_s)

    def doors(self) -> tuple[Door, ...]:
        """Return the doors, for the hub to mount under `/connectors/{name}`."""
        routes: tuple[tuple[str, str, DoorHandler, str], ...] = (
            ("POST", "/orders", self.post_order, "Place an order"),
            ("GET", "/orders/{ref}", self.get_order, "What became of an order"),
            ("POST", "/orders/{ref}/cancel", self.post_cancel, "Ask for what is not shipped to be cancelled"),
            ("POST", "/orders/{ref}/amendments", self.post_amendment, "Ask for an order to be changed"),
            ("GET", "/stock", self.get_stock, "What may be promised of up to 100 SKUs"),
            ("GET", "/schema", self.get_schema, "The JSON Schema of an order"),
            ("GET", "/schema/{document}", self.get_schema, "The JSON Schema of a document"),
        )
        return tuple(
            Door(method, path, handler, summary, MAX_BODY_BYTES) for method, path, handler, summary in routes
        )

    async def post_order(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take an order, or refuse it with everything that is wrong with it."""
        webhook_id = self._admit(request)
        posted = read(OrderPosted, request.body)
        await self._check_order(posted, desk)
        return await self._take("order", webhook_id, request, desk, posted.document.reference)

    async def post_cancel(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take the wish to cancel. An order that is not here yet may be on its way: the wish waits for it."""
        webhook_id = self._admit(request)
        posted = read(CancelPosted, request.body)
        return await self._take("cancel", webhook_id, request, desk, _same_order(posted, request))

    async def post_amendment(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take the wish to change an order."""
        webhook_id = self._admit(request)
        posted = read(AmendmentPosted, request.body)
        return await self._take("amendment", webhook_id, request, desk, _same_order(posted, request))

    async def get_order(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Show an order; with `?message=` also one that was received and is not an order yet."""
        self._authenticate(request)
        reference = request.parameters.get("ref", "")
        order = await desk.find_order(reference) if _storable(reference) else None
        if order is not None:
            return _json(200, show(order))
        message = next((value for name, value in self._query(request) if name == "message"), None)
        status = await desk.message_status(_uuid(message)) if message is not None else None
        if status is None:
            detail = f"no order {reference[:100]!r} is known here; one just posted is found by its status_url"
            raise DoorError(404, "unknown_order", "There is no such order", detail=detail)
        return _json(200, {"order": reference, "status": "received", "attention": status[1] is not None})

    async def get_stock(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Show what may be promised now. It is a view, not a reservation: an order reserves."""
        self._authenticate(request)
        skus = tuple(dict.fromkeys(value for name, value in self._query(request) if name == "sku"))
        if not 1 <= len(skus) <= _MOST_SKUS or not all(_storable(sku) for sku in skus):
            detail = f"name 1 to {_MOST_SKUS} SKUs, as in /stock?sku=A&sku=B; these are {len(skus)}"
            raise DoorError(400, "bad_query", "The SKUs can't be looked up", detail=detail)
        found = await desk.available(skus)
        rows = [
            {"sku": sku, "available": found.get(sku), "known": found.get(sku) is not None} for sku in skus
        ]
        return _json(200, {"as_of": self._clock.now().isoformat(), "stock": rows})

    async def get_schema(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Show a JSON Schema (draft 2020-12). The schemas are public: this door alone needs no signature."""
        name = request.parameters.get("document", "order")
        if name not in _SCHEMAS:
            detail = f"there is {', '.join(_SCHEMAS)}"
            raise DoorError(404, "unknown_schema", "There is no such schema", detail=detail)
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **_SCHEMAS[name].model_json_schema(),
        }
        return DoorResponse(200, orjson.dumps(schema, option=orjson.OPT_INDENT_2), "application/schema+json")

    # --- what the doors have in common ---

    def _authenticate(self, request: DoorRequest) -> str:
        """Return the request's id once its signature holds, and nothing before."""
        if len(request.body) > MAX_BODY_BYTES:
            detail = f"the body has {len(request.body):,} bytes, and {MAX_BODY_BYTES:,} are taken"
            raise DoorError(413, "too_large", "The body is too large", detail=detail)
        webhook_id = self._verifier.verify(
            request.method, self._target(request), request.headers, request.body
        )
        if len(webhook_id) > _LONGEST_ID or not _ID_CHARACTERS.issuperset(webhook_id):
            detail = f"{ID} is up to {_LONGEST_ID} letters, digits and ._:/+=@#~-"
            raise DoorError(400, "bad_id", "The request's id can't be kept", detail=detail)
        return webhook_id

    def _admit(self, request: DoorRequest) -> str:
        """Authenticate a request that changes something; its idempotency key is its signed id."""
        webhook_id = self._authenticate(request)
        check_media_type(request.headers)
        key = request.headers.get("idempotency-key")
        if key is None:
            detail = (
                f"send Idempotency-Key with the value of {ID}, and both again when you repeat the request"
            )
            raise DoorError(
                400, "idempotency_key_missing", "The request has no idempotency key", detail=detail
            )
        if key != webhook_id:
            detail = f"Idempotency-Key must be what {ID} is: only that is covered by the signature"
            raise DoorError(
                400, "idempotency_key_differs", "The idempotency key is not the signed id", detail=detail
            )
        return webhook_id

    async def _check_order(self, posted: Posted[OrderPosted], desk: Desk) -> None:
        """Find everything at once that only a look beyond the schema shows: `DoorError` 422, or 409."""
        order, place = posted.document, posted.problem
        findings = [*sums.currency_findings(order), *sums.unit_findings(order)]
        if self._settings.check_totals == "refuse" and not findings:
            findings += sums.sum_findings(order)
        problems = [place(*finding) for finding in findings]
        problems += self._twice(posted) + self._payments(posted) + await self._unknown(posted, desk)
        if order.placed_at > self._clock.now() + _AHEAD:
            problems.append(place(("placed_at",), "the order is from the future: is its time zone right?"))
        if problems:
            raise invalid(problems)
        known = await desk.find_order(order.reference)
        if known is not None and known.placed_at != order.placed_at:
            detail = (
                f"the order {order.reference} of {known.placed_at.isoformat()} is here already: "
                "change it by an amendment, or place another under a new reference"
            )
            raise DoorError(409, "order_exists", "The reference belongs to another order", detail=detail)

    async def _unknown(self, posted: Posted[OrderPosted], desk: Desk) -> list[Problem]:
        lines = posted.document.lines
        known = await desk.available(tuple(dict.fromkeys(line.sku for line in lines)))
        reason = "no item has this SKU, or this reference of the shop: add it to the items first"
        return [
            posted.problem(("lines", i, "sku"), reason, line.sku)
            for i, line in enumerate(lines)
            if known.get(line.sku) is None
        ]

    def _payments(self, posted: Posted[OrderPosted]) -> list[Problem]:
        gateways = self._settings.gateways
        reason = f"orders of this shop are paid by {', '.join(gateways) or 'prepaid payments only'}"
        return [
            posted.problem(("payments", i, "gateway"), reason, payment.gateway)
            for i, payment in enumerate(posted.document.payments)
            if payment.type != "prepaid" and payment.gateway not in gateways
        ]

    @staticmethod
    def _twice(posted: Posted[OrderPosted]) -> list[Problem]:
        seen: set[str] = set()
        problems: list[Problem] = []
        for i, line in enumerate(posted.document.lines):
            if line.id in seen:
                problems.append(posted.problem(("lines", i, "id"), "two lines have this id", line.id))
            seen.add(line.id)
        return problems

    async def _take(
        self, kind: str, webhook_id: str, request: DoorRequest, desk: Desk, reference: str
    ) -> DoorResponse:
        """Store the body durably, then answer; a repetition gets the answer of the first time."""
        kept = {name: request.headers[name] for name in (ID, TIMESTAMP)}
        receipt = await desk.receive(RawDocument(kind, request.body, "application/json", webhook_id, kept))
        if receipt.duplicate and not receipt.same_body:
            detail = f"{ID} {webhook_id} came before with another body: a new request needs a new id"
            raise DoorError(409, "idempotency_key_reused", "The id belongs to another request", detail=detail)
        url = f"/connectors/{self._name}/orders/{quote(reference, safe='')}?message={receipt.message_id}"
        answer = {
            "message_id": str(receipt.message_id),
            "order": reference,
            "status": "received",
            "status_url": url,
        }
        repeated = {"idempotent-replayed": "true"} if receipt.duplicate else {}
        return _json(202, answer, {"location": url, **repeated})

    def _target(self, request: DoorRequest) -> str:
        """Return path and query behind the connector's base URL: what stands before may differ by proxy."""
        target = request.target or request.path
        return target.removeprefix(f"/connectors/{self._name}")

    def _query(self, request: DoorRequest) -> list[tuple[str, str]]:
        """Return all pairs of the query; a name may stand several times."""
        try:
            pairs = parse_qsl(
                urlsplit(request.target).query, keep_blank_values=True, max_num_fields=_MOST_SKUS + 1
            )
        except ValueError:
            detail = f"the query has more than {_MOST_SKUS + 1} fields, or can't be read"
            raise DoorError(400, "bad_query", "The query can't be read", detail=detail) from None
        return pairs or list(request.query.items())


def _same_order(posted: Posted[_D], request: DoorRequest) -> str:
    """Return the order's reference; the body names it too, so that the stored message says all by itself."""
    reference = posted.document.order
    if reference != request.parameters.get("ref"):
        reason = "the body is about another order than the URL"
        raise invalid([posted.problem(("order",), reason, reference)])
    return reference


def _storable(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isprintable()  # noqa: PLR2004 - the length of `canonical.base.Name`


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        detail = "`message` is the message_id of an accepted request"
        raise DoorError(400, "bad_query", "The message can't be looked up", detail=detail) from None


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> DoorResponse:
    return DoorResponse(status, orjson.dumps(body), "application/json", dict(headers or {}))
