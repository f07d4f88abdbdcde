"""Replaying one thing: a failure, a stored message, an edited copy.

A replay is an outbox row with a new id, committed together with the failure's new status, so that nothing is replayed
twice and nothing is lost. Natural keys and effect keys keep what was done before from being done again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson

from core.bus.port import Item, inbound, read_item
from core.engine.changes import Changes, Posting
from core.engine.work import EffectState, Stored, data_of
from core.errors import HubError
from core.ids import uuid7
from core.security.keys import KeyRing
from core.store import messages as store
from core.store.messages import Message, as_uuid
from core.store.sql import Session, bulk
from hub.desk.access import Permission, Principal
from hub.desk.auditing import entry
from hub.desk.base import required
from hub.desk.context import DeskContext
from hub.desk.errors import NotFoundError, RefusedError
from hub.desk.failures import COLUMNS, current_message, lock_failure, must_be_free
from hub.desk.messages import message_row
from hub.desk.replay_views import Replayed

_REPLAYING = bulk(
    "UPDATE failures SET status = 'replaying', replayed_as = r.replayed_as FROM {rows} "
    "WHERE failures.id = r.id AND failures.status = 'open'",
    "id uuid, replayed_as uuid",
)
_EFFECT = "SELECT id, connector, state, first_sent_at FROM effects WHERE id = $1 {lock}"
_EFFECT_AGAIN = (
    "UPDATE effects SET state = $2, attempt = 0, looks = 0, due_at = $3, lease_until = NULL, lease_owner = NULL "
    "WHERE id = $1 AND state = 'parked'"
)
_OF_MESSAGES = (
    f"SELECT {COLUMNS} FROM failures WHERE message_id {{any:1:uuid}} AND status IN ('open', 'replaying') "  # noqa: S608 - columns are ours
    "ORDER BY id {lock}"
)
_ANCESTOR = "SELECT replay_of FROM messages WHERE id = $1"
_REPLACED = "UPDATE messages SET status = 'replaced', reason = $2 WHERE id = $1"
_BORROWED = "SELECT replay_of FROM messages WHERE id = $1 AND body IS NULL AND replay_of IS NOT NULL"
_LARGEST_BODY = 8 * 1024 * 1024
_GENERATIONS = 50


@dataclass(slots=True)
class Sending:
    """What one transaction of a replay sends off, and what it can't, with the reason."""

    changes: Changes
    marks: list[tuple[UUID, UUID]] = field(default_factory=list[tuple[UUID, UUID]])
    sent: dict[UUID, Replayed] = field(default_factory=dict[UUID, Replayed])
    skipped: dict[UUID, str] = field(default_factory=dict[UUID, str])
    wakes: set[str] = field(default_factory=set[str])

    async def write(self, session: Session, ring: KeyRing) -> None:
        """Write it, in the transaction that locked the failures."""
        await session.write(_REPLAYING, self.marks)
        await self.changes.write(session, ring, ())

    def go(self, ctx: DeskContext) -> None:
        """Hand it on, after the commit. What is lost on the way is still in the outbox."""
        ctx.engine.publish(self.changes.postings)
        if ctx.runner is not None:
            for connector in self.wakes:
                ctx.runner.wake(connector)


async def replay_failure(
    ctx: DeskContext, principal: Principal, failure_id: UUID, *, force: bool = False
) -> Replayed:
    """Replay a failure. One that somebody else has claimed is refused, unless it is taken over by right."""
    principal.must(Permission.REPLAY)
    async with ctx.database.transaction() as session:
        row = await lock_failure(session, failure_id)
        must_be_free(row, principal, force=force)
        sending = Sending(Changes(session.now))
        await send_off(session, ctx, [row], sending)
        if failure_id in sending.skipped:
            raise RefusedError(sending.skipped[failure_id])
        sending.changes.audited(entry(principal, "failure.replay", str(failure_id)))
        await sending.write(session, ctx.ring)
    sending.go(ctx)
    return sending.sent[failure_id]


async def replay_message(ctx: DeskContext, principal: Principal, message_id: UUID) -> Replayed:
    """Read a stored inbound message once more, as a new message that refers to it. What it did stays done."""
    principal.must(Permission.REPLAY)
    async with ctx.database.transaction() as session:
        message = await _replayable(session, ctx, message_id)
        failures = [f for f in await _failures_of(session, message_id) if current_message(f) == message_id]
        if failures:
            raise RefusedError(
                f"message {message_id} has an open failure, or one that is being replayed: go by failure "
                f"{failures[0]['id']}, so that it is closed"
            )
        borrowed = await session.rows(_BORROWED, message_id)
        root = as_uuid(borrowed[0]["replay_of"]) if borrowed else message_id
        sending = Sending(Changes(session.now))
        replayed = copy_of(sending, message, replay_of=root, body=None)
        sending.changes.audited(entry(principal, "message.replay", str(message_id)))
        await sending.write(session, ctx.ring)
    sending.go(ctx)
    return replayed


async def resend_edited(
    ctx: DeskContext, principal: Principal, message_id: UUID, body: bytes, reason: str, *, force: bool = False
) -> Replayed:
    """Send an edited copy of a message in its place. The original is closed and linked; its failures go with it."""
    principal.must(Permission.EDIT_MESSAGES)
    why = required(reason, "reason")
    if not body or len(body) > _LARGEST_BODY:
        raise RefusedError(f"an edited message has 1 to {_LARGEST_BODY} bytes; this has {len(body)}")
    async with ctx.database.transaction() as session:
        message = await _replayable(session, ctx, message_id)
        failures = [f for f in await _failures_of(session, message_id) if current_message(f) == message_id]
        for failure in failures:
            must_be_free(failure, principal, force=force)
            if failure["status"] != "open":
                raise RefusedError(
                    f"message {message_id} is being replayed as it is: wait for its outcome, then edit it"
                )
        sending = Sending(Changes(session.now))
        replayed = copy_of(sending, message, replay_of=message_id, body=body, failures=failures)
        sending.changes.audited(
            entry(principal, "message.edit", str(message_id), f"as {replayed.message_id}: {why}")
        )
        await sending.write(session, ctx.ring)
        await session.run(_REPLACED, message_id, f"edited and sent again as {replayed.message_id}")
    sending.go(ctx)
    return replayed


async def send_off(session: Session, ctx: DeskContext, rows: Sequence[Any], sending: Sending) -> None:
    """Add the replay of locked failures to `sending`; what can't be replayed is skipped, with the reason."""
    wanted = {row["id"]: message for row in rows if (message := current_message(row)) is not None}
    contents = await store.load(session, ctx.ring, wanted.values())
    for row in rows:
        failure_id = as_uuid(row["id"])
        if row["status"] != "open":
            sending.skipped[failure_id] = (
                f"failure {failure_id} is {row['status']}: only an open one is replayed"
            )
        elif row["effect_id"] is not None and str(row["queue"]).startswith("out."):
            await _effect_again(session, row, sending)
        elif isinstance(
            content := contents.get(wanted.get(failure_id, failure_id)), HubError
        ) and reads_message(row):
            sending.skipped[failure_id] = str(content)
        else:
            _again(row, sending)


def reads_message(row: Any) -> bool:
    """Say whether a failure's item reads a stored message, and so needs its content."""
    return "message" in orjson.loads(read_item(row["item"]).data)


def _again(row: Any, sending: Sending, message_id: UUID | None = None) -> None:
    """Post a failure's item under a new id, so that its outcome closes the failure or opens it again."""
    failure_id, before = as_uuid(row["id"]), read_item(row["item"])
    data: dict[str, Any] = orjson.loads(before.data)
    data["failure"] = str(failure_id)
    if message_id is not None:
        data["message"] = str(message_id)
    item_id = uuid7()
    item = replace(before, id=item_id, attempt=1, time=sending.changes.now, data=orjson.dumps(data).decode())
    sending.changes.postings.append(Posting(row["queue"], item))
    sending.marks.append((failure_id, message_id or item_id))
    sending.sent[failure_id] = Replayed(
        item_id=item_id, failure_id=failure_id, message_id=message_id or current_message(row)
    )


async def _effect_again(session: Session, row: Any, sending: Sending) -> None:
    """Wake a parked effect. One that was ever sent is looked up first: it may have taken effect."""
    failure_id, effect_id = as_uuid(row["id"]), as_uuid(row["effect_id"])
    effects = await session.rows(_EFFECT, effect_id)
    state = effects[0]["state"] if effects else "gone"
    if state != EffectState.PARKED.value:
        sending.skipped[failure_id] = f"effect {effect_id} is {state}: only a parked one is tried again"
        return
    again = EffectState.UNKNOWN if effects[0]["first_sent_at"] is not None else EffectState.PENDING
    await session.run(_EFFECT_AGAIN, effect_id, again.value, session.now)
    sending.marks.append((failure_id, effect_id))
    sending.wakes.add(effects[0]["connector"])
    sending.sent[failure_id] = Replayed(item_id=effect_id, failure_id=failure_id, effect_id=effect_id)


async def _failures_of(session: Session, message_id: UUID) -> Sequence[Any]:
    """Return the unresolved failures of a message and of what it is a copy of: an edit keeps the first one's."""
    family = [message_id]
    while len(family) < _GENERATIONS:
        rows = await session.rows(_ANCESTOR, family[-1])
        if not rows or rows[0]["replay_of"] is None:
            break
        family.append(as_uuid(rows[0]["replay_of"]))
    return await session.rows(_OF_MESSAGES, family)


async def _replayable(session: Session, ctx: DeskContext, message_id: UUID) -> Message:
    row = await message_row(session, message_id)
    if row["status"] == "replaced":
        raise RefusedError(
            f"message {message_id} was {row['reason'] or 'edited'}: the copy stands in its place, so go by that one"
        )
    if row["direction"] != "in" or row["kind"] == "answer":
        raise RefusedError(
            f"message {message_id} was not received from a partner: only what came in is read again"
        )
    content = (await store.load(session, ctx.ring, [message_id]))[message_id]
    if isinstance(content, store.MissingError):
        raise NotFoundError(str(content))
    if isinstance(content, HubError):
        raise RefusedError(str(content))
    return content


def copy_of(
    sending: Sending,
    message: Message,
    *,
    replay_of: UUID,
    body: bytes | None,
    failures: Sequence[Mapping[str, Any]] = (),
) -> Replayed:
    """Add a new message with an edited body, or with none of its own, and the work to read it."""
    new_id = uuid7()
    sending.changes.message_rows.append(
        store.Row(
            new_id, "in", message.connector, message.kind, "received", message.media_type, body,
            sealed=body is not None, order_id=message.order_id, correlation_id=message.correlation_id or message.id,
            causation_id=message.id, replay_of=replay_of, headers=message.headers,
        ),
    )  # fmt: skip
    for failure in failures:
        _again(failure, sending, message_id=new_id)
    if failures:
        first = next(iter(sending.sent.values()))
        return first.model_copy(update={"message_id": new_id})
    item = Item(
        id=new_id, type=message.kind, subject=None, attempt=1, time=sending.changes.now,
        correlation_id=message.correlation_id or message.id, causation_id=new_id,
        data=data_of(Stored(new_id)),
    )  # fmt: skip
    sending.changes.postings.append(Posting(inbound(message.connector), item))
    return Replayed(item_id=new_id, message_id=new_id)
