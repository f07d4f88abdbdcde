"""The audit log: who did what, written in the transaction of the deed; and reading it."""

from datetime import datetime

from canonical.base import Instant
from core.engine.changes import Changes
from core.engine.work import AuditEntry
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.base import Entry, Page, View, Where, cursor_id, from_row, page, page_size
from hub.desk.context import DeskContext

_COLUMNS = "id, recorded_at, actor, role, action, target, detail"


class AuditView(Entry):
    """Who did what to what. `action` is the verb (`order.hold`, `failure.discard`), `detail` the reason given."""

    recorded_at: datetime
    actor: str
    role: str
    action: str
    target: str
    detail: str | None


class AuditFilter(View):
    """What entries to list; what is None does not count."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: Instant | None = None


ALL_ENTRIES = AuditFilter()


async def list_audit(
    ctx: DeskContext,
    principal: Principal,
    wanted: AuditFilter = ALL_ENTRIES,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[AuditView]:
    """Return a page of the audit log, the newest first."""
    principal.must(Permission.READ_AUDIT)
    size, after = page_size(limit), cursor_id(cursor)
    conditions = Where()
    conditions.equal(actor=wanted.actor, action=wanted.action, target=wanted.target)
    if wanted.since is not None:
        conditions.add("recorded_at >= ?", wanted.since)
    if after is not None:
        conditions.add("id < ?", after)
    sql = f"SELECT {_COLUMNS} FROM audit_log{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
    async with ctx.database.reading() as session:
        rows = await session.rows(sql, *conditions.values)
    return page([from_row(AuditView, row) for row in rows], size)


def entry(principal: Principal, action: str, target: str, detail: str = "") -> AuditEntry:
    """Return who did what."""
    return AuditEntry(principal.name, principal.role.value, action, target, detail)


async def audit(
    session: Session, ctx: DeskContext, principal: Principal, action: str, target: str, detail: str = ""
) -> None:
    """Write who did what, in the transaction of the deed."""
    changes = Changes(session.now)
    changes.audited(entry(principal, action, target, detail))
    await changes.write(session, ctx.ring, ())
