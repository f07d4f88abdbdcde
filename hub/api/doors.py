"""Connectors' doors over HTTP. Matched on the raw path, so that an encoded slash stays part of its segment."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.clock import Clock
from core.connector import OpenConnector
from core.errors import DoorError
from core.ports import Desk, Door, DoorRequest
from core.store.sql import ItemFaultError, StoreUnavailableError
from hub.api import problems

log = structlog.get_logger()

PREFIX = "/connectors"
DOOR_TIME_LIMIT_S = 20.0
OWN_VERBS = frozenset({"pause", "resume", "test"})
"""What the desk's own verbs are called under a connector's name: no door may be called so."""


class DoorClashError(ValueError):
    """A connector's door would hide one of the desk's own paths."""


@dataclass(frozen=True, slots=True)
class _Entrance:
    connector: str
    door: Door
    segments: tuple[str, ...]

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the named parts of a path, or None when it is another door's."""
        if len(segments) != len(self.segments):
            return None
        named: dict[str, str] = {}
        for wanted, found in zip(self.segments, segments, strict=True):
            if wanted.startswith("{"):
                if not found:
                    return None
                named[wanted.strip("{}")] = found
            elif wanted != found:
                return None
        return named


class Doors:
    """ASGI middleware: answers what belongs to a door, and leaves everything else to the application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        connectors: Mapping[str, OpenConnector],
        desks: Mapping[str, Desk],
        clock: Clock,
        time_limit_s: float = DOOR_TIME_LIMIT_S,
    ) -> None:
        self._app, self._desks, self._clock, self._time_limit_s = app, desks, clock, time_limit_s
        self._entrances: dict[str, list[_Entrance]] = {}
        for name, connector in connectors.items():
            for door in connector.doors:
                segments = tuple(door.path.strip("/").split("/"))
                if len(segments) == 1 and segments[0] in OWN_VERBS:
                    raise DoorClashError(
                        f"connector {name}: the door {door.method} {door.path} is the desk's own verb"
                    )
                self._entrances.setdefault(name, []).append(_Entrance(name, door, segments))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        entrances, target = found
        method = scope["method"]
        entrance = next((e for e, _ in entrances if e.door.method.upper() == method), None)
        if entrance is None:
            allowed = ", ".join(sorted({e.door.method.upper() for e, _ in entrances}))
            response = problems.problem(
                405, "method_not_allowed", "Method Not Allowed", headers={"allow": allowed}
            )
        else:
            named = next(n for e, n in entrances if e is entrance)
            response = await self._answer(entrance, named, target, Request(scope, receive))
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[list[tuple[_Entrance, dict[str, str]]], str] | None:
        """Return the doors whose path this is, and the request target as it stood on the request line."""
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.split(b"?", 1)[0].decode("latin-1")
        if not path.startswith(PREFIX + "/"):
            return None
        name, *segments = (unquote(segment) for segment in path[len(PREFIX) + 1 :].split("/"))
        pairs = ((entrance, entrance.match(segments)) for entrance in self._entrances.get(name, ()))
        found = [(entrance, named) for entrance, named in pairs if named is not None]
        query = scope["query_string"].decode("latin-1")
        return (found, f"{path}?{query}" if query else path) if found else None

    async def _answer(
        self, entrance: _Entrance, named: Mapping[str, str], target: str, request: Request
    ) -> Response:
        name, door = entrance.connector, entrance.door
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._time_limit_s)):
                body = await _read(request, door.max_body_bytes)
                answer = await door.handler(
                    DoorRequest(
                        method=request.method,
                        path=request.url.path,
                        headers={key.lower(): value for key, value in request.headers.items()},
                        query=dict(request.query_params),
                        parameters=named,
                        body=body,
                        target=target,
                    ),
                    self._desks[name],
                )
        except DoorError as error:
            return problems.of_door(error)
        except (StoreUnavailableError, ItemFaultError) as error:
            return problems.of_store(error)
        except TimeoutError:
            log.warning("a door took too long", connector=name, door=door.path)
            detail = "it took too long; send it again, the same is taken once"
            return problems.problem(
                503, "too_slow", "Service Unavailable", detail=detail, headers=problems.RETRY_AFTER
            )
        headers = dict(answer.headers)
        return Response(answer.body, answer.status, headers, answer.media_type if answer.body else None)


async def _read(request: Request, most: int) -> bytes:
    """Read the raw body, no more of it than the door takes."""
    body = bytearray()
    stated = request.headers.get("content-length", "")
    too_large = DoorError(
        413, "too_large", "Content Too Large", detail=f"at most {most:,} bytes are taken here"
    )
    if stated.isdigit() and int(stated) > most:
        raise too_large
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)


def described(connectors: Mapping[str, OpenConnector]) -> dict[str, Any]:
    """Return the doors as OpenAPI paths."""
    paths: dict[str, dict[str, Any]] = {}
    for name, connector in sorted(connectors.items()):
        for door in connector.doors:
            operation: dict[str, Any] = {
                "summary": door.summary,
                "tags": [f"doors of {name}"],
                "operationId": f"{name}_{door.method}_{door.path}".replace("/", "_").strip("_"),
                "description": f"Authenticated as {name}'s partner does it. At most {door.max_body_bytes:,} bytes.",
                "responses": {
                    "default": {"description": "The connector's answer; a refusal is a problem (RFC 9457)"}
                },
            }
            named = [part.strip("{}") for part in door.path.split("/") if part.startswith("{")]
            if named:
                operation["parameters"] = [
                    {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
                    for part in named
                ]
            paths.setdefault(f"{PREFIX}/{name}{door.path}", {})[door.method.lower()] = operation
    return paths
