"""Carries out effects: claims what is due, sends it, and gives the answer to the engine.

A sending has three ends: an answer (its facts and the effect's new state are one commit), a certain failure (it is due
again, up the ladder), or silence (it is unknown, and looked up before anything is repeated).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from canonical.events import EffectRejected
from core.bus.port import Bus, Delivery, inbound, write_item
from core.clock import Clock
from core.connector import Limits, OpenConnector
from core.effects import claims
from core.effects.claims import LEASE_MARGIN_S, Claim, Lease, Refusal
from core.effects.throttle import Throttle
from core.engine.changes import signature
from core.engine.engine import Engine
from core.engine.work import EffectState, Facts, Happening, NewMessage, Settlement, Work
from core.errors import (
    OutcomeUnknownError,
    PartnerError,
    RejectedError,
    RetryableError,
    UnauthorisedError,
)
from core.ids import named_id, time_of, uuid7
from core.ports import Answer, EffectPort
from core.store.sql import Database, Session, StoreUnavailableError, bulk

log = structlog.get_logger()

POLL_S = 1.0
_UNBOX = bulk(
    "DELETE FROM outbox WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM {rows})",
    "item_id uuid, attempt int",
)
_DUE_AGAIN = (
    "UPDATE effects SET state = $2, due_at = $3, reason = $4, lease_until = NULL, lease_owner = NULL "
    "WHERE id = $1 AND state = 'sending' AND lease_owner = $5"
)
_FAILURE = (
    "INSERT INTO failures (id, signature, status, stage, error, reason, connector, message_id, effect_id, order_id, "
    "queue, item, recorded_at) VALUES ($1, $2, 'open', 'send', $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO UPDATE SET status = 'open', signature = excluded.signature, error = excluded.error, "
    "reason = excluded.reason, closed_at = NULL, closed_by = NULL, closed_reason = NULL"
)
_PAUSE = (
    "INSERT INTO connector_states (connector, paused, until, reason, actor, failures, updated_at) "
    "VALUES ($1, true, NULL, $2, 'hub', 0, $3) ON CONFLICT (connector) DO UPDATE SET paused = excluded.paused, "
    "until = NULL, reason = excluded.reason, actor = 'hub', updated_at = excluded.updated_at"
)
_PAUSED = "SELECT connector FROM connector_states WHERE paused"


@dataclass(slots=True)
class RunnerStatistics:
    """What the runner has done since it started, by connector and end."""

    ends: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def count(self, connector: str, end: str) -> None:
        """Count one."""
        self.ends[connector, end] = self.ends.get((connector, end), 0) + 1


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
        self.statistics = RunnerStatistics()
        self.throttles = {name: Throttle(clock, limits.get(name, Limits())) for name in connectors}
        self.paused: frozenset[str] = frozenset()
        self._database, self._engine, self._bus, self._clock = database, engine, bus, clock
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
        self._lease = Lease(str(uuid7()), lease_margin_s)
        self._hot: set[str] = set()
        self._deliveries: list[Delivery] = []
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to claim and send."""
        self._loop_task = asyncio.create_task(self._loop(), name="effects")

    async def stop(self, grace_s: float = 30.0) -> None:
        """Claim no more, and wait for what is under way."""
        self._closing = True
        self._wake.set()
        if self._loop_task is not None:
            await asyncio.wait({self._loop_task}, timeout=grace_s)
            self._loop_task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)

    async def handle(self, delivery: Delivery) -> None:
        """Take the news that effects are pending: their rows are there already, so it can be acknowledged at once."""
        self._hot.add(delivery.queue.split(".", 1)[-1])
        if self._bus.consumes_outbox:
            self._deliveries.append(delivery)
        else:
            await delivery.ack()
        self._wake.set()

    def wake(self, connector: str) -> None:
        """Look at a connector's due effects soon."""
        self._hot.add(connector)
        self._wake.set()

    async def _loop(self) -> None:
        polled_at = float("-inf")
        while not self._closing:
            now = self._clock.monotonic()
            polling = now - polled_at >= POLL_S
            if polling:
                polled_at = now
                self._hot.update(self.throttles)
            hot, self._hot = self._hot, set()
            deliveries, self._deliveries = self._deliveries, []
            try:
                await self._claim(hot, deliveries, polling=polling)
            except StoreUnavailableError as error:
                log.warning("store away", reason=str(error))
                self._hot |= hot
                self._deliveries = deliveries + self._deliveries
                await asyncio.sleep(1)
            except Exception:
                log.exception("claiming failed")
                self._deliveries = deliveries + self._deliveries
                await asyncio.sleep(1)
            if not self._hot and not self._deliveries:
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._clock.real_seconds(POLL_S))

    async def _claim(self, hot: set[str], deliveries: Sequence[Delivery], *, polling: bool) -> None:
        wanted = {
            name: permits
            for name in hot
            if name in self.throttles
            and name not in self.paused
            and (permits := self.throttles[name].permits())
        }
        rows = sorted(item.key for delivery in deliveries for item in delivery.items)
        if not wanted and not rows and not polling:
            return
        async with self._database.transaction() as session:
            if polling:
                self.paused = frozenset(row["connector"] for row in await session.rows(_PAUSED))
                for name in sorted(wanted):
                    await claims.expire(session, name, self._settle_s[name])
            found, refusals = await claims.claim(
                session, self._engine.world.ring, self._ports, self._engine.world.nodes, wanted, self._lease,
            )  # fmt: skip
            await session.write(_UNBOX, rows)
            now = session.now
        for delivery in deliveries:
            await delivery.ack()
        for claim in found:
            self.throttles[claim.connector].start(1)
            self._spawn(self._carry_out(claim, now))
        for refusal in refusals:
            self._spawn(self._refused(refusal))
        for name, permits in wanted.items():
            if sum(claim.connector == name for claim in found) == permits:
                self._hot.add(name)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- one effect --------------------------------------------------------------------------------------------

    async def _carry_out(self, claim: Claim, claimed_at: datetime) -> None:
        throttle = self.throttles[claim.connector]
        try:
            answer = await self._ask(claim)
        except RejectedError as error:
            throttle.succeeded()
            await self._reject(
                claim.effect.id, claim.effect.key, claim.effect.command, claim.connector, str(error)
            )
        except RetryableError as error:
            throttle.failed(error.retry_after_s)
            await self._again(claim, error, error.retry_after_s)
        except UnauthorisedError as error:
            throttle.failed()
            await self._pause(claim, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it may have taken effect
            throttle.failed()
            await self._unknown(claim, error)
        else:
            throttle.succeeded()
            if answer is None:
                await self._not_found(claim)
            else:
                await self._answered(claim, answer, claimed_at)
        self.wake(claim.connector)

    async def _ask(self, claim: Claim) -> Answer | None:
        deadline = self._clock.real_seconds(claim.port.deadline_s)
        try:
            async with asyncio.timeout(deadline):
                if claim.look_up:
                    return await claim.port.look_up(claim.effect)
                return await claim.port.send(claim.effect)
        except TimeoutError as error:
            message = f"no answer within {claim.port.deadline_s:g} s"
            raise OutcomeUnknownError(message) from error

    async def _answered(self, claim: Claim, answer: Answer, _: datetime) -> None:
        settlement = Settlement(claim.effect.id, self._lease.owner, EffectState.CONFIRMED, answer.reference)
        work = self._work(claim, Facts(answer.documents), settlement)
        if answer.body:
            work.record = NewMessage(
                uuid7(), "in", claim.connector, "answer", answer.media_type, answer.body,
                order_id=claim.effect.command.order_id, causation_id=claim.request_id,
                correlation_id=claim.correlation_id,
                keys=tuple((key.kind.value, key.value) for key in answer.keys),
            )  # fmt: skip
        self.statistics.count(claim.connector, "confirmed")
        await self._engine.submit(work)

    def _work(self, claim: Claim, content: Facts | Happening, settlement: Settlement) -> Work:
        work = self._engine.work(
            inbound(claim.connector), content,
            correlation_id=claim.correlation_id, subject=claim.effect.command.order_id,
        )  # fmt: skip
        work.settlement = settlement
        return work

    async def _refused(self, refusal: Refusal) -> None:
        await self._reject(
            refusal.effect_id, refusal.key, refusal.command, refusal.connector, refusal.reason,
        )  # fmt: skip

    async def _reject(self, effect_id: UUID, key: str, command: Any, connector: str, reason: str) -> None:
        """Tell the order that the partner says no, for good."""
        event = EffectRejected(
            order_id=command.order_id,
            fact_key=f"rejected:{key}",
            key=key,
            command=type(command).__name__,
            reason=reason[:500],
        )
        work = self._engine.work(
            inbound(connector), Happening(command.order_id, (event,)), subject=command.order_id
        )
        work.settlement = Settlement(effect_id, self._lease.owner, EffectState.REJECTED, reason=reason[:500])
        self.statistics.count(connector, "rejected")
        await self._engine.submit(work)

    async def _again(self, claim: Claim, error: PartnerError, retry_after_s: float | None) -> None:
        """It had no effect: due again, up the ladder; after its last rung a failure record."""
        ladder = self.throttles[claim.connector].limits.ladder_s
        tries = claim.looks if claim.look_up else claim.effect.attempt
        state = EffectState.UNKNOWN if claim.look_up else EffectState.PENDING
        if tries > len(ladder):
            await self._park(claim, error)
            return
        wait_s = max(ladder[tries - 1], retry_after_s or 0.0)
        self.statistics.count(claim.connector, "retried")
        await self._due_again(claim, state, wait_s, str(error))

    async def _unknown(self, claim: Claim, error: Exception) -> None:
        """It may have taken effect: look it up once it can't take effect any more."""
        ladder = self.throttles[claim.connector].limits.ladder_s
        if claim.look_up and claim.looks > len(ladder):
            await self._park(claim, error)
            return
        expected = isinstance(error, PartnerError)
        log.warning(
            "outcome unknown",
            connector=claim.connector,
            key=claim.effect.key,
            reason=str(error),
            exc_info=not expected,
        )
        wait_s = claim.port.settle_s + (ladder[claim.looks - 1] if claim.look_up and ladder else 0.0)
        self.statistics.count(claim.connector, "unknown")
        await self._due_again(claim, EffectState.UNKNOWN, wait_s, str(error) or type(error).__name__)

    async def _not_found(self, claim: Claim) -> None:
        """The partner knows nothing of it: send the stored bytes again."""
        ladder = self.throttles[claim.connector].limits.ladder_s
        if claim.effect.attempt > len(ladder):
            await self._park(claim, RetryableError("sent again and again, and never found at the partner"))
            return
        self.statistics.count(claim.connector, "not_found")
        await self._due_again(
            claim, EffectState.PENDING, 0.0, "the partner has not seen it: it is sent again"
        )

    async def _pause(self, claim: Claim, error: UnauthorisedError) -> None:
        """Our credentials are not accepted: stop asking until a person has mended them."""
        reason = f"credentials refused: {error}"
        log.error("connector paused", connector=claim.connector, reason=reason)
        state = EffectState.UNKNOWN if claim.look_up else EffectState.PENDING
        await self._due_again(claim, state, 0.0, reason)
        async with self._database.transaction() as session:
            await session.run(_PAUSE, claim.connector, reason, session.now)
        self.paused |= {claim.connector}

    async def _due_again(self, claim: Claim, state: EffectState, wait_s: float, reason: str) -> None:
        await self._durably(
            lambda session: session.run(
                _DUE_AGAIN, claim.effect.id, state.value, session.now + timedelta(seconds=wait_s), reason[:500],
                self._lease.owner,
            ),
        )  # fmt: skip

    async def _park(self, claim: Claim, error: Exception) -> None:
        """Leave it to a person: the effect rests, and a failure record says why."""
        effect = claim.effect
        name, reason = type(error).__name__, str(error) or repr(error)
        work = self._engine.work(f"out.{claim.connector}", Facts(()), subject=effect.command.order_id)
        item = write_item(work.item)
        failure_id = named_id(f"parked:{effect.id}", time_of(effect.id))

        async def park(session: Session) -> None:
            await session.run(
                _DUE_AGAIN, effect.id, EffectState.PARKED.value, session.now, reason[:500], self._lease.owner,
            )  # fmt: skip
            await session.run(
                _FAILURE, failure_id, signature(claim.connector, "send", name, type(effect.command).__name__, None),
                name, reason[:2000], claim.connector, claim.request_id, effect.id, effect.command.order_id,
                f"out.{claim.connector}", item, session.now,
            )  # fmt: skip

        self.statistics.count(claim.connector, "parked")
        await self._durably(park)

    async def _durably(self, write: Callable[[Session], Awaitable[None]]) -> None:
        """Write, waiting while the store is away; the lease keeps others off meanwhile."""
        while True:
            try:
                async with self._database.transaction() as session:
                    await write(session)
            except StoreUnavailableError as error:
                log.warning("store away", reason=str(error))
                await asyncio.sleep(1)
            else:
                return
