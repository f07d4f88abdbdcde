"""One piece of work for the engine, and what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from canonical.documents import DOCUMENT_BY_NAME, Document
from canonical.events import EVENT_BY_NAME, Event
from canonical.order import Order
from core.bus.port import Item
from core.errors import HubError
from core.ids import named_id, time_of, uuid7
from core.ports import RawDocument

HUB_QUEUE = "in.hub"
"""Messages from one order to another, and timers."""


class Ending(StrEnum):
    """How an attempt at a piece of work ends. Each ends in exactly one way, in one transaction."""

    DONE = "done"
    DUPLICATE = "duplicate"
    """It was known: it changed nothing."""
    STALE = "stale"
    """It came too late: recorded, not applied."""
    WAITING = "waiting"
    """Its order is unknown yet, or held up by a failure: it goes on by itself."""
    FAILED = "failed"
    """There is a failure record."""
    IGNORED = "ignored"
    """It says nothing that concerns the hub."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a piece of work."""

    ending: Ending
    reason: str | None = None
    order: Order | None = None
    failure_id: UUID | None = None

    @classmethod
    def of_unreadable(cls, error: Exception) -> "Outcome":
        """Return the end of an item that does not say what it is about."""
        return cls(Ending.FAILED, str(error))


@dataclass(frozen=True, slots=True)
class Stored:
    """The work is to read a stored message, or one part of it."""

    message_id: UUID
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The work is to apply canonical documents: a partner's answer."""

    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """The work is to apply events to one order: a message of another order, a timer, a person's wish."""

    order_id: UUID
    events: tuple[Event, ...]


Content = Stored | Facts | Happening


class EffectState(StrEnum):
    """Where an effect stands."""

    PENDING = "pending"
    SENDING = "sending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    PARKED = "parked"
    """The ladder is used up: a failure record has it, and a replay wakes it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An effect's new state, written in the transaction that applies its facts."""

    effect_id: UUID
    owner: str
    state: EffectState
    reference: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be recorded along with the work."""

    id: UUID
    direction: str
    connector: str
    kind: str
    media_type: str
    body: bytes
    order_id: UUID | None = None
    causation_id: UUID | None = None
    correlation_id: UUID | None = None
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, for the audit log."""

    actor: str
    role: str
    action: str
    target: str
    detail: str = ""


@dataclass(slots=True, eq=False)
class Work:
    """One item for the engine. `queue` is its inbox's consumer, and where it goes again on a retry."""

    queue: str
    item: Item
    content: Content
    done: asyncio.Future[Outcome]
    settlement: Settlement | None = None
    record: NewMessage | None = None
    files: tuple[NewMessage, ...] = ()
    """Further messages, recorded along with `record`: what came with an answer."""
    arrived: tuple[NewMessage, ...] = ()
    """Messages that came with an answer and are to be read: each goes to its connector's queue."""
    audit: AuditEntry | None = None
    failure_id: UUID | None = None
    """It replays this failure."""
    consumes_row: bool = False
    """Its outbox row is deleted in the transaction of its effects (embedded bus)."""
    marked: bool = False
    """It is marked as started, because it may be what ends its worker: the mark goes with its end."""

    @property
    def connector(self) -> str:
        """The connector that it came from."""
        return self.queue.split(".", 1)[-1]

    @property
    def message_id(self) -> UUID | None:
        """The stored message that it is about."""
        if isinstance(self.content, Stored):
            return self.content.message_id
        return self.record.id if self.record else self.item.causation_id


@dataclass(slots=True, eq=False)
class Deposit:
    """A raw document to be stored, and handed on to its connector's queue."""

    connector: str
    raw: RawDocument
    done: asyncio.Future[Any]
    message_id: UUID = field(default_factory=uuid7)


class ItemError(HubError):
    """An item does not say what it is about."""


def work_of(queue: str, item: Item, done: asyncio.Future[Outcome], *, consumes_row: bool) -> Work:
    """Return the work that an item asks for; raises `ItemError`."""
    try:
        data = orjson.loads(item.data)
        failure = data.get("failure")
        return Work(
            queue,
            item,
            _content(item, data),
            done,
            failure_id=UUID(failure) if failure else None,
            consumes_row=consumes_row,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"item {item.id} on {queue} can't be read: {error!r}"
        raise ItemError(message) from error


def _content(item: Item, data: Mapping[str, Any]) -> Content:
    if "events" in data:
        return _happening(UUID(item.subject or ""), data["events"])
    if "documents" in data:
        return Facts(
            tuple(DOCUMENT_BY_NAME[d["type"]].model_validate_json(d["body"]) for d in data["documents"]),
        )
    if "internal" in data:
        return Stored(UUID(data["internal"]))
    return Stored(UUID(data["message"]), data.get("part"))


def happening_of(order_id: UUID, body: bytes) -> Happening:
    """Read the body of an internal message. Raises `ValueError` and `KeyError` for what is none."""
    return _happening(order_id, orjson.loads(body)["events"])


def _happening(order_id: UUID, events: Sequence[Mapping[str, str]]) -> Happening:
    return Happening(order_id, tuple(EVENT_BY_NAME[e["type"]].model_validate_json(e["body"]) for e in events))


def data_of(content: Content, failure_id: UUID | None = None) -> str:
    """Write what an item carries: ids and the fact, never an order."""
    data: dict[str, Any] = {}
    match content:
        case Stored(message_id, part):
            data = {"message": str(message_id)}
            if part is not None:
                data["part"] = part
        case Facts(documents):
            data = {"documents": [{"type": type(d).__name__, "body": d.model_dump_json()} for d in documents]}
        case Happening(_, events):
            data = {"events": [{"type": type(e).__name__, "body": e.model_dump_json()} for e in events]}
    if failure_id is not None:
        data["failure"] = str(failure_id)
    return orjson.dumps(data).decode()


def successor(
    work: Work, content: Content, *, tag: str, now: datetime, failure_id: UUID | None = None
) -> Item:
    """Return the item by which (a part of) `work` is tried again later: its own id, deduped apart from the first."""
    item = work.item
    return Item(
        id=named_id(f"{item.id}:{item.attempt}:{tag}", time_of(item.id)),
        type=item.type,
        subject=str(content.order_id) if isinstance(content, Happening) else item.subject,
        attempt=1,
        time=now,
        correlation_id=item.correlation_id,
        causation_id=item.causation_id,
        data=data_of(content, failure_id),
        traceparent=item.traceparent,
    )
