"""Partitions by time-ordered id, on PostgreSQL: coming ones are made ahead, the inbox's old ones are dropped whole.

Everything that has no partition goes to the table's `_rest`, so that a scheduler that is away harms nobody. SQLite has
none: there, rows are deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from core.ids import floor_id
from core.store.sql import Database, ItemFaultError, Session

log = structlog.get_logger()

AHEAD = 3
"""How many coming partitions there are at any time."""
_PATIENCE = "SET LOCAL lock_timeout = '5s'"
"""Making one waits for those who use the table; nobody waits long behind it."""
_THERE = "SELECT to_regclass($1) IS NOT NULL AS there"
_ALL = (
    "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = $1::text::regclass"
)


@dataclass(frozen=True, slots=True)
class Span:
    """One partition: ids made from `begin` until before `end`."""

    table: str
    begin: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The partition's name, by the day of its beginning."""
        return f"{self.table}_{self.begin:%Y%m%d}"


def days(now: datetime) -> Iterator[Span]:
    """Yield the inbox's spans, today's first: days, so that a week's ids are dropped by the day."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(1 + AHEAD):
        yield Span("inbox", day, day + timedelta(days=1))
        day += timedelta(days=1)


def months(now: datetime) -> Iterator[Span]:
    """Yield the messages' spans, this month's first: months, because messages are kept for long."""
    begin = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(1 + AHEAD):
        end = (begin + timedelta(days=32)).replace(day=1)
        yield Span("messages", begin, end)
        begin = end


async def make(database: Database) -> list[str]:
    """Make the partitions of the coming time; returns those that are new. Does nothing on SQLite."""
    if database.dialect != "postgresql":
        return []
    async with database.reading() as session:
        wanted = [
            span for span in (*days(session.now), *months(session.now)) if not await _is_there(session, span)
        ]
    made: list[str] = []
    for span in wanted:
        try:
            async with database.transaction() as session:
                await _make(session, span)
        except ItemFaultError:  # the rest has ids of that time already: they stay there
            log.info("partition not made: the rest holds its time", partition=span.name)
        else:
            made.append(span.name)
    return made


async def _is_there(session: Session, span: Span) -> bool:
    return bool((await session.rows(_THERE, span.name))[0]["there"])


async def _make(session: Session, span: Span) -> None:
    """Attached rather than created in place: the parent is not locked against its users."""
    await session.run(_PATIENCE)
    await session.run(f"CREATE TABLE {span.name} (LIKE {span.table} INCLUDING ALL)")
    bounds = f"FROM ('{floor_id(span.begin)}') TO ('{floor_id(span.end)}')"
    await session.run(f"ALTER TABLE {span.table} ATTACH PARTITION {span.name} FOR VALUES {bounds}")


async def drop_inbox_before(database: Database, horizon: datetime) -> list[str]:
    """Drop the inbox's partitions that end before `horizon`; returns their names. Does nothing on SQLite."""
    if database.dialect != "postgresql":
        return []
    async with database.reading() as session:
        names = [row["name"] for row in await session.rows(_ALL, "inbox")]
    old = sorted(name for name in names if (end := _end_of(name)) is not None and end <= horizon)
    for name in old:
        async with database.transaction() as session:
            await session.run(_PATIENCE)
            await session.run(f"DROP TABLE {name}")
    return old


def _end_of(name: str) -> datetime | None:
    """Return when a day's partition ends; None for the rest."""
    day = name.removeprefix("inbox_")
    if not day.isdigit():
        return None
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
