"""Our own door for a partner that POSTs its interchanges."""

import hashlib
from dataclasses import dataclass

import orjson

from core.errors import DoorError
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument
from core.transport.credentials import is_shown
from core.transport.https import IDEMPOTENCY_KEY, is_interchange
from core.transport.https_settings import HttpsSettings

PATH = "/interchanges"
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class InterchangeDoor:
    """Takes what the partner POSTs: 202 once it is stored, 200 where the same request was stored before.

    A request with an idempotency key is stored once; without one each is stored, and the ledger of interchanges says by
    the control number what came before.
    """

    settings: HttpsSettings
    arrives_as: str
    media_type: str

    def doors(self) -> tuple[Door, ...]:
        """Return the door, or none where the partner shows nothing to be known by."""
        if not self.settings.door:
            return ()
        return (Door("POST", PATH, self.post, "Hand in interchanges", self.settings.max_request_bytes),)

    async def post(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take one body, with one interchange or several."""
        if not is_shown(self.settings.door, request.headers):
            detail = "show what was agreed: basic, a bearer token, or a header"
            raise DoorError(401, "unauthorised", "Unauthorized", detail=detail, headers=self._challenge())
        if len(request.body) > self.settings.max_request_bytes:
            detail = f"at most {self.settings.max_request_bytes:,} bytes are taken here"
            raise DoorError(413, "too_large", "Content Too Large", detail=detail)
        if not is_interchange(request.body):
            detail = "the body is the interchange itself, and begins with ISA, UNA or UNB"
            raise DoorError(422, "no_interchange", "The body is no interchange", detail=detail)
        raw = RawDocument(self.arrives_as, request.body, self.media_type, self._external_id(request))
        receipt = await desk.receive(raw)
        body = orjson.dumps({"message_id": str(receipt.message_id), "status": "received"})
        return DoorResponse(200 if receipt.duplicate else 202, body)

    def _challenge(self) -> dict[str, str]:
        """Return what RFC 9110 wants with a 401."""
        schemes = {"basic": 'Basic realm="interchanges"', "bearer": "Bearer"}
        wanted = [
            schemes[kind] for kind in sorted({one.type for one in self.settings.door}) if kind in schemes
        ]
        return {"www-authenticate": ", ".join(wanted)} if wanted else {}

    @staticmethod
    def _external_id(request: DoorRequest) -> str | None:
        """Name this telling. Another body under the same key is another telling: its control number decides."""
        key = request.headers.get(IDEMPOTENCY_KEY, "")
        if not key:
            return None
        if len(key) > _LONGEST_KEY or not key.isprintable():
            detail = f"{IDEMPOTENCY_KEY} has at most {_LONGEST_KEY} characters that can be printed"
            raise DoorError(400, "bad_key", "The idempotency key can't be kept", detail=detail)
        return f"{key}#{hashlib.sha256(request.body).hexdigest()[:32]}"
