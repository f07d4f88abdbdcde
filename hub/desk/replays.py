"""Replaying many failures: a frozen list first, then all at once in portions, or as a canary that stops by itself.

What is replayed is what was shown: the list is fixed when it is made. Each portion is one transaction.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from core.engine.changes import Changes
from core.ids import uuid7
from core.store.messages import as_uuid
from core.store.sql import Session, bulk, bulk_insert
from hub.desk.access import Permission, Principal, Role
from hub.desk.auditing import audit
from hub.desk.base import from_row
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, RefusedError
from hub.desk.failures import COLUMNS, FailureFilter
from hub.desk.replay import Sending, send_off
from hub.desk.replay_views import ReplayItemView, ReplayMode, ReplayState, ReplayStatus, SignatureCount

MOST_FAILURES = 10_000
PORTION = 100
PORTIONS = 20
BEAT_S = 2.0
"""How often a running replay is looked after."""
RAMP = (1, 10, 100)
"""How many a canary has sent in all before it waits for their outcome; after the last, the rest goes."""
_REPLAY = "SELECT id, state, mode, actor, role, selection, reason, recorded_at, started_at, finished_at FROM replays"
_ONE = f"{_REPLAY} WHERE id = $1"
_LOCKED = f"{_ONE} {{lock}}"
_ALL = f"{_REPLAY} ORDER BY id DESC LIMIT 100"
_INSERT = "INSERT INTO replays (id, state, actor, role, selection, recorded_at) VALUES ($1, 'planned', $2, $3, $4, $5)"
_ITEMS = bulk_insert("replay_items", "replay_id uuid, seq int, failure_id uuid, signature text, status text")
_START = (
    "UPDATE replays SET state = 'running', mode = $2, actor = $3, role = $4, started_at = $5 WHERE id = $1"
)
_END = "UPDATE replays SET state = $2, reason = $3, finished_at = $4 WHERE id = $1"
_RUNNING = "SELECT id, mode FROM replays WHERE state = 'running' ORDER BY id"
_NEXT = "SELECT seq, failure_id FROM replay_items WHERE replay_id = $1 AND status = 'planned' ORDER BY seq LIMIT $2"
_SENT = bulk(
    "UPDATE replay_items SET status = r.status, item_id = r.item_id, reason = r.reason FROM {rows} "
    "WHERE replay_items.replay_id = r.replay_id AND replay_items.seq = r.seq",
    "replay_id uuid, seq int, status text, item_id uuid, reason text",
)
_FAILURES = f"SELECT {COLUMNS} FROM failures WHERE id {{any:1:uuid}} ORDER BY id {{lock}}"  # noqa: S608 - columns are ours
_STANDING = (
    "SELECT CASE WHEN i.status <> 'sent' THEN i.status WHEN f.status = 'open' THEN 'failed_again' ELSE f.status END "
    "AS standing, i.signature, COUNT(*) AS n, MAX(CASE WHEN f.signature = i.signature THEN 1 ELSE 0 END) AS same, "
    "COUNT(DISTINCT f.order_id) AS orders FROM replay_items i JOIN failures f ON f.id = i.failure_id "
    "WHERE i.replay_id = $1 GROUP BY 1, 2"
)
_WAITING = (
    "SELECT COUNT(*) AS n FROM replay_items i JOIN failures f ON f.id = i.failure_id AND f.status = 'replaying' "
    "WHERE i.replay_id = $1 AND i.status = 'sent' AND EXISTS "
    "(SELECT 1 FROM waiting w WHERE w.item LIKE '%' || CAST(i.failure_id AS TEXT) || '%')"
)
"""What waits names the failure that it replays."""
_LISTED = (
    "SELECT i.seq, i.failure_id, i.item_id, i.reason, CASE WHEN i.status <> 'sent' THEN i.status "
    "WHEN f.status = 'open' THEN 'failed_again' ELSE f.status END AS status "
    "FROM replay_items i JOIN failures f ON f.id = i.failure_id WHERE i.replay_id = $1 AND i.seq > $2 "
    "ORDER BY i.seq LIMIT $3"
)


async def plan(
    ctx: DeskContext,
    principal: Principal,
    *,
    ids: Sequence[UUID] = (),
    wanted: FailureFilter | None = None,
) -> ReplayStatus:
    """Fix which open failures will be replayed: those named, or those that a filter finds now. Nothing moves yet."""
    principal.must(Permission.REPLAY_IN_BULK)
    if bool(ids) == (wanted is not None):
        raise InvalidError(
            "a replay is of named failures, or of those that a filter finds: give one of the two"
        )
    if len(ids) > MOST_FAILURES:
        raise InvalidError(f"a replay has at most {MOST_FAILURES} failures: divide it")
    replay_id = uuid7()
    async with ctx.database.transaction() as session:
        found = await _select(session, ids, wanted)
        if not found:
            raise RefusedError("no open failure is among these: there is nothing to replay")
        selection = _said(ids, wanted)
        await session.run(_INSERT, replay_id, principal.name, principal.role.value, selection, session.now)
        rows = [
            (replay_id, seq, as_uuid(row["id"]), row["signature"], "planned")
            for seq, row in enumerate(found, start=1)
        ]
        await session.write(_ITEMS, rows)
        return await _status(session, replay_id)


async def run(
    ctx: DeskContext, principal: Principal, replay_id: UUID, mode: ReplayMode = ReplayMode.ALL
) -> ReplayStatus:
    """Begin a planned replay, as whoever asks. Portions go out by `advance`, the first one at once."""
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.transaction() as session:
        row = await _locked(session, replay_id)
        if row["state"] != ReplayState.PLANNED.value:
            raise RefusedError(f"replay {replay_id} is {row['state']}: only a planned one can begin")
        await session.run(_START, replay_id, mode.value, principal.name, principal.role.value, session.now)
        await audit(
            session, ctx, principal, "replay.run", str(replay_id), f"{mode.value}: {row['selection']}"
        )
    await _advance_some(ctx, replay_id, mode.value)
    return await status(ctx, principal, replay_id)


async def stop(ctx: DeskContext, principal: Principal, replay_id: UUID, reason: str = "") -> ReplayStatus:
    """Send no more of a replay. What has been sent goes on."""
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.transaction() as session:
        row = await _locked(session, replay_id)
        if row["state"] not in {ReplayState.PLANNED.value, ReplayState.RUNNING.value}:
            raise RefusedError(f"replay {replay_id} is {row['state']} already")
        why = reason.strip()[:500] or f"stopped by {principal.name}"
        await session.run(_END, replay_id, ReplayState.STOPPED.value, why, session.now)
        await audit(session, ctx, principal, "replay.stop", str(replay_id), why)
        return await _status(session, replay_id)


async def status(ctx: DeskContext, principal: Principal, replay_id: UUID) -> ReplayStatus:
    """Return how far a replay has come."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return await _status(session, replay_id)


async def waiting(ctx: DeskContext, principal: Principal, replay_id: UUID) -> int:
    """Count the failures whose replayed document waits: for its order to come, or behind another failure of it."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return int((await session.rows(_WAITING, replay_id))[0]["n"])


async def list_replays(ctx: DeskContext, principal: Principal) -> tuple[ReplayStatus, ...]:
    """Return the newest hundred replays."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return tuple([await _status(session, as_uuid(row["id"])) for row in await session.rows(_ALL)])


async def list_items(
    ctx: DeskContext, principal: Principal, replay_id: UUID, *, after: int = 0, limit: int = 500
) -> tuple[ReplayItemView, ...]:
    """Return the failures of a replay from `after` on, each with what became of it."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return tuple(
            [from_row(ReplayItemView, r) for r in await session.rows(_LISTED, replay_id, after, limit)]
        )


async def advance_all(ctx: DeskContext) -> int:
    """Send the next portion of every running replay whose time it is; returns how many moved. Safe to repeat."""
    async with ctx.database.reading() as session:
        running = [(as_uuid(row["id"]), row["mode"]) for row in await session.rows(_RUNNING)]
    return sum([await _advance_some(ctx, replay_id, mode) for replay_id, mode in running])


async def _advance_some(ctx: DeskContext, replay_id: UUID, mode: str) -> bool:
    """Send several portions, a canary one: the rest goes at the next beat."""
    for portions in range(PORTIONS if mode == ReplayMode.ALL.value else 1):
        if not await advance(ctx, replay_id):
            return portions > 0
    return True


async def advance(ctx: DeskContext, replay_id: UUID) -> bool:
    """Send a replay's next portion, or end it. Says whether something was sent."""
    async with ctx.database.transaction() as session:
        row = await _locked(session, replay_id)
        if row["state"] != ReplayState.RUNNING.value:
            return False
        standing = await session.rows(_STANDING, replay_id)
        counts = _counts(standing)
        room = PORTION
        if row["mode"] == ReplayMode.CANARY.value:
            came_back = sum(s["n"] for s in standing if s["standing"] == "failed_again" and s["same"])
            if came_back:
                why = f"{came_back} failed again in the same way: the cause is not mended"
                await session.run(_END, replay_id, ReplayState.STOPPED.value, why, session.now)
                return False
            room = _room(counts)
        sending = Sending(Changes(session.now))
        if room:
            await _portion(session, ctx, row, room, sending)
        if room and not sending.sent and not sending.skipped:
            await session.run(_END, replay_id, ReplayState.DONE.value, None, session.now)
        await sending.write(session, ctx.ring)
    sending.go(ctx)
    return bool(sending.sent or sending.skipped)


def _room(counts: dict[str, int]) -> int:
    """Return how many a canary may send now: none while some are under way, then the next step of its ramp."""
    if counts.get("replaying"):
        return 0
    sent = sum(n for name, n in counts.items() if name not in {"planned", "skipped"})
    step = next((step for step in RAMP if sent < step), None)
    return PORTION if step is None else step - sent


async def _portion(session: Session, ctx: DeskContext, replay: Any, room: int, sending: Sending) -> None:
    planned = await session.rows(_NEXT, replay["id"], room)
    rows = await session.rows(_FAILURES, [as_uuid(row["failure_id"]) for row in planned])
    principal = Principal(replay["actor"], Role(replay["role"]))
    free = [row for row in rows if row["claimed_by"] in {None, principal.name}]
    await send_off(session, ctx, free, sending)
    for row in rows:
        if row["claimed_by"] not in {None, principal.name}:
            sending.skipped[as_uuid(row["id"])] = f"{row['claimed_by']} has claimed it"
    marks: list[tuple[object, ...]] = []
    for row in planned:
        failure_id = as_uuid(row["failure_id"])
        sent = sending.sent.get(failure_id)
        outcome = ("sent", sent.item_id, None) if sent else ("skipped", None, sending.skipped.get(failure_id))
        marks.append((replay["id"], row["seq"], *outcome))
    await session.write(_SENT, marks)


async def _locked(session: Session, replay_id: UUID) -> Any:
    rows = await session.rows(_LOCKED, replay_id)
    if not rows:
        raise NotFoundError(f"there is no replay {replay_id}")
    return rows[0]


async def _select(session: Session, ids: Sequence[UUID], wanted: FailureFilter | None) -> Sequence[Any]:
    """Return the open failures, the oldest first: what came first goes first."""
    conditions = (wanted or FailureFilter()).where()
    conditions.plain("status = 'open'")
    if ids:
        conditions.add("id {any:?:uuid}", list(ids))
    sql = f"SELECT id, signature FROM failures{conditions.text()} ORDER BY id LIMIT {MOST_FAILURES}"  # noqa: S608 - values are parameters
    return await session.rows(sql, *conditions.values)


def _said(ids: Sequence[UUID], wanted: FailureFilter | None) -> str:
    if wanted is None:
        return f"{len(ids)} named failures"
    fields = (
        "status",
        "signature",
        "connector",
        "stage",
        "error",
        "order_id",
        "message_id",
        "claimed_by",
        "since",
        "until",
    )
    given = {name: str(value) for name in fields if (value := getattr(wanted, name)) is not None}
    return orjson.dumps(given).decode() if given else "all open failures"


async def _status(session: Session, replay_id: UUID) -> ReplayStatus:
    rows = await session.rows(_ONE, replay_id)
    if not rows:
        raise NotFoundError(f"there is no replay {replay_id}")
    standing = await session.rows(_STANDING, replay_id)
    by_signature: dict[str, int] = {}
    for row in standing:
        by_signature[row["signature"]] = by_signature.get(row["signature"], 0) + row["n"]
    ordered = sorted(by_signature.items(), key=lambda pair: (-pair[1], pair[0]))
    return from_row(
        ReplayStatus,
        rows[0],
        total=sum(by_signature.values()),
        orders=sum(row["orders"] for row in standing),
        signatures=tuple(SignatureCount(signature=name, count=n) for name, n in ordered),
        counts=_counts(standing),
    )


def _counts(standing: Sequence[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in standing:
        counts[row["standing"]] = counts.get(row["standing"], 0) + row["n"]
    return counts
