"""How a replay of many moves: portion by portion, each one transaction that locks the replay.

Everything that a step needs is in the store, so that whoever is killed is followed by the next worker, and nothing is
sent twice: an item is marked as sent in the commit that posts it. Of one order only one thing is under way at a time.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.engine.changes import Changes
from core.store.messages import as_uuid
from core.store.sql import Session, bulk
from hub.desk import replay_standing as standing
from hub.desk.context import DeskContext
from hub.desk.failures import COLUMNS
from hub.desk.replay import Sending, send_off
from hub.desk.replay_messages import send_effects, send_messages
from hub.desk.replay_outcome import Verdict, judge
from hub.desk.replay_standing import JOINED, STANDING, locked
from hub.desk.replay_views import Replayed, ReplayMode, ReplayState

PORTION = 100
PORTIONS = 20
BEAT_S = 2.0
"""How often a running replay is looked after."""
RAMP = (1, 5, 25)
"""How many a canary sends before it waits for their end; after the last, the rest goes."""
_END = "UPDATE replays SET state = $2, reason = $3, finished_at = $4 WHERE id = $1"
_WAITS = "UPDATE replays SET reason = $2 WHERE id = $1"
_RUNNING = "SELECT id, mode FROM replays WHERE state = 'running' ORDER BY id"
_UNDER_WAY = f"{STANDING} IN ('planned', 'replaying')"
_EARLIER = f"{JOINED} WHERE i.replay_id = n.replay_id AND i.lane = n.lane AND i.seq <> n.seq"
_NEXT = (
    "SELECT n.seq, n.what, n.failure_id, n.message_id, n.effect_id, n.lane, n.origin FROM replay_items n "  # noqa: S608 - columns are ours
    f"WHERE n.replay_id = $1 AND n.status = 'planned' AND (n.lane IS NULL OR NOT EXISTS (SELECT 1 {_EARLIER} "
    f"AND (i.origin < n.origin OR (i.origin = n.origin AND i.seq < n.seq)) AND {_UNDER_WAY})) "
    "ORDER BY n.seq LIMIT $2"
)
_BEFORE = (
    f"SELECT i.seq, i.lane, i.origin, {STANDING} AS standing {JOINED} "
    "WHERE i.replay_id = $1 AND i.lane {any:2:text} "
    f"AND (i.blocks OR {STANDING} IN ('failed_again', 'rejected')) ORDER BY i.seq"
)
_MARK = bulk(
    "UPDATE replay_items SET status = r.status, item_id = r.item_id, message_id = COALESCE(r.message_id, "
    "replay_items.message_id), reason = r.reason, blocks = r.blocks, sent_at = r.sent_at, sent_with = r.sent_with "
    "FROM {rows} WHERE replay_items.replay_id = r.replay_id AND replay_items.seq = r.seq",
    "replay_id uuid, seq int, status text, item_id uuid, message_id uuid, reason text, blocks bool, "
    "sent_at timestamptz, sent_with text",
)
_FAILURES = f"SELECT {COLUMNS} FROM failures WHERE id {{any:1:uuid}} ORDER BY id {{lock}}"  # noqa: S608 - columns are ours


async def advance_all(ctx: DeskContext) -> int:
    """Send the next portion of every running replay whose time it is; returns how many moved. Safe to repeat."""
    async with ctx.database.reading() as session:
        running = [(as_uuid(row["id"]), row["mode"]) for row in await session.rows(_RUNNING)]
    return sum([await advance_some(ctx, replay_id, mode) for replay_id, mode in running])


async def advance_some(ctx: DeskContext, replay_id: UUID, mode: str) -> bool:
    """Send several portions, a canary one: the rest goes at the next beat."""
    for portions in range(PORTIONS if mode == ReplayMode.ALL.value else 1):
        if not await advance(ctx, replay_id):
            return portions > 0
    return True


async def advance(ctx: DeskContext, replay_id: UUID) -> bool:
    """Send a replay's next portion, or end it. Says whether something was sent."""
    async with ctx.database.transaction() as session:
        row = await locked(session, replay_id)
        if row["state"] != ReplayState.RUNNING.value:
            return False
        room, waits = PORTION, False
        if row["mode"] == ReplayMode.CANARY.value:
            verdict = await judge(session, row, row["wait_s"] or ctx.replay_policy.canary_wait_s)
            if verdict.bad is not None:
                await session.run(_END, replay_id, ReplayState.STOPPED.value, verdict.bad, session.now)
                return False
            room, waits = room_of(verdict), verdict.waits is not None
            said = f"waits: {verdict.waits}" if waits and not room else None
            if said != row["reason"]:
                await session.run(_WAITS, replay_id, said)
        sending = Sending(Changes(session.now))
        if room:
            await _portion(session, ctx, row, room, sending)
        await sending.write(session, ctx.ring)
        if not waits:
            await _end_if_over(session, replay_id)
    sending.go(ctx)
    return bool(sending.sent or sending.skipped)


def room_of(verdict: Verdict) -> int:
    """Return how many a canary may send now: the rest of a step at once, the next step once all before has its end."""
    if verdict.sent > sum(RAMP):
        return PORTION
    before = 0
    for step in RAMP:
        if verdict.sent < before + step:
            break
        before += step
    else:
        step = PORTION
    if verdict.sent == before and verdict.waits is not None:
        return 0
    return before + step - verdict.sent


async def _end_if_over(session: Session, replay_id: UUID) -> None:
    counts = await standing.counts_of(session, replay_id)
    if counts.get("planned") or counts.get("replaying"):
        return
    row = await locked(session, replay_id)
    if row["state"] == ReplayState.RUNNING.value:
        await session.run(_END, replay_id, ReplayState.DONE.value, None, session.now)


async def _portion(session: Session, ctx: DeskContext, replay: Any, room: int, sending: Sending) -> None:
    """Send up to `room` items of which nothing earlier of the same order is under way."""
    chosen = await session.rows(_NEXT, replay["id"], room)
    behind = await _behind(session, replay["id"], chosen)
    blocked = {row["seq"] for row in chosen if row["seq"] in behind}
    going = [row for row in chosen if row["seq"] not in blocked]
    held = await _send_failures(session, ctx, replay, going, sending)
    await send_messages(
        session, ctx, [as_uuid(r["origin"]) for r in going if r["what"] == "message"], sending
    )
    await send_effects(session, [as_uuid(r["effect_id"]) for r in going if r["what"] == "effect"], sending)
    with_ = ctx.versions.said()
    marks: list[tuple[object, ...]] = []
    for row in chosen:
        target = _target(row)
        sent, why = sending.sent.get(target), sending.skipped.get(target)
        if row["seq"] in behind:
            sent, why = None, behind[row["seq"]]
            sending.skipped[target] = why
        marks.append(
            _mark(replay["id"], row, sent, why, session, with_)
            if sent is not None
            else _skip(replay["id"], row, why, blocks=row["seq"] in behind or target in held)
        )
    await session.write(_MARK, marks)


def _target(row: Any) -> UUID:
    """Return the id by which the outcome of a sending is found."""
    names = {"failure": "failure_id", "message": "origin", "effect": "effect_id"}
    return as_uuid(row[names[row["what"]]])


def _mark(
    replay_id: UUID, row: Any, sent: Replayed, why: str | None, session: Session, with_: str
) -> tuple[object, ...]:
    return (
        replay_id, row["seq"], "sent", sent.item_id, sent.message_id, why, False, session.now, with_,
    )  # fmt: skip


def _skip(replay_id: UUID, row: Any, why: str | None, *, blocks: bool) -> tuple[object, ...]:
    return (replay_id, row["seq"], "skipped", None, None, why, blocks, None, None)


async def _behind(session: Session, replay_id: UUID, chosen: Sequence[Any]) -> dict[int, str]:
    """Return which of them stay, because something earlier of their order did not come through."""
    lanes = sorted({row["lane"] for row in chosen if row["lane"] is not None})
    if not lanes:
        return {}
    held: dict[str, list[Any]] = {}
    for row in await session.rows(_BEFORE, replay_id, lanes):
        held.setdefault(row["lane"], []).append(row)
    found: dict[int, str] = {}
    for row in chosen:
        for before in held.get(row["lane"], ()) if row["lane"] is not None else ():
            if (before["origin"], before["seq"]) < (row["origin"], row["seq"]):
                word = "was not sent" if before["standing"] == "skipped" else "failed again"
                found[row["seq"]] = f"number {before['seq']}, of the same order and before it, {word}"
                break
    return found


async def _send_failures(
    session: Session, ctx: DeskContext, replay: Any, going: Sequence[Any], sending: Sending
) -> set[UUID]:
    """Send the failures among them; return those that somebody else has claimed."""
    ids = [as_uuid(row["failure_id"]) for row in going if row["what"] == "failure"]
    if not ids:
        return set()
    name = replay["run_by"] or replay["actor"]
    rows = await session.rows(_FAILURES, ids)
    claimed = {as_uuid(row["id"]): row["claimed_by"] for row in rows if row["claimed_by"] not in {None, name}}
    await send_off(session, ctx, [row for row in rows if as_uuid(row["id"]) not in claimed], sending)
    for failure_id, holder in claimed.items():
        sending.skipped[failure_id] = f"{holder} has claimed it"
    return set(claimed)
