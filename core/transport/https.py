"""Interchanges and documents by HTTP: POSTed to the partner's URL; what its response brings is read like any other."""

import asyncio
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal

import httpx

from canonical.commands import Command, SendInterchange
from core.clock import Clock
from core.errors import (
    DocumentError,
    OutcomeUnknownError,
    PartnerError,
    RejectedError,
    RetryableError,
    UnauthorisedError,
)
from core.exchange.words import HttpWords
from core.ports import Answer, Effect, EffectContext, Outgoing, RawDocument
from core.transport.http_words import retry_after, word_of
from core.transport.https_settings import HttpsSettings

IDEMPOTENCY_KEY = "idempotency-key"
MARGIN_S = 5.0
"""By which an effect's deadline is later than its request's."""
_LONGEST_NOTE = 64 * 1024
"""What is kept of a response that is no interchange."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_UNTOUCHED = frozenset({408, 425, 429, 503, 560})
"""The partner says itself that it did nothing, and that later may be better; 560 is cXML's temporary error."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    media_type: str
    retry_after_s: float | None
    said: str = ""
    """What its body says of the status."""


class PostingPort:
    """Sends interchanges and documents whose bytes are stored. Fills `core.ports.EffectPort`.

    A partner can't be asked whether it has one, and needn't be: the same bytes under the same control number or
    payloadID are the same to it. So what is in doubt is resolved by sending it again, and `look_up` does that.
    """

    commands: frozenset[type[Command]] = frozenset({SendInterchange})

    def __init__(
        self, settings: HttpsSettings, clock: Clock, arrives_as: str, media_type: str, words: HttpWords,
        *, settle_s: float,
    ) -> None:  # fmt: skip
        self.deadline_s, self.settle_s = settings.timeout_s + MARGIN_S, settle_s
        self._settings, self._clock = settings, clock
        self._arrives_as, self._media_type, self._words = arrives_as, media_type, words
        # Redirects would send an order where nobody agreed to; the time limit is the whole request's.
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def test(self) -> str:
        """Ask the URL for nothing, which shows whether it can be reached with our credential."""
        reply = await self._call("HEAD", b"", {})
        if reply.status in {401, 403} or httpx.codes.is_server_error(reply.status):
            raise self._meaning(reply)
        return f"{self._settings.url} answers ({reply.status}); nothing was sent"

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        message = f"{command.key} was stored with its bytes, and they are gone: their retention is over"
        raise RejectedError(message, code="no_bytes")

    async def send(self, effect: Effect) -> Answer:
        return await self._post(effect, again=effect.first_sent_at is not None)

    async def look_up(self, effect: Effect) -> Answer | None:
        return await self._post(effect, again=True)

    async def _post(self, effect: Effect, *, again: bool) -> Answer:
        """POST an interchange. `again`: it may be there already, and then "conflict" says that it is."""
        outgoing = effect.outgoing
        number = outgoing.target.partition(".")[0]
        headers = {"content-type": outgoing.media_type, IDEMPOTENCY_KEY: number}
        reply = self._judged(await self._call("POST", outgoing.body, headers))
        if not httpx.codes.is_success(reply.status) and not (again and reply.status == HTTPStatus.CONFLICT):
            raise self._meaning(reply)
        kept = self._words.as_stored(reply.body)
        if httpx.codes.is_success(reply.status) and self._words.is_document(reply.body):
            return Answer(reference=number, arrived=(RawDocument(self._arrives_as, kept, self._media_type),))
        return Answer(reference=number, body=kept[:_LONGEST_NOTE], media_type=reply.media_type)

    def _judged(self, reply: _Reply) -> _Reply:
        """Return a successful response with the status that its body tells, where the standard has one of its own."""
        if not httpx.codes.is_success(reply.status):
            return reply
        try:
            verdict = self._words.verdict(reply.body)
        except DocumentError as error:
            reason = f"the partner answered {reply.status}, and what it says can't be understood: {error}"
            raise OutcomeUnknownError(reason) from error
        return reply if verdict is None else replace(reply, status=verdict.code, said=verdict.text)

    async def _call(self, method: Literal["POST", "HEAD"], body: bytes, headers: dict[str, str]) -> _Reply:
        settings, partner = self._settings, "the partner"
        shown = dict((settings.credential.header(),)) if settings.credential is not None else {}
        told = {"accept-encoding": "identity", **headers, **shown}
        request = self._http.build_request(method, settings.url, headers=told, content=body)
        try:
            async with asyncio.timeout(self._clock.real_seconds(settings.timeout_s)):
                response = await self._http.send(request, stream=True)
                try:
                    return await self._read(response)
                finally:
                    await response.aclose()
        except _NEVER_SENT as error:
            raise RetryableError(f"{partner} could not be reached: {word_of(error)}") from error
        except TimeoutError as error:
            raise OutcomeUnknownError(f"{partner} did not answer within {settings.timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            reason = f"the connection broke before {partner} had answered: {word_of(error)}"
            raise OutcomeUnknownError(reason) from error

    async def _read(self, response: httpx.Response) -> _Reply:
        """Read a response within the bound: half of an acknowledgement would say something else than all of it."""
        most = self._settings.max_response_bytes
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > most:
                raise OutcomeUnknownError(
                    f"the partner's response ({response.status_code}) is larger than {most:,} bytes: raise "
                    "transport.max_response_bytes; the same is sent again, under its old number"
                )
        media_type = response.headers.get("content-type", "application/octet-stream")[:200]
        wait_s = retry_after(response.headers, self._clock.now())
        return _Reply(response.status_code, bytes(body), media_type, wait_s)

    def _meaning(self, reply: _Reply) -> PartnerError:
        """Translate an answer that is no success."""
        said = f"the partner answered {reply.status}" + (f" ({reply.said})" if reply.said else "")
        if reply.status in {401, 403}:
            return UnauthorisedError(
                f"{said}: compare transport.credential, in cXML partner.shared_secret too, with what it knows us by"
            )
        if reply.status in _UNTOUCHED:
            return RetryableError(said, retry_after_s=reply.retry_after_s)
        if httpx.codes.is_redirect(reply.status):
            return RetryableError(
                f"{said}, and redirects are not followed: set transport.url to where it leads"
            )
        if httpx.codes.is_client_error(reply.status):
            return RejectedError(f"{said}: it refuses what was sent as it is", code=str(reply.status))
        return OutcomeUnknownError(f"{said}, and may have taken what was sent before it failed")
