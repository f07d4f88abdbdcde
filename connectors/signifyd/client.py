"""The way to Signifyd: signs in, keeps the deadline, and says what an answer means for the next step.

Which errors are transient is said at developer.signifyd.com/main/docs/error-handling.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, cast

import httpx

from connectors.signifyd.settings import SignifydSettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LATER = frozenset({404, 408, 409, 425, 429, 503})
"""Refused without having been done; an order that is not known may be on its way."""
_LONGEST_WAIT_S = 86_400
_MOST_SAID = 300


class SignifydClient:
    """One team's account. Errors are translated here, and nowhere else."""

    def __init__(self, settings: SignifydSettings, clock: Clock) -> None:
        self._clock, self._deadline_s = clock, settings.deadline_s
        # Time-outs are the deadline's business; redirects would send an order where nobody agreed to.
        self._http = httpx.AsyncClient(
            base_url=settings.api_base,
            auth=httpx.BasicAuth(settings.api_key.get_secret_value(), ""),
            timeout=httpx.Timeout(None),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def post(self, path: str, body: bytes) -> bytes:
        """Send a document, and return the answer's body, which is a JSON object."""
        response = await self._call("POST", path, body)
        if not response.is_success:
            raise _meaning(response)
        if not _is_object(response.content):
            message = f"Signifyd took what was sent to {path}, and its answer can't be read"
            raise OutcomeUnknownError(message)
        return response.content

    async def find(self, path: str) -> bytes | None:
        """Ask for a JSON object that may not be there: None for a 404. To ask has no effect, so it may be repeated."""
        try:
            response = await self._call("GET", path)
        except OutcomeUnknownError as error:
            raise RetryableError(str(error)) from error
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not response.is_success:
            meant = _meaning(response)
            raise RetryableError(str(meant)) if isinstance(meant, OutcomeUnknownError) else meant
        if not _is_object(response.content):
            message = f"Signifyd's answer to {path} can't be read"
            raise RetryableError(message)
        return response.content

    async def _call(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._deadline_s)):
                return await self._http.request(method, path, content=body, headers=headers)
        except _NEVER_SENT as error:
            raise RetryableError(f"Signifyd can't be reached: {_word(error)}") from error
        except TimeoutError as error:
            raise OutcomeUnknownError(f"Signifyd gave no answer within {self._deadline_s:g} s") from error
        except httpx.HTTPError as error:
            raise OutcomeUnknownError(f"the connection to Signifyd broke: {_word(error)}") from error


def _meaning(response: httpx.Response) -> PartnerError:
    """Translate an answer that is no success: what did it certainly not do, and what may it have done?"""
    status = response.status_code
    said = f"Signifyd answered {status}{_told(response.content)}"
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return UnauthorisedError(
            f"Signifyd answered {status}: compare api_key with the team's, and its rights"
        )
    if status in _LATER:
        return RetryableError(said, retry_after_s=_seconds(response.headers.get("retry-after", "")))
    if response.is_server_error:
        return OutcomeUnknownError(f"{said}, and may have done it before it failed")
    if response.is_redirect:
        return RejectedError(f"{said}, and redirects are not followed: correct api_base", code=str(status))
    return RejectedError(said, code=str(status))


def _told(body: bytes) -> str:
    """Return Signifyd's own account: its messages, the names of fields that it refuses, and its trace.

    What stands in a field is left out: Signifyd may quote an address.
    """
    if not _is_object(body):
        return ""
    found = cast("dict[str, Any]", json.loads(body))
    errors = found.get("errors")
    fields = ", ".join(sorted(map(str, cast("dict[str, Any]", errors)))) if isinstance(errors, dict) else ""
    parts = [
        f"it refuses {fields}" if fields else "",
        f"trace {found['traceId']}" if found.get("traceId") else "",
    ]
    told = "; ".join(part for part in parts if part)
    return f" ({told[:_MOST_SAID]})" if told else ""


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _seconds(text: str) -> float | None:
    return min(float(text), _LONGEST_WAIT_S) if text.isascii() and text.isdigit() else None


def _word(error: Exception) -> str:
    return str(error) or type(error).__name__
