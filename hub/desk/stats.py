"""How the hub stands, in numbers: for the first page, the metrics and alerts. No personal data."""

from datetime import datetime
from typing import Any

from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.base import View, as_instant
from hub.desk.context import DeskContext

_ORDERS = "SELECT status, COUNT(*) AS n FROM orders WHERE status IS NOT NULL GROUP BY status"
_HELD = "SELECT COUNT(*) AS n FROM orders WHERE held"
_QUARANTINED = "SELECT COUNT(*) AS n FROM orders WHERE quarantined_by IS NOT NULL"
_FAILURES = "SELECT status, COUNT(*) AS n, MIN(recorded_at) AS oldest FROM failures GROUP BY status"
_EFFECTS = (
    "SELECT connector, state, COUNT(*) AS n FROM effects WHERE state IN ('pending', 'sending', 'unknown') "
    "GROUP BY connector, state "
    "UNION ALL SELECT connector, 'parked' AS state, COUNT(*) AS n FROM effects WHERE state = 'parked' "
    "GROUP BY connector"
)
_OLDEST_EFFECT = (
    "SELECT MIN(recorded_at) AS oldest FROM effects WHERE state IN ('pending', 'sending', 'unknown')"
)
_OUTBOX = "SELECT queue, COUNT(*) AS n FROM outbox GROUP BY queue"
_WAITING = "SELECT kind, COUNT(*) AS n, MIN(since) AS oldest FROM waiting GROUP BY kind"
_TIMERS = "SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM timers WHERE due_at <= $1"
_OFFERS_DUE = "SELECT connector, COUNT(*) AS n FROM stock_offers WHERE due_at IS NOT NULL GROUP BY connector"
_BACK_ORDERS = "SELECT COUNT(*) AS n FROM back_orders"


class EffectCount(View):
    """How many effects of a connector are in a state that is not the end: pending, sending, unknown, parked."""

    connector: str
    state: str
    count: int


class Statistics(View):
    """Counts, and how old the oldest of each backlog is, in seconds (None: there is none)."""

    at: datetime
    orders: dict[str, int]
    held: int
    quarantined: int
    failures: dict[str, int]
    effects: tuple[EffectCount, ...]
    outbox: dict[str, int]
    """Rows by queue. Not all of them wait: those just published leave with the next commit."""
    waiting: dict[str, int]
    """Messages that wait for their order to become known, or behind a failure, by kind of key."""
    back_orders: int
    stock_offers_due: dict[str, int]
    """Figures that a channel has not taken yet, by connector."""
    timers_due: int
    oldest_failure_s: float | None
    oldest_effect_s: float | None
    oldest_waiting_s: float | None
    oldest_timer_s: float | None

    def open_failures(self) -> int:
        """Return how many failures wait for a person."""
        return self.failures.get("open", 0)


async def statistics(ctx: DeskContext, principal: Principal) -> Statistics:
    """Return the numbers of this moment."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        return await gather(session)


async def gather(session: Session) -> Statistics:
    """Count in one read transaction."""
    now = session.now
    failures = await session.rows(_FAILURES)
    waiting = await session.rows(_WAITING)
    timers = (await session.rows(_TIMERS, now))[0]
    effects = await session.rows(_EFFECTS)
    oldest_effect = (await session.rows(_OLDEST_EFFECT))[0]["oldest"]
    return Statistics(
        at=now,
        orders={row["status"]: row["n"] for row in await session.rows(_ORDERS)},
        held=(await session.rows(_HELD))[0]["n"],
        quarantined=(await session.rows(_QUARANTINED))[0]["n"],
        failures={row["status"]: row["n"] for row in failures},
        effects=tuple(EffectCount(connector=r["connector"], state=r["state"], count=r["n"]) for r in effects),
        outbox={row["queue"]: row["n"] for row in await session.rows(_OUTBOX)},
        waiting={row["kind"]: row["n"] for row in waiting},
        back_orders=(await session.rows(_BACK_ORDERS))[0]["n"],
        stock_offers_due={row["connector"]: row["n"] for row in await session.rows(_OFFERS_DUE)},
        timers_due=timers["n"],
        oldest_failure_s=_age(now, [row["oldest"] for row in failures if row["status"] == "open"]),
        oldest_effect_s=_age(now, [oldest_effect]),
        oldest_waiting_s=_age(now, [row["oldest"] for row in waiting]),
        oldest_timer_s=_age(now, [timers["oldest"]]),
    )


def _age(now: datetime, times: list[Any]) -> float | None:
    known = [instant for time in times if (instant := as_instant(time)) is not None]
    return max(0.0, (now - min(known)).total_seconds()) if known else None
