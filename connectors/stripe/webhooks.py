"""The door that Stripe's events come in by, and the proof that they are Stripe's."""

import hmac
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import cast

from pydantic import SecretStr

from connectors.stripe.settings import StripeSettings
from core.clock import Clock
from core.errors import DoorError
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument

KIND = "event"
LARGEST_EVENT_BYTES = 1024 * 1024
_MOST_SIGNATURES = 20
_LONGEST_ID = 255


class StripeDoors:
    """`POST /webhook`."""

    def __init__(self, settings: StripeSettings, clock: Clock) -> None:
        self._secrets, self._tolerance_s, self._clock = settings.webhook_secrets, settings.tolerance_s, clock

    def doors(self) -> tuple[Door, ...]:
        """Return the doors."""
        return (Door("POST", "/webhook", self.receive, "Stripe's events", LARGEST_EVENT_BYTES),)

    async def receive(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Keep an event, and answer once it is kept. What it says, if anything, is read later."""
        if len(request.body) > LARGEST_EVENT_BYTES:
            detail = f"an event has up to {LARGEST_EVENT_BYTES} bytes, this one {len(request.body)}"
            title = "This is too large"
            raise DoorError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "event_too_large", title, detail=detail)
        if not self._secrets:
            raise _closed()
        header = request.headers.get("stripe-signature", "")
        verify(header, request.body, self._secrets, self._clock.now().timestamp(), self._tolerance_s)
        event_id = _event_id(request.body)
        receipt = await desk.receive(RawDocument(KIND, request.body, external_id=event_id))
        answer = {"received": True, "duplicate": receipt.duplicate}
        return DoorResponse(HTTPStatus.OK, json.dumps(answer).encode())


def verify(header: str, body: bytes, secrets: Sequence[SecretStr], now: float, tolerance_s: float) -> None:
    """Refuse a request that is not signed with one of `secrets`, or not lately, by raising `DoorError`.

    `Stripe-Signature: t=1700000000,v1=…,v1=…,v0=…`: hex HMAC-SHA256 of `{t}.{body}`, one `v1` for each secret
    that is valid at Stripe (docs.stripe.com/webhooks#verify-manually). The library's own check lets times in
    the future pass; here they are bounded likewise, so that a stolen event can't be kept for later.
    """
    timestamp, marks = _parts(header)
    signed = timestamp.encode() + b"." + body
    genuine = False
    for secret in secrets:
        expected = hmac.new(secret.get_secret_value().encode(), signed, "sha256").hexdigest().encode()
        for mark in marks:
            genuine |= hmac.compare_digest(expected, mark)
    if not genuine:
        detail = "none of the v1 signatures is that of this body under a webhook secret of this connector"
        raise _refused("signature_invalid", detail)
    if abs(now - int(timestamp)) > tolerance_s:
        detail = f"the timestamp {timestamp} is more than {tolerance_s:g} s from the hub's time, {now:.0f}"
        raise _refused("signature_expired", detail)


def _parts(header: str) -> tuple[str, list[bytes]]:
    """Return the timestamp, as it stands, and the `v1` signatures."""
    pairs = [part.strip().partition("=") for part in header.split(",", _MOST_SIGNATURES)[:_MOST_SIGNATURES]]
    times = [value for name, _, value in pairs if name == "t"]
    marks = [value.encode("utf-8", "replace") for name, _, value in pairs if name == "v1"]
    if not header:
        raise _refused("signature_missing", "there is no Stripe-Signature header")
    if len(times) != 1 or not _is_timestamp(times[0]) or not marks:
        raise _refused("signature_malformed", "a Stripe-Signature is written t=<seconds>,v1=<hex>")
    return times[0], marks


def _is_timestamp(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12  # noqa: PLR2004 - seconds until the year 33658


def _event_id(body: bytes) -> str:
    """Return the event's id: Stripe repeats an event under the same one."""
    try:
        event: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"the body is signed, but it is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise _unreadable("the body is signed, but it is not a JSON object")
    event_id = cast("dict[str, object]", event).get("id")
    if (
        not isinstance(event_id, str)
        or not event_id
        or len(event_id) > _LONGEST_ID
        or not event_id.isprintable()
    ):
        raise _unreadable("the event has no id")
    return event_id


def _closed() -> DoorError:
    """Stripe tries again for three days, so nothing is lost until the secret is known."""
    detail = "webhook_secrets is empty: put the endpoint's signing secret there, and restart the hub"
    return DoorError(
        HTTPStatus.SERVICE_UNAVAILABLE, "no_webhook_secret", "No webhook can be verified yet", detail=detail
    )


def _refused(code: str, detail: str) -> DoorError:
    return DoorError(HTTPStatus.UNAUTHORIZED, code, "This is not from Stripe", detail=detail)


def _unreadable(detail: str) -> DoorError:
    return DoorError(HTTPStatus.BAD_REQUEST, "event_unreadable", "This is not a Stripe event", detail=detail)
