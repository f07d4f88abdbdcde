"""Has Stripe send its events to the hub: one webhook endpoint, with the events that are read and no others.

Stripe shows a signing secret only in the answer that makes an endpoint, and lets neither version nor secret of
one be changed afterwards (docs.stripe.com/api/webhook_endpoints). So the secret is said once, and kept nowhere.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from connectors.stripe.client import CallRefusedError, Obj, StripeClient
from connectors.stripe.reading import EVENT_TYPES
from connectors.stripe.settings import LOOPBACK, StripeSettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, RejectedError, UnauthorisedError
from core.ports import Outgoing

_ENDPOINTS = "/v1/webhook_endpoints"
_FORM = "application/x-www-form-urlencoded"
_DESCRIPTION = "Orders and their payments, read by orderhub"


class Registrar:
    """Keeps the one endpoint of this hub at one account as it has to be."""

    def __init__(self, name: str, settings: StripeSettings, client: StripeClient, clock: Clock) -> None:
        self._name, self._settings, self._client, self._clock = name, settings, client, clock

    async def register(self, base: str) -> str:
        """Make the endpoint of the door under `base`, or correct the one that is there; say what is to be kept.

        Raises `RejectedError` where somebody has to decide: an address that Stripe can't call, two endpoints of one
        address, an endpoint of another version, no room for one more.
        """
        url = f"{base.rstrip('/')}/webhook"
        self._check(url)
        try:
            found = [one async for one in self._client.every(_ENDPOINTS, {}) if _same(one["url"], url)]
            if len(found) > 1:
                raise _several(found, url)
            return await (self._correct(found[0]) if found else self._make(url))
        except UnauthorisedError as error:
            message = (
                f"{error}: registering wants secret_key to be a valid key that may write Webhook Endpoints; give it "
                "that permission in Stripe's Dashboard, or enter the endpoint there"
            )
            raise UnauthorisedError(message) from error

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            message = f"{url!r} is no address for webhooks: write it as in https://hub.example.com"
            raise RejectedError(message, code="url_invalid")
        simulated = urlsplit(self._settings.api_base).hostname in LOOPBACK and parts.hostname in LOOPBACK
        if parts.scheme != "https" and not simulated:
            message = (
                f"Stripe sends webhooks by https only, and {url} is not: give the hub's public https address"
            )
            raise RejectedError(message, code="url_invalid")

    async def _make(self, url: str) -> str:
        form = {
            "url": url,
            "api_version": self._settings.api_version,
            "description": _DESCRIPTION,
            **_events(),
        }
        try:
            with _secrets_unlogged():
                made = (await self._send("", form)).get("secret")
        except OutcomeUnknownError as error:
            message = (
                f"{error}: the endpoint may have been made, and its secret is lost on the way; repeat this "
                "command, and if it finds the endpoint, reveal the signing secret in Stripe's Workbench"
            )
            raise OutcomeUnknownError(message) from error
        except CallRefusedError as error:
            if "maximum of" not in str(error):
                raise
            message = f"{error}: delete an endpoint that nobody needs in Stripe's Workbench, and repeat this"
            raise RejectedError(message, code=error.code) from error
        if not isinstance(made, str):
            message = (
                "Stripe made the endpoint and told no secret: reveal it at the endpoint in Stripe's Workbench"
            )
            raise OutcomeUnknownError(message)
        return (
            f"Stripe sends its events to {url}. Its signing secret, shown this once:\n{made}\n"
            f"Keep it where secrets are kept, name it in hub.yaml under connectors.{self._name}.webhook_secrets, as in "
            '["${STRIPE_WEBHOOK_SECRET}"] or ["file:secrets/stripe.key"], and restart the hub.'
        )

    async def _correct(self, found: Obj) -> str:
        wanted = self._settings.api_version
        if found["api_version"] != wanted:
            version = found["api_version"] or "the account's default"
            message = (
                f"the endpoint {found['id']} at {found['url']} sends events of version {version}, the hub reads "
                f"{wanted}, and Stripe lets no endpoint change its version: delete it in Stripe's Workbench, "
                "repeat this, and put the new secret into webhook_secrets"
            )
            raise RejectedError(message, code="api_version")
        done: list[str] = []
        form: dict[str, str] = {}
        if set(found["enabled_events"]) != set(EVENT_TYPES):
            done.append("its events were corrected")
            form.update(_events())
        if found["status"] != "enabled":
            done.append("it was disabled, and is enabled again")
            form["disabled"] = "false"
        if form:
            await self._send(f"/{found['id']}", form)
        kept = "the signing secret stays the one that it was made with"
        if not self._settings.webhook_secrets:
            kept += "; webhook_secrets is empty: reveal it in Stripe's Workbench, and put it there"
        what = " and ".join(done) or "nothing was to be changed"
        return f"Stripe knows {found['url']} as {found['id']}: {what}; {kept}"

    async def _send(self, path: str, form: dict[str, str]) -> Obj:
        body = urlencode(form)
        # Each run has a key of its own: an earlier one's would bring back an endpoint that was deleted since.
        moment = self._clock.now().isoformat()
        key = "webhook_endpoint:" + sha256(f"{path} {body} {moment}".encode()).hexdigest()
        return (await self._client.post(Outgoing(body.encode(), _FORM, _ENDPOINTS + path, {}), key)).data


@contextmanager
def _secrets_unlogged() -> Generator[None]:
    """Keep the answer with the secret out of the logs: at its level DEBUG, the library writes answers whole."""

    def harmless(record: logging.LogRecord) -> bool:
        return "whsec_" not in record.getMessage()

    library = logging.getLogger("stripe")
    library.addFilter(harmless)
    try:
        yield
    finally:
        library.removeFilter(harmless)


def _events() -> dict[str, str]:
    return {f"enabled_events[{position}]": kind for position, kind in enumerate(EVENT_TYPES)}


def _same(one: object, other: str) -> bool:
    return isinstance(one, str) and _plain(one) == _plain(other)


def _plain(url: str) -> tuple[str, str, str, str]:
    parts = urlsplit(url)
    return (
        parts.scheme.lower(),
        parts.netloc.lower().removesuffix(":443"),
        parts.path.rstrip("/"),
        parts.query,
    )


def _several(found: list[Obj], url: str) -> RejectedError:
    ids = ", ".join(str(one["id"]) for one in found)
    message = f"Stripe has {len(found)} endpoints with the address {url} ({ids}): delete all but one in its Workbench"
    return RejectedError(message, code="several_endpoints")
