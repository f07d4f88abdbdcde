"""The door that EasyPost's events come in by, and the proof that they are EasyPost's."""

import hmac
import json
import unicodedata
from collections.abc import Sequence
from http import HTTPStatus
from typing import cast

from pydantic import SecretStr

from connectors.easypost.settings import EasyPostSettings
from core.errors import DoorError
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument

KIND = "event"
LARGEST_EVENT_BYTES = 1024 * 1024
SCHEME = "hmac-sha256-hex="
_LONGEST_ID = 255


class EasyPostDoors:
    """`POST /webhook`."""

    def __init__(self, settings: EasyPostSettings) -> None:
        self._secrets = settings.webhook_secrets

    def doors(self) -> tuple[Door, ...]:
        """Return the doors."""
        return (Door("POST", "/webhook", self.receive, "EasyPost's events", LARGEST_EVENT_BYTES),)

    async def receive(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Keep an event, and answer once it is kept. What it says, if anything, is read later."""
        if len(request.body) > LARGEST_EVENT_BYTES:
            detail = f"an event has up to {LARGEST_EVENT_BYTES} bytes, this one {len(request.body)}"
            title = "This is too large"
            raise DoorError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "event_too_large", title, detail=detail)
        verify(request.headers.get("x-hmac-signature", ""), request.body, self._secrets)
        event_id = _event_id(request.body)
        receipt = await desk.receive(RawDocument(KIND, request.body, external_id=event_id))
        answer = {"received": True, "duplicate": receipt.duplicate}
        return DoorResponse(HTTPStatus.OK, json.dumps(answer).encode())


def signature(secret: str, body: bytes) -> str:
    """Return what EasyPost writes into `X-Hmac-Signature`: the secret normalised (NFKD), HMAC-SHA256 in hex.

    As the official clients check it (easypost-python, `easypost/util`). EasyPost also describes a second scheme
    (`x-hmac-signature-v2` with a timestamp), which its own clients don't check and its pages describe in two ways.
    """
    key = unicodedata.normalize("NFKD", secret).encode()
    return SCHEME + hmac.new(key, body, "sha256").hexdigest()


def verify(header: str, body: bytes, secrets: Sequence[SecretStr]) -> None:
    """Refuse a request that is not signed with one of `secrets`, by raising `DoorError`.

    Nothing in the scheme is dated. An event that somebody recorded and sends again has the same signed id, and is
    the same event; and an old scan moves no parcel backwards.
    """
    if not header:
        raise _refused("signature_missing", "there is no X-Hmac-Signature header")
    given, genuine = header.encode("utf-8", "replace"), False
    for secret in secrets:
        genuine |= hmac.compare_digest(signature(secret.get_secret_value(), body).encode(), given)
    if not genuine:
        detail = "the signature is not that of this body under a webhook secret of this connector"
        raise _refused("signature_invalid", detail)


def _event_id(body: bytes) -> str:
    """Return the event's id: EasyPost repeats an event under the same one."""
    try:
        event: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"the body is signed, but it is not JSON: {error}") from error
    found = cast("dict[str, object]", event).get("id") if isinstance(event, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_ID or not found.isprintable():
        raise _unreadable("the body is signed, but it is no event with an id")
    return found


def _refused(code: str, detail: str) -> DoorError:
    return DoorError(HTTPStatus.UNAUTHORIZED, code, "This is not from EasyPost", detail=detail)


def _unreadable(detail: str) -> DoorError:
    return DoorError(
        HTTPStatus.BAD_REQUEST, "event_unreadable", "This is not an EasyPost event", detail=detail
    )
