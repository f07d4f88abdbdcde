"""One worker polls a feed at a time, however long a poll takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest

from core.bus.port import Bus
from core.clock import SystemClock
from core.connector import OpenConnector
from core.errors import RetryableError
from core.ports import Feed, Intake, RawDocument
from core.scheduler.scheduler import Beat, Scheduler
from core.store.sql import Database, as_instant
from tests.core.engine.stage import Stage, engine_on

pytestmark = pytest.mark.slow

BEAT = Beat(lease_s=0.8)
INTERVAL_S = 0.1
LEASE = "feed:shop:orders"


@dataclass
class SlowPartner:
    """Has one document for every poll, and answers when the test says so."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most_at_once: int = 0
    begun: int = 0
    broken_off: int = 0

    async def asked(self) -> None:
        self.begun += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        finally:
            self.under_way -= 1

    async def is_asked(self) -> bool:
        return self.under_way > 0


@dataclass
class SlowFeed:
    """A feed of that partner, in one worker."""

    partner: SlowPartner
    name: str = "orders"
    interval_s: float = INTERVAL_S
    fails: Exception | None = None

    async def poll(self, intake: Intake) -> int:
        await self.partner.asked()
        if self.fails is not None:
            raise self.fails
        await intake.receive(RawDocument("order", b"{}", external_id=str(self.partner.begun)))
        return 1


@asynccontextmanager
async def polling(stage: Stage, *feeds: Feed) -> AsyncIterator[list[Scheduler]]:
    """Let a scheduler run for each feed, as if each were of another worker."""
    schedulers = [
        Scheduler(
            stage.database,
            stage.engine,
            cast("Bus", stage.bus),
            SystemClock(),
            {"shop": OpenConnector("shop", feeds=(feed,))},
            beat=BEAT,
        )
        for feed in feeds
    ]
    for scheduler in schedulers:
        scheduler.start()
    try:
        yield schedulers
    finally:
        for scheduler in schedulers:
            await scheduler.stop()


async def lasts_until(stage: Stage) -> datetime | None:
    rows = await stage.rows("SELECT until FROM leases WHERE name = $1", LEASE)
    return as_instant(rows[0]["until"]) if rows else None


async def outlived(stage: Stage, partner: SlowPartner) -> None:
    """Wait until the lease has been kept for twice as long as it lasts, or was not kept."""

    async def is_over(beyond: datetime) -> bool:
        until = await lasts_until(stage)
        return partner.begun > 1 or (until is not None and until > beyond)

    first = await stage.until(lambda: lasts_until(stage))
    twice = timedelta(seconds=2 * (BEAT.lease_s + INTERVAL_S))
    await stage.until(lambda: is_over(first + twice), 30)


async def test_two_workers_never_poll_one_feed_at_once_however_slow_the_partner_is(store: Database) -> None:
    partner = SlowPartner()
    async with engine_on(store) as stage, polling(stage, SlowFeed(partner), SlowFeed(partner)) as schedulers:
        await outlived(stage, partner)
        assert (partner.begun, partner.under_way) == (1, 1)
        partner.answers.set()
        await stage.until(lambda: has_polled(schedulers, 3), 30)
    assert partner.most_at_once == 1
    assert partner.broken_off == 0


async def last_error(scheduler: Scheduler) -> str | None:
    state = scheduler.feeds.get(("shop", "orders"))
    return state.last_error if state else None


async def has_polled(schedulers: list[Scheduler], times: int) -> bool:
    states = [state for scheduler in schedulers for state in scheduler.feeds.values()]
    return sum(state.documents for state in states) >= times and not any(state.failures for state in states)


async def test_a_poll_whose_lease_went_to_somebody_else_is_broken_off(sqlite_store: Database) -> None:
    partner = SlowPartner()
    async with engine_on(sqlite_store) as stage, polling(stage, SlowFeed(partner)) as (scheduler,):
        await stage.until(partner.is_asked)
        await stage.run("UPDATE leases SET owner = 'another' WHERE name = $1", LEASE)

        assert "could not be kept" in await stage.until(lambda: last_error(scheduler))
        assert (partner.broken_off, partner.under_way) == (1, 0)


async def test_a_partners_own_time_out_is_not_taken_for_a_lost_lease(sqlite_store: Database) -> None:
    partner = SlowPartner()
    partner.answers.set()
    feed = SlowFeed(partner, fails=TimeoutError("the partner was silent"))
    async with engine_on(sqlite_store) as stage, polling(stage, feed) as (scheduler,):
        assert await stage.until(lambda: last_error(scheduler)) == "the partner was silent"


async def test_a_worker_that_stops_lets_another_poll_at_once(store: Database) -> None:
    partner = SlowPartner()
    async with engine_on(store) as stage:
        async with polling(stage, SlowFeed(partner)):
            await stage.until(partner.is_asked)
        assert (partner.broken_off, partner.under_way) == (1, 0)
        assert await lasts_until(stage) is None


@dataclass
class FailingFeed:
    """Hands in a document, a new one or the same again, and fails: in each of its polls."""

    brings_new: bool
    schedulers: list[Scheduler] = field(default_factory=list[Scheduler])
    failed_before: list[int] = field(default_factory=list[int])
    name: str = "orders"
    interval_s: float = 0.02

    async def poll(self, intake: Intake) -> int:
        self.failed_before += [state.failures for one in self.schedulers for state in one.feeds.values()]
        document = len(self.failed_before) if self.brings_new else 1
        await intake.receive(RawDocument("order", b"{}", external_id=str(document)))
        raise RetryableError("the partner is not well")


@pytest.mark.parametrize(("brings_new", "failed_before"), [(True, [0, 1, 1, 1]), (False, [0, 1, 2, 3])])
async def test_a_feed_that_fails_waits_longer_each_time_unless_it_brought_something_new(
    store: Database, brings_new: bool, failed_before: list[int]
) -> None:
    feed = FailingFeed(brings_new)
    async with engine_on(store) as stage, polling(stage, feed) as feed.schedulers:

        async def has_polled_often() -> bool:
            return len(feed.failed_before) >= len(failed_before)

        await stage.until(has_polled_often, 30)
    assert feed.failed_before[: len(failed_before)] == failed_before
