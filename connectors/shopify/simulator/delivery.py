"""How the shop sends its webhooks: signed, again and again for a while, and not always."""

import base64
import hmac
import json
import uuid
from collections.abc import Callable
from functools import partial

import httpx

from connectors.shopify.simulator.state import Obj
from core.clock import Clock
from core.simulator import Faults, Later

_ATTEMPTS = 8
_FIRST_WAIT_S = 5.0
_OK = 200


class Delivery:
    """Sends webhooks to one address. None: nobody is subscribed.

    Faults by order number: `lost_webhook`, `duplicate_webhook`, `late_webhook`, `forged_webhook` (with
    another's signature, which must be refused).
    """

    def __init__(self, clock: Clock, faults: Faults, secret: str, refused: Callable[[str], None]) -> None:
        self.url: str | None = None
        self.transport: httpx.AsyncBaseTransport | None = None
        self.secret = secret
        self._clock, self._faults, self._refused = clock, faults, refused
        self._later = Later(clock)
        self._http: httpx.AsyncClient | None = None

    def tell(self, order: Obj, topic: str) -> None:
        """Send a webhook about an order, soon."""
        if self.url is None:
            return
        number = str(order["legacyResourceId"])
        if self._faults.strikes("lost_webhook", number):
            return
        body = json.dumps(_payload(order, topic), ensure_ascii=False).encode()
        times = 2 if self._faults.strikes("duplicate_webhook", number) else 1
        webhook_id, event_id = str(uuid.uuid4()), str(uuid.uuid4())
        for _ in range(times):
            self._later(0, partial(self._send, number, topic, body, webhook_id, event_id))

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._later.busy:
            await self._later.next()

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._later.stop()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _send(self, number: str, topic: str, body: bytes, webhook_id: str, event_id: str) -> None:
        if self._faults.strikes("late_webhook", number):
            await self._clock.sleep(_FIRST_WAIT_S)
        if self._faults.strikes("forged_webhook", number):
            status = await self._post(topic, body, webhook_id, event_id, "somebody else's")
            if status == _OK:
                self._refused(f"a webhook about {number} that nobody signed was taken")
        for attempt in range(_ATTEMPTS):
            if await self._post(topic, body, webhook_id, event_id, self.secret) == _OK:
                return
            await self._clock.sleep(_FIRST_WAIT_S * 2**attempt)
        self._refused(f"a webhook about {number} was never taken")

    async def _post(self, topic: str, body: bytes, webhook_id: str, event_id: str, secret: str) -> int:
        if self._http is None:
            timeout = httpx.Timeout(max(self._clock.real_seconds(5), 10))
            self._http = httpx.AsyncClient(transport=self.transport, timeout=timeout, trust_env=False)
        signature = base64.b64encode(hmac.new(secret.encode(), body, "sha256").digest()).decode()
        headers = {
            "content-type": "application/json", "x-shopify-topic": topic, "x-shopify-hmac-sha256": signature,
            "x-shopify-shop-domain": "example.myshopify.com", "x-shopify-api-version": "2026-10",
            "x-shopify-webhook-id": webhook_id, "x-shopify-event-id": event_id,
        }  # fmt: skip
        try:
            return (await self._http.post(self.url or "", content=body, headers=headers)).status_code
        except httpx.TransportError:
            return 0


def _payload(order: Obj, topic: str) -> Obj:
    """Return a webhook's body: in the manner of the REST API, and shorter."""
    number = order["legacyResourceId"]
    if topic == "refunds/create":
        return {"id": number + 1, "order_id": number, "created_at": order["updatedAt"]}
    if topic == "orders/edited":
        return {"order_edit": {"id": number + 2, "order_id": number, "created_at": order["updatedAt"]}}
    return {
        "id": number,
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "updated_at": order["updatedAt"],
    }
