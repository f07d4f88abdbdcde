"""Signifyd's API, as far as shops use it after the payment, from its public documentation.

developer.signifyd.com/main/reference/sale, /main/docs/sending-orders, /main/docs/error-handling and
/main/reference/webhookmanagement; field names and codes from Signifyd's own integration for commercetools. Where these
are silent (an answer before the decision, a repeated report) it does the plainest thing, and says so here: `decision`
is null until there is one, and a thing that is told again takes the place of what was said of it before.
"""

import base64
import binascii
import hmac
import json
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.signifyd.simulator.delivery import WebhookDelivery
from connectors.signifyd.simulator.desk import Action, Desk, Obj, Plan
from connectors.signifyd.simulator.documents import errors
from core.loopback import LoopbackServer, never_answer
from core.simulator import Later, Workshop

RETRY_AFTER_S = 2
_PREFIX = "/v3/orders/"
_EVENTS = ("sales", "transactions", "fulfillments", "returns/records")
_TROUBLES = {
    "http_429": (429, "rate limit"),
    "http_409": (409, "another change of this order is under way"),
    "http_503": (503, "down for maintenance"),
    "http_500": (500, "fell over before it had written"),
}


class SignifydSimulator:
    """Serves on loopback, with webhooks. Options: `api_key`, `webhook_url`.

    Faults strike by what a call is about: `sales {orderId}`, `transactions {orderId} {transactionId} {status}`,
    `fulfillments {orderId} {shipmentId}`, `returns/records {orderId} {returnId}`, `decision {orderId}`.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._clock, self._faults = workshop.clock, workshop.faults
        self.api_key = str(workshop.options.get("api_key", "simulatedTeamApiKey0001"))
        self._later = Later(workshop.clock)
        self.delivery = WebhookDelivery(workshop.clock, workshop.faults, lambda: self.api_key, self._later)
        self.delivery.url = workshop.options.get("webhook_url")
        self.desk = Desk(workshop.clock, workshop.ledger, self.delivery.add)
        self._server = LoopbackServer(self, workshop.port)

    async def start(self) -> dict[str, Any]:
        """Serve, and return the settings with which a hub reaches it."""
        base = await self._server.start()
        await self.delivery.start()
        return {"api_key": self.api_key, "api_base": base}

    async def stop(self) -> None:
        """Stop serving, deciding and delivering. State is kept."""
        await self._server.stop()
        await self._later.stop()
        await self.delivery.stop()

    # --- what a test, or a demo, asks of it ---

    def plan(self, order_id: str, action: Action, after_s: float | None = 0) -> None:
        """Say how an order will be decided: at once, later, or (None) never."""
        self.desk.plans[order_id] = Plan(action, after_s)

    def review(self, order_id: str, action: Action, checkpoint: str = "SIGNIFYD_REVIEW") -> None:
        """Let one of Signifyd's people, or of the merchant's at Signifyd's console, decide about a known order."""
        self.desk.decide(order_id, action, checkpoint)

    async def all_delivered(self) -> None:
        """Wait until every decision that is on its way was accepted, or given up."""
        while self.delivery.waiting and self._later.busy:
            await self._later.next()

    # --- the API ---

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI), as far as the faults let it."""
        request = Request(scope, receive)
        body = await request.body()
        path = unquote(scope["raw_path"].decode("latin-1"))
        subject = _subject(path, body)
        if await self._vanishes("before", subject, scope, receive):
            return
        response = self._refusal(request, subject) or self._answer(request.method, path, body)
        if self._faults.strikes("webhook_first", subject):
            await self.delivery.now()
        if await self._vanishes("after", subject, scope, receive):
            return
        await self._spoilt(response, subject)(scope, receive, send)

    async def _vanishes(self, when: str, subject: str, scope: Scope, receive: Receive) -> bool:
        if self._faults.strikes(f"reset_{when}", subject):
            self._server.reset(scope)
            return True
        if self._faults.strikes(f"timeout_{when}", subject):
            await never_answer(receive)
            return True
        return False

    def _spoilt(self, response: Response, subject: str) -> Response:
        if self._faults.strikes("http_500_after", subject):
            return _problem(500, "fell over after it had written")
        if self._faults.strikes("malformed", subject):
            return Response(b"<html>502 Bad Gateway</html>", 200, media_type="text/html")
        if self._faults.strikes("truncated", subject):
            body = bytes(response.body)
            return Response(body[: len(body) // 2], response.status_code, media_type="application/json")
        return response

    def _refusal(self, request: Request, subject: str) -> Response | None:
        if not self._knows(request.headers.get("authorization", "")):
            return _problem(401, "not authenticated")
        for fault, (status, message) in _TROUBLES.items():
            if self._faults.strikes(fault, subject):
                headers = {"retry-after": str(RETRY_AFTER_S)} if fault == "http_429" else None
                return _problem(status, message, headers)
        if self._faults.strikes("http_400", subject):
            return JSONResponse(
                {"messages": ["invalid"], "traceId": "t-1", "errors": {"purchase": ["no"]}}, 400
            )
        return None

    def _knows(self, header: str) -> bool:
        scheme, _, value = header.partition(" ")
        try:
            key = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(key.encode(), self.api_key.encode())

    def _answer(self, method: str, path: str, body: bytes) -> Response:
        asked = path.removeprefix(_PREFIX)
        if method == "GET" and asked.endswith("/decision"):
            return self._decision(asked.removesuffix("/decision"))
        event = asked.removeprefix("events/")
        if method != "POST" or event not in _EVENTS:
            return _problem(404, f"there is no {method} {path}")
        document = _parsed(body)
        wrong = errors(event, document)
        if wrong:
            return JSONResponse(
                {"messages": ["the request is invalid"], "traceId": "t-2", "errors": wrong}, 400
            )
        return self._sold(document) if event == "sales" else self._told(event, document)

    def _decision(self, order_id: str) -> Response:
        if order_id not in self.desk.cases:
            return _problem(404, f"there is no order {order_id}")
        return JSONResponse(self.desk.shown(order_id))

    def _sold(self, sale: Obj) -> Response:
        order_id = str(sale["orderId"])
        self.desk.sell(sale)
        plan = self.desk.plans.get(order_id, self.desk.otherwise)
        if plan.after_s is not None:
            # With ASYNC_ONLY, and for what takes time, the decision comes by webhook alone.
            if plan.after_s == 0 and sale.get("decisionDelivery") != "ASYNC_ONLY":
                return JSONResponse(self.desk.decide(order_id, plan.action), 201)
            self._later(plan.after_s, partial(self._decide, order_id, plan.action))
        return JSONResponse(self.desk.shown(order_id), 201)

    async def _decide(self, order_id: str, action: str) -> None:
        self.desk.decide(order_id, action)

    def _told(self, event: str, document: Obj) -> Response:
        order_id = str(document["orderId"])
        if order_id not in self.desk.cases:
            return _problem(404, f"there is no order {order_id}")
        answer: Obj = {"orderId": order_id}
        if event == "transactions":
            for one in document["transactions"]:
                self.desk.tell("transaction", order_id, str(one["transactionId"]), one)
            answer["signifydId"] = self.desk.cases[order_id].signifyd_id
        elif event == "fulfillments":
            for one in document["fulfillments"]:
                said = {**one, "fulfillmentStatus": document["fulfillmentStatus"]}
                self.desk.tell("fulfillment", order_id, str(one["shipmentId"]), said)
            answer["shipmentIds"] = [one["shipmentId"] for one in document["fulfillments"]]
        else:
            self.desk.tell("return", order_id, str(document["returnId"]), document)
            answer["returnId"] = document["returnId"]
        return JSONResponse(answer, 201)


def _subject(path: str, body: bytes) -> str:
    """Return what a call is about, by which faults know it."""
    asked = path.removeprefix(_PREFIX)
    if asked.endswith("/decision"):
        return f"decision {asked.removesuffix('/decision')}"
    event = asked.removeprefix("events/")
    document = _parsed(body)
    if not isinstance(document, dict):
        return event
    known = cast("Obj", document)
    parts = [event, str(known.get("orderId"))]
    for one in known.get("transactions", ()) if event == "transactions" else ():
        parts += [str(one.get("transactionId")), str(one.get("gatewayStatusCode"))]
    parts += [str(one.get("shipmentId")) for one in known.get("fulfillments", ())]
    if known.get("returnId"):
        parts.append(str(known["returnId"]))
    return " ".join(parts)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"messages": [message], "traceId": f"t-{status}"}, status, headers)
