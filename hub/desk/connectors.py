"""The connectors as they run: how deep their queues are, when they last said something, whether they are paused."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.bus.port import inbound, outbound
from core.effects.throttle import Throttle
from core.errors import PartnerError
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.base import View, required
from hub.desk.context import DeskContext
from hub.desk.errors import NotFoundError, RefusedError

TEST_S = 20.0
_STATES = "SELECT connector, paused, until, reason, actor, updated_at FROM connector_states"
_EFFECTS = (
    "SELECT connector, state, COUNT(*) AS n FROM effects "
    "WHERE state IN ('pending', 'sending', 'unknown', 'parked') GROUP BY connector, state"
)
_FAILURES = (
    "SELECT connector, COUNT(*) AS n FROM failures WHERE status IN ('open', 'replaying') GROUP BY connector"
)
_OUTBOX = "SELECT queue, COUNT(*) AS n FROM outbox GROUP BY queue"
_LAST = "SELECT recorded_at FROM messages WHERE connector = $1 AND direction = $2 ORDER BY id DESC LIMIT 1"
_SET = (
    "INSERT INTO connector_states (connector, paused, until, reason, actor, failures, updated_at) "
    "VALUES ($1, $2, NULL, $3, $4, 0, $5) ON CONFLICT (connector) DO UPDATE SET paused = excluded.paused, "
    "until = NULL, reason = excluded.reason, actor = excluded.actor, updated_at = excluded.updated_at"
)
_ONE = "SELECT connector, paused, until, reason, actor, updated_at FROM connector_states WHERE connector = $1"


class ConnectorView(View):
    """A connector. `breaker`: closed, open (failing, nobody is sent to it), trial; None where nothing is sent."""

    name: str
    type: str | None
    paused: bool
    paused_by: str | None
    paused_reason: str | None
    paused_at: datetime | None
    breaker: str | None
    takes: tuple[str, ...]
    """Commands that it carries out."""
    reads: tuple[str, ...]
    """Kinds of documents that it reads."""
    doors: tuple[str, ...]
    """Its HTTP entrances: method and path."""
    feeds: tuple[str, ...]
    waiting_in: int
    """Messages that wait to be read."""
    waiting_out: int
    """Effects that wait to be sent."""
    effects: dict[str, int]
    """Open effects by state."""
    failures: int
    """Failures that are open or being replayed."""
    last_in: datetime | None
    last_out: datetime | None


async def list_connectors(ctx: DeskContext, principal: Principal) -> tuple[ConnectorView, ...]:
    """Return every connector of this process, by name."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        facts = await _facts(session)
        return tuple([await _view(session, ctx, name, facts) for name in sorted(ctx.connectors)])


async def show_connector(ctx: DeskContext, principal: Principal, name: str) -> ConnectorView:
    """Return one connector."""
    principal.must(Permission.READ)
    _must_exist(ctx, name)
    async with ctx.database.reading() as session:
        return await _view(session, ctx, name, await _facts(session))


async def pause(ctx: DeskContext, principal: Principal, name: str, reason: str) -> ConnectorView:
    """Stop sending to a partner, and fetching from it. What arrives at its doors is still taken in."""
    return await _set(ctx, principal, name, paused=True, reason=required(reason, "reason", longest=500))


async def resume(ctx: DeskContext, principal: Principal, name: str, reason: str = "") -> ConnectorView:
    """Go on with a partner."""
    return await _set(ctx, principal, name, paused=False, reason=reason.strip()[:500])


class ConnectorTest(View):
    """How trying out a connector's credentials and reachability went."""

    name: str
    ok: bool
    said: str


async def test(ctx: DeskContext, principal: Principal, name: str) -> ConnectorTest:
    """Try a connector's credentials, and whether its partner can be reached."""
    principal.must(Permission.RUN_CONNECTORS)
    _must_exist(ctx, name)
    try:
        async with asyncio.timeout(TEST_S):
            return ConnectorTest(name=name, ok=True, said=await ctx.connectors[name].test())
    except PartnerError as error:
        return ConnectorTest(name=name, ok=False, said=str(error))
    except TimeoutError:
        return ConnectorTest(name=name, ok=False, said=f"no answer within {TEST_S:g} s")


async def _set(
    ctx: DeskContext, principal: Principal, name: str, *, paused: bool, reason: str
) -> ConnectorView:
    principal.must(Permission.RUN_CONNECTORS)
    _must_exist(ctx, name)
    async with ctx.database.transaction() as session:
        rows = await session.rows(_ONE, name)
        if bool(rows and rows[0]["paused"]) is paused:
            raise RefusedError(f"connector {name} is {'paused already' if paused else 'not paused'}")
        await session.run(_SET, name, paused, reason, principal.name, session.now)
        action = "connector.pause" if paused else "connector.resume"
        await audit(session, ctx, principal, action, name, reason)
    if ctx.runner is not None and not paused:
        ctx.runner.wake(name)
    return await show_connector(ctx, principal, name)


def _must_exist(ctx: DeskContext, name: str) -> None:
    if name not in ctx.connectors:
        there = ", ".join(sorted(ctx.connectors)) or "none"
        raise NotFoundError(f"there is no connector {name}; there are: {there}")


async def _facts(session: Session) -> dict[str, Any]:
    effects: dict[str, dict[str, int]] = {}
    for row in await session.rows(_EFFECTS):
        effects.setdefault(row["connector"], {})[row["state"]] = row["n"]
    return {
        "states": {row["connector"]: row for row in await session.rows(_STATES)},
        "failures": {row["connector"]: row["n"] for row in await session.rows(_FAILURES)},
        "outbox": {row["queue"]: row["n"] for row in await session.rows(_OUTBOX)},
        "effects": effects,
    }


async def _view(session: Session, ctx: DeskContext, name: str, facts: Mapping[str, Any]) -> ConnectorView:
    opened = ctx.connectors[name]
    state: Any = facts["states"].get(name)
    effects: dict[str, int] = facts["effects"].get(name, {})
    throttle = ctx.runner.throttles.get(name) if ctx.runner is not None else None
    paused: Any = state if state is not None and state["paused"] else None
    return ConnectorView(
        name=name,
        type=ctx.types.get(name),
        paused=paused is not None,
        paused_by=paused["actor"] if paused is not None else None,
        paused_reason=paused["reason"] if paused is not None else None,
        paused_at=paused["updated_at"] if paused is not None else None,
        breaker=_breaker(throttle) if throttle is not None and opened.effects else None,
        takes=tuple(sorted({c.__name__ for port in opened.effects for c in port.commands})),
        reads=tuple(sorted(opened.readers)),
        doors=tuple(f"{door.method} {door.path}" for door in opened.doors),
        feeds=tuple(feed.name for feed in opened.feeds),
        waiting_in=_depth(ctx, inbound(name), facts),
        waiting_out=effects.get("pending", 0) + facts["outbox"].get(outbound(name), 0),
        effects=effects,
        failures=facts["failures"].get(name, 0),
        last_in=await _last(session, name, "in"),
        last_out=await _last(session, name, "out"),
    )


def _depth(ctx: DeskContext, queue: str, facts: Mapping[str, Any]) -> int:
    """Return how much waits in a queue: what the bus knows, or what its outbox rows say."""
    known = ctx.bus().queues.get(queue)
    stored: int = facts["outbox"].get(queue, 0)
    return max(stored, (known.depth or 0) + known.in_flight) if known is not None else stored


def _breaker(throttle: Throttle) -> str:
    if throttle.is_open:
        return "open"
    return "trial" if throttle.failures >= throttle.limits.breaker_failures else "closed"


async def _last(session: Session, name: str, direction: str) -> datetime | None:
    rows = await session.rows(_LAST, name, direction)
    return rows[0]["recorded_at"] if rows else None
