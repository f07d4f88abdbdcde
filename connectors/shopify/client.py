"""The way to one shop: GraphQL under a token that lasts a day, within Shopify's bucket of query costs.

Sources: shopify.dev/docs/apps/build/dev-dashboard/get-api-access-tokens (client credentials),
shopify.dev/docs/api/usage/limits and /response-codes.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

import httpx

from connectors.shopify.settings import ShopifySettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError

Obj = dict[str, Any]

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LARGEST_ANSWER = 16 * 1024 * 1024
_EARLY_S = 300.0
"""A token is renewed this long before it ends."""
_RESERVE = 100.0
"""Points that are left in the bucket for others who use the same app."""
_PATIENCE_S = 10.0
"""The longest that a call waits for points before it says so instead."""
_LONGEST_WAIT_S = 3600.0


@dataclass(slots=True)
class _Token:
    value: str
    ends_at: float


@dataclass(slots=True)
class _Bucket:
    """What Shopify said last about the points that are left."""

    available: float = _RESERVE * 10
    restore_rate: float = 50.0
    seen_at: float = 0.0

    def wait_s(self, now: float) -> float:
        """Return how long to wait until the reserve is there."""
        there = self.available + self.restore_rate * max(0.0, now - self.seen_at)
        return max(0.0, (_RESERVE - there) / self.restore_rate)


class ShopifyClient:
    """Calls one shop, each time once. Errors are translated here, and nowhere else."""

    def __init__(
        self, settings: ShopifySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings, self._clock = settings, clock
        self._http = httpx.AsyncClient(
            transport=transport, timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False
        )
        self._token: _Token | None = None
        self._bucket = _Bucket(seen_at=clock.monotonic())
        self._signing_in = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def ask(self, query: str, variables: Mapping[str, Any]) -> Obj:
        """Ask; the answer's `data`. To ask has no effect, so every doubt is a `RetryableError`."""
        try:
            return await self._speak(query, variables)
        except OutcomeUnknownError as error:
            raise RetryableError(str(error)) from error

    async def change(self, mutation: str, variables: Mapping[str, Any]) -> Obj:
        """Have something changed; the answer's `data`. Raises what `EffectPort` says."""
        return await self._speak(mutation, variables)

    async def _speak(self, document: str, variables: Mapping[str, Any]) -> Obj:
        await self._wait_for_points()
        body = json.dumps({"query": document, "variables": variables}).encode()
        status, headers, answer = await self._call(body)
        if status == HTTPStatus.UNAUTHORIZED:
            self._token = None  # it ended early, or the secret was exchanged: nothing was done
            status, headers, answer = await self._call(body)
        if status != HTTPStatus.OK:
            raise self._meaning(status, headers)
        return self._data(answer)

    async def _call(self, body: bytes) -> tuple[int, httpx.Headers, bytes]:
        signed = {"x-shopify-access-token": await self._signed_in(), "content-type": "application/json"}
        return await self._post(self._settings.endpoint, body, signed)

    async def _signed_in(self) -> str:
        async with self._signing_in:
            token, now = self._token, self._clock.monotonic()
            if token is not None and now < token.ends_at:
                return token.value
            form = {
                "grant_type": "client_credentials",
                "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret.get_secret_value(),
            }
            body = httpx.QueryParams(form)
            try:
                status, headers, answer = await self._post(
                    self._settings.token_url,
                    str(body).encode(),
                    {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
                )
            except OutcomeUnknownError as error:  # a token more or less has no effect
                raise RetryableError(f"no token: {error}") from error
            if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.TOO_MANY_REQUESTS:
                message = (
                    f"Shopify gives no token ({status}): compare client_id, client_secret and shop_url with the "
                    "Dev Dashboard, and see that the app is installed in the shop"
                )
                raise UnauthorisedError(message)
            if status != HTTPStatus.OK:
                meaning = self._meaning(status, headers)
                raise meaning if isinstance(meaning, RetryableError) else RetryableError(str(meaning))
            self._token = _token(answer, now)
            return self._token.value

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, httpx.Headers, bytes]:
        deadline_s = self._settings.deadline_s
        try:
            async with asyncio.timeout(self._clock.real_seconds(deadline_s)):
                response = await self._http.post(url, content=body, headers=dict(headers))
        except _NEVER_SENT as error:
            raise RetryableError("Shopify can't be reached: no connection could be made") from error
        except TimeoutError as error:
            raise OutcomeUnknownError(f"Shopify gave no answer within {deadline_s:g} s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise OutcomeUnknownError(f"the connection to Shopify broke ({type(error).__name__})") from error
        return response.status_code, response.headers, response.content[:_LARGEST_ANSWER]

    def _meaning(self, status: int, headers: httpx.Headers) -> PartnerError:
        said = f"Shopify answered {status} (request {headers.get('x-request-id', 'without an id')})"
        if status in {401, 403}:
            return UnauthorisedError(f"{said}: the app may not do this; see its access scopes")
        if status in {402, 404, 423}:
            return UnauthorisedError(f"{said}: the shop is frozen, locked or not at shop_url")
        if status in {429, 430}:
            return RetryableError(said, retry_after_s=_seconds(headers.get("retry-after")))
        if httpx.codes.is_server_error(status):
            return OutcomeUnknownError(f"{said}, and may have done it before")
        return RejectedError(said, code=str(status))

    def _data(self, answer: bytes) -> Obj:
        """Return `data`; note what is left in the bucket. An answer that can't be read leaves everything open."""
        try:
            said: object = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise OutcomeUnknownError("Shopify's answer is no JSON") from error
        if not isinstance(said, dict):
            raise OutcomeUnknownError("Shopify's answer is no object")
        found = cast("Obj", said)
        needed = self._note_cost(found)
        errors: object = found.get("errors")
        if errors:
            raise self._refusal(errors, needed)
        data: object = found.get("data")
        if not isinstance(data, dict):
            raise OutcomeUnknownError("Shopify's answer has no data")
        return cast("Obj", data)

    def _note_cost(self, answer: Obj) -> float:
        """Keep what Shopify says of the bucket, and return what the query would have cost."""
        try:
            cost = answer["extensions"]["cost"]
            status = cost["throttleStatus"]
            self._bucket = _Bucket(
                float(status["currentlyAvailable"]),
                max(1.0, float(status["restoreRate"])),
                self._clock.monotonic(),
            )
            return float(cost["requestedQueryCost"])
        except (KeyError, TypeError, ValueError):
            return _RESERVE

    def _refusal(self, errors: object, needed: float) -> PartnerError:
        """Translate GraphQL errors: they come with status 200."""
        several = cast("list[object]", errors) if isinstance(errors, list) else [errors]
        first = several[0]
        said = cast("Obj", first) if isinstance(first, dict) else {"message": str(first)}
        message = str(said.get("message", "no reason given"))[:500]
        extensions: object = said.get("extensions")
        code = str(cast("Obj", extensions).get("code", "")) if isinstance(extensions, dict) else ""
        if code == "THROTTLED" or message == "Throttled":
            wait_s = max(1.0, (needed - self._bucket.available) / self._bucket.restore_rate)
            return RetryableError("Shopify asks to slow down", retry_after_s=min(wait_s, _LONGEST_WAIT_S))
        if code == "ACCESS_DENIED":
            return UnauthorisedError(f"Shopify does not let the app do this: {message}")
        if code in {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
            return OutcomeUnknownError(f"Shopify fell over: {message}")
        return RejectedError(f"Shopify refuses: {message}", code=code or "graphql")

    async def _wait_for_points(self) -> None:
        wait_s = self._bucket.wait_s(self._clock.monotonic())
        if wait_s > _PATIENCE_S:
            raise RetryableError("the bucket of query costs is empty", retry_after_s=wait_s)
        if wait_s:
            await self._clock.sleep(wait_s)


def user_errors(payload: Obj, *names: str) -> list[Obj]:
    """Return what a mutation says is wrong; each has `message`, and most have `field` and `code`."""
    found: list[Obj] = []
    for name in names or ("userErrors",):
        found += cast("list[Obj]", payload.get(name) or [])
    return found


def order_in(data: Obj) -> Obj | None:
    """Return the order in an answer; None where Shopify shows none of that id."""
    order: object = data.get("order")
    return cast("Obj", order) if isinstance(order, dict) else None


def _token(answer: bytes, now: float) -> _Token:
    try:
        said = json.loads(answer)
        return _Token(str(said["access_token"]), now + max(60.0, float(said["expires_in"]) - _EARLY_S))
    except (ValueError, KeyError, TypeError) as error:
        raise RetryableError("Shopify's answer holds no token") from error


def _seconds(text: str | None) -> float | None:
    try:
        return min(max(float(text), 0.0), _LONGEST_WAIT_S) if text else None
    except ValueError:
        return None
