"""Replays of many: begun, stopped, continued and looked at. They move in `replay_steps`, from what is stored alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.store.messages import maybe_uuid
from core.store.sql import Session, bulk
from hub.desk import replay_standing as standing
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.replay_choice import MOST, Candidate
from hub.desk.replay_manifest import lanes_of
from hub.desk.replay_plans import Selection, approve, make_plan
from hub.desk.replay_standing import locked, status_of
from hub.desk.replay_steps import BEAT_S, advance, advance_all, advance_some
from hub.desk.replay_views import ReplayItemView, ReplayMode, ReplayState, ReplayStatus, ReplayVerb

__all__ = [
    "BEAT_S",
    "MOST_FAILURES",
    "advance",
    "advance_all",
    "approve",
    "list_items",
    "list_replays",
    "make_plan",
    "plan",
    "run",
    "status",
    "stop",
]

MOST_FAILURES = MOST
_START = (
    "UPDATE replays SET state = 'running', mode = $2, run_by = $3, started_at = $4, wait_s = $5, "
    "finished_at = NULL, reason = NULL WHERE id = $1"
)
_AGAIN = (
    "UPDATE replay_items SET status = 'planned', item_id = NULL, sent_at = NULL, reason = NULL, blocks = false "
    "WHERE replay_id = $1 AND ((status = 'sent' AND what = 'failure' "
    "AND failure_id IN (SELECT id FROM failures WHERE status = 'open')) OR (status = 'skipped' AND blocks))"
)
"""On a continuation: what failed again goes again, and what waited behind it, or for a colleague."""
_UNPLACED = (
    "SELECT seq, what, failure_id, message_id, effect_id, order_id, origin FROM replay_items "
    "WHERE replay_id = $1 AND status = 'planned' AND lane IS NULL ORDER BY seq"
)
_PLACE = bulk(
    "UPDATE replay_items SET lane = r.lane FROM {rows} "
    "WHERE replay_items.replay_id = r.replay_id AND replay_items.seq = r.seq",
    "replay_id uuid, seq int, lane text",
)
_END = "UPDATE replays SET state = $2, reason = $3, finished_at = $4 WHERE id = $1"


async def plan(
    ctx: DeskContext,
    principal: Principal,
    *,
    ids: Sequence[UUID] = (),
    wanted: FailureFilter | None = None,
) -> ReplayStatus:
    """Fix which open failures will be replayed: those named, or those that a filter finds now. Nothing moves yet."""
    return await make_plan(ctx, principal, Selection(ids=tuple(ids), failures=wanted))


async def run(
    ctx: DeskContext,
    principal: Principal,
    replay_id: UUID,
    mode: ReplayMode = ReplayMode.ALL,
    *,
    confirm: int | None = None,
    wait_s: int | None = None,
) -> ReplayStatus:
    """Begin a planned replay, or continue a stopped one, as whoever asks. The first portion goes at once.

    `confirm`: how many items go, as whoever asks has read it; a replay of everything takes it. `wait_s`: how long a
    canary waits for the end of what it sent.
    """
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.reading() as session:
        lanes = await _lanes(session, ctx, replay_id)
    async with ctx.database.transaction() as session:
        row = await locked(session, replay_id)
        _must_be_ready(row)
        continued = row["state"] == ReplayState.STOPPED.value
        if continued:
            await session.run(_AGAIN, replay_id)
        await session.write(_PLACE, [(replay_id, seq, lane) for seq, lane in lanes.items()])
        left = (await standing.counts_of(session, replay_id)).get("planned", 0)
        _must_be_meant(row, left, confirm)
        seconds = wait_s or ctx.replay_policy.canary_wait_s
        await session.run(_START, replay_id, mode.value, principal.name, session.now, seconds)
        verb = "replay.continue" if continued else "replay.run"
        detail = f"{mode.value}: {row['selection']}; {left} items with {ctx.versions.said()}"
        await audit(session, ctx, principal, verb, str(replay_id), detail)
    await advance_some(ctx, replay_id, mode.value)
    return await status(ctx, principal, replay_id)


def _must_be_ready(row: Any) -> None:
    if row["state"] not in {ReplayState.PLANNED.value, ReplayState.STOPPED.value}:
        raise RefusedError(
            f"replay {row['id']} is {row['state']}: only one that is planned or stopped is run"
        )
    if row["needs_approval"] and row["approved_by"] is None:
        raise RefusedError(
            f"replay {row['id']} is large: somebody other than {row['actor']} must agree to it first"
        )


def _must_be_meant(row: Any, left: int, confirm: int | None) -> None:
    if not left:
        raise RefusedError(f"nothing of replay {row['id']} is left to be sent")
    if confirm is None and row["verb"] == ReplayVerb.ALL.value:
        raise InvalidError(f"this replays {left} messages, whatever became of them: confirm that number")
    if confirm is not None and confirm != left:
        raise InvalidError(f"{left} items go, and not {confirm}: look again, then confirm that number")


async def _lanes(session: Session, ctx: DeskContext, replay_id: UUID) -> dict[int, str]:
    """Find out of what could not be read when the plan was made which order it is about: by now it may be readable."""
    rows = await session.rows(_UNPLACED, replay_id)
    found = [
        Candidate(
            row["what"], row["origin"] or row["failure_id"], "?", "", "", failure_id=maybe_uuid(row["failure_id"]),
            message_id=maybe_uuid(row["message_id"]), effect_id=maybe_uuid(row["effect_id"]),
            order_id=maybe_uuid(row["order_id"]),
            reads=maybe_uuid(row["message_id"]) if row["effect_id"] is None else None,
        )
        for row in rows
    ]  # fmt: skip
    return {rows[i]["seq"]: lane for i, lane in (await lanes_of(session, ctx, found)).items()}


async def stop(ctx: DeskContext, principal: Principal, replay_id: UUID, reason: str = "") -> ReplayStatus:
    """Send no more of a replay. What has been sent goes on; the rest can be continued with."""
    principal.must(Permission.REPLAY_IN_BULK)
    async with ctx.database.transaction() as session:
        row = await locked(session, replay_id)
        if row["state"] not in {ReplayState.PLANNED.value, ReplayState.RUNNING.value}:
            raise RefusedError(f"replay {replay_id} is {row['state']} already")
        why = reason.strip()[:500] or f"stopped by {principal.name}"
        await session.run(_END, replay_id, ReplayState.STOPPED.value, why, session.now)
        await audit(session, ctx, principal, "replay.stop", str(replay_id), why)
        return await status_of(session, replay_id)


async def status(ctx: DeskContext, principal: Principal, replay_id: UUID) -> ReplayStatus:
    """Return how far a replay has come."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return await status_of(session, replay_id)


async def list_replays(ctx: DeskContext, principal: Principal) -> tuple[ReplayStatus, ...]:
    """Return the newest hundred replays."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return await standing.newest(session)


async def list_items(
    ctx: DeskContext, principal: Principal, replay_id: UUID, *, after: int = 0, limit: int = 500
) -> tuple[ReplayItemView, ...]:
    """Return the items of a replay from the one behind number `after` on, each with what became of it."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return await standing.items_of(session, replay_id, after, limit)
