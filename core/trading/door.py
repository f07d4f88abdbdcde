"""Our own doors for a partner that POSTs its interchanges or documents."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import orjson

from core.clock import Clock
from core.errors import DoorError
from core.exchange.words import CxmlWords, HttpWords, Verdict
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument
from core.transport.credentials import is_shown
from core.transport.https import IDEMPOTENCY_KEY
from core.transport.https_settings import HttpsSettings

PATH = "/interchanges"
_LONGEST_KEY = 200


def admit(settings: HttpsSettings, request: DoorRequest) -> None:
    """Refuse a request that doesn't show what was agreed in its headers, or is too long, with `DoorError`."""
    if not is_shown(settings.door, request.headers):
        detail = "show what was agreed: basic, a bearer token, or a header"
        raise DoorError(401, "unauthorised", "Unauthorized", detail=detail, headers=_challenge(settings))
    if len(request.body) > settings.max_request_bytes:
        detail = f"at most {settings.max_request_bytes:,} bytes are taken here"
        raise DoorError(413, "too_large", "Content Too Large", detail=detail)


def _challenge(settings: HttpsSettings) -> dict[str, str]:
    """Return what RFC 9110 wants with a 401."""
    schemes = {"basic": 'Basic realm="interchanges"', "bearer": "Bearer"}
    wanted = [schemes[kind] for kind in sorted({one.type for one in settings.door}) if kind in schemes]
    return {"www-authenticate": ", ".join(wanted)} if wanted else {}


@dataclass(frozen=True, slots=True)
class InterchangeDoor:
    """Takes what the partner POSTs, cXML aside: 202 once it is stored, 200 where the same request was before.

    A request with an idempotency key is stored once; without one each is stored, and the ledger of interchanges says by
    the control number what came before.
    """

    settings: HttpsSettings
    arrives_as: str
    media_type: str
    words: HttpWords

    def doors(self) -> tuple[Door, ...]:
        """Return the door, or none where the partner shows nothing to be known by."""
        if not self.settings.door:
            return ()
        return (Door("POST", PATH, self.post, "Hand in interchanges", self.settings.max_request_bytes),)

    async def post(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take one body, with one interchange or several."""
        admit(self.settings, request)
        if not self.words.is_document(request.body):
            detail = (
                "the body is the interchange itself, and begins with ISA, UNA or UNB; of a partner that speaks UBL it "
                "is the document itself, with its cbc:ID"
            )
            raise DoorError(422, "no_interchange", "The body is no interchange", detail=detail)
        raw = RawDocument(self.arrives_as, request.body, self.media_type, self._external_id(request))
        receipt = await desk.receive(raw)
        body = orjson.dumps({"message_id": str(receipt.message_id), "status": "received"})
        return DoorResponse(200 if receipt.duplicate else 202, body)

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


@dataclass(frozen=True, slots=True)
class CxmlDoor:
    """Takes cXML Requests, and answers each with a Response: 201 once it is stored, 200 where it was stored before.

    What HTTP itself knows (a header that was agreed on, too long a body) is refused by HTTP's status. All else is said
    by cXML's Status in a response that is 200 to HTTP, as the User's Guide has it. The same document is stored once.
    """

    settings: HttpsSettings
    arrives_as: str
    media_type: str
    words: CxmlWords
    types: Collection[str]
    """Of the requests that are read."""
    clock: Clock

    def doors(self) -> tuple[Door, ...]:
        """Return the door: `DropshipSettings` sees to it that there is something to be known by."""
        return (Door("POST", PATH, self.post, "Hand in a cXML Request", self.settings.max_request_bytes),)

    async def post(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Take one document."""
        if self.settings.door:
            admit(self.settings, request)
        objection = self.words.objection(request.body, self.types)
        if objection is not None:
            return self._answer(objection)
        kept = self.words.as_stored(request.body)
        named = f"cxml#{hashlib.sha256(kept).hexdigest()[:40]}"
        receipt = await desk.receive(RawDocument(self.arrives_as, kept, self.media_type, named))
        if receipt.duplicate:
            return self._answer(Verdict(200, f"it was taken before, as {receipt.message_id}"))
        return self._answer(Verdict(201, f"taken as {receipt.message_id}"))

    def _answer(self, verdict: Verdict) -> DoorResponse:
        body = self.words.response(verdict, self.clock.now())
        return DoorResponse(200, body, f"{self.media_type}; charset=UTF-8")
