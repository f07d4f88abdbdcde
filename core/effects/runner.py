"""Carries out effects: claims what is due, sends it, and gives the answer to the engine.

A sending has three ends: an answer (its facts and the effect's new state are one commit), a certain failure (it is due
again, up the ladder), or silence (it is unknown, and looked up before anything is repeated).
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from core.bus.port import Bus, Delivery
from core.clock import Clock
from core.connector import Limits, OpenConnector
from core.effects import claims
from core.effects.claims import LEASE_MARGIN_S, Claim, Claims
from core.effects.ends import Ends, RunnerStatistics
from core.effects.throttle import Throttle
from core.engine.engine import Engine
from core.engine.publishing import UNBOX
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import Answer, EffectPort
from core.store.sql import Database, Session, StoreUnavailableError

__all__ = ["EffectRunner", "RunnerStatistics"]

log = structlog.get_logger()

POLL_S = 1.0
_PAUSED = "SELECT connector FROM connector_states WHERE paused"


class EffectRunner:
    """One per worker. `connectors` are those that it may send to."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        bus: Bus,
        clock: Clock,
        connectors: Mapping[str, OpenConnector],
        limits: Mapping[str, Limits],
        *,
        lease_margin_s: float = LEASE_MARGIN_S,
    ) -> None:
        held = {name: limits.get(name, Limits()) for name in connectors}
        self.throttles = {name: Throttle(clock, held[name]) for name in connectors}
        self.paused: frozenset[str] = frozenset()
        self._database, self._engine, self._bus, self._clock = database, engine, bus, clock
        self._ends = Ends(database, engine, held)
        self._ports: dict[tuple[str, str], EffectPort] = {
            (name, command.__name__): port
            for name, connector in connectors.items()
            for port in connector.effects
            for command in port.commands
        }
        self._settle_s = {
            name: max((port.settle_s for port in connector.effects), default=0.0)
            for name, connector in connectors.items()
        }
        self._margin_s = lease_margin_s
        self._hot: set[str] = set()
        self._deliveries: list[Delivery] = []
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._polled_at = float("-inf")
        self._closing = False

    @property
    def statistics(self) -> RunnerStatistics:
        """What the runner has done since it started."""
        return self._ends.statistics

    def start(self) -> None:
        """Begin to claim and send."""
        self._loop_task = asyncio.create_task(self._loop(), name="effects")

    async def stop(self, grace_s: float = 30.0) -> None:
        """Claim no more, and wait for what is under way. What is not claimed stays due, for the next worker."""
        self._closing = True
        self._wake.set()
        if self._loop_task is not None:
            await asyncio.wait({self._loop_task}, timeout=grace_s)
            self._loop_task.cancel()
            await asyncio.wait({self._loop_task})
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        left, self._deliveries = self._deliveries, []
        for delivery in left:
            await delivery.ack()

    async def handle(self, delivery: Delivery) -> None:
        """Take the news that effects are pending: their rows are there already, so it can be acknowledged at once.

        On the embedded bus it is acknowledged after the outbox rows of its items are deleted, with the next claim.
        When the runner is stopping, those rows stay, and the next start hands them out again.
        """
        self._hot.add(delivery.queue.split(".", 1)[-1])
        if self._bus.consumes_outbox and not self._closing:
            self._deliveries.append(delivery)
        else:
            await delivery.ack()
        self._wake.set()

    def wake(self, connector: str) -> None:
        """Look at a connector's due effects soon."""
        self._hot.add(connector)
        self._wake.set()

    # --- claiming ----------------------------------------------------------------------------------------------

    async def _loop(self) -> None:
        while not self._closing:
            hot, self._hot = self._hot, set()
            deliveries, self._deliveries = self._deliveries, []
            try:
                await self._claim(hot, deliveries)
            except StoreUnavailableError as error:
                log.warning("store away", reason=str(error))
                await self._try_later(hot, deliveries)
            except Exception:
                log.exception("claiming failed")
                await self._try_later(hot, deliveries)
            if not self._hot and not self._deliveries:
                await self._rest(hot)

    async def _try_later(self, hot: set[str], deliveries: list[Delivery]) -> None:
        """Keep what was taken: nothing of it is acknowledged."""
        self._hot |= hot
        self._deliveries = deliveries + self._deliveries
        await asyncio.sleep(1)

    async def _rest(self, hot: set[str]) -> None:
        """Wait for news, for the next look, or until a connector that is kept to its rate may send again."""
        waits = {name: throttle.wait_s() for name, throttle in self.throttles.items() if name in hot}
        slow = {name: wait_s for name, wait_s in waits.items() if 0 < wait_s < POLL_S}
        self._wake.clear()
        pause_s = min(slow.values(), default=POLL_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._clock.real_seconds(pause_s)):
                await self._wake.wait()
        self._hot.update(slow)

    async def _claim(self, hot: set[str], deliveries: Sequence[Delivery]) -> None:
        now = self._clock.monotonic()
        polling = now - self._polled_at >= POLL_S
        if polling:
            hot.update(self.throttles)
        rows = sorted(item.key for delivery in deliveries for item in delivery.items)
        if not rows and not polling and not self._permits(hot):
            return
        async with self._database.transaction() as session:
            if polling:
                await self._look_around(session)
            wanted = self._permits(hot)
            made = await claims.claim(
                session,
                self._engine.world.ring,
                self._ports,
                self._engine.world.nodes,
                self._engine.memory,
                wanted,
                self._margin_s,
                {name: self.throttles[name].waiting() for name in wanted},
            )
            await session.write(UNBOX, rows)
        if polling:
            self._polled_at = now
        for delivery in deliveries:
            await delivery.ack()
        self._begin(made, now)
        for name, permits in wanted.items():
            if sum(claim.connector == name for claim in made.claims) == permits:
                self._hot.add(name)

    def _permits(self, hot: set[str]) -> dict[str, int]:
        """Return how many effects of each connector may start now."""
        open_names = [name for name in hot if name in self.throttles and name not in self.paused]
        return {name: permits for name in open_names if (permits := self.throttles[name].permits())}

    async def _look_around(self, session: Session) -> None:
        """See which connectors are paused, and which leases have ended."""
        self.paused = frozenset(row["connector"] for row in await session.rows(_PAUSED))
        for name in sorted(self.throttles):
            await claims.expire(session, name, self._settle_s[name])

    def _begin(self, made: Claims, claimed_at: float) -> None:
        for claim in made.claims:
            self.throttles[claim.connector].start(1)
            self._spawn(self._carry_out(claim, claimed_at))
        for refusal in made.refusals:
            self._spawn(self._ends.refused(refusal))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an effect's end was not written: its lease ends, and it is looked up", exc_info=error)

    # --- one effect --------------------------------------------------------------------------------------------

    async def _carry_out(self, claim: Claim, claimed_at: float) -> None:
        """Send or look up, and write the end. Times are the clock's monotonic seconds."""
        throttle, began = self.throttles[claim.connector], self._clock.monotonic()
        if began - claimed_at >= self._margin_s:  # its deadline would be later than the lease
            throttle.let_go()
            await self._ends.put_back(claim, 0.0, "it was claimed, and not sent in time")
            return
        try:
            answer = await self._ask(claim)
        except RejectedError as error:
            throttle.succeeded()
            await self._ends.rejected(claim, error)
        except RetryableError as error:
            self._slow_down(claim, error)
            await self._ends.again(claim, error)
        except UnauthorisedError as error:
            throttle.failed()
            self.paused |= {claim.connector}
            await self._ends.unauthorised(claim, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it may have taken effect
            throttle.failed()
            spent_s = self._clock.monotonic() - began
            await self._ends.unknown(claim, error, max(0.0, claim.port.deadline_s - spent_s))
        else:
            throttle.succeeded()
            if answer is None:
                await self._ends.not_found(claim)
            else:
                await self._ends.answered(claim, answer)
        self.wake(claim.connector)

    def _slow_down(self, claim: Claim, error: RetryableError) -> None:
        """Hold back what the partner's limit is about: the connector, or one command. A look-up holds up no sending."""
        throttle = self.throttles[claim.connector]
        if error.scope == "operation":
            wait_s = None if claim.look_up else error.retry_after_s
            throttle.limited(type(claim.effect.command).__name__, wait_s)
        else:
            throttle.failed(error.retry_after_s)

    async def _ask(self, claim: Claim) -> Answer | None:
        """Ask the partner, until the port's deadline. None: a look-up found nothing."""
        try:
            async with asyncio.timeout(self._clock.real_seconds(claim.port.deadline_s)):
                if claim.look_up:
                    return await claim.port.look_up(claim.effect)
                return await claim.port.send(claim.effect)
        except TimeoutError as error:
            message = f"no answer within {claim.port.deadline_s:g} s"
            raise OutcomeUnknownError(message) from error
