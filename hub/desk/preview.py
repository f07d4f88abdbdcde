"""Counterfactual replay: stored things through today's mappings and rules, and what would be stored and sent.

The desk's own replay and the engine's own batch run in a transaction that is rolled back; each item sees what those
before it would have done. Nothing is sent: sending happens after a commit, and there is none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from core.engine.changes import Changes
from core.engine.rehearsal import RehearsalError, Rehearsed, rehearse, rolled_back
from core.store.messages import as_uuid, maybe_uuid
from core.store.sql import Session, StoreUnavailableError
from hub.desk.access import Permission, Principal
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, RefusedError
from hub.desk.failures import COLUMNS
from hub.desk.preview_views import (
    EffectPreview,
    EventPreview,
    OrderChange,
    Preview,
    PreviewItem,
    StatusChange,
    StockPreview,
)
from hub.desk.replay import Sending, send_off
from hub.desk.replay_choice import Candidate
from hub.desk.replay_manifest import in_turn
from hub.desk.replay_messages import send_effects, send_messages
from hub.desk.replay_plans import Selection, choose

MOST_SHOWN = 200
_FAILURE = f"SELECT {COLUMNS} FROM failures WHERE id = $1 {{lock}}"  # noqa: S608 - columns are ours
_EFFECT = "SELECT id, key, connector, command, state, first_sent_at FROM effects WHERE id = $1"
_STANDING = "SELECT id, status, payment_status, fulfilment_status FROM orders WHERE id {any:1:uuid} AND doc IS NOT NULL"
_KNOWN = "SELECT key, state FROM effects WHERE key {any:1:text}"
_PLANNED = (
    "SELECT what, failure_id, message_id, effect_id, order_id, origin, signature, reason FROM replay_items "
    "WHERE replay_id = $1 AND status = 'planned' ORDER BY seq LIMIT $2"
)
_COUNT = "SELECT COUNT(*) AS n FROM replay_items WHERE replay_id = $1 AND status = 'planned'"
_NOTHING: dict[str, Any] = {"problems": (), "mapping": None}
_NAMES = ("status", "payment_status", "fulfilment_status")
_TECHNICAL = frozenset({"order_id", "recorded_at", "occurred_at", "fact_key"})

Statuses = dict[UUID, tuple[str, ...]]


@dataclass(slots=True)
class Ledger:
    """What the items before would have done: it counts for those behind."""

    statuses: Statuses = field(default_factory=dict[UUID, tuple[str, ...]])
    keys: dict[str, str] = field(default_factory=dict[str, str])


async def preview(ctx: DeskContext, principal: Principal, wanted: Selection, *, limit: int = 50) -> Preview:
    """Say what a replay of a selection would do. The first `limit` of it are gone through, in their turn."""
    principal.must(Permission.REPLAY)
    _must_be_few(limit)
    async with ctx.database.reading() as session:
        found, contents = await choose(session, ctx, wanted)
    turn = in_turn(found, contents, wanted.ordering)
    return await _gone_through(ctx, [found[i] for i in turn[:limit]], len(found))


async def preview_plan(
    ctx: DeskContext, principal: Principal, replay_id: UUID, *, limit: int = 50
) -> Preview:
    """Say what would become of the items of a plan that have not been sent."""
    principal.must(Permission.REPLAY)
    _must_be_few(limit)
    async with ctx.database.reading() as session:
        total = (await session.rows(_COUNT, replay_id))[0]["n"]
        found = [_planned(row) for row in await session.rows(_PLANNED, replay_id, limit)]
    return await _gone_through(ctx, found, total)


async def preview_failure(ctx: DeskContext, principal: Principal, failure_id: UUID) -> PreviewItem:
    """Say what a replay of one failure would do."""
    shown = await preview(ctx, principal, Selection(ids=(failure_id,)), limit=1)
    return shown.items[0]


def _must_be_few(limit: int) -> None:
    if not 1 <= limit <= MOST_SHOWN:
        raise InvalidError(
            f"a preview goes through 1 to {MOST_SHOWN}, not {limit}: it holds the store's lock"
        )


def _planned(row: Any) -> Candidate:
    return Candidate(
        row["what"], row["origin"], "", "", row["signature"], failure_id=maybe_uuid(row["failure_id"]),
        message_id=maybe_uuid(row["message_id"]), effect_id=maybe_uuid(row["effect_id"]),
        order_id=maybe_uuid(row["order_id"]),
    )  # fmt: skip


async def _gone_through(ctx: DeskContext, found: Sequence[Candidate], total: int) -> Preview:
    items: list[PreviewItem] = []
    ledger = Ledger()
    try:
        async with rolled_back(ctx.database) as session:
            for one in found:
                items.append(await _one(session, ctx, one, ledger))  # noqa: PERF401 - one after the other, in one transaction
    except StoreUnavailableError as error:
        raise RefusedError(f"the hub is at work on the same orders just now: look again ({error})") from error
    sent = Counter(
        f"{effect.connector} {effect.command}"
        for item in items
        for effect in item.effects
        if effect.known is None or effect.looked_up
    )
    return Preview(
        items=tuple(items),
        total=total,
        outcomes=dict(Counter(item.outcome for item in items).most_common()),
        effects=dict(sent.most_common()),
        code=ctx.versions.code,
        mappings=ctx.versions.mappings,
    )


async def _one(session: Session, ctx: DeskContext, one: Candidate, ledger: Ledger) -> PreviewItem:
    if one.refused is not None:
        return _item(one, "refused", one.refused, None)
    sending = Sending(Changes(session.now))
    before = await _send(session, ctx, one, sending)
    target = one.failure_id or one.effect_id or one.origin
    if target in sending.skipped:
        return _item(one, "refused", sending.skipped[target], before)
    replayed = sending.sent.get(target)
    if replayed is not None and replayed.effect_id is not None:
        return await _effect(session, one, replayed.effect_id, before)
    await sending.write(session, ctx.ring)
    try:
        rehearsed = await rehearse(session, ctx.engine.world, sending.changes.postings)
    except RehearsalError as error:
        return _item(one, "failed", str(error), before)
    return await what_would_be(ctx, one, rehearsed, ledger, before)


async def _send(session: Session, ctx: DeskContext, one: Candidate, sending: Sending) -> str | None:
    """Do what a replay does; return why it failed before."""
    if one.failure_id is not None:
        rows = await session.rows(_FAILURE, one.failure_id)
        await send_off(session, ctx, rows, sending)
        return str(rows[0]["reason"]) if rows else None
    if one.effect_id is not None:
        await send_effects(session, [one.effect_id], sending)
    else:
        await send_messages(session, ctx, [one.origin], sending)
    return None


def _item(one: Candidate, outcome: str, reason: str | None, before: str | None, **more: Any) -> PreviewItem:
    return PreviewItem(
        what=one.what, failure_id=one.failure_id, message_id=one.message_id, effect_id=one.effect_id,
        outcome=outcome, reason=reason, before=before,
        **{**_NOTHING, **more},
    )  # fmt: skip


async def _effect(session: Session, one: Candidate, effect_id: UUID, before: str | None) -> PreviewItem:
    """An effect goes as it is stored; one that may have been done is looked up at the partner first."""
    row = (await session.rows(_EFFECT, effect_id))[0]
    looked_up = row["first_sent_at"] is not None
    said = (
        "the partner is asked whether it was done; only if not, the stored request goes again"
        if looked_up
        else "the request goes for the first time"
    )
    effect = EffectPreview(
        key=row["key"], connector=row["connector"], command=row["command"], looked_up=looked_up
    )
    return _item(one, "sent", said, before, effects=(effect,))


async def what_would_be(
    ctx: DeskContext, one: Candidate, rehearsed: Rehearsed, ledger: Ledger, before: str | None
) -> PreviewItem:
    """Return what a rehearsal would have stored and sent."""
    problems, reason, mapping = _said(rehearsed)
    effects = await _effects(ctx, rehearsed.changes, ledger)
    return _item(
        one, rehearsed.outcome.ending.value, reason, before,
        problems=problems, mapping=mapping, orders=await _orders(ctx, rehearsed.changes, ledger),
        events=_events(rehearsed.changes), effects=effects, stock=_stock(rehearsed.changes),
        unfollowed=rehearsed.unfollowed,
    )  # fmt: skip


def _said(rehearsed: Rehearsed) -> tuple[Any, str | None, str | None]:
    """Return the problems, the reason and the mapping of the first step: the item itself."""
    first = rehearsed.changes[0].rows
    failures = first.get("failures", ())
    finish = first.get("finish", ())
    mapping = finish[0][3] if finish else None
    problems: tuple[dict[str, Any], ...] = ()
    reason = rehearsed.outcome.reason
    if failures:
        reason, details = failures[0][5], failures[0][6]
        problems = tuple(orjson.loads(details)) if details else ()
    return problems, reason, mapping


def _events(changes: Sequence[Changes]) -> tuple[EventPreview, ...]:
    return tuple(
        EventPreview(
            order_id=row[0],
            type=row[2],
            facts={k: v for k, v in orjson.loads(row[6]).items() if k not in _TECHNICAL},
        )
        for one in changes
        for row in one.rows.get("journal", ())
    )


def _stock(changes: Sequence[Changes]) -> tuple[StockPreview, ...]:
    return tuple(
        StockPreview(kind=row[1], sku=row[2], node=row[3], quantity=row[4])
        for one in changes
        for row in one.rows.get("ledger", ())
    )


async def _effects(ctx: DeskContext, changes: Sequence[Changes], ledger: Ledger) -> tuple[EffectPreview, ...]:
    """Return what would be asked of partners. A key that is known already asks nothing: that is the promise."""
    rows = [row for one in changes for row in one.rows.get("effects", ())]
    if not rows:
        return ()
    async with ctx.database.reading() as session:
        known = {
            row["key"]: row["state"] for row in await session.rows(_KNOWN, sorted({row[1] for row in rows}))
        }
    found: list[EffectPreview] = []
    for row in rows:
        key = row[1]
        state = known.get(key) or ledger.keys.get(key)
        found.append(EffectPreview(key=key, connector=row[2], command=row[3], known=state))
        ledger.keys[key] = "pending"
    return tuple(found)


async def _orders(ctx: DeskContext, changes: Sequence[Changes], ledger: Ledger) -> tuple[OrderChange, ...]:
    after = {order.id: order for one in changes for order, _ in one.orders}
    unknown = sorted(after.keys() - ledger.statuses.keys())
    before: Statuses = {
        order_id: ledger.statuses[order_id] for order_id in after if order_id in ledger.statuses
    }
    if unknown:
        async with ctx.database.reading() as session:
            for row in await session.rows(_STANDING, unknown):
                before[as_uuid(row["id"])] = tuple(row[name] for name in _NAMES)
    found: list[OrderChange] = []
    for order_id, order in after.items():
        now = (order.status().value, order.payment_status().value, order.fulfilment_status().value)
        was = before.get(order_id)
        statuses = tuple(
            StatusChange(name=name, before=was[i] if was else None, after=now[i])
            for i, name in enumerate(_NAMES)
            if was is None or was[i] != now[i]
        )
        ledger.statuses[order_id] = now
        reference = f"{order.channel}:{order.channel_ref}"
        found.append(OrderChange(order_id=order_id, reference=reference, new=was is None, statuses=statuses))
    return tuple(found)
