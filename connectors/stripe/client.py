"""The calls to Stripe, by its official library: one attempt each, with a deadline, errors translated."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import httpx
import stripe

from connectors.stripe.settings import StripeSettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import Outgoing

Obj = dict[str, Any]
Request = Callable[..., Awaitable[stripe.StripeResponse]]

_SENT_HEADERS = ("authorization", "content-type", "idempotency-key", "stripe-version", "user-agent")
_PAGE = 100
_MOST_PAGES = 100
_TOO_MANY, _CONFLICT, _FIRST_SERVER_ERROR, _CARD = 429, 409, 500, 402


@dataclass(frozen=True, slots=True)
class Reply:
    """What Stripe answered: the object, and its bytes."""

    data: Obj
    body: bytes

    @classmethod
    def of(cls, data: Obj) -> Self:
        """Make a reply of an object that came within another."""
        return cls(data, json.dumps(data).encode() if data else b"")


class CallRefusedError(RejectedError):
    """Stripe says no, for good. `error` is its own account, often with the object as it stands."""

    def __init__(self, message: str, error: Obj) -> None:
        super().__init__(message, code=error.get("code") or error.get("type"))
        self.error = error

    @property
    def is_decline(self) -> bool:
        """The bank said no, not Stripe."""
        return bool(self.error.get("type") == "card_error")

    @property
    def intent(self) -> Obj | None:
        """The PaymentIntent as it stands, where Stripe shows it."""
        found = self.error.get("payment_intent")
        return cast("Obj", found) if isinstance(found, dict) else None


class StoredFailureError(OutcomeUnknownError):
    """The idempotency key is spent: Stripe repeats the server error that the first call ended in."""


class StripeClient:
    """Calls one account. The hub repeats and spaces calls; this makes each of them once."""

    def __init__(self, settings: StripeSettings, clock: Clock) -> None:
        self._transport = _Transport(settings.deadline_s, clock)
        self._version = settings.api_version
        client = stripe.StripeClient(
            settings.secret_key.get_secret_value(),
            base_addresses={"api": settings.api_base},
            stripe_version=settings.api_version,
            max_network_retries=0,
            http_client=self._transport,
        )
        # The library leaves the type of a raw request's parameters open.
        self._request = cast("Request", client.raw_request_async)  # pyright: ignore[reportUnknownMemberType]

    async def post(self, outgoing: Outgoing, key: str) -> Reply:
        """Send a rendered request under an idempotency key."""
        form = dict(parse_qsl(outgoing.body.decode(), keep_blank_values=True))
        version = outgoing.headers.get("stripe-version", self._version)
        return await self._call("post", outgoing.target, form, idempotency_key=key, stripe_version=version)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Ask for an object or a page of a list."""
        return await self._call("get", path, query or {})

    async def every(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Obj]:
        """Yield a list's objects, the newest first, page after page."""
        cursor: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = (await self.get(path, {**query, "limit": str(_PAGE), **cursor})).data
            for one in page["data"]:
                yield one
            if not page["has_more"]:
                return
            cursor = {"starting_after": page["data"][-1]["id"]}
        message = f"Stripe lists more than {_MOST_PAGES * _PAGE} objects at {path}: it may be among them"
        raise OutcomeUnknownError(message)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close_async()

    async def _call(self, method: str, path: str, parameters: Mapping[str, str], **options: str) -> Reply:
        try:
            response = await self._request(method, path, **parameters, **options)
        except stripe.StripeError as error:
            raise _translated(error, method) from error
        data: object = response.data
        if not isinstance(data, dict):
            raise _unclear(method, f"Stripe's answer to {path} is not an object")
        return Reply(cast("Obj", data), response.body.encode())


class _Transport(stripe.HTTPClient):
    """Carries the library's requests. It tells apart what certainly was not sent from what may have been."""

    name = "httpx"

    def __init__(self, deadline_s: float, clock: Clock) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType] - a parameter for the library's own tests
        self._deadline_s, self._clock = deadline_s, clock
        self._http = httpx.AsyncClient(timeout=None, follow_redirects=False)  # noqa: S113 - the deadline is below

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        sent = {name: value for name, value in headers.items() if name.lower() in _SENT_HEADERS}
        content = (post_data or "").encode() if method == "post" else None
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._deadline_s)):
                response = await self._http.request(method, url, headers=sent, content=content)
        except httpx.ConnectError as error:
            raise RetryableError("Stripe can't be reached: no connection could be made") from error
        except TimeoutError as error:
            raise _unclear(method, f"Stripe gave no answer within {self._deadline_s:g} s") from error
        except httpx.HTTPError as error:
            raise _unclear(method, f"the connection to Stripe broke ({type(error).__name__})") from error
        return response.content, response.status_code, response.headers

    async def close_async(self) -> None:
        await self._http.aclose()


def _unclear(method: str, message: str) -> OutcomeUnknownError | RetryableError:
    """Return the error for a call without a readable answer. To ask has no effect, so it may be repeated."""
    return RetryableError(message) if method == "get" else OutcomeUnknownError(message)


def _translated(error: stripe.StripeError, method: str) -> Exception:
    """Return our error for the library's (docs.stripe.com/api/errors)."""
    status = error.http_status or 0
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    details = _details(error)
    said = f"{details.get('message') or error.user_message or 'no reason given'} ({_trace(error)})"
    if status == _TOO_MANY:
        alone = _is_of_one_operation(headers.get("stripe-rate-limited-reason", ""), details)
        return RetryableError(
            f"Stripe asks to slow down: {said}",
            retry_after_s=_seconds(headers.get("retry-after")),
            scope="operation" if alone else "connector",
        )
    if status == _CONFLICT:
        return RetryableError(f"Stripe is still busy with this request: {said}")
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return UnauthorisedError(f"Stripe does not accept the API key, or not for this ({_trace(error)})")
    if not details or status >= _FIRST_SERVER_ERROR or status < _CARD - 2:
        unclear = f"Stripe answered {status} without a result ({_trace(error)})"
        if headers.get("idempotent-replayed") == "true":
            return StoredFailureError(unclear)
        return _unclear(method, unclear)
    return CallRefusedError(f"Stripe refuses: {said}", details)


def _is_of_one_operation(reason: str, details: Obj) -> bool:
    """Say whether a 429 is about one endpoint or one object, not the account (docs.stripe.com/rate-limits)."""
    return reason.startswith(("endpoint-", "resource-")) or details.get("code") == "lock_timeout"


def _details(error: stripe.StripeError) -> Obj:
    body = error.json_body
    found = cast("Obj", body).get("error") if isinstance(body, dict) else None
    return cast("Obj", found) if isinstance(found, dict) else {}


def _trace(error: stripe.StripeError) -> str:
    return f"request {error.request_id}" if error.request_id else "no request id"


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
