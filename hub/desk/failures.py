"""Failures: list, group, show, claim, discard. Replaying them is in `replay`."""

from typing import Any
from uuid import UUID

import orjson

from canonical.base import Instant
from core.bus.port import HUB, Item, read_item
from core.engine.changes import Changes, Posting
from core.engine.work import Happening, data_of
from core.errors import HubError
from core.ids import uuid7
from core.store import messages as store
from core.store.messages import Message, as_uuid
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit, entry
from hub.desk.base import Page, View, Where, as_instant, cursor_id, from_row, page, page_size, required
from hub.desk.context import DeskContext
from hub.desk.errors import NotFoundError, RefusedError
from hub.desk.failure_views import (
    ExcerptLine,
    FailureDetail,
    FailureGroup,
    FailureSummary,
    Problems,
    problems_of,
    shown_reason,
)
from hub.desk.masking import masked_text
from hub.desk.messages import body_text

_PLAIN = (
    "id, signature, status, stage, error, reason, connector, mapping, message_id, effect_id, order_id, claimed_by, "
    "claimed_at, replayed_as, closed_by, closed_reason, recorded_at, closed_at"
)
COLUMNS = f"{_PLAIN}, details, queue, item"
_ONE = f"SELECT {COLUMNS} FROM failures WHERE id = $1"  # noqa: S608 - columns are ours
_LOCKED = f"SELECT {COLUMNS} FROM failures WHERE id {{any:1:uuid}} ORDER BY id {{lock}}"  # noqa: S608 - columns are ours
_GROUPS = (
    "SELECT signature, MIN(connector) AS connector, MIN(stage) AS stage, MIN(error) AS error, "
    "MIN(mapping) AS mapping, SUM(CASE WHEN status = 'open' THEN 1 ELSE 0 END) AS open, "
    "SUM(CASE WHEN status = 'replaying' THEN 1 ELSE 0 END) AS replaying, "
    "SUM(CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END) AS claimed, COUNT(DISTINCT order_id) AS orders, "
    "MIN(recorded_at) AS first_at, MAX(recorded_at) AS last_at FROM failures "
    "WHERE status IN ('open', 'replaying') GROUP BY signature ORDER BY COUNT(*) DESC, signature LIMIT 500"
)
_HELD_UP = (
    "SELECT COUNT(*) AS n FROM waiting w WHERE w.kind = 'quarantine' AND w.value IN "
    "(SELECT CAST(o.id AS TEXT) FROM orders o WHERE o.quarantined_by = $1)"
)
_CLAIM = "UPDATE failures SET claimed_by = $2, claimed_at = $3 WHERE id = $1"
_DISCARD = "UPDATE failures SET status = 'discarded', closed_by = $2, closed_reason = $3, closed_at = $4 WHERE id = $1"
_QUARANTINED = "SELECT id FROM orders WHERE quarantined_by = $1"
_AROUND = 3
_LONGEST_LINE = 400
_LINES_WITHOUT_POSITION = 12


class FailureFilter(View):
    """What failures to list; what is None does not count."""

    status: str | None = None
    signature: str | None = None
    connector: str | None = None
    stage: str | None = None
    error: str | None = None
    order_id: UUID | None = None
    message_id: UUID | None = None
    claimed_by: str | None = None
    since: Instant | None = None
    until: Instant | None = None

    def where(self) -> Where:
        """Return the conditions."""
        conditions = Where()
        conditions.equal(
            status=self.status, signature=self.signature, connector=self.connector, stage=self.stage,
            error=self.error, order_id=self.order_id, message_id=self.message_id, claimed_by=self.claimed_by,
        )  # fmt: skip
        if self.since is not None:
            conditions.add("recorded_at >= ?", self.since)
        if self.until is not None:
            conditions.add("recorded_at < ?", self.until)
        return conditions


ALL_FAILURES = FailureFilter()


async def list_failures(
    ctx: DeskContext,
    principal: Principal,
    wanted: FailureFilter = ALL_FAILURES,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[FailureSummary]:
    """Return a page of failures, the newest first."""
    principal.must(Permission.READ)
    size, after = page_size(limit), cursor_id(cursor)
    conditions = wanted.where()
    if after is not None:
        conditions.add("id < ?", after)
    sql = f"SELECT {COLUMNS} FROM failures{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
    async with ctx.database.reading() as session:
        rows = await session.rows(sql, *conditions.values)
    masked = not principal.may(Permission.SEE_PEOPLE)
    return page([summary(row, masked=masked) for row in rows], size)


async def list_groups(ctx: DeskContext, principal: Principal) -> tuple[FailureGroup, ...]:
    """Return the kinds of failures that are open or being replayed, the most frequent first."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        rows = await session.rows(_GROUPS)
    return tuple(
        from_row(FailureGroup, row, first_at=as_instant(row["first_at"]), last_at=as_instant(row["last_at"]))
        for row in rows
    )


async def show_failure(ctx: DeskContext, principal: Principal, failure_id: UUID) -> FailureDetail:
    """Return a failure with its problems, and the raw document around the first of them."""
    principal.must(Permission.READ)
    masked = not principal.may(Permission.SEE_PEOPLE)
    async with ctx.database.reading() as session:
        rows = await session.rows(_ONE, failure_id)
        if not rows:
            raise NotFoundError(f"there is no failure {failure_id}")
        row = rows[0]
        message_id = current_message(row)
        content = (await store.load(session, ctx.ring, [message_id])).get(message_id) if message_id else None
        held_up = (await session.rows(_HELD_UP, failure_id))[0]["n"]
    problems = problems_of(row, masked=masked)
    return FailureDetail(
        **dict(summary(row, masked=masked)),
        problems=problems,
        excerpt=_excerpt(content, problems, masked=masked) if isinstance(content, Message) else (),
        unreadable=str(content) if isinstance(content, HubError) else None,
        masked=masked,
        current_message_id=message_id,
        held_up=held_up,
    )


async def claim(
    ctx: DeskContext, principal: Principal, failure_id: UUID, *, force: bool = False
) -> FailureSummary:
    """Say that one works on a failure, so that nobody else replays it. `force` takes it from somebody."""
    principal.must(Permission.CLAIM)
    async with ctx.database.transaction() as session:
        row = await lock_failure(session, failure_id)
        must_be_free(row, principal, force=force)
        if row["status"] not in {"open", "replaying"}:
            raise RefusedError(f"failure {failure_id} is {row['status']}: there is nothing to claim")
        await session.run(_CLAIM, failure_id, principal.name, session.now)
        await audit(session, ctx, principal, "failure.claim", str(failure_id), "taken over" if force else "")
        return summary((await session.rows(_ONE, failure_id))[0], masked=False)


async def unclaim(
    ctx: DeskContext, principal: Principal, failure_id: UUID, *, force: bool = False
) -> FailureSummary:
    """Give a failure back to everybody."""
    principal.must(Permission.CLAIM)
    async with ctx.database.transaction() as session:
        row = await lock_failure(session, failure_id)
        must_be_free(row, principal, force=force)
        await session.run(_CLAIM, failure_id, None, None)
        await audit(session, ctx, principal, "failure.unclaim", str(failure_id))
        return summary((await session.rows(_ONE, failure_id))[0], masked=False)


async def discard(
    ctx: DeskContext, principal: Principal, failure_id: UUID, reason: str, *, force: bool = False
) -> FailureSummary:
    """Give up on a failed message, with a reason. What waits behind it goes on, in order.

    The order's quarantine is lifted by an item for the engine, committed together with the decision.
    """
    principal.must(Permission.DISCARD)
    why = required(reason, "reason")
    async with ctx.database.transaction() as session:
        row = await lock_failure(session, failure_id)
        must_be_free(row, principal, force=force)
        if row["status"] != "open":
            raise RefusedError(f"failure {failure_id} is {row['status']}: only an open one can be discarded")
        await session.run(_DISCARD, failure_id, principal.name, why, session.now)
        changes = Changes(session.now)
        for order in await session.rows(_QUARANTINED, failure_id):
            changes.postings.append(_go_on(failure_id, as_uuid(order["id"]), session))
        changes.audited(entry(principal, "failure.discard", str(failure_id), why))
        await changes.write(session, ctx.ring, ())
        shown = summary((await session.rows(_ONE, failure_id))[0], masked=False)
    ctx.engine.publish(changes.postings)
    return shown


def _go_on(failure_id: UUID, order_id: UUID, session: Session) -> Posting:
    """Ask the engine to let the order go on: nothing happens to it, in the failure's place."""
    item_id = uuid7()
    item = Item(
        id=item_id, type="GoOn", subject=str(order_id), attempt=1, time=session.now, correlation_id=item_id,
        causation_id=None, data=data_of(Happening(order_id, ()), failure_id),
    )  # fmt: skip
    return Posting(HUB, item)


async def lock_failure(session: Session, failure_id: UUID) -> Any:
    """Lock a failure and return its row; raises `NotFoundError`."""
    rows = await session.rows(_LOCKED, [failure_id])
    if not rows:
        raise NotFoundError(f"there is no failure {failure_id}")
    return rows[0]


def must_be_free(row: Any, principal: Principal, *, force: bool) -> None:
    """Refuse what somebody else has claimed, unless it is taken over by right."""
    holder = row["claimed_by"]
    if holder is None or holder == principal.name:
        return
    if not force:
        raise RefusedError(
            f"{holder} has claimed failure {row['id']} and works on it: ask them, or take it over"
        )
    principal.must(Permission.OVERRIDE_CLAIMS)


def summary(row: Any, *, masked: bool) -> FailureSummary:
    """Return a failure's line of a list."""
    return from_row(FailureSummary, row, reason=shown_reason(row, masked=masked))


def current_message(row: Any) -> UUID | None:
    """Return the message that a replay would read: the one that its item names."""
    data = orjson.loads(read_item(row["item"]).data)
    named = data.get("message") or data.get("internal")
    if named:
        return UUID(named)
    return as_uuid(row["message_id"]) if row["message_id"] is not None else None


def _excerpt(content: Message, problems: Problems, *, masked: bool) -> tuple[ExcerptLine, ...]:
    """Return the lines around the first problem that has a line; else the beginning."""
    text, encoding = body_text(content.body)
    if encoding != "utf-8":
        return ()
    lines = text.splitlines() or [""]
    bad = {int(problem["line"]) for problem in problems if "line" in problem}
    first = min(bad, default=0)
    start = max(1, first - _AROUND) if first else 1
    end = first + _AROUND if first else _LINES_WITHOUT_POSITION
    return tuple(
        ExcerptLine(
            number=number,
            text=(masked_text(line) if masked else line)[:_LONGEST_LINE],
            problem=number in bad,
        )
        for number, line in enumerate(lines[start - 1 : end], start=start)
    )
