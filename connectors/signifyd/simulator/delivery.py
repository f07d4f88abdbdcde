"""How the simulated Signifyd delivers webhooks: signed with the API key, at least once, in no promised order.

developer.signifyd.com/main/reference/webhookmanagement; retries as /main/v2.0/reference/webhooks has them: up to 15 in
four days, the first after 20 s, each later.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable
from functools import partial

import httpx

from connectors.signifyd.simulator.desk import Obj
from core.clock import Clock
from core.simulator import Faults

MOST_RETRIES = 15
_FIRST_RETRY_S, _GROWTH = 20.0, 1.85
_DELAYED_S, _OVERTAKEN_S = 600.0, 5.0
_PATIENCE_S = 20
_AT_ONCE = 16


class WebhookDelivery:
    """Delivers to one address. Faults strike by `{checkpoint} {orderId}`."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        key: Callable[[], str],
        later: Callable[[float, Callable[[], Awaitable[None]]], None],
    ) -> None:
        self._clock, self._faults, self._key, self._later = clock, faults, key, later
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._count = 0
        self.url: str | None = None
        self.waiting: dict[int, tuple[str, bytes]] = {}
        """What is not delivered yet."""
        self.delivered = 0

    async def start(self) -> None:
        """Begin to deliver, what waits first."""
        self._client = httpx.AsyncClient(timeout=self._clock.real_seconds(_PATIENCE_S), trust_env=False)
        for number in tuple(self.waiting):
            self._later(0, partial(self._attempt, number, 0))

    async def stop(self) -> None:
        """Stop delivering; what waits keeps waiting."""
        if self._client:
            await self._client.aclose()
            self._client = None

    def add(self, checkpoint: str, shown: Obj) -> None:
        """Take a decision to deliver, soon, or as a fault says."""
        if self.url is None:
            return
        subject = f"{checkpoint} {shown['orderId']}"
        delay_s = _DELAYED_S if self._faults.strikes("webhook_delayed", subject) else 0.0
        if self._faults.strikes("webhook_out_of_order", subject):
            delay_s += _OVERTAKEN_S
        copies = 2 if self._faults.strikes("duplicate_webhook", subject) else 1
        for _ in range(copies):
            self._count += 1
            self.waiting[self._count] = (checkpoint, json.dumps(shown).encode())
            self._later(delay_s, partial(self._attempt, self._count, 0))

    async def now(self) -> None:
        """Deliver everything before anything else happens."""
        for number in tuple(self.waiting):
            await self._attempt(number, 0)

    async def _attempt(self, number: int, tried: int) -> None:
        if number not in self.waiting:
            return
        checkpoint, body = self.waiting[number]
        if await self._post(checkpoint, body):
            if self.waiting.pop(number, None):
                self.delivered += 1
        elif tried < MOST_RETRIES:
            self._later(_FIRST_RETRY_S * _GROWTH**tried, partial(self._attempt, number, tried + 1))
        else:
            self.waiting.pop(number, None)

    async def _post(self, checkpoint: str, body: bytes) -> bool:
        if self._client is None or self.url is None:
            return False
        headers = {
            "content-type": "application/json",
            "signifyd-checkpoint": checkpoint,
            "signifyd-sec-hmac-sha256": signature(self._key(), body),
        }
        try:
            async with self._slots:
                answer = await self._client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success


def signature(key: str, body: bytes) -> str:
    """Return what stands in `SIGNIFYD-SEC-HMAC-SHA256`."""
    return base64.b64encode(hmac.new(key.encode(), body, "sha256").digest()).decode()
