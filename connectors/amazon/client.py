"""The calls to the Selling Partner API: one attempt each, paced, with a deadline, errors translated."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import httpx

from connectors.amazon.pace import OPERATIONS, Operation, Pace
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.tokens import Tokens
from core.clock import Clock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError

Obj = dict[str, Any]
AGENT = "orderhub/1 (Language=Python)"
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_NOT_ALLOWED = frozenset({401, 403})
_LONGEST_REPORT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What Amazon answered."""

    status: int
    body: bytes

    def data(self) -> Obj:
        """Return the JSON object; anything else raises `RetryableError`, for calls that may be repeated."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RetryableError(f"Amazon answered {self.status} with something that is no JSON object")
        return cast("Obj", found)


class SpApiClient:
    """Calls one account. The hub repeats calls; this makes each of them once, when its turn has come."""

    def __init__(
        self, settings: AmazonSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings, self._clock, self.pace = settings, clock, Pace(clock)
        # Time-outs are the deadline's business; a redirect would send a token where nobody agreed to.
        self.http = httpx.AsyncClient(
            transport=transport, timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False
        )
        self._tokens = Tokens(settings, clock, self.http)

    async def close(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    def is_free(self, operation: str) -> bool:
        """Say whether a call may be made now without waiting for its turn."""
        return self.pace.is_free(OPERATIONS[operation])

    async def call(
        self,
        operation: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        scope: str | None = None,
        within_s: float | None = None,
        had_its_turn: bool = False,
    ) -> Reply:
        """Make a call when its turn has come, within so many seconds; raise what `EffectPort` says.

        A token that Amazon does not take any more is exchanged once: a refused call has had no effect. `had_its_turn`:
        the caller has waited for it.
        """
        known = OPERATIONS[operation]
        patience_s = self._settings.call_s if within_s is None else within_s
        if not had_its_turn:
            await self.pace.turn(known, patience_s)
        token = await self._tokens.get(scope)
        response = await self._send(known, path, query, body, token)
        if response.status_code in _NOT_ALLOWED:
            self._tokens.forget(token)
            await self.pace.turn(known, patience_s)
            response = await self._send(known, path, query, body, await self._tokens.get(scope))
        if not response.is_success:
            raise self._meaning(known, response)
        return Reply(response.status_code, response.content)

    async def _send(
        self, operation: Operation, path: str, query: Mapping[str, str] | None, body: bytes | None, token: str
    ) -> httpx.Response:
        headers = {"x-amz-access-token": token, "user-agent": AGENT, "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        url = f"{self._settings.endpoint}{path}"
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.call_s)):
                response = await self.http.request(
                    operation.method, url, params=query, content=body, headers=headers
                )
        except _NEVER_SENT as error:
            raise RetryableError(f"Amazon could not be reached: {type(error).__name__}") from error
        except (TimeoutError, httpx.HTTPError, httpx.StreamError) as error:
            raise _unclear(
                operation, f"no answer from Amazon to {operation.name} ({type(error).__name__})"
            ) from error
        self.pace.learn(operation, response.headers.get("x-amzn-ratelimit-limit"))
        return response

    def _meaning(self, operation: Operation, response: httpx.Response) -> PartnerError:
        """Translate an answer that is no success (developer-docs.amazon.com/sp-api/docs/sp-api-errors-faq)."""
        status, (code, message) = response.status_code, _error(response)
        said = f"Amazon answers {operation.name} with {status}: {message}"
        if status in _NOT_ALLOWED:
            return UnauthorisedError(f"{said} ({code}): does the application have the role for this call?")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            # How long to wait is this operation's business alone: others go on meanwhile.
            wait_s = self.pace.refused(operation)
            said = f"{said}; the next call may be made in {wait_s:.0f} s"
            return RetryableError(said, retry_after_s=wait_s, scope="operation")
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            return RetryableError(said)
        if response.is_server_error or response.is_redirect:
            return _unclear(operation, said)
        return RejectedError(said, code=code)

    # --- documents of feeds, at addresses that Amazon gives for some minutes ---

    async def upload(self, url: str, content: bytes, media_type: str) -> None:
        """Put a feed's document where Amazon said. Nothing follows from it before a feed names it."""
        response = await self._fetch("PUT", url, content, {"content-type": media_type})
        if not response.is_success:
            raise RetryableError(f"the feed's document was not taken: {response.status_code}")

    async def download(self, url: str, compression: str | None) -> bytes:
        """Get a report from where Amazon said, unpacked."""
        response = await self._fetch("GET", url, None, {})
        if not response.is_success:
            raise RetryableError(f"the feed's report is not to be had: {response.status_code}")
        if compression != "GZIP":
            return response.content
        try:
            return _unpacked(response.content)
        except (OSError, EOFError, zlib.error) as error:
            raise RetryableError("the feed's report is no whole gzip file") from error

    async def _fetch(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.call_s)):
                return await self.http.request(method, url, content=content, headers=dict(headers))
        except (TimeoutError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            # The address itself is a secret, so it is not named.
            raise RetryableError(
                f"Amazon's store of documents gave no answer ({type(error).__name__})"
            ) from error


def _unclear(operation: Operation, message: str) -> PartnerError:
    """Return the error for a call without a readable answer. To ask has no effect, so it may be repeated."""
    return OutcomeUnknownError(message) if operation.has_effect else RetryableError(message)


def _error(response: httpx.Response) -> tuple[str, str]:
    """Return the first error's code and message, from `{"errors": [{"code", "message", "details"}]}`."""
    try:
        found: Any = json.loads(response.content)["errors"][0]
        details = f" ({found['details']})" if found.get("details") else ""
        return str(found["code"]), f"{found['message']}{details}"[:400]
    except (ValueError, LookupError, TypeError, AttributeError):
        return str(response.status_code), "no reason given"


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    body = unpacker.decompress(content, _LONGEST_REPORT)
    if not unpacker.eof:
        raise gzip.BadGzipFile("it is cut off, or too large")
    return body
