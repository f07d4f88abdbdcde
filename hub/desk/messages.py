"""Stored messages: list, and show with body, lineage and what the current mapping makes of them."""

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from canonical.base import Instant
from canonical.documents import KeyKind
from core.errors import DocumentError, HubError
from core.ports import RawDocument
from core.store import messages as store
from core.store.messages import Message
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.base import Page, View, Where, cursor_id, from_row, page, page_size
from hub.desk.context import DeskContext
from hub.desk.errors import NotFoundError, RefusedError
from hub.desk.masking import MASK, masked_body, masked_reason, problem_values
from hub.desk.message_views import (
    KeyView,
    Lineage,
    MessageDetail,
    MessageSummary,
    ReadingView,
    Relative,
)

_COLUMNS = (
    "id, direction, connector, kind, status, order_id, correlation_id, causation_id, replay_of, external_id, "
    "media_type, size AS size_bytes, mapping, reason, recorded_at, finished_at"
)
_ONE = f"SELECT {_COLUMNS} FROM messages WHERE id = $1"  # noqa: S608 - columns are ours
_RELATIVE = "SELECT id, direction, connector, kind, status, recorded_at, causation_id FROM messages WHERE "
_BY_ID = _RELATIVE + "id = $1"
_CHILDREN = _RELATIVE + "causation_id = $1 AND id <> $1 ORDER BY id LIMIT 200"
_REPLAYS = _RELATIVE + "replay_of = $1 ORDER BY id LIMIT 200"
_KEYS = "SELECT kind, value FROM message_keys WHERE message_id = $1 ORDER BY kind, value"
_FAILURES = "SELECT id FROM failures WHERE message_id = $1 ORDER BY id"
_EFFECTS = "SELECT id FROM effects WHERE order_id = $1 AND (message_id = $2 OR request_id = $2) ORDER BY id"
_ANCESTORS = 20
_KINDS = ", ".join(f"'{kind.value}'" for kind in KeyKind)
_BY_KEY = f"id IN (SELECT message_id FROM message_keys WHERE kind IN ({_KINDS}) AND value = ?)"  # noqa: S608 - kinds are ours


class MessageFilter(View):
    """What messages to list; what is None does not count."""

    connector: str | None = None
    direction: str | None = None
    status: str | None = None
    kind: str | None = None
    order_id: UUID | None = None
    key: str | None = None
    """A business key's value, whatever its kind."""
    since: Instant | None = None
    until: Instant | None = None
    signature: str | None = None
    """Messages whose failure has this signature."""

    def where(self) -> Where:
        """Return the conditions."""
        conditions = Where()
        conditions.equal(
            connector=self.connector, direction=self.direction, status=self.status, kind=self.kind,
            order_id=self.order_id,
        )  # fmt: skip
        if self.since is not None:
            conditions.add("recorded_at >= ?", self.since)
        if self.until is not None:
            conditions.add("recorded_at < ?", self.until)
        if self.key is not None:
            conditions.add(_BY_KEY, self.key)
        if self.signature is not None:
            conditions.add("id IN (SELECT message_id FROM failures WHERE signature = ?)", self.signature)
        return conditions


ALL_MESSAGES = MessageFilter()


async def list_messages(
    ctx: DeskContext,
    principal: Principal,
    wanted: MessageFilter = ALL_MESSAGES,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[MessageSummary]:
    """Return a page of messages, the newest first."""
    principal.must(Permission.READ)
    size, after = page_size(limit), cursor_id(cursor)
    conditions = wanted.where()
    if after is not None:
        conditions.add("id < ?", after)
    sql = f"SELECT {_COLUMNS} FROM messages{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
    async with ctx.database.reading() as session:
        rows = await session.rows(sql, *conditions.values)
    masked = not principal.may(Permission.SEE_PEOPLE)
    return page([_summary(row, masked=masked) for row in rows], size)


async def show_message(ctx: DeskContext, principal: Principal, message_id: UUID) -> MessageDetail:
    """Return a message with all that is known about it; masked for those who may not see people."""
    principal.must(Permission.READ)
    masked = not principal.may(Permission.SEE_PEOPLE)
    async with ctx.database.reading() as session:
        row = await message_row(session, message_id)
        content = (await store.load(session, ctx.ring, [message_id]))[message_id]
        lineage = await _lineage(session, row)
        keys = [from_row(KeyView, r) for r in await session.rows(_KEYS, message_id)]
        failures = [r["id"] for r in await session.rows(_FAILURES, message_id)]
        effects = [r["id"] for r in await session.rows(_EFFECTS, row["order_id"], message_id)]
    headers, body, encoding, unavailable = _content(content, masked=masked)
    return MessageDetail(
        **dict(_summary(row, masked=masked)),
        headers=headers,
        body=body,
        encoding=encoding,
        masked=masked,
        unavailable=unavailable,
        keys=tuple(keys),
        lineage=lineage,
        failures=tuple(failures),
        effects=tuple(effects),
        reading=reading_of(ctx, content, masked=masked) if row["direction"] == "in" else None,
    )


async def raw_body(ctx: DeskContext, principal: Principal, message_id: UUID) -> bytes:
    """Return a message's exact bytes; raises `RefusedError` when they are gone."""
    principal.must(Permission.SEE_PEOPLE)
    async with ctx.database.reading() as session:
        await message_row(session, message_id)
        content = (await store.load(session, ctx.ring, [message_id]))[message_id]
    if isinstance(content, HubError):
        raise RefusedError(str(content))
    return content.body


async def message_row(session: Session, message_id: UUID) -> Any:
    """Return a message's row, without its body; raises `NotFoundError`."""
    rows = await session.rows(_ONE, message_id)
    if not rows:
        raise NotFoundError(f"there is no message {message_id}")
    return rows[0]


def reading_of(ctx: DeskContext, content: Message | HubError, *, masked: bool) -> ReadingView | None:
    """Run the connector's current reader on a message. Nothing is stored, and nothing is sent."""
    if isinstance(content, HubError):
        return None
    reader = ctx.engine.world.readers(content.connector, content.kind)
    if reader is None:
        return None
    raw = RawDocument(content.kind, content.body, content.media_type, content.external_id, content.headers)
    try:
        documents = reader(raw)
    except DocumentError as error:
        problems = tuple(problem_values(problem, masked=masked) for problem in error.problems)
        reason = masked_reason(problems, "DocumentError") if masked else str(error)
        return ReadingView(types=(), documents=(), problems=problems, reason=reason)
    except Exception as error:  # noqa: BLE001 - a reader's defect is what is asked about
        reason = type(error).__name__ if masked else f"{type(error).__name__}: {error}"
        return ReadingView(types=(), documents=(), problems=(), reason=reason)
    types = tuple(type(document).__name__ for document in documents)
    shown = () if masked else tuple(document.model_dump(mode="json") for document in documents)
    return ReadingView(types=types, documents=shown, problems=())


def body_text(body: bytes) -> tuple[str, str]:
    """Return a body as text, and the encoding that says how."""
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"


def _summary(row: Any, *, masked: bool) -> MessageSummary:
    return from_row(MessageSummary, row, reason=MASK if masked and row["reason"] else row["reason"])


def _content(
    content: Message | HubError, *, masked: bool
) -> tuple[dict[str, str], str | None, str, str | None]:
    if isinstance(content, HubError):
        return {}, None, "utf-8", str(content)
    headers = {name: MASK if masked else value for name, value in content.headers.items()}
    text, encoding = body_text(content.body)
    if masked:
        return headers, masked_body(text, content.media_type) if encoding == "utf-8" else MASK, "utf-8", None
    return headers, text, encoding, None


async def _lineage(session: Session, row: Any) -> Lineage:
    causes: list[Relative] = []
    seen, cause = {row["id"]}, row["causation_id"]
    while cause is not None and cause not in seen and len(causes) < _ANCESTORS:
        seen.add(cause)
        found = await session.rows(_BY_ID, cause)
        if not found:
            break
        causes.append(_relative(found[0]))
        cause = found[0]["causation_id"]
    original = await session.rows(_BY_ID, row["replay_of"]) if row["replay_of"] is not None else ()
    return Lineage(
        causes=tuple(causes),
        children=_relatives(await session.rows(_CHILDREN, row["id"])),
        replays=_relatives(await session.rows(_REPLAYS, row["id"])),
        original=_relative(original[0]) if original else None,
    )


def _relatives(rows: Sequence[Any]) -> tuple[Relative, ...]:
    return tuple(_relative(row) for row in rows)


def _relative(row: Any) -> Relative:
    return from_row(Relative, row)
