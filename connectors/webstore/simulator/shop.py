"""The shop: its orders, its secrets, its two lines to the hub."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from connectors.webstore.simulator.hub import HubLine, ShopRefusedError
from connectors.webstore.simulator.receiving import Mailbox
from connectors.webstore.simulator.server import Entrance, Reply, Request
from core.simulator import Workshop


class Shop:
    """A headless shop.

    Options: `hub_url` (the connector's doors), `silence_s` (hub time before a fault hangs up, default 0),
    `tolerance_s` (how old a webhook may be, default 300), `webhook_lookup` (the hub may ask for webhooks by id,
    default true).

    Faults by webhook id, when it is told something: `timeout_before`, `timeout_after`, `torn_answer`,
    `slow`, `http_401`, `http_410`, `http_429`, `http_500`, `http_500_after`, `http_503`. By order reference
    (or the id of a cancellation or amendment), when it asks for something: `bad_signature`, `clock_skew`,
    `malformed`, `wrong_type`, `duplicate_request`, `lost_answer`, `out_of_order`.

    Ledger, by order: `ordered`, `cancel_asked`, `amend_asked`, `refused`, `contradiction`; by webhook id:
    `told_shipped`, `told_cancelled`, `told_status`, `repeated`, `unsigned`.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop, self.ledger, self.faults = workshop, workshop.ledger, workshop.faults
        self._clock = workshop.clock
        self._line = HubLine(self._clock, self.faults, self._secret("api"))
        self.mailbox = Mailbox(workshop, self._secret("webhooks"))
        self._server = Entrance(self._answer, workshop.port)
        if "hub_url" in workshop.options:
            self.connect(str(workshop.options["hub_url"]))

    async def start(self) -> dict[str, Any]:
        """Receive webhooks, and return the settings with which the hub sends them."""
        url = await self._server.start()
        return {
            "api_secrets": [self._line.secret],
            "webhook_url": f"{url}/webhooks",
            "webhook_secrets": [self.mailbox.secret],
            "webhook_lookup": bool(self._workshop.options.get("webhook_lookup", True)),
        }

    async def stop(self) -> None:
        """Stop serving; orders and webhooks are kept."""
        await self._server.stop()
        await self._line.close()

    def connect(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Say where the connector's doors are."""
        self._line.connect(base_url, transport)

    async def place(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Place a complete order, and return the hub's answer; `ShopRefusedError` where it is not taken."""
        reference = str(order["reference"])
        self.mailbox.ordered[reference] = {line["id"]: line["quantity"] for line in order["lines"]}
        try:
            answer = await self._line.post("/orders", f"order:{reference}", order, reference)
        except ShopRefusedError as error:
            self.ledger.write("refused", reference, status=error.status, title=error.problem.get("title"))
            raise
        self.ledger.write("ordered", reference, total=order["total"], currency=order["currency"])
        return answer

    async def cancel(self, reference: str, reason: str = "", cancel_id: str = "") -> dict[str, Any]:
        """Ask for an order's cancellation."""
        cancel_id = cancel_id or f"cancel-{reference}"
        document = {"id": cancel_id, "order": reference, "requested_at": self._now(), "reason": reason}
        target = f"/orders/{quote(reference, safe='')}/cancel"
        answer = await self._line.post(target, f"cancel:{cancel_id}", document, cancel_id)
        self.ledger.write("cancel_asked", reference, cancel_id=cancel_id)
        return answer

    async def amend(self, reference: str, amendment_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for an order to be changed."""
        document = {"id": amendment_id, "order": reference, "requested_at": self._now(), **changes}
        target = f"/orders/{quote(reference, safe='')}/amendments"
        answer = await self._line.post(target, f"amend:{amendment_id}", document, amendment_id)
        self.ledger.write("amend_asked", reference, amendment_id=amendment_id)
        return answer

    async def place_then_cancel(self, order: Mapping[str, Any], reason: str = "") -> None:
        """Place an order and cancel it at once; with `out_of_order` the second request arrives first."""
        reference = str(order["reference"])
        if self.faults.strikes("out_of_order", reference):
            await self.cancel(reference, reason)
            await self.place(order)
        else:
            await self.place(order)
            await self.cancel(reference, reason)

    async def look(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the hub says about an order, by the `status_url` of its answer."""
        tail = str(answer["status_url"]).partition("/orders/")[2]
        return self._shown(await self._line.ask(f"/orders/{tail}"))

    async def stock(self, *skus: str) -> dict[str, int | None]:
        """Return what the hub promises of some SKUs."""
        query = "&".join(f"sku={quote(sku, safe='')}" for sku in skus)
        shown = self._shown(await self._line.ask(f"/stock?{query}"))
        return {row["sku"]: row["available"] for row in shown["stock"]}

    def _shown(self, response: httpx.Response) -> dict[str, Any]:
        document: dict[str, Any] = response.json()
        if not response.is_success:
            raise ShopRefusedError(response.status_code, document)
        return document

    async def _answer(self, request: Request) -> Reply | None:
        path = request.target.partition("?")[0]
        if request.method == "POST" and path == "/webhooks":
            return await self.mailbox.receive(request)
        if request.method == "GET" and path.startswith("/webhooks/"):
            return self.mailbox.look_up(request)
        if request.method == "POST" and path == "/control/orders":
            return await self._placed_by_hand(request)
        return Reply(404, b'{"title":"there is /webhooks, and /control/orders to place an order by hand"}')

    async def _placed_by_hand(self, request: Request) -> Reply:
        """Place an order that somebody posts to a shop that runs alone."""
        try:
            return Reply(202, json.dumps(await self.place(json.loads(request.body))).encode())
        except ShopRefusedError as error:
            return Reply(error.status or 502, json.dumps(error.problem).encode())

    def _now(self) -> str:
        return self._clock.now().isoformat().replace("+00:00", "Z")

    def _secret(self, purpose: str) -> str:
        material = f"{self._workshop.name}:{self._workshop.seed}:{purpose}".encode()
        return "whsec_" + base64.b64encode(hashlib.sha256(material).digest()).decode()
