"""What a standard's bodies say in requests and responses of HTTP, beyond what HTTP's own status says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a request, as its answer's body says."""

    code: int
    """In HTTP's numbers; cXML's are made after them, and has more: 450, 560."""
    text: str


class HttpWords(Protocol):
    """How one standard uses HTTP."""

    def is_document(self, body: bytes) -> bool:
        """Say whether a body is what this standard exchanges, and not just a note about it."""
        ...

    def verdict(self, body: bytes) -> Verdict | None:
        """Return what a response's body says of the request; None where HTTP's status says it all.

        Raise `DocumentError` for a body that should say something, and doesn't.
        """
        ...

    def as_stored(self, raw: bytes) -> bytes:
        """Return what came without the secrets in it."""
        ...


class CxmlWords(HttpWords, Protocol):
    """cXML, whose requests prove themselves and whose responses have a status of their own (User's Guide, Status)."""

    def objection(self, body: bytes, types: Collection[str]) -> Verdict | None:
        """Return why a request is not taken at the door; None for one that is whole, and shows what was agreed.

        `types` of requests are read: `ConfirmationRequest`.
        """
        ...

    def response(self, verdict: Verdict, now: datetime) -> bytes:
        """Return the document that answers a request."""
        ...


class InterchangeWords:
    """X12 and EDIFACT: an interchange has nothing around it. Fills `HttpWords`."""

    _heads = (b"ISA", b"UNA", b"UNB")

    def is_document(self, body: bytes) -> bool:
        """Say whether a body begins as an interchange does, behind white space and a byte order mark."""
        return body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:3].upper() in self._heads

    def verdict(self, body: bytes) -> Verdict | None:
        """Return None: acknowledgements are interchanges of their own."""
        return None

    def as_stored(self, raw: bytes) -> bytes:
        """Return it as it came."""
        return raw
