"""The HTTP side of the simulated EasyPost: keys, faults, errors."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.easypost.simulator.books import Books, Obj
from connectors.easypost.simulator.problems import RefusalError, missing, unprocessable
from connectors.easypost.simulator.wire import section, sections
from core.loopback import LoopbackServer, never_answer
from core.simulator import Faults

Endpoint = Callable[..., Obj]
_PREFIX = "/v2"
RETRY_AFTER_S = 2


@dataclass(slots=True)
class EasyPostApi:
    """An ASGI application. Faults strike by `{verb} {reference}`, as in `buy label:…` and `refund label:…`."""

    books: Books
    faults: Faults
    api_key: str
    routes: Mapping[tuple[str, str], tuple[str, Endpoint]]
    """By method and path: the verb of its faults, and what answers."""
    server: LoopbackServer | None = None
    calls: list[str] = field(default_factory=list[str])
    """Verb and reference of every call that was let in."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what a fault says."""
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path
        if path.startswith("/files/"):
            await self._file(path.removeprefix("/files/"))(scope, receive, send)
            return
        found = self._find(request.method, path)
        subject = self._subject(found, body) if found else f"{request.method} {path}"
        if await self._vanishes("before", subject, scope, receive):
            return
        response = self._respond(request, body, found, subject)
        if await self._vanishes("after", subject, scope, receive):
            return
        await self._broken(response, subject)(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[str, Endpoint, tuple[str, ...]] | None:
        for (wanted, pattern), (verb, endpoint) in self.routes.items():
            match = re.fullmatch(_PREFIX + pattern, path)
            if match and wanted == method:
                return verb, endpoint, match.groups()
        return None

    def _subject(self, found: tuple[str, Endpoint, tuple[str, ...]], body: bytes) -> str:
        """Return what faults know a call by: its verb, and the reference that the caller gave to what it is about."""
        verb, _, names = found
        if names:
            shelves = (self.books.shipments, self.books.pickups)
            known = next((shelf[names[0]] for shelf in shelves if names[0] in shelf), None)
            return f"{verb} {known['reference'] if known else names[0]}"
        document = _parsed(body)
        inner: Obj = next(
            (section(document, name) for name in document if section(document, name)), dict[str, object]()
        )
        if verb == "manifest":
            named = [one.get("id") for one in sections(inner, "shipment", "shipments")]
            return f"{verb} {self.books.shipments.get(str(named[0]), {}).get('reference')}" if named else verb
        return f"{verb} {inner.get('reference')}"

    def _respond(
        self, request: Request, body: bytes, found: tuple[str, Endpoint, tuple[str, ...]] | None, subject: str
    ) -> Response:
        try:
            self._let_in(request, subject)
            verb, shown = self._done(request, body, found, subject)
            self._fail("http_500_after", subject)
        except RefusalError as problem:
            headers = {"retry-after": str(RETRY_AFTER_S)} if problem.status == 429 else {}  # noqa: PLR2004 - HTTP's
            return _json(problem.body, problem.status, headers)
        return _json(shown, 201 if verb == "create" else 200)

    def _let_in(self, request: Request, subject: str) -> None:
        self._authorise(request.headers.get("authorization", ""))
        if self.faults.strikes("http_429", subject):
            raise RefusalError(429, "RATE_LIMITED", "The user has sent too many requests.")
        self._fail("http_500", subject)

    def _done(
        self, request: Request, body: bytes, found: tuple[str, Endpoint, tuple[str, ...]] | None, subject: str
    ) -> tuple[str, Obj]:
        if found is None:
            raise missing()
        if self.faults.strikes("refused", subject):
            raise unprocessable("CARRIER.REJECTED", "The carrier rejected the request.")
        self.calls.append(subject)
        verb, endpoint, names = found
        asked = dict(request.query_params) if request.method == "GET" else _document(body)
        return verb, endpoint(*names, asked)

    def _fail(self, fault: str, subject: str) -> None:
        if self.faults.strikes(fault, subject):
            raise RefusalError(500, "INTERNAL_SERVER_ERROR", "Something went wrong.")

    def _authorise(self, header: str) -> None:
        """Take the key as Basic's user name, or as a bearer's token, which the official client sends."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                value = base64.b64decode(value, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                value = ""
        if not hmac.compare_digest(value.encode(), self.api_key.encode()):
            raise RefusalError(401, "APIKEY.INACTIVE", "This api key is not active.")

    def _file(self, name: str) -> Response:
        if name not in self.books.files or self.faults.strikes("label_missing", "file"):
            return Response(b"<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")
        body, media_type = self.books.files[name]
        return Response(body, media_type=media_type)

    async def _vanishes(self, when: str, subject: str, scope: Scope, receive: Receive) -> bool:
        if self.faults.strikes(f"reset_{when}", subject) and self.server:
            self.server.reset(scope)
            return True
        if self.faults.strikes(f"timeout_{when}", subject):
            await never_answer(receive)
            return True
        return False

    def _broken(self, response: Response, subject: str) -> Response:
        if self.faults.strikes("malformed", subject):
            return Response(b"<html><body>502 Bad Gateway</body></html>", media_type="text/html")
        if self.faults.strikes("truncated", subject):
            body = bytes(response.body)
            return Response(body[: len(body) // 2], response.status_code, media_type="application/json")
        return response


def _json(document: Obj, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(document).encode(), status, dict(headers or {}), media_type="application/json")


def _document(body: bytes) -> Obj:
    if body and not _parsed(body):
        empty = body.strip() == b"{}"
        if not empty:
            raise RefusalError(400, "BAD_REQUEST", "The request is no JSON object.")
    return _parsed(body)


def _parsed(body: bytes) -> Obj:
    try:
        found: object = json.loads(body or b"{}")
    except ValueError:
        return {}
    return cast("Obj", found) if isinstance(found, dict) else {}
