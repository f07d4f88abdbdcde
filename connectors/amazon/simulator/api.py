"""The HTTP side: who calls, how often they may, what goes wrong on purpose, and which operation answers."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from connectors.amazon.simulator.wire import RefusalError, Reply, Request
from core.clock import Clock
from core.loopback import LoopbackServer, never_answer
from core.simulator import Faults

Answer = Callable[..., Awaitable[Reply] | Reply]
_TOKEN_S = 3600
PLANS: Mapping[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20), "getOrder": (0.5, 30), "confirmShipment": (2.0, 10),
    "createFeedDocument": (0.5, 15), "createFeed": (0.0083, 15), "getFeed": (2.0, 15), "getFeeds": (0.0222, 10),
    "getFeedDocument": (0.0222, 10), "patchListingsItem": (5.0, 5),
}  # fmt: skip
"""Rate per second and burst of each operation (the published models)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: `path` is a pattern, whose groups are handed to `answer`.

    Faults know a call by the operation and its groups, or, where it is `bare`, by the last group alone.
    """

    operation: str
    method: str
    path: str
    answer: Answer
    bare: bool = False


class Bucket:
    """A usage plan: one token a call, filled again at a rate."""

    def __init__(self, clock: Clock, rate: float, burst: int) -> None:
        self._clock, self.rate, self._burst = clock, rate, burst
        self._tokens, self._at = float(burst), clock.monotonic()

    def take(self) -> bool:
        """Take a token, if there is one."""
        now = self._clock.monotonic()
        self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0 - 1e-9:
            return False
        self._tokens -= 1.0
        return True


class Entrance:
    """Login with Amazon, the Selling Partner API, presigned addresses and the queue, all on one port."""

    def __init__(
        self, clock: Clock, faults: Faults, credentials: Mapping[str, str], routes: list[Route], port: int,
        *, rate_factor: float = 1,
    ) -> None:  # fmt: skip
        self._clock, self._faults, self._credentials, self._routes = clock, faults, credentials, routes
        self._buckets = {
            name: Bucket(clock, rate * rate_factor, burst) for name, (rate, burst) in PLANS.items()
        }
        self._tokens: dict[str, float] = {}
        self.queue: Callable[[Request], Awaitable[Reply]] | None = None
        self.presigned: Callable[[Request, str], Reply] | None = None
        self.server = LoopbackServer(self, port)

    def set_plan(self, operation: str, rate: float, burst: int) -> None:
        """Give the seller another usage plan for an operation."""
        self._buckets[operation] = Bucket(self._clock, rate, burst)

    def expire_tokens(self) -> None:
        """Let all access tokens end now."""
        self._tokens.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = await _read(scope, receive)
        if request.method == "POST" and request.path == "/auth/o2/token":
            await _write(send, self._token(request))
        elif request.path.startswith("/presigned/") and self.presigned is not None:
            await _write(send, self._guarded(lambda: self.presigned_reply(request)))
        elif "x-amz-target" in request.headers and self.queue is not None:
            await _write(send, await self.queue(request))
        else:
            await self._call(request, scope, receive, send)

    def presigned_reply(self, request: Request) -> Reply:
        """Answer at a presigned address."""
        if self.presigned is None:
            return Reply(404)
        return self.presigned(request, request.path.removeprefix("/presigned/"))

    def _guarded(self, answer: Callable[[], Reply]) -> Reply:
        try:
            return answer()
        except RefusalError as error:
            return error.reply

    # --- Login with Amazon ---

    def _token(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        known = self._credentials
        if (form.get("client_id"), form.get("client_secret")) != (known["client_id"], known["client_secret"]):
            return Reply.of(
                {"error": "invalid_client", "error_description": "Client authentication failed"}, 401
            )
        grant = form.get("grant_type")
        seller = grant == "refresh_token" and form.get("refresh_token") == known["refresh_token"]
        grantless = grant == "client_credentials" and str(form.get("scope")).startswith("sellingpartnerapi::")
        if not seller and not grantless:
            return Reply.of(
                {"error": "invalid_grant", "error_description": "The request has an invalid grant"}, 400
            )
        token = f"Atza|simulated-{len(self._tokens)}-{int(self._clock.monotonic() * 1000)}"
        self._tokens[token] = self._clock.monotonic() + _TOKEN_S
        shown = {"access_token": token, "token_type": "bearer", "expires_in": _TOKEN_S}
        return Reply.of({**shown, **({"refresh_token": known["refresh_token"]} if seller else {})})

    # --- the Selling Partner API ---

    async def _call(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(request)
        if found is None:
            await _write(send, RefusalError(404, "NotFound", f"{request.method} {request.path}").reply)
            return
        route, groups = found
        key = groups[-1] if route.bare else ":".join([route.operation, *groups])
        if self._faults.strikes("timeout_before", key):
            await never_answer(receive)
            return
        reply = self._refused(request, route, key)
        if reply is None:
            reply = await self._answered(request, route, groups)
            if self._faults.strikes("timeout_after", key):
                await never_answer(receive)
                return
            if self._faults.strikes("reset_after", key):
                self.server.reset(scope)
                return
            if self._faults.strikes("http_500_after", key):
                reply = RefusalError(500, "InternalFailure", "We encountered an internal error.").reply
        bucket = self._buckets.get(route.operation)
        rate = {"x-amzn-RateLimit-Limit": str(bucket.rate)} if bucket else {}
        await _write(send, Reply(reply.status, reply.body, {**reply.headers, **rate}))

    def _find(self, request: Request) -> tuple[Route, list[str]] | None:
        for route in self._routes:
            matched = re.fullmatch(route.path, request.path)
            if route.method == request.method and matched is not None:
                return route, [unquote(group) for group in matched.groups()]
        return None

    def _refused(self, request: Request, route: Route, key: str) -> Reply | None:
        """Return what is answered instead, before anything happens."""
        good_until = self._tokens.get(request.headers.get("x-amz-access-token", ""))
        if good_until is None or self._clock.monotonic() >= good_until:
            details = "The access token you provided is revoked, malformed or invalid."
            return RefusalError(403, "Unauthorized", "Access to requested resource is denied.", details).reply
        bucket = self._buckets.get(route.operation)
        if (bucket is not None and not bucket.take()) or self._faults.strikes("http_429", key):
            message = "You exceeded your quota for the requested resource."
            return RefusalError(429, "QuotaExceeded", message).reply
        for fault, status in (("http_500", 500), ("http_503", 503)):
            if self._faults.strikes(fault, key):
                return RefusalError(status, "InternalFailure", "We encountered an internal error.").reply
        if self._faults.strikes("http_400", key):
            return RefusalError(400, "InvalidInput", "Invalid Input", "on purpose").reply
        return None

    async def _answered(self, request: Request, route: Route, groups: list[str]) -> Reply:
        try:
            reply = route.answer(request, *groups)
            return reply if isinstance(reply, Reply) else await reply
        except RefusalError as error:
            return error.reply


async def _read(scope: Scope, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    return Request(scope["method"], raw_path.decode("ascii").partition("?")[0], query, headers, body)


async def _write(send: Send, reply: Reply) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
