"""The door that Signifyd's decisions come in by, and the proof that they are Signifyd's.

developer.signifyd.com/main/reference/webhookmanagement: base64 of the HMAC-SHA256 of the body under the team's API key.
There is no time in it and no id: a repetition has the same bytes, so it is known by their hash, and an old word that
comes again is the same fact.
"""

import base64
import hashlib
import hmac
import json
import re
from http import HTTPStatus

from pydantic import SecretStr

from connectors.signifyd.settings import SignifydSettings
from core.errors import DoorError
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument

KIND = "decision"
LARGEST_BYTES = 256 * 1024
SIGNATURES = ("signifyd-sec-hmac-sha256", "x-signifyd-sec-hmac-sha256")
"""The header of API v3, and that of older webhooks."""
CHECKPOINTS = ("signifyd-checkpoint", "signifyd-topic", "x-signifyd-topic")
_CHECKPOINT = re.compile(r"[A-Za-z_/]{1,40}")


class SignifydDoors:
    """`POST /webhook`."""

    def __init__(self, settings: SignifydSettings) -> None:
        self._keys = (settings.api_key, *settings.former_api_keys)

    def doors(self) -> tuple[Door, ...]:
        """Return the doors."""
        return (Door("POST", "/webhook", self.receive, "Signifyd's decisions", LARGEST_BYTES),)

    async def receive(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Keep a decision, and answer once it is kept. What it says is read later."""
        if len(request.body) > LARGEST_BYTES:
            detail = f"a decision has up to {LARGEST_BYTES} bytes, this one {len(request.body)}"
            title = "This is too large"
            raise DoorError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "decision_too_large", title, detail=detail)
        verify(_first(request, SIGNATURES), request.body, self._keys)
        checkpoint = _first(request, CHECKPOINTS)
        headers = {"signifyd-checkpoint": checkpoint} if _CHECKPOINT.fullmatch(checkpoint) else {}
        digest = hashlib.sha256(request.body).hexdigest()
        receipt = await desk.receive(RawDocument(KIND, request.body, external_id=digest, headers=headers))
        answer = {"received": True, "duplicate": receipt.duplicate}
        return DoorResponse(HTTPStatus.OK, json.dumps(answer).encode())


def verify(mark: str, body: bytes, keys: tuple[SecretStr, ...]) -> None:
    """Refuse what is not signed with one of `keys`, by raising `DoorError`. Every key is tried, in constant time."""
    if not mark:
        raise _refused("signature_missing", f"there is no {SIGNATURES[0]} header")
    genuine = False
    for key in keys:
        expected = base64.b64encode(hmac.new(key.get_secret_value().encode(), body, "sha256").digest())
        genuine |= hmac.compare_digest(expected, mark.strip().encode("utf-8", "replace"))
    if not genuine:
        detail = "the signature is not that of this body under the API key of this connector's team"
        raise _refused("signature_invalid", detail)


def _first(request: DoorRequest, names: tuple[str, ...]) -> str:
    return next((request.headers[name] for name in names if request.headers.get(name)), "")


def _refused(code: str, detail: str) -> DoorError:
    return DoorError(HTTPStatus.UNAUTHORIZED, code, "This is not from Signifyd", detail=detail)
