"""How the simulated Stripe delivers its events: signed, at least once, in no promised order."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from functools import partial

import httpx

from connectors.stripe.simulator.books import Obj
from core.clock import Clock
from core.simulator import Faults

RETRY_S = (5.0, 30, 300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200)
"""Stripe gives up after three days."""
_OVERTAKEN_S = 5
_DELAYED_S = 600
_SKEW_S = 900
_PATIENCE_S = 20
_AT_ONCE = 16


class WebhookDelivery:
    """Delivers events to one address. Faults strike by event: `{type} {object's id}`."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        secrets: list[str],
        later: Callable[[float, Callable[[], Awaitable[None]]], None],
    ) -> None:
        self._clock, self._faults, self._secrets, self._later = clock, faults, secrets, later
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tries: dict[str, int] = {}
        self._under_way: set[str] = set()
        self.url: str | None = None
        self.waiting: dict[str, Obj] = {}
        """What is not delivered yet, by the event's id."""
        self.delivered: list[str] = []
        """The ids of events, each time that they were accepted."""

    def start(self) -> None:
        """Begin to deliver, what waits first. A loop must be running."""
        self._client = httpx.AsyncClient(timeout=self._clock.real_seconds(_PATIENCE_S))
        for event in tuple(self.waiting.values()):
            self._later(0, partial(self._attempt, event))

    async def stop(self) -> None:
        """Stop delivering; what waits keeps waiting."""
        if self._client:
            await self._client.aclose()
            self._client = None

    def add(self, event: Obj) -> None:
        """Take an event to deliver, soon, or as a fault says."""
        if self.url is None:
            return
        self.waiting[event["id"]] = event
        self._later(self._delay_s(event), partial(self._attempt, event))
        if self._strikes("duplicate_webhook", event):
            self._later(self._delay_s(event), partial(self._repeat, event))

    async def now(self, events: list[Obj]) -> None:
        """Deliver events before anything else happens."""
        for event in events:
            if event["id"] in self.waiting:
                await self._attempt(event)

    def strikes_first(self, events: list[Obj]) -> bool:
        """Say whether the fault `webhook_first` strikes one of these events."""
        return any(self._strikes("webhook_first", event) for event in events)

    def _strikes(self, fault: str, event: Obj) -> bool:
        return self._faults.strikes(fault, f"{event['type']} {event['data']['object']['id']}")

    def _delay_s(self, event: Obj) -> float:
        if self._strikes("webhook_delayed", event):
            return _DELAYED_S
        return _OVERTAKEN_S if self._strikes("webhook_out_of_order", event) else 0

    async def _repeat(self, event: Obj) -> None:
        if await self._post(event):
            self.delivered.append(event["id"])

    async def _attempt(self, event: Obj) -> None:
        if event["id"] not in self.waiting or event["id"] in self._under_way:
            return
        self._under_way.add(event["id"])
        try:
            accepted = await self._post(event)
        finally:
            self._under_way.discard(event["id"])
        if accepted:
            self.waiting.pop(event["id"], None)
            self.delivered.append(event["id"])
            return
        tried = self._tries[event["id"]] = self._tries.get(event["id"], 0) + 1
        if tried <= len(RETRY_S):
            self._later(RETRY_S[tried - 1], partial(self._attempt, event))
        else:
            self.waiting.pop(event["id"], None)

    async def _post(self, event: Obj) -> bool:
        if self._client is None or self.url is None:
            return False
        body = json.dumps(event, indent=2).encode()
        skew_s = _SKEW_S if self._strikes("webhook_clock_skew", event) else 0
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "stripe-signature": self.signature(body, int(self._clock.now().timestamp()) + skew_s),
        }
        try:
            async with self._slots:
                answer = await self._client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success

    def signature(self, body: bytes, at: int) -> str:
        """Return a `Stripe-Signature`: a `v1` for each valid secret, and a `v0` that nobody checks."""
        signed = f"{at}.".encode() + body
        marks = [hmac.new(secret.encode(), signed, "sha256").hexdigest() for secret in self._secrets]
        return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks), "v0=" + "0" * 64])
