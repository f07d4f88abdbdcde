"""How the shop receives the hub's webhooks: signatures verified, each id taken once, contradictions noted."""

import hmac
import json
from collections import Counter
from typing import Any
from urllib.parse import unquote

from connectors.webstore.simulator.hub import signature
from connectors.webstore.simulator.server import Reply, Request
from core.simulator import Workshop

_TOLERANCE_S = 300
_KINDS = {"order.shipped": "told_shipped", "order.cancelled": "told_cancelled", "order.status": "told_status"}


class Mailbox:
    """What the shop was told. `ordered` maps references to ordered units by line."""

    def __init__(self, workshop: Workshop, secret: str) -> None:
        self._clock, self._ledger, self._faults = workshop.clock, workshop.ledger, workshop.faults
        self.secret = secret
        self._silence_s = float(workshop.options.get("silence_s", 0))
        self._tolerance_s = float(workshop.options.get("tolerance_s", _TOLERANCE_S))
        self.ordered: dict[str, dict[str, int]] = {}
        self.told: dict[str, bytes] = {}
        self._gone: Counter[tuple[str, str]] = Counter()

    async def receive(self, request: Request) -> Reply | None:
        """Answer `POST /webhooks`."""
        webhook_id = request.headers.get("webhook-id", "")
        refusal = self._broken(webhook_id)
        if refusal is not None:
            return refusal
        if self._faults.strikes("timeout_before", webhook_id):
            await self._silence()
            return None
        if not self._is_signed(request):
            self._ledger.write("unsigned", webhook_id)
            return _problem(401, "the signature does not fit")
        if self._faults.strikes("slow", webhook_id):
            await self._clock.sleep(max(self._silence_s, 1.0))
        return await self._answered(webhook_id, self._take(webhook_id, request.body))

    async def _answered(self, webhook_id: str, reply: Reply) -> Reply | None:
        """Answer, as far as the faults let what was taken be answered."""
        if self._faults.strikes("timeout_after", webhook_id):
            await self._silence()
            return None
        if self._faults.strikes("http_500_after", webhook_id):
            return _problem(500, "the shop fell over after it had written")
        if self._faults.strikes("torn_answer", webhook_id):
            return Reply(200, b"{", torn=True)
        return reply

    def look_up(self, request: Request) -> Reply:
        """Answer `GET /webhooks/{id}`."""
        webhook_id = unquote(request.target.rpartition("/")[2])
        if not self._is_signed(request):
            return _problem(401, "the signature does not fit")
        return Reply(200, b'{"taken":true}') if webhook_id in self.told else _problem(404, "unknown")

    def _broken(self, webhook_id: str) -> Reply | None:
        """Return the answer of a shop that can't even read, where a fault says so."""
        return next(
            (reply for fault, reply in _BROKEN.items() if self._faults.strikes(fault, webhook_id)), None
        )

    async def _silence(self) -> None:
        if self._silence_s:
            await self._clock.sleep(self._silence_s)

    def _is_signed(self, request: Request) -> bool:
        webhook_id, timestamp = (
            request.headers.get("webhook-id", ""),
            request.headers.get("webhook-timestamp", ""),
        )
        if not timestamp.isdigit() or abs(int(timestamp) - self._clock.now().timestamp()) > self._tolerance_s:
            return False
        expected = signature(self.secret, f"{webhook_id}.{timestamp}.".encode() + request.body)
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(expected, one) for one in given if one.isascii())

    def _take(self, webhook_id: str, body: bytes) -> Reply:
        known = self.told.get(webhook_id)
        if known is not None:
            self._ledger.write("repeated", webhook_id, same=known == body)
            return Reply(204) if known == body else _problem(409, "this webhook-id has another content")
        event: dict[str, Any] = json.loads(body)
        kind = _KINDS.get(event["type"])
        self.told[webhook_id] = body
        if kind is not None:
            data = event["data"]
            self._ledger.write(kind, webhook_id, order=data["order"], **_facts(data))
            self._count(kind, data)
        return Reply(204)

    def _count(self, kind: str, data: dict[str, Any]) -> None:
        """Count units that left or were cancelled; more than were ordered is a contradiction."""
        lines = data["shipment"]["lines"] if kind == "told_shipped" else data.get("lines", [])
        for line in lines:
            self._gone[data["order"], line["line"]] += line["quantity"]
            ordered = self.ordered.get(data["order"], {}).get(line["line"])
            if ordered is not None and self._gone[data["order"], line["line"]] > ordered:
                self._ledger.write("contradiction", data["order"], line=line["line"], ordered=ordered)


def _facts(data: dict[str, Any]) -> dict[str, Any]:
    named = {name: data[name] for name in ("status", "reason", "cancel_id", "version") if name in data}
    return named | ({"shipment": data["shipment"]["id"]} if "shipment" in data else {})


def _problem(status: int, title: str, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps({"title": title}).encode(), headers or {})


_BROKEN = {
    "http_503": _problem(503, "the shop is being updated", {"retry-after": "2"}),
    "http_429": _problem(429, "too many webhooks", {"retry-after": "3"}),
    "http_500": _problem(500, "the shop fell over before it had read"),
    "http_401": _problem(401, "the shop has lost its secret"),
    "http_410": _problem(410, "no more webhooks"),
}
