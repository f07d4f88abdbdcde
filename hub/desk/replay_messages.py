"""What goes again without a failure: stored messages, and effects that were never sent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.bus.port import Item, inbound
from core.engine.changes import Posting
from core.engine.work import Stored, data_of
from core.errors import HubError
from core.store import messages as store
from core.store.messages import as_uuid, maybe_uuid
from core.store.sql import Session
from hub.desk.context import DeskContext
from hub.desk.replay import Sending, copy_of
from hub.desk.replay_views import Replayed

_MESSAGES = "SELECT id, status, reason, kind, connector, correlation_id FROM messages WHERE id {any:1:uuid} ORDER BY id"
_FAILED = "SELECT message_id FROM failures WHERE message_id {any:1:uuid} AND status IN ('open', 'replaying')"
_WAKE = (
    "UPDATE effects SET due_at = $2 WHERE id {any:1:uuid} AND state = 'pending' AND first_sent_at IS NULL "
    "RETURNING id, connector, message_id"
)
_STATES = "SELECT id, key, state FROM effects WHERE id {any:1:uuid}"


async def send_messages(session: Session, ctx: DeskContext, ids: Sequence[UUID], sending: Sending) -> None:
    """Have messages read: one without an outcome as it was posted first, any other as a new message that refers to it.

    The first keeps its id, so that the inbox knows it, should it be on its way after all.
    """
    if not ids:
        return
    contents = await store.load(session, ctx.ring, ids)
    failed = {as_uuid(row["message_id"]) for row in await session.rows(_FAILED, list(ids))}
    for row in await session.rows(_MESSAGES, list(ids)):
        message_id = as_uuid(row["id"])
        content = contents[message_id]
        if isinstance(content, HubError):
            sending.skipped[message_id] = str(content)
        elif row["status"] == "replaced":
            sending.skipped[message_id] = f"message {message_id} was {row['reason'] or 'replaced'}"
        elif message_id in failed:
            sending.skipped[message_id] = f"message {message_id} has a failure by now: replay that"
        elif row["status"] == "received":
            _as_posted(row, sending)
        else:
            replayed = copy_of(sending, content, replay_of=message_id, body=None)
            sending.sent[message_id] = replayed
    for message_id in ids:
        if message_id not in sending.sent and message_id not in sending.skipped:
            sending.skipped[message_id] = f"there is no message {message_id}"


def _as_posted(row: Any, sending: Sending) -> None:
    message_id = as_uuid(row["id"])
    item = Item(
        id=message_id, type=row["kind"], subject=None, attempt=1, time=sending.changes.now,
        correlation_id=maybe_uuid(row["correlation_id"]) or message_id, causation_id=message_id,
        data=data_of(Stored(message_id)),
    )  # fmt: skip
    sending.changes.postings.append(Posting(inbound(row["connector"]), item))
    sending.sent[message_id] = Replayed(item_id=message_id, message_id=message_id)


async def send_effects(session: Session, ids: Sequence[UUID], sending: Sending) -> None:
    """Make effects due that were never sent. One that is on its way, or was, is left alone."""
    if not ids:
        return
    for row in await session.rows(_WAKE, list(ids), session.now):
        effect_id = as_uuid(row["id"])
        sending.sent[effect_id] = Replayed(item_id=effect_id, effect_id=effect_id)
        sending.wakes.add(row["connector"])
    for row in await session.rows(_STATES, list(ids)):
        effect_id = as_uuid(row["id"])
        if effect_id not in sending.sent:
            sending.skipped[effect_id] = (
                f"effect {row['key']} is {row['state']}, or was sent before: it is not never sent"
            )
