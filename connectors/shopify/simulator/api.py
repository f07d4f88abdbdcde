"""The shop's HTTP entrance: tokens that end, a bucket of query costs, and the ways in which a call can fail."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.shopify.simulator.answering import Answering
from connectors.shopify.simulator.state import Obj
from core.clock import Clock
from core.loopback import LoopbackServer, never_answer
from core.simulator import Faults

CHANGE_COST, QUERY_COST = 10, 12
_BEFORE = ("timeout_before", "reset_before", "http_500")
_AFTER = ("timeout_after", "reset_after", "http_500_after", "torn_answer", "malformed")


@dataclass(frozen=True, slots=True)
class App:
    """The app that is installed in the shop, and how hard it may drive the shop."""

    client_id: str
    client_secret: str
    token_life_s: float
    points: float
    restore_rate: float


class ShopifyApi:
    """Answers `POST /admin/oauth/access_token` and `POST /admin/api/{version}/graphql.json` (ASGI)."""

    def __init__(
        self, clock: Clock, faults: Faults, answering: Answering, app: App, keys_of: Callable[[Obj], set[str]]
    ) -> None:
        self._clock, self._faults, self._answering, self._app = clock, faults, answering, app
        self._tokens: dict[str, float] = {}
        self._points, self._filled_at = app.points, clock.monotonic()
        self._keys_of = keys_of
        self.tokens_given = 0
        self.calls: list[str] = []
        """The operations that were asked for, oldest first."""
        self.server: LoopbackServer | None = None

    def end_tokens(self) -> None:
        """Let every token end now."""
        self._tokens.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return  # whoever asked has given up
        path = str(scope["path"])
        if path == "/admin/oauth/access_token":
            await self._give_token(body)(scope, receive, send)
        elif path.startswith("/admin/api/2026-10/"):
            await self._graphql(request, body, receive, send)
        else:
            await JSONResponse({"errors": "Not Found"}, 404)(scope, receive, send)

    def _give_token(self, body: bytes) -> Response:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if self._faults.strikes("token_500", "token"):
            return JSONResponse({"error": "server_error"}, 500)
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
        }
        if form != wanted:
            return JSONResponse({"error": "application_cannot_be_found"}, 400)
        self.tokens_given += 1
        token = f"shpat_simulated_{self.tokens_given}"
        self._tokens[token] = self._clock.monotonic() + self._app.token_life_s
        return JSONResponse(
            {"access_token": token, "scope": "read_orders", "expires_in": self._app.token_life_s}
        )

    async def _graphql(self, request: Request, body: bytes, receive: Receive, send: Send) -> None:
        scope = request.scope
        ends = self._tokens.get(request.headers.get("x-shopify-access-token", ""))
        if ends is None or ends <= self._clock.monotonic():
            answer: Response = JSONResponse({"errors": "[API] Invalid API key or access token"}, 401)
            await answer(scope, receive, send)
            return
        asked = json.loads(body)
        self.calls.append(asked["query"].split("(")[0].split("{")[0].strip())
        keys = self._keys_of(asked)
        refusal = self._refused(asked, keys)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if await self._broke(_BEFORE, keys, scope, receive, send):
            return
        answer = self._with_cost(self._answering.answer(body), asked)
        if not await self._broke(_AFTER, keys, scope, receive, send):
            await answer(scope, receive, send)

    def _refused(self, asked: Obj, keys: set[str]) -> Response | None:
        """Return the answer to a call that the shop does not carry out, and says so."""
        if self._strikes("http_429", keys):
            return JSONResponse({"errors": "Exceeded"}, 429, {"retry-after": "2.0"})
        if self._strikes("http_403", keys):
            return JSONResponse({"errors": "[API] This action requires merchant approval"}, 403)
        if self._strikes("not_allowed", keys):
            error = {"message": "Field is restricted", "extensions": {"code": "UNSUPPORTED"}}
            return JSONResponse({"errors": [error]})
        now = self._clock.monotonic()
        self._points = min(self._app.points, self._points + (now - self._filled_at) * self._app.restore_rate)
        self._filled_at = now
        cost = _cost(asked)
        if self._strikes("throttled", keys) or cost > self._points:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return JSONResponse({"errors": [error], "extensions": self._extensions(cost, None)})
        self._points -= cost
        return None

    def _with_cost(self, answer: Obj, asked: Obj) -> Response:
        cost = _cost(asked)
        return JSONResponse({**answer, "extensions": self._extensions(cost, cost)})

    def _extensions(self, requested: float, actual: float | None) -> Obj:
        status = {
            "maximumAvailable": self._app.points,
            "currentlyAvailable": int(self._points),
            "restoreRate": self._app.restore_rate,
        }
        return {
            "cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        }

    async def _broke(
        self, faults: tuple[str, ...], keys: set[str], scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """Let a call break as a fault says; whether it did."""
        fault = next((one for one in faults if self._strikes(one, keys)), None)
        if fault is None:
            return False
        server: Any = self.server
        if fault.startswith("timeout"):
            await never_answer(receive)
        elif fault.startswith("reset"):
            server.reset(scope)
        elif fault.startswith("http_500"):
            await Response(b"", 500)(scope, receive, send)
        elif fault == "malformed":
            await Response(b"<html>", 200)(scope, receive, send)
        else:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"data":', "more_body": True})
            server.reset(scope)
        return True

    def _strikes(self, fault: str, keys: set[str]) -> bool:
        return any(self._faults.strikes(fault, key) for key in sorted(keys))


def _cost(asked: Obj) -> float:
    return CHANGE_COST if asked["query"].lstrip().startswith("mutation") else QUERY_COST
