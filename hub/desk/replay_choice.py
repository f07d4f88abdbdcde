"""Which things a plan is about: failures, messages without an outcome, or everything of a selection.

What can't be replayed stays in the list, with the reason: nothing that was on the screen is dropped without a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.errors import HubError
from core.store import messages as store
from core.store.messages import as_uuid, maybe_uuid
from core.store.sql import Session
from hub.desk.base import Where
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError
from hub.desk.failures import COLUMNS, FailureFilter, current_message
from hub.desk.messages import MessageFilter
from hub.desk.replay import reads_message

MOST = 10_000
"""A plan holds at most so many; more is refused, never cut."""
UNTOUCHED_S = 60.0
"""What came or became due later than this is not late, but on its way."""
_CHUNK = 500
_FAILED_MESSAGES = (
    f"SELECT {COLUMNS} FROM failures WHERE message_id {{any:1:uuid}} AND status = 'open' ORDER BY id"  # noqa: S608 - columns are ours
)
_PARKED = f"SELECT {COLUMNS} FROM failures WHERE effect_id {{any:1:uuid}} AND status = 'open' ORDER BY id"  # noqa: S608 - columns are ours
_PAUSED = "SELECT connector, reason FROM connector_states WHERE paused"
_MESSAGE = "id, connector, kind, status, order_id, reason, recorded_at"
_KINDS = "SELECT id, kind FROM messages WHERE id {any:1:uuid}"


@dataclass(slots=True)
class Candidate:
    """Something that a plan is about. `what`: failure, message or effect; `refused`: why it can't be replayed."""

    what: str
    origin: UUID
    """The message that came first, or the failure: ordered by time."""
    connector: str
    kind: str
    signature: str
    failure_id: UUID | None = None
    message_id: UUID | None = None
    effect_id: UUID | None = None
    order_id: UUID | None = None
    mapping: str | None = None
    reads: UUID | None = None
    """The message whose content it needs, if it needs one."""
    refused: str | None = None


async def failed(
    session: Session, ctx: DeskContext, ids: Sequence[UUID], wanted: FailureFilter | None
) -> list[Candidate]:
    """Return failures: those that are named, whatever became of them, or the open ones that a filter finds."""
    conditions = (wanted or FailureFilter()).where()
    if ids:
        conditions.add("id {any:?:uuid}", list(ids))
    else:
        conditions.plain("status = 'open'")
    sql = f"SELECT {COLUMNS} FROM failures{conditions.text()} ORDER BY id LIMIT {MOST + 1}"  # noqa: S608 - values are parameters
    rows = must_fit(await session.rows(sql, *conditions.values))
    found = [_failure(row) for row in rows]
    known = {candidate.failure_id for candidate in found}
    found += [
        Candidate("failure", one, "", "", "", failure_id=one, refused=f"there is no failure {one}")
        for one in ids
        if one not in known
    ]
    await _name_kinds(session, found)
    await _refuse_unreadable(session, ctx, found)
    return found


async def unsent(session: Session, ctx: DeskContext, wanted: MessageFilter) -> list[Candidate]:
    """Return inbound messages that have no outcome, and effects that were never sent, though their time was there."""
    before = session.now - timedelta(seconds=UNTOUCHED_S)
    conditions = wanted.model_copy(update={"direction": "in", "status": "received"}).where()
    conditions.add("recorded_at < ?", before)
    sql = f"SELECT {_MESSAGE} FROM messages{conditions.text()} ORDER BY id LIMIT {MOST + 1}"  # noqa: S608 - values are parameters
    rows = must_fit(await session.rows(sql, *conditions.values))
    found = [_message(row, f"{row['connector']} | no outcome | {row['kind']}") for row in rows]
    await _refuse_unreadable(session, ctx, found)
    return must_fit([*found, *await _unsent_effects(session, wanted, before)])


async def _unsent_effects(session: Session, wanted: MessageFilter, before: object) -> list[Candidate]:
    if wanted.key is not None or wanted.kind is not None or wanted.signature is not None:
        return []  # these choose among messages
    conditions = Where()
    conditions.equal(connector=wanted.connector, order_id=wanted.order_id)
    conditions.plain("first_sent_at IS NULL")
    conditions.add("(state = 'parked' OR (state = 'pending' AND due_at < ?))", before)
    if wanted.since is not None:
        conditions.add("recorded_at >= ?", wanted.since)
    if wanted.until is not None:
        conditions.add("recorded_at < ?", wanted.until)
    columns = "id, connector, command, order_id, state"
    sql = f"SELECT {columns} FROM effects{conditions.text()} ORDER BY id LIMIT {MOST + 1}"  # noqa: S608 - values are parameters
    rows = must_fit(await session.rows(sql, *conditions.values))
    paused = {row["connector"]: row["reason"] for row in await session.rows(_PAUSED)}
    failures = {
        as_uuid(row["effect_id"]): row
        for row in await session.rows(_PARKED, [as_uuid(row["id"]) for row in rows])
    }
    found: list[Candidate] = []
    for row in rows:
        failure: Any = failures.get(as_uuid(row["id"]))
        candidate = _failure(failure) if failure is not None else _effect(row)
        candidate.kind = row["command"]
        if row["connector"] in paused:
            why = paused[row["connector"]] or "no reason given"
            candidate.refused = (
                f"connector {row['connector']} is paused ({why}): it is sent when that goes on"
            )
        found.append(candidate)
    return found


async def everything(session: Session, ctx: DeskContext, wanted: MessageFilter) -> list[Candidate]:
    """Return the inbound messages of a selection, whatever became of them, copies left out."""
    if wanted.model_copy(update={"direction": None}) == MessageFilter():
        raise InvalidError(
            "a replay of everything is of a selection: name a connector, kind, status, order, key or time"
        )
    conditions = wanted.model_copy(update={"direction": "in"}).where()
    conditions.plain("replay_of IS NULL AND kind <> 'answer'")
    sql = f"SELECT {_MESSAGE} FROM messages{conditions.text()} ORDER BY id LIMIT {MOST + 1}"  # noqa: S608 - values are parameters
    rows = must_fit(await session.rows(sql, *conditions.values))
    failures: dict[UUID, list[Any]] = {}
    for row in await session.rows(_FAILED_MESSAGES, [as_uuid(row["id"]) for row in rows]):
        failures.setdefault(as_uuid(row["message_id"]), []).append(row)
    found: list[Candidate] = []
    for row in rows:
        own = failures.get(as_uuid(row["id"]))
        signature = f"{row['connector']} | {row['status']} | {row['kind']}"
        found.extend([_failure(failure) for failure in own] if own else [_message(row, signature)])
    await _name_kinds(session, found)
    await _refuse_unreadable(session, ctx, found)
    return found


def must_fit(rows: Sequence[Any]) -> list[Any]:
    """Refuse what is more than one plan holds."""
    if len(rows) > MOST:
        raise InvalidError(f"this finds more than {MOST:,}, which is what one plan holds: narrow it")
    return list(rows)


def _failure(row: Any) -> Candidate:
    failure_id, message_id = as_uuid(row["id"]), maybe_uuid(row["message_id"])
    sends = row["effect_id"] is not None and str(row["queue"]).startswith("out.")
    open_ = row["status"] == "open"
    return Candidate(
        "failure", message_id or failure_id, row["connector"], row["stage"], row["signature"],
        failure_id=failure_id, message_id=current_message(row) if not sends else message_id,
        effect_id=maybe_uuid(row["effect_id"]) if sends else None, order_id=maybe_uuid(row["order_id"]),
        mapping=row["mapping"], reads=current_message(row) if reads_message(row) and not sends else None,
        refused=None if open_ else f"failure {failure_id} is {row['status']}: only an open one is replayed",
    )  # fmt: skip


def _effect(row: Any) -> Candidate:
    effect_id, signature = as_uuid(row["id"]), f"{row['connector']} | never sent | {row['command']}"
    return Candidate(
        "effect", effect_id, row["connector"], row["command"], signature, effect_id=effect_id,
        order_id=maybe_uuid(row["order_id"]),
    )  # fmt: skip


def _message(row: Any, signature: str) -> Candidate:
    message_id = as_uuid(row["id"])
    refused = None
    if row["status"] == "replaced":
        refused = f"message {message_id} was {row['reason'] or 'edited'}: the copy stands in its place"
    return Candidate(
        "message", message_id, row["connector"], row["kind"], signature, message_id=message_id, reads=message_id,
        order_id=maybe_uuid(row["order_id"]), refused=refused,
    )  # fmt: skip


async def _name_kinds(session: Session, found: Sequence[Candidate]) -> None:
    """Call each by what its message is, where there is one; else by the stage at which it failed."""
    ids = sorted({one.message_id for one in found if one.message_id is not None})
    kinds: Mapping[UUID, str] = {
        as_uuid(row["id"]): row["kind"] for row in (await session.rows(_KINDS, ids) if ids else ())
    }
    for one in found:
        if one.message_id is not None and one.message_id in kinds:
            one.kind = kinds[one.message_id]


async def _refuse_unreadable(session: Session, ctx: DeskContext, found: Sequence[Candidate]) -> None:
    """Say of each whose content is gone why that is so."""
    readers = [one for one in found if one.refused is None and one.reads is not None]
    for start in range(0, len(readers), _CHUNK):
        chunk = readers[start : start + _CHUNK]
        contents = await store.load(session, ctx.ring, [one.reads for one in chunk if one.reads is not None])
        for one in chunk:
            content = contents.get(one.reads) if one.reads is not None else None
            if isinstance(content, HubError):
                one.refused = str(content)
