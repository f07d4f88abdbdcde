"""Problem details (RFC 9457) for everything that goes wrong, whoever finds it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import DoorError, Problem
from core.store.sql import ItemFaultError, StoreUnavailableError
from hub.desk.errors import DeskError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"retry-after": "5"}
_LONGEST_VALUE = 80


def problem(
    status: int,
    code: str,
    title: str,
    *,
    detail: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem: `code` is its stable name, `errors` one entry for each field that is wrong."""
    members: dict[str, Any] = {
        "type": f"urn:orderhub:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    if detail:
        members["detail"] = detail
    if errors:
        members["errors"] = list(errors)
    return Response(orjson.dumps(members), status, dict(headers or {}), MEDIA_TYPE)


def of_door(error: DoorError) -> Response:
    """Return a connector's refusal."""
    return problem(
        error.status,
        error.code,
        error.title,
        detail=error.detail,
        errors=_shown(error.problems),
        headers=error.headers,
    )


def of_desk(error: DeskError) -> Response:
    """Return a refusal of the desk."""
    headers = (
        {"www-authenticate": 'Bearer realm="orderhub"'} if error.status == HTTPStatus.UNAUTHORIZED else None
    )
    title = HTTPStatus(error.status).phrase
    return problem(
        error.status, error.code, title, detail=error.reason, errors=_shown(error.problems), headers=headers
    )


def of_store(error: Exception) -> Response:
    """Return that the store is away, or refuses a text."""
    if isinstance(error, StoreUnavailableError):
        detail = "the store is not available just now; nothing has changed"
        return problem(503, "unavailable", "Service Unavailable", detail=detail, headers=RETRY_AFTER)
    detail = "a text has a character that can't be stored, or a number is too large"
    return problem(422, "not_storable", "Unprocessable Content", detail=detail)


def install(app: FastAPI) -> None:
    """Let the application answer every refusal so."""

    async def desk(_: Request, error: Exception) -> Response:
        return of_desk(error) if isinstance(error, DeskError) else _internal()

    async def door(_: Request, error: Exception) -> Response:
        return of_door(error) if isinstance(error, DoorError) else _internal()

    async def store(_: Request, error: Exception) -> Response:
        return of_store(error)

    async def http(_: Request, error: Exception) -> Response:
        return _of_http(error) if isinstance(error, HTTPException) else _internal()

    async def invalid(_: Request, error: Exception) -> Response:
        return _of_validation(error) if isinstance(error, RequestValidationError) else _internal()

    app.add_exception_handler(DeskError, desk)
    app.add_exception_handler(DoorError, door)
    app.add_exception_handler(StoreUnavailableError, store)
    app.add_exception_handler(ItemFaultError, store)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def internal() -> Response:
    """Return that the hub has a defect; what it is stands in the log only."""
    return problem(
        500, "internal", "Internal Server Error", detail="a defect of the hub; its log has the details"
    )


_internal = internal


def _of_http(error: HTTPException) -> Response:
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.casefold().replace(" ", "_").replace("'", "")
    detail = "" if error.detail == phrase else str(error.detail)
    return problem(error.status_code, code, phrase, detail=detail, headers=error.headers)


def _of_validation(error: RequestValidationError) -> Response:
    found = error.errors()
    if any(wrong["type"] == "json_invalid" for wrong in found):
        return problem(
            400, "malformed", "Bad Request", detail="the body is no JSON", errors=[_wrong(w) for w in found]
        )
    detail = "what was sent is not as agreed: see errors"
    return problem(422, "invalid", "Unprocessable Content", detail=detail, errors=[_wrong(w) for w in found])


def _wrong(wrong: Mapping[str, Any]) -> dict[str, Any]:
    place = [str(part) for part in wrong["loc"]]
    shown: dict[str, Any] = {"in": place[0], "field": ".".join(place[1:]), "reason": wrong["msg"]}
    value = wrong.get("input")
    if isinstance(value, str | int | float | bool):
        shown["value"] = str(value)[:_LONGEST_VALUE]
    return shown


def _shown(problems: Sequence[Problem]) -> list[dict[str, str | int]]:
    return [problem.as_dict() for problem in problems]
