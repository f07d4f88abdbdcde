"""Runs the jobs that one worker does for all. Every worker has a scheduler; the leases decide which of them acts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from core.bus.port import Bus
from core.clock import Clock
from core.connector import OpenConnector
from core.engine.changes import UNPUBLISHED_GRACE_S
from core.engine.engine import Engine
from core.errors import HubError, PartnerError, UnauthorisedError
from core.ids import uuid7
from core.ports import Feed, Intake, RawDocument, Receipt
from core.scheduler import jobs, leases, owed
from core.scheduler.retention import Retention
from core.store.sql import Database, StoreUnavailableError

log = structlog.get_logger()

LEASE_S = 30.0
RENEWALS = 4
"""How often a lease is renewed in the time that it lasts, while a poll goes on."""
LEADER = "scheduler"
_PAUSE = (
    "INSERT INTO connector_states (connector, paused, reason, actor, failures, updated_at) "
    "VALUES ($1, true, $2, 'hub', 0, $3) ON CONFLICT (connector) DO UPDATE SET paused = excluded.paused, "
    "reason = excluded.reason, actor = 'hub', updated_at = excluded.updated_at"
)
_PAUSED = "SELECT paused FROM connector_states WHERE connector = $1"


class LeaseLostError(HubError):
    """The lease on a feed went to somebody else, or could not be renewed in time: its poll was broken off."""

    def __init__(self, lease: str) -> None:
        super().__init__(
            f"the lease {lease} could not be kept: the poll was broken off, the next one goes on"
        )
        self.lease = lease


@dataclass(slots=True)
class Beat:
    """How often the jobs run, in seconds of hub time."""

    sweep_s: float = 1.0
    timers_s: float = 1.0
    waiting_s: float = 2.0
    clean_up_s: float = 3600.0
    owed_s: float = 60.0
    """How long it takes at most until support sees that a partner's acknowledgement or document is late."""
    stock_s: float = 5.0
    """How long channels wait at most to be told of stock that has changed."""
    lease_s: float = LEASE_S
    """How long a job's lease outlives its interval: what others wait for after a worker was killed."""

    def lease_of(self, every_s: float) -> float:
        """Return how long the lease lasts of what runs every so many seconds."""
        return every_s + self.lease_s


@dataclass(slots=True)
class FeedState:
    """How a feed is doing, for the desk and for metrics."""

    polls: int = 0
    documents: int = 0
    failures: int = 0
    """In a row, without anything new between them."""
    last_error: str | None = None


@dataclass(slots=True)
class _Handover:
    """The intake of one connector's feed."""

    engine: Engine
    connector: str
    state: FeedState

    async def receive(self, raw: RawDocument) -> Receipt:
        receipt = await self.engine.receive(self.connector, raw)
        if not receipt.duplicate:
            # A feed that brings what is new is not down, however its poll ends: it need not wait longer and longer.
            self.state.failures = 0
        return receipt


class Scheduler:
    """One per worker process."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        bus: Bus,
        clock: Clock,
        connectors: Mapping[str, OpenConnector],
        *,
        maintain: Callable[[], Awaitable[None]] | None = None,
        beat: Beat | None = None,
        retention: Retention | None = None,
    ) -> None:
        self.feeds: dict[tuple[str, str], FeedState] = {}
        self._database, self._engine, self._bus, self._clock = database, engine, bus, clock
        self._connectors, self._maintain, self._beat = connectors, maintain, beat or Beat()
        self._retention = retention or Retention()
        self._owner = str(uuid7())
        self._tasks: list[asyncio.Task[None]] = []
        self._further: list[tuple[str, float, Callable[[], Awaitable[None]]]] = []

    def add(self, name: str, every_s: float, job: Callable[[], Awaitable[None]]) -> None:
        """Add a job of the application's own, before the start: once across all workers, every so many seconds."""
        self._further.append((name, every_s, job))

    def start(self) -> None:
        """Begin, with what an earlier process left in the outbox of an embedded bus."""
        beat = self._beat
        self._spawn("sweep", beat.sweep_s, self._sweep, leased=not self._bus.consumes_outbox)
        self._spawn("timers", beat.timers_s, self._timers, leased=True)
        self._spawn("waiting", beat.waiting_s, self._waiting, leased=True)
        self._spawn("owed", beat.owed_s, self._owed, leased=True)
        self._spawn("clean-up", beat.clean_up_s, self._clean_up, leased=True)
        for job_name, every_s, job in self._further:
            self._spawn(job_name, every_s, job, leased=True)
        for name, connector in self._connectors.items():
            for feed in connector.feeds:
                self._tasks.append(
                    asyncio.create_task(self._feed(name, feed), name=f"feed {name}/{feed.name}")
                )

    async def stop(self) -> None:
        """Stop all jobs, and let others take the leases at once."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        try:
            async with self._database.transaction() as session:
                await leases.give_back(session, self._owner)
        except StoreUnavailableError as error:
            log.warning("store away", reason=str(error))

    def _spawn(self, name: str, every_s: float, job: Callable[[], Awaitable[None]], *, leased: bool) -> None:
        self._tasks.append(asyncio.create_task(self._run(name, every_s, job, leased=leased), name=name))

    async def _run(
        self, name: str, every_s: float, job: Callable[[], Awaitable[None]], *, leased: bool
    ) -> None:
        while True:
            try:
                if not leased or await self._holds(f"{LEADER}:{name}", every_s):
                    await job()
            except StoreUnavailableError as error:
                log.warning("store away", job=name, reason=str(error))
            except Exception:
                log.exception("job failed", job=name)
            await self._clock.sleep(every_s)

    async def _holds(self, lease: str, every_s: float) -> bool:
        async with self._database.transaction() as session:
            return await leases.take(session, lease, self._owner, self._beat.lease_of(every_s))

    # --- jobs --------------------------------------------------------------------------------------------------

    async def sweep_all(self) -> None:
        """Hand on whatever an earlier process left behind, at the start of an embedded hub."""
        postings = await jobs.sweep(self._database, horizon_s=UNPUBLISHED_GRACE_S)
        self._engine.publish(postings)

    async def _sweep(self) -> None:
        self._engine.publish(await jobs.sweep(self._database))

    async def _timers(self) -> None:
        self._engine.publish(await jobs.fire_timers(self._database, self._engine.world.ring))

    async def _waiting(self) -> None:
        self._engine.publish(await jobs.release_waiting(self._database, self._engine.world.ring))

    async def _owed(self) -> None:
        await owed.chase(self._database, self._engine.world.ring)

    async def _clean_up(self) -> None:
        await jobs.clean_up(self._database, self._retention)
        if self._maintain is not None:
            await self._maintain()

    async def _feed(self, name: str, feed: Feed) -> None:
        """Poll a feed again and again; what goes wrong is this feed's alone."""
        state = self.feeds.setdefault((name, feed.name), FeedState())
        intake, lease = _Handover(self._engine, name, state), f"feed:{name}:{feed.name}"
        while True:
            try:
                began = self._clock.monotonic()
                if await self._holds(lease, feed.interval_s) and not await self._paused(name):
                    state.documents += await self._poll(feed, intake, lease, began)
                    state.polls += 1
                    state.last_error, state.failures = None, 0
            except UnauthorisedError as error:
                self._note(state, name, feed, error)
                await self._pause(name, str(error))
            except (PartnerError, StoreUnavailableError, LeaseLostError) as error:
                self._note(state, name, feed, error)
            except Exception as error:
                self._note(state, name, feed, error)
                log.exception("feed failed", connector=name, feed=feed.name)
            await self._clock.sleep(feed.interval_s * min(8, 1 + state.failures))

    async def _poll(self, feed: Feed, intake: Intake, lease: str, held_from: float) -> int:
        """Poll, and renew the lease as long as that takes: a slow poll is nobody else's meanwhile.

        A poll whose lease can't be renewed is broken off before the lease ends; what it had not handed in yet is there
        for the next one. `held_from` is the clock's monotonic time before the lease was taken.
        """
        polling = asyncio.create_task(feed.poll(intake), name=f"poll {lease}")
        lasts_s = self._beat.lease_of(feed.interval_s)
        try:
            while True:
                left_s = held_from + lasts_s - self._clock.monotonic()
                async with asyncio.timeout(self._clock.real_seconds(left_s)):
                    await asyncio.wait({polling}, timeout=self._clock.real_seconds(lasts_s / RENEWALS))
                    if polling.done():
                        return polling.result()
                    held_from = self._clock.monotonic()
                    if not await self._holds(lease, feed.interval_s):
                        raise LeaseLostError(lease)
        except TimeoutError as error:
            if polling.done():  # in the meantime, or it is the partner's own time-out
                return polling.result()
            raise LeaseLostError(lease) from error
        finally:
            polling.cancel()
            await asyncio.wait({polling})

    def _note(self, state: FeedState, name: str, feed: Feed, error: Exception) -> None:
        state.failures += 1
        state.last_error = str(error) or type(error).__name__
        log.warning("feed failed", connector=name, feed=feed.name, reason=state.last_error)

    async def _paused(self, name: str) -> bool:
        async with self._database.reading() as session:
            rows = await session.rows(_PAUSED, name)
        return bool(rows) and bool(rows[0]["paused"])

    async def _pause(self, name: str, reason: str) -> None:
        async with self._database.transaction() as session:
            await session.run(_PAUSE, name, f"credentials refused: {reason}", session.now)
