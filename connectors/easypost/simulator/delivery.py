"""How the simulated EasyPost delivers its events: signed, at least once, in no promised order."""

import asyncio
import hmac
import json
import unicodedata
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx

from core.clock import Clock
from core.simulator import Faults

Obj = dict[str, Any]

RETRY_S = (60.0, 300, 900, 1800, 3600, 7200)
_OVERTAKEN_S = 25
_PATIENCE_S = 7
_AT_ONCE = 8


class WebhookDelivery:
    """Delivers events to the registered addresses. Faults strike by `{description} {tracking code} {status}`."""

    def __init__(
        self,
        clock: Clock,
        faults: Faults,
        hooks: dict[str, Obj],
        later: Callable[[float, Callable[[], Awaitable[object]]], None],
    ) -> None:
        self._clock, self._faults, self._hooks, self._later = clock, faults, hooks, later
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.waiting: dict[tuple[str, str], Obj] = {}
        """What is not delivered yet, by event and webhook."""
        self.delivered: list[str] = []
        """The ids of events, each time that they were accepted."""

    async def start(self) -> None:
        """Begin to deliver, what waits first."""
        self._client = httpx.AsyncClient(timeout=self._clock.real_seconds(_PATIENCE_S) + 5)
        for event_id, hook_id in tuple(self.waiting):
            self._later(0, partial(self._attempt, event_id, hook_id, 0))

    async def stop(self) -> None:
        """Stop delivering; what waits keeps waiting."""
        if self._client:
            await self._client.aclose()
            self._client = None

    def add(self, event: Obj) -> None:
        """Take an event to deliver, soon, or as a fault says."""
        tracker = event["result"]
        subject = f"{event['description']} {tracker['tracking_code']} {tracker['status']}"
        late = self._faults.strikes("webhook_out_of_order", subject)
        twice = self._faults.strikes("duplicate_webhook", subject)
        for hook_id, hook in self._hooks.items():
            if hook["disabled_at"] is None:
                self.waiting[event["id"], hook_id] = event
                attempt = partial(self._attempt, event["id"], hook_id, 0)
                self._later(_OVERTAKEN_S if late else 0, attempt)
                if twice:
                    self._later(_OVERTAKEN_S if late else 0, partial(self._post, event, hook))

    async def _attempt(self, event_id: str, hook_id: str, tried: int) -> None:
        event, hook = self.waiting.get((event_id, hook_id)), self._hooks.get(hook_id)
        if event is None or hook is None or self._client is None:
            return
        if await self._post(event, hook):
            self.waiting.pop((event_id, hook_id), None)
        elif tried < len(RETRY_S):
            self._later(RETRY_S[tried], partial(self._attempt, event_id, hook_id, tried + 1))
        else:
            self.waiting.pop((event_id, hook_id), None)

    async def _post(self, event: Obj, hook: Obj) -> bool:
        if self._client is None:
            return False
        body = json.dumps(event, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", "user-agent": "EasyPost Webhooks"}
        if hook["secret"]:
            headers["x-hmac-signature"] = signed(str(hook["secret"]), body)
        try:
            async with self._slots:
                answer = await self._client.post(hook["url"], content=body, headers=headers)
        except (httpx.HTTPError, RuntimeError):  # the client may be closed meanwhile
            return False
        if answer.is_success:
            self.delivered.append(event["id"])
        return answer.is_success


def signed(secret: str, body: bytes) -> str:
    """Return an `X-Hmac-Signature`, as EasyPost's clients verify it."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, "sha256").hexdigest()
