"""Sends webhooks to the shop, signs each sending anew, and says what an answer means for the next step."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

import httpx

from connectors.webstore.settings import WebstoreSettings, secret_key
from connectors.webstore.signing import signed_headers, webhook_content
from core.clock import Clock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError
from core.transport.http_words import retry_after, word_of

_LONGEST_ANSWER = 64 * 1024
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_UNTOUCHED = frozenset({408, 425, 429, 503})
"""The receiver says itself that it did nothing, and that later may be better."""

_NO_FOR_GOOD = {
    409: "it has this webhook-id with another content",
    410: "it wants no more webhooks at this URL; set webhook_url, or `tell: false` in the channel's policy",
}


class Reply:
    """What the shop answered, shortened to what is worth keeping."""

    def __init__(self, status: int, body: bytes, media_type: str) -> None:
        self.status, self.body, self.media_type = status, body, media_type


class WebhookClient:
    """The way to one shop. Errors are translated here, and nowhere else."""

    def __init__(
        self, settings: WebstoreSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._clock, self._deadline_s = clock, settings.deadline_s
        self._keys = [secret_key(secret) for secret in settings.webhook_secrets]
        self._url = settings.webhook_url or ""
        # Time-outs are the deadline's business; redirects would send an order where nobody agreed to.
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(None),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def post(self, webhook_id: str, body: bytes, media_type: str = "application/json") -> Reply:
        """Send a webhook; raise what `EffectPort` says."""
        timestamp_s = int(self._clock.now().timestamp())
        content = webhook_content(webhook_id, timestamp_s, body)
        headers = signed_headers(self._keys, webhook_id, timestamp_s, content)
        reply, answered = await self._call("POST", self._url, {**headers, "content-type": media_type}, body)
        if not httpx.codes.is_success(reply.status):
            raise self._meaning(reply.status, answered)
        return reply

    async def find(self, webhook_id: str) -> Reply | None:
        """Ask the shop whether it has a webhook: 200 it has, 404 it has not; raise for every other answer."""
        timestamp_s = int(self._clock.now().timestamp())
        url = f"{self._url}/{quote(webhook_id, safe='')}"
        content = webhook_content(webhook_id, timestamp_s, b"")
        headers = signed_headers(self._keys, webhook_id, timestamp_s, content)
        reply, answered = await self._call("GET", url, headers, b"")
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise self._meaning(reply.status, answered)
        return reply

    async def _call(
        self, method: Literal["GET", "POST"], url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Reply, httpx.Headers]:
        request = self._http.build_request(method, url, headers=dict(headers), content=body)
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._deadline_s)):
                response = await self._http.send(request, stream=True)
                try:
                    return await _read(response), response.headers
                finally:
                    await response.aclose()
        except _NEVER_SENT as error:
            raise RetryableError(f"the shop could not be reached: {word_of(error)}") from error
        except TimeoutError as error:
            raise OutcomeUnknownError(f"the shop did not answer within {self._deadline_s:g} s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise OutcomeUnknownError(
                f"the connection broke before the shop had answered: {word_of(error)}"
            ) from error

    def _meaning(self, status: int, headers: httpx.Headers) -> PartnerError:
        """Translate an answer that is no success."""
        said = f"the shop answered {status}"
        if status in {401, 403}:
            return UnauthorisedError(f"{said}: compare webhook_secrets with what the shop verifies with")
        if status in _UNTOUCHED:
            return RetryableError(said, retry_after_s=retry_after(headers, self._clock.now()))
        if httpx.codes.is_server_error(status):
            return OutcomeUnknownError(f"{said}, and may have taken the webhook before it failed")
        why = _NO_FOR_GOOD.get(status, "for good")
        if httpx.codes.is_redirect(status):
            why = "and redirects are not followed: set webhook_url to where it leads"
        return RejectedError(f"{said}: {why}", code=str(status))


async def _read(response: httpx.Response) -> Reply:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _LONGEST_ANSWER:
            break
    media_type = response.headers.get("content-type", "application/octet-stream")
    return Reply(response.status_code, body[:_LONGEST_ANSWER], media_type)
