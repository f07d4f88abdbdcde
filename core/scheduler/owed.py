"""What is owed and late becomes a failure record, once: an acknowledgement, ours or theirs; a set about a document."""

from datetime import timedelta
from typing import Any

from core.bus.port import Item, inbound, outbound
from core.engine.changes import Changes
from core.engine.partner_answers import expected_failure, overdue_failure
from core.engine.reading import Blame
from core.engine.work import Facts, data_of
from core.ids import uuid7
from core.security.keys import KeyRing
from core.store.messages import as_uuid
from core.store.sql import Database, Session, as_instant

BATCH = 500
_LATE = (
    "UPDATE interchanges SET raised_at = $1, due_at = NULL WHERE id IN (SELECT id FROM interchanges "
    "WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2 {skip}) "
    "RETURNING id, direction, connector, pair, control, message_id, effect_key, recorded_at"
)
_EFFECTS = "SELECT key, state FROM effects WHERE key {any:1:text}"
_ENDED = "UPDATE interchanges SET raised_at = NULL, ended_at = $2 WHERE id {any:1:uuid}"
_LATER = "UPDATE interchanges SET raised_at = NULL, due_at = $2 WHERE id {any:1:uuid}"
_MISSING = (
    "UPDATE expected_sets SET raised_at = $1 WHERE (connector, kind, reference) IN "
    "(SELECT connector, kind, reference FROM expected_sets WHERE raised_at IS NULL AND due_at <= $1 "
    "ORDER BY due_at LIMIT $2 {skip}) RETURNING connector, kind, reference, after, interchange_id, since"
)
_MESSAGE = "SELECT id, message_id FROM interchanges WHERE id {any:1:uuid}"
_GONE = frozenset({"rejected"})
_UNDER_WAY = frozenset({"pending", "sending", "unknown", "parked"})
AGAIN = timedelta(hours=1)
"""When an interchange of ours is looked at again whose sending is under way: its effect has its own ladder."""


async def chase(database: Database, ring: KeyRing) -> None:
    """Make failure records of what is late. One transaction, safe to repeat."""
    async with database.transaction() as session:
        changes = Changes(session.now)
        await _interchanges(session, changes)
        await _sets(session, changes)
        await changes.write(session, ring, ())


async def _interchanges(session: Session, changes: Changes) -> None:
    rows = await session.rows(_LATE, session.now, BATCH)
    keys = sorted({row["effect_key"] for row in rows if row["effect_key"]})
    states = {row["key"]: row["state"] for row in await session.rows(_EFFECTS, keys)} if keys else {}
    ended, later = list[Any](), list[Any]()
    for row in rows:
        state, is_ours = states.get(row["effect_key"]), row["direction"] == "out"
        if is_ours and state in _UNDER_WAY:
            later.append(as_uuid(row["id"]))
        elif state in _GONE if is_ours else state == "confirmed":
            ended.append(as_uuid(row["id"]))
        else:
            _overdue(changes, row, is_ours=is_ours)
    if ended:
        await session.run(_ENDED, ended, session.now)
    if later:
        await session.run(_LATER, later, session.now + AGAIN)


def _overdue(changes: Changes, row: Any, *, is_ours: bool) -> None:
    since = f"{as_instant(row['recorded_at']):%Y-%m-%d %H:%M} UTC"
    if is_ours:
        error = "AcknowledgementOverdueError"
        reason = (
            f"the partner has not acknowledged interchange {row['control']} of {since}: ask whether it came, "
            "and send it again if it did not (`orderhub edi resend`)"
        )
        queue = outbound(row["connector"])
    else:
        error = "AcknowledgementNotSentError"
        reason = (
            f"our acknowledgement of interchange {row['control']} of {since} has not left: look at its effect"
        )
        queue = inbound(row["connector"])
    _fail(changes, overdue_failure(as_uuid(row["id"])), queue, Blame("acknowledgement", error, reason), row)


async def _sets(session: Session, changes: Changes) -> None:
    rows = await session.rows(_MISSING, session.now, BATCH)
    if not rows:
        return
    ids = sorted({as_uuid(row["interchange_id"]) for row in rows})
    found = {as_uuid(row["id"]): row for row in await session.rows(_MESSAGE, ids)}
    for row in rows:
        since = as_instant(row["since"])
        reason = (
            f"{row['after']} about {row['reference']} went through on {since:%Y-%m-%d %H:%M} UTC, and no {row['kind']} "
            "about it has come: ask the partner for it"
        )
        failure_id = expected_failure(row["connector"], row["kind"], row["reference"], since)
        blame = Blame("expected", f"Missing{row['kind']}Error", reason)
        _fail(changes, failure_id, inbound(row["connector"]), blame, found[as_uuid(row["interchange_id"])])


def _fail(changes: Changes, failure_id: Any, queue: str, blame: Blame, row: Any) -> None:
    """Nothing of it can be read again, so that its item holds no work."""
    item_id = uuid7()
    item = Item(
        id=item_id, type=blame.error, subject=None, attempt=1, time=changes.now, correlation_id=item_id,
        causation_id=None, data=data_of(Facts(())),
    )  # fmt: skip
    changes.failed_item(failure_id, queue, item, blame, message_id=as_uuid(row["message_id"]))
