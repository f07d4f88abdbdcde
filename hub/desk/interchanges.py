"""The ledger of interchanges: what was exchanged with whom under which number, and what is owed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from core.store.messages import as_uuid, maybe_uuid
from core.store.sql import as_instant
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.base import View
from hub.desk.context import DeskContext
from hub.desk.errors import NotFoundError, RefusedError

_LEDGER = (
    "SELECT id, direction, connector, pair, control, status, reason, message_id, answers, recorded_at, due_at, "
    "raised_at, ended_at, (SELECT COUNT(*) FROM exchanged_sets s WHERE s.interchange_id = i.id) AS sets "
    "FROM interchanges i WHERE (CAST($1 AS TEXT) IS NULL OR connector = $1) "
    "AND ($2 = 'all' OR ended_at IS NULL) AND ($2 <> 'overdue' OR raised_at IS NOT NULL) "
    "ORDER BY recorded_at DESC, id DESC LIMIT $3"
)
_EXPECTED = (
    "SELECT connector, kind, reference, after, since, due_at, raised_at FROM expected_sets "
    "WHERE (CAST($1 AS TEXT) IS NULL OR connector = $1) AND ($2 <> 'overdue' OR raised_at IS NOT NULL) "
    "ORDER BY due_at LIMIT $3"
)
_ONE = "SELECT direction, control, effect_key FROM interchanges WHERE id = $1 {lock}"
_AGAIN = (
    "UPDATE effects SET state = 'pending', attempt = 0, looks = 0, due_at = $2, finished_at = NULL "
    "WHERE key = $1 AND state = 'confirmed' RETURNING connector"
)
Which = Literal["all", "open", "overdue"]


class InterchangeView(View):
    """One interchange. `direction`: in (the partner's) or out (ours)."""

    id: UUID
    direction: str
    connector: str
    pair: str
    """Sender and receiver, as the interchange names them."""
    control: str
    status: str
    reason: str | None
    sets: int
    message_id: UUID
    """Its stored bytes."""
    answers: UUID | None
    """The interchange that it acknowledges."""
    recorded_at: datetime
    due_at: datetime | None
    """By when it is to be acknowledged; None where it is late already, or nothing is owed."""
    overdue_since: datetime | None
    ended_at: datetime | None


class ExpectedView(View):
    """A document that a partner owes."""

    connector: str
    kind: str
    reference: str
    after: str
    since: datetime
    due_at: datetime
    overdue_since: datetime | None


class LedgerView(View):
    """What was exchanged, the newest first, and which documents are still expected, the most urgent first."""

    interchanges: tuple[InterchangeView, ...]
    expected: tuple[ExpectedView, ...]


async def list_ledger(
    ctx: DeskContext,
    principal: Principal,
    which: Which = "all",
    connector: str | None = None,
    limit: int = 50,
) -> LedgerView:
    """Return the ledger. `open`: what is not acknowledged yet, either way; `overdue`: of that, what is late."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        exchanged = await session.rows(_LEDGER, connector, which, limit)
        expected = await session.rows(_EXPECTED, connector, which, limit)
    return LedgerView(
        interchanges=tuple(
            InterchangeView(
                id=as_uuid(row["id"]), direction=row["direction"], connector=row["connector"], pair=row["pair"],
                control=row["control"], status=row["status"], reason=row["reason"], sets=row["sets"],
                message_id=as_uuid(row["message_id"]), answers=maybe_uuid(row["answers"]),
                recorded_at=as_instant(row["recorded_at"]), due_at=_maybe(row["due_at"]),
                overdue_since=_maybe(row["raised_at"]), ended_at=_maybe(row["ended_at"]),
            )
            for row in exchanged
        ),
        expected=tuple(
            ExpectedView(
                connector=row["connector"], kind=row["kind"], reference=row["reference"], after=row["after"],
                since=as_instant(row["since"]), due_at=as_instant(row["due_at"]),
                overdue_since=_maybe(row["raised_at"]),
            )
            for row in expected
        ),
    )  # fmt: skip


async def resend(ctx: DeskContext, principal: Principal, interchange_id: UUID) -> str:
    """Send an interchange of ours again, with its old bytes and its old number; return that number."""
    principal.must(Permission.RESOLVE_EFFECTS)
    async with ctx.database.transaction() as session:
        found = await session.rows(_ONE, interchange_id)
        if not found:
            raise NotFoundError(f"there is no interchange {interchange_id}")
        row = found[0]
        if row["direction"] != "out" or row["effect_key"] is None:
            raise RefusedError(f"interchange {row['control']} is the partner's: only it can send it again")
        rows = await session.rows(_AGAIN, row["effect_key"], session.now)
        if not rows:
            raise RefusedError(f"interchange {row['control']} has not been sent yet: its effect is under way")
        await audit(session, ctx, principal, "interchange.resend", str(interchange_id), row["control"])
    if ctx.runner is not None:
        ctx.runner.wake(rows[0]["connector"])
    return str(row["control"])


def _maybe(value: object) -> datetime | None:
    return None if value is None else as_instant(value)
