"""Access tokens by Login with Amazon (LWA): one hour long, renewed early, kept in memory because they are secrets.

developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
"""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from connectors.amazon.plain import Obj, obj
from connectors.amazon.settings import AmazonSettings
from core.clock import Clock
from core.errors import RetryableError, UnauthorisedError

NOTIFICATIONS = "sellingpartnerapi::notifications"
"""The scope of operations that no seller has to allow."""
_EARLY_S = 300.0
_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    good_until: float
    """By the clock's monotonic seconds."""


class Tokens:
    """The tokens of one account: the seller's (`scope` None), and those for grantless operations."""

    def __init__(self, settings: AmazonSettings, clock: Clock, http: httpx.AsyncClient) -> None:
        self._settings, self._clock, self._http = settings, clock, http
        self._kept: dict[str | None, _Token] = {}
        self._turn = asyncio.Lock()

    async def get(self, scope: str | None = None) -> str:
        """Return a token that is good for some minutes more; raise `PartnerError`."""
        async with self._turn:
            kept = self._kept.get(scope)
            if kept is None or self._clock.monotonic() >= kept.good_until:
                kept = self._kept[scope] = await self._fetch(scope)
            return kept.text

    def forget(self, token: str) -> None:
        """Fetch another one next time: this one was refused."""
        self._kept = {scope: kept for scope, kept in self._kept.items() if kept.text != token}

    async def _fetch(self, scope: str | None) -> _Token:
        settings = self._settings
        form = {"client_id": settings.client_id, "client_secret": settings.client_secret.get_secret_value()}
        if scope is None:
            form |= {
                "grant_type": "refresh_token",
                "refresh_token": settings.refresh_token.get_secret_value(),
            }
        else:
            form |= {"grant_type": "client_credentials", "scope": scope}
        asked_at = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._clock.real_seconds(settings.call_s)):
                response = await self._http.post(settings.token_url, data=form)
        except (httpx.HTTPError, TimeoutError) as error:
            # To ask for a token has no effect, so it may be repeated.
            raise RetryableError(f"no answer from Login with Amazon ({type(error).__name__})") from error
        return _read(response, asked_at)


def _read(response: httpx.Response, asked_at: float) -> _Token:
    said = _object(response)
    if response.status_code in _REFUSED:
        word = str(said.get("error", response.status_code))
        raise UnauthorisedError(
            f"Login with Amazon refuses ({word}): compare client_id, client_secret and refresh_token with the "
            "application's page in Seller Central"
        )
    token, seconds = said.get("access_token"), said.get("expires_in")
    if response.status_code != HTTPStatus.OK or not isinstance(token, str) or not isinstance(seconds, int):
        raise RetryableError(f"Login with Amazon answered {response.status_code} without a token")
    return _Token(token, asked_at + max(seconds - _EARLY_S, seconds / 2))


def _object(response: httpx.Response) -> Obj:
    try:
        return obj(json.loads(response.content))
    except ValueError:
        return {}
