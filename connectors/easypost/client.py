"""The calls to EasyPost: one attempt each, errors translated.

EasyPost has an official library, `easypost`; it is built on `requests`, so it blocks, and sets no body's bytes. It is
therefore not used here, but drives the simulator in the tests, unmodified.
"""

import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from connectors.easypost.settings import EasyPostSettings
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError

Obj = dict[str, Any]

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LARGEST_ANSWER = 4 * 1024 * 1024
_PAGE = 100
_MOST_PAGES = 50
_LONGEST_WORDS = 200


def section(thing: Obj, name: str) -> Obj | None:
    """Return an object within an object, where there is one."""
    found: object = thing.get(name)
    return cast("Obj", found) if isinstance(found, dict) else None


class EasyPostClient:
    """Calls one account. `asks` marks a call that has no effect worth knowing of: it may simply be repeated."""

    def __init__(self, settings: EasyPostSettings) -> None:
        self._base, self._key = settings.api_base, settings.api_key
        # Time-outs are the port's business; a redirect would send an address where nobody agreed to.
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def post(self, path: str, body: bytes, *, asks: bool = False) -> Obj:
        """Post a JSON document."""
        return await self._call("POST", path, body, asks=asks)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Obj:
        """Ask for an object or a page of a list."""
        return await self._call("GET", path, b"", query=query, asks=True)

    async def listed(self, path: str, name: str) -> list[Obj]:
        """Return the objects of a list that has one page."""
        return _list(await self.get(path), name)

    async def every(self, path: str, name: str, query: Mapping[str, str]) -> AsyncIterator[Obj]:
        """Yield a list's objects, the newest first, page after page (docs.easypost.com/docs/pagination)."""
        before: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self.get(path, {**query, "page_size": str(_PAGE), **before})
            found = _list(page, name)
            for one in found:
                yield one
            if not found or not page.get("has_more"):
                return
            before = {"before_id": str(found[-1].get("id"))}
        message = f"EasyPost lists more than {_MOST_PAGES * _PAGE} objects at {path}: it may be among them"
        raise OutcomeUnknownError(message)

    async def fetch(self, url: str) -> tuple[bytes, str]:
        """Return a file that EasyPost has made, and its media type. It lies elsewhere, and the key stays here."""
        parts, base = urlsplit(url), urlsplit(self._base)
        if parts.scheme != "https" and (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
            raise OutcomeUnknownError("EasyPost names a label's file that is not to be had by https")
        try:
            response = await self._http.get(url)
        except httpx.HTTPError as error:
            raise OutcomeUnknownError(
                f"the label is bought, and its file did not come ({_word(error)})"
            ) from error
        if response.status_code != HTTPStatus.OK or not 0 < len(response.content) <= _LARGEST_ANSWER:
            raise OutcomeUnknownError(
                f"the label is bought, and its file did not come (status {response.status_code})"
            )
        return response.content, response.headers.get("content-type", "application/octet-stream")

    async def _call(
        self, method: str, path: str, body: bytes, *, query: Mapping[str, str] | None = None, asks: bool
    ) -> Obj:
        try:
            response = await self._http.request(
                method,
                self._base + path,
                params=query,
                content=body,
                headers={"content-type": "application/json"} if body else {},
                auth=(self._key.get_secret_value(), ""),
            )
        except _NEVER_SENT as error:
            raise RetryableError("EasyPost can't be reached: no connection could be made") from error
        except httpx.HTTPError as error:
            message = f"the connection to EasyPost broke ({_word(error)})"
            raise _unclear(message, asks=asks) from error
        if not response.is_success:
            raise _meaning(response, asks=asks)
        found = _object(response.content)
        if found is None:
            raise _unclear(f"EasyPost's answer to {path} is not an object", asks=asks)
        return found


def _meaning(response: httpx.Response, *, asks: bool) -> PartnerError:
    """Return the error for an answer that is no success (docs.easypost.com/docs/errors)."""
    status, error = response.status_code, _error(response.content)
    code = str(error.get("code") or status)
    said = f"EasyPost answers {status} {code}"
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return UnauthorisedError(f"{said}: it does not accept the API key, or not for this")
        case HTTPStatus.PAYMENT_REQUIRED:
            return UnauthorisedError(f"{said}: the account can't pay; fund it, then resume the connector")
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            wait = response.headers.get("retry-after", "")
            seconds = float(wait) if wait.isascii() and wait.isdigit() else None
            return RetryableError(said, retry_after_s=seconds)
        case _ if response.is_server_error or status == HTTPStatus.REQUEST_TIMEOUT or not error:
            return _unclear(f"{said} without a result", asks=asks)
        case _:
            words = str(error.get("message") or "no reason given")[:_LONGEST_WORDS]
            return RejectedError(f"EasyPost refuses: {words} ({code})", code=code)


def _unclear(message: str, *, asks: bool) -> OutcomeUnknownError | RetryableError:
    return RetryableError(message) if asks else OutcomeUnknownError(message)


def _error(body: bytes) -> Obj:
    return section(_object(body) or {}, "error") or {}


def _object(body: bytes) -> Obj | None:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("Obj", found) if isinstance(found, dict) else None


def _list(page: Obj, name: str) -> list[Obj]:
    found: object = page.get(name)
    if not isinstance(found, list):
        raise RetryableError(f"EasyPost's list has no {name}")
    return [cast("Obj", one) for one in cast("list[object]", found) if isinstance(one, dict)]


def _word(error: Exception) -> str:
    return type(error).__name__
