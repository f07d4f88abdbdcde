"""The message store: every message's raw bytes, sealed with its order's key, with lineage and business keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from core.errors import HubError
from core.ids import uuid7
from core.security.keys import KeyRing
from core.store.sql import Session, bulk, bulk_insert

INSERT = bulk_insert(
    "messages",
    "id uuid, direction text, connector text, kind text, status text, order_id uuid, correlation_id uuid, "
    "causation_id uuid, replay_of uuid, external_id text, media_type text, headers text, body bytea, key_id uuid, "
    "size int, recorded_at timestamptz",
)
INSERT_KEYS = bulk_insert(
    "message_keys",
    "kind text, value text, message_id uuid",
    tail="ON CONFLICT DO NOTHING",
)
INSERT_DATA_KEYS = bulk_insert("data_keys", "id uuid, order_id uuid, wrapped bytea, recorded_at timestamptz")
_BODIES = (
    "SELECT m.id, m.connector, m.kind, m.media_type, m.headers, m.external_id, m.order_id, m.correlation_id, "
    "m.replay_of, COALESCE(m.body, o.body) AS body, CASE WHEN m.body IS NULL THEN o.id ELSE m.id END AS owner, "
    "COALESCE(m.key_id, o.key_id) AS key_id, k.wrapped AS wrapped "
    "FROM messages m LEFT JOIN messages o ON o.id = m.replay_of AND m.body IS NULL "
    "LEFT JOIN data_keys k ON k.id = COALESCE(m.key_id, o.key_id) WHERE m.id {any:1:uuid}"
)
FINISH = bulk(
    "UPDATE messages SET status = r.status, order_id = COALESCE(r.order_id, messages.order_id), "
    "mapping = r.mapping, reason = r.reason, finished_at = r.finished_at FROM {rows} WHERE messages.id = r.id",
    "id uuid, status text, order_id uuid, mapping text, reason text, finished_at timestamptz",
)
ADOPT_KEYS = bulk(
    "UPDATE data_keys SET order_id = r.order_id FROM {rows}, messages m "
    "WHERE m.id = r.message_id AND data_keys.id = m.key_id",
    "message_id uuid, order_id uuid",
)
"""Puts what sealed a message under the order that it turned out to be about, so that erasing finds it."""


class ErasedError(HubError):
    """The message's content is gone: its order was erased, or its retention is over."""


class MissingError(HubError):
    """There is no such message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message, its body open."""

    id: UUID
    connector: str
    kind: str
    media_type: str
    headers: Mapping[str, str]
    external_id: str | None
    order_id: UUID | None
    correlation_id: UUID | None
    replay_of: UUID | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A message to be stored. With a `sealing`, its body is sealed under a new data key."""

    id: UUID
    direction: str
    connector: str
    kind: str
    status: str
    media_type: str
    body: bytes | None
    sealed: bool
    order_id: UUID | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    replay_of: UUID | None = None
    external_id: str | None = None
    headers: Mapping[str, str] | None = None
    keys: Sequence[tuple[str, str]] = ()


async def load(session: Session, ring: KeyRing, ids: Iterable[UUID]) -> dict[UUID, Message | HubError]:
    """Return the messages of `ids`; in the place of one that can't be had, the reason."""
    wanted = sorted(set(ids))
    found: dict[UUID, Message | HubError] = {}
    if wanted:
        for row in await session.rows(_BODIES, wanted):
            found[as_uuid(row["id"])] = _open(row, ring)
    for message_id in wanted:
        found.setdefault(message_id, MissingError(f"there is no message {message_id}"))
    return found


def _open(row: Any, ring: KeyRing) -> Message | HubError:
    get = row.__getitem__
    message_id, body, key_id, wrapped = as_uuid(get("id")), get("body"), get("key_id"), get("wrapped")
    if body is None:
        return ErasedError(
            f"message {message_id} was erased with its order, or its retention is over: it can't be read or replayed"
        )
    plain = bytes(body)
    if key_id is not None:
        if wrapped is None:
            return ErasedError(f"the key of message {message_id} was destroyed: its order was erased")
        try:
            key = ring.unwrap(as_uuid(key_id), bytes(wrapped))
            plain = key.open(as_uuid(get("owner")), plain)
        except HubError as error:
            return error
    headers = get("headers")
    return Message(
        id=message_id,
        connector=get("connector"),
        kind=get("kind"),
        media_type=get("media_type"),
        headers=orjson.loads(headers) if headers else {},
        external_id=get("external_id"),
        order_id=maybe_uuid(get("order_id")),
        correlation_id=maybe_uuid(get("correlation_id")),
        replay_of=maybe_uuid(get("replay_of")),
        body=plain,
    )


def as_uuid(value: object) -> UUID:
    """Return an id of either database (an expression of SQLite gives text)."""
    return value if isinstance(value, UUID) else UUID(str(value))


def maybe_uuid(value: object) -> UUID | None:
    """Return an id that may be missing."""
    return None if value is None else as_uuid(value)


async def insert(session: Session, ring: KeyRing, rows: Sequence[Row]) -> None:
    """Store messages, each sealed one under a data key of its own, and the keys by which people find them."""
    data_keys: list[tuple[UUID, UUID | None, bytes, datetime]] = []
    values: list[tuple[object, ...]] = []
    for row in rows:
        body, key_id = row.body, None
        if body is not None and row.sealed:
            key_id = uuid7()
            key, wrapped = ring.new(key_id)
            body = key.seal(row.id, body)
            data_keys.append((key_id, row.order_id, wrapped, session.now))
        values.append(
            (
                row.id, row.direction, row.connector, row.kind, row.status, row.order_id, row.correlation_id,
                row.causation_id, row.replay_of, row.external_id, row.media_type,
                orjson.dumps(dict(row.headers)).decode() if row.headers else None,
                body, key_id, len(row.body or b""), session.now,
            ),
        )  # fmt: skip
    await session.write(INSERT_DATA_KEYS, data_keys)
    await session.write(INSERT, values)
    await session.write(INSERT_KEYS, [(k, v, row.id) for row in rows for k, v in row.keys])
