"""From pieces of work to parts: stored messages are opened and translated, each document is a part of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from canonical.documents import BusinessKey, Document
from canonical.events import Event
from core.connector import Reader, Taker
from core.engine.work import Ending, Facts, Happening, Outcome, Stored, Work, happening_of
from core.errors import DocumentError, HubError, Problem
from core.exchange.shapes import Received
from core.mapping_use import listening
from core.ports import RawDocument
from core.security.keys import KeyRing
from core.store import messages
from core.store.sql import Session

Readers = Callable[[str, str], Reader | None]
"""Finds the reader for a connector's kind of document."""

Takers = Callable[[str, str], Taker | None]
"""Finds who reads a connector's kind of file into interchanges."""


def nobody(_connector: str, _kind: str) -> None:
    """Know no interchanges."""


@dataclass(slots=True, eq=False)
class Blame:
    """Why a part failed: what the failure record will say."""

    stage: str
    error: str
    reason: str
    problems: tuple[Problem, ...] = ()
    mapping: str | None = None


@dataclass(slots=True, eq=False)
class Part:
    """One document, or some events, of a piece of work."""

    work: Work
    index: int | None
    document: Document | None = None
    happening: Happening | None = None
    received: Received | None = None
    """An interchange, whose sets become messages of their own."""
    order_id: UUID | None = None
    outcome: Outcome | None = None
    blame: Blame | None = None
    keys: list[BusinessKey] = field(default_factory=list[BusinessKey])
    mapping: str | None = None
    """The mapping that read it, with its version; None where none did."""

    @property
    def failure_id(self) -> UUID | None:
        """The failure that this part replays. Of a message that failed whole, its first part stands for it."""
        content = self.work.content
        whole = not isinstance(content, Stored) or content.part is None
        return None if whole and self.index not in {None, 0} else self.work.failure_id

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return what this part means for its order."""
        if self.happening is not None:
            return self.happening.events
        return self.document.events(order_id) if hasattr(self.document, "events") else ()  # type: ignore[union-attr]


async def read(
    session: Session, ring: KeyRing, readers: Readers, works: Sequence[Work], takers: Takers = nobody
) -> list[Part]:
    """Return every part of `works`, in their order. One that can't be read is a part with a blame."""
    stored = [work.content.message_id for work in works if isinstance(work.content, Stored)]
    found = await messages.load(session, ring, stored)
    parts: list[Part] = []
    for work in works:
        match work.content:
            case Stored():
                parts.extend(_stored(work, work.content, found, readers, takers))
            case Facts(documents):
                parts.extend(Part(work, i, document=d) for i, d in enumerate(documents))
                if not documents:
                    parts.append(Part(work, None, outcome=Outcome(Ending.DONE)))
            case Happening() as happening:
                parts.append(Part(work, None, happening=happening))
    return parts


def _stored(  # noqa: PLR0911 - one return for each way in which a message is read, or is not
    work: Work,
    content: Stored,
    found: Mapping[UUID, messages.Message | HubError],
    readers: Readers,
    takers: Takers,
) -> list[Part]:
    message = found[content.message_id]
    if isinstance(message, HubError):
        return [Part(work, content.part, blame=Blame("load", type(message).__name__, str(message)))]
    if message.connector == "hub" and message.order_id is not None:
        return [Part(work, None, happening=happening_of(message.order_id, message.body))]
    taker = takers(message.connector, message.kind)
    reader = readers(message.connector, message.kind)
    if reader is None and taker is None:
        reason = f"connector {message.connector} has no reader for {message.kind!r} documents"
        return [Part(work, content.part, blame=Blame("read", "NoReaderError", reason))]
    raw = RawDocument(message.kind, message.body, message.media_type, message.external_id, message.headers)
    try:
        if taker is not None:
            return _interchanges(work, content.part, taker(raw))
        with listening() as uses:
            documents = reader(raw) if reader is not None else ()
    except DocumentError as error:
        return [Part(work, content.part, blame=_unreadable(message.kind, error))]
    except Exception as error:  # noqa: BLE001 - a reader's defect harms its own message only, as a failure record
        return [
            Part(work, content.part, blame=Blame("read", type(error).__name__, str(error) or repr(error)))
        ]
    mapping = uses[0].named if uses else None
    if content.part is not None:
        wanted = documents[content.part : content.part + 1]
        return [Part(work, content.part, document=d, mapping=mapping) for d in wanted]
    if not documents:
        nothing = Outcome(Ending.IGNORED, "it says nothing that concerns the hub")
        return [Part(work, None, outcome=nothing, mapping=mapping)]
    several = len(documents) > 1
    return [Part(work, i if several else None, document=d, mapping=mapping) for i, d in enumerate(documents)]


def _interchanges(work: Work, wanted: int | None, found: Sequence[Received]) -> list[Part]:
    parts = [Part(work, i if len(found) > 1 else None, received=one) for i, one in enumerate(found)]
    return parts if wanted is None else parts[wanted : wanted + 1]


def _unreadable(kind: str, error: DocumentError) -> Blame:
    first = error.problems[0] if error.problems else None
    return Blame("read", "DocumentError", str(error), error.problems, mapping=first.source if first else kind)
