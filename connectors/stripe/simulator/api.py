"""The HTTP side of the simulated Stripe: keys, versions, parameters, idempotency, faults."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from connectors.stripe.simulator.books import Books, Obj
from connectors.stripe.simulator.endpoints import WebhookEndpoints
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.idempotency import IdempotencyKeys, Reply
from connectors.stripe.simulator.journal import Call
from connectors.stripe.simulator.problems import (
    StripeRefusalError,
    invalid,
    refused,
    server_error,
    unauthorised,
)
from core.clock import Clock
from core.loopback import LoopbackServer, never_answer
from core.simulator import Faults

Endpoint = Callable[..., Obj]
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?\Z")
_LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is accessing it."
)
_NOT_ACTIVATED = "Your account has not been activated and can only make test charges."


@dataclass(slots=True)
class StripeApi:
    """An ASGI application. `routes` maps (method, path pattern) to an endpoint."""

    clock: Clock
    faults: Faults
    books: Books
    endpoints: WebhookEndpoints
    keys: IdempotencyKeys
    routes: Mapping[tuple[str, str], Endpoint]
    secret_key: str
    latency_s: float = 0
    server: LoopbackServer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what a fault says."""
        request = Request(scope, receive)
        body = await request.body()
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        subject = key or f"{request.method} {request.url.path}"
        if await self._vanishes("before", subject, scope, receive):
            return
        call = Call(self.books.new_id("req"), key or None)
        reply = await self._reply(request, body, call, subject)
        await self.endpoints.strike_first(call.events)
        if await self._vanishes("after", subject, scope, receive):
            return
        await self._send(reply, subject, send)

    async def _vanishes(self, when: str, subject: str, scope: Scope, receive: Receive) -> bool:
        if self.faults.strikes(f"reset_{when}", subject) and self.server:
            self.server.reset(scope)
            return True
        if self.faults.strikes(f"timeout_{when}", subject):
            await never_answer(receive)
            return True
        return False

    async def _reply(self, request: Request, body: bytes, call: Call, subject: str) -> Reply:
        headers = {"request-id": call.request_id or "", "content-type": "application/json"}
        headers["stripe-version"] = version = request.headers.get("stripe-version", "2026-10-28.endive")
        if call.idempotency_key:
            headers["idempotency-key"] = call.idempotency_key
        try:
            self._authorise(request.headers.get("authorization", ""))
            if not _VERSION.match(version):
                raise invalid(f"Invalid Stripe API version: {version}")
            self._limit(subject)
            text = request.url.query if request.method == "GET" else body.decode("utf-8", "replace")

            async def work() -> Reply:
                return await self._execute(request, Parameters.decode(text), call, subject, headers)

            if call.idempotency_key is None:
                return await work()
            identity = f"{request.method} {request.url.path} {sorted(Parameters.decode(text).items())}"
            return await self.keys.once(call.idempotency_key, identity, work)
        except StripeRefusalError as problem:
            return _refusal(problem, headers)

    async def _execute(
        self, request: Request, parameters: Parameters, call: Call, subject: str, headers: dict[str, str]
    ) -> Reply:
        try:
            if self.latency_s:
                await self.clock.sleep(self.latency_s)
            if self.faults.strikes("http_500", subject):
                raise server_error()
            if self.faults.strikes("not_activated", subject):
                raise refused(_NOT_ACTIVATED, code="testmode_charges_only")
            self.endpoints.check_permission(request.method, request.url.path)
            endpoint, names = self._find(request)
            found = endpoint(call, parameters, *names)
            shown = self.books.expanded(found, parameters.expansions())
            if self.faults.strikes("http_500_after", subject):
                raise server_error()
        except StripeRefusalError as problem:
            return _refusal(problem, headers)
        return Reply(200, json.dumps(shown, indent=2).encode(), dict(headers))

    def _find(self, request: Request) -> tuple[Endpoint, tuple[str, ...]]:
        for (method, pattern), endpoint in self.routes.items():
            match = re.fullmatch(pattern, request.url.path)
            if match and method == request.method:
                return endpoint, match.groups()
        message = f"Unrecognized request URL ({request.method}: {request.url.path})."
        raise StripeRefusalError(404, "invalid_request_error", message)

    def _authorise(self, header: str) -> None:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                value = ""
        elif scheme.lower() != "bearer":
            value = ""
        if not value:
            message = "You did not provide an API key. You need to provide it in the Authorization header."
            raise unauthorised(message)
        if not hmac.compare_digest(value.encode(), self.secret_key.encode()):
            raise unauthorised(f"Invalid API Key provided: {value[:7]}{'*' * 8}{value[-4:]}")

    def _limit(self, subject: str) -> None:
        if self.faults.strikes("http_429", subject):
            raise StripeRefusalError(
                429, "invalid_request_error", "Request rate limit exceeded.", code="rate_limit"
            )
        if self.faults.strikes("lock_timeout", subject):
            raise StripeRefusalError(429, "invalid_request_error", _LOCKED, code="lock_timeout")

    async def _send(self, reply: Reply, subject: str, send: Send) -> None:
        body, kind = reply.body, reply.headers["content-type"]
        length = len(body)
        if self.faults.strikes("malformed", subject):
            body, kind = b"<html><body>502 Bad Gateway</body></html>", "text/html"
            length = len(body)
        if self.faults.strikes("truncated", subject):
            body = body[: length // 2]
        headers: dict[str, Any] = {**reply.headers, "content-type": kind, "content-length": str(length)}
        raw = [(name.encode(), str(value).encode("latin-1", "replace")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        cut = len(body) < length
        await send({"type": "http.response.body", "body": body, "more_body": cut})


def _refusal(problem: StripeRefusalError, headers: Mapping[str, str]) -> Reply:
    more: dict[str, str] = dict(headers)
    if problem.status == 429:  # noqa: PLR2004 - the status of HTTP, not a number of ours
        more["retry-after"] = "2"
    if problem.error.get("code") in {"lock_timeout", "idempotency_key_in_use"}:
        more["stripe-should-retry"] = "true"
    return Reply(problem.status, json.dumps(problem.body(), indent=2).encode(), more, keep=problem.executed)
