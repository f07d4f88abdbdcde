"""Why an order stands where it stands: what it waits for, since when, who can act, and what they would do."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import routes.explain
from canonical.order import Order
from canonical.statuses import ENDED
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.base import as_instant
from hub.desk.context import DeskContext
from hub.desk.order_views import Explanation, WaitView
from hub.desk.orders import load_order

_FAILURES = (
    "SELECT id, status, stage, connector, error, claimed_by, recorded_at FROM failures "
    "WHERE (order_id = $1 OR message_id IN (SELECT id FROM messages WHERE order_id = $1)) "
    "AND status IN ('open', 'replaying') ORDER BY id"
)
_EFFECTS = (
    "SELECT id, connector, command, state, attempt, due_at, recorded_at FROM effects "
    "WHERE order_id = $1 AND state IN ('pending', 'sending', 'unknown') ORDER BY id"
)
_PAUSED = "SELECT connector, reason FROM connector_states WHERE paused"
_WAITING = "SELECT COUNT(*) AS n, MIN(since) AS since FROM waiting WHERE kind = 'quarantine' AND value = $1"
_TIMERS = "SELECT name, due_at FROM timers WHERE order_id = $1 ORDER BY due_at"


async def explain(ctx: DeskContext, principal: Principal, order_id: UUID) -> Explanation:
    """Say what an order waits for: failures first, then holds and rules, partners, and times to come."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        row, order = await load_order(session, order_id)
        waits = [
            *await _failures(session, order_id),
            *await _behind(session, order_id),
            *_rules(order),
            *await _partners(session, order_id),
            *await _times(session, order_id),
        ]
    return Explanation(
        id=order_id,
        status=row["status"],
        payment_status=row["payment_status"],
        fulfilment_status=row["fulfilment_status"],
        sentence=_sentence(order, waits),
        due_at=order.next_deadline(),
        waits=tuple(waits),
    )


def _rules(order: Order) -> list[WaitView]:
    return [
        WaitView(what=wait.what, since=wait.since, who=wait.who, next_step=wait.next_step)
        for wait in routes.explain.explain(order).waits
    ]


async def _failures(session: Session, order_id: UUID) -> list[WaitView]:
    return [
        WaitView(
            what=f"a {row['stage']} failure of {row['connector']}: {row['error']}",
            since=row["recorded_at"],
            who=row["claimed_by"] or "support",
            next_step="wait for its replay"
            if row["status"] == "replaying"
            else "repair and replay it, or discard it",
            failure_id=row["id"],
        )
        for row in await session.rows(_FAILURES, order_id)
    ]


async def _behind(session: Session, order_id: UUID) -> list[WaitView]:
    row = (await session.rows(_WAITING, str(order_id)))[0]
    if not row["n"]:
        return []
    what = f"{row['n']} later messages wait behind the failure, in order"
    return [
        WaitView(
            what=what, since=as_instant(row["since"]), who="the hub", next_step="they go on by themselves"
        )
    ]


async def _partners(session: Session, order_id: UUID) -> list[WaitView]:
    paused = {row["connector"]: row["reason"] for row in await session.rows(_PAUSED)}
    shown: list[WaitView] = []
    for row in await session.rows(_EFFECTS, order_id):
        connector, state = row["connector"], row["state"]
        if connector in paused:
            who, step = "an engineer", f"resume {connector}: it is paused ({paused[connector]})"
        elif state == "unknown":
            who, step = "the hub", "the partner is asked whether it happened; a person may resolve it"
        else:
            who, step = connector, f"tried {row['attempt']} times, next at {_clock(row['due_at'])}"
        what = f"{row['command']} at {connector} is {state}"
        shown.append(
            WaitView(what=what, since=row["recorded_at"], who=who, next_step=step, effect_id=row["id"])
        )
    return shown


async def _times(session: Session, order_id: UUID) -> list[WaitView]:
    return [
        WaitView(
            what=f"the time {row['name']}",
            who="the hub",
            next_step=f"it looks again at {_clock(row['due_at'])}",
        )
        for row in await session.rows(_TIMERS, order_id)
    ]


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _sentence(order: Order, waits: Iterable[WaitView]) -> str:
    status = order.status()
    first = next(iter(waits), None)
    if status in ENDED:
        return f"The order is {status.value}." + (f" There is still {first.what}." if first else "")
    name = status.value.replace("_", " ")
    if first is None:
        return f"The order is {name}, and waits for nothing that the hub knows of: a partner's next message moves it."
    return f"The order is {name}. It waits for {first.what}."
