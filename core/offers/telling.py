"""Tells channels their figures: claimed by a commit before they are sent, and what comes last stays."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from canonical.policy import Policy
from core.clock import Clock
from core.connector import Limits, OpenConnector
from core.effects.claims import LEASE_MARGIN_S
from core.effects.throttle import Throttle
from core.errors import PartnerError, RejectedError, RetryableError, UnauthorisedError
from core.ids import uuid7
from core.offers.gathering import Channels, compare, gather
from core.ports import StockAnswer, StockOffer, StockSink
from core.store.sql import Database, Session, bulk

log = structlog.get_logger()

LADDER_S = (2.0, 10.0, 30.0, 60.0)
"""How long a figure waits that was not taken; the last rung repeats itself, with the figure of then."""
COMPARE_S = 3600.0
_LONGEST_REASON = 500

_PAUSED = "SELECT paused FROM connector_states WHERE connector = $1"
_PAUSE = (
    "INSERT INTO connector_states (connector, paused, reason, actor, failures, updated_at) "
    "VALUES ($1, true, $2, 'hub', 0, $3) ON CONFLICT (connector) DO UPDATE SET paused = excluded.paused, "
    "reason = excluded.reason, actor = 'hub', updated_at = excluded.updated_at"
)
_DUE = (
    "SELECT reference, sku, quantity, told, version, attempts FROM stock_offers "
    "WHERE connector = $1 AND due_at IS NOT NULL AND due_at <= $2 ORDER BY due_at, reference LIMIT $3 {skip}"
)
_CLAIM = bulk(
    "UPDATE stock_offers SET due_at = r.due_at, owner = r.owner, attempts = r.attempts, told = NULL FROM {rows} "
    "WHERE stock_offers.connector = r.connector AND stock_offers.reference = r.reference",
    "connector text, reference text, due_at timestamptz, owner uuid, attempts int",
)
_END = bulk(
    "UPDATE stock_offers SET told = r.told, reason = r.reason, updated_at = r.now, owner = NULL, "
    "due_at = CASE WHEN r.ended AND stock_offers.version <> r.version THEN r.now ELSE r.due_at END FROM {rows} "
    "WHERE stock_offers.connector = r.connector AND stock_offers.reference = r.reference "
    "AND stock_offers.owner = r.owner",
    "connector text, reference text, owner uuid, version int, told int, reason text, ended bool, "
    "due_at timestamptz, now timestamptz",
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """Offers that are this claim's until its lease ends."""

    connector: str
    sink: StockSink
    owner: UUID
    offers: Sequence[StockOffer]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _End:
    """How the telling of one figure ended. `ended`: it can't take effect any more; `wait_s` None: it is over."""

    told: int | None
    reason: str | None = None
    wait_s: float | None = None
    ended: bool = True


class StockTeller:
    """Tells every channel whose connector takes stock. Its jobs run once across all workers, under leases."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        connectors: Mapping[str, OpenConnector],
        limits: Mapping[str, Limits],
        policy: Callable[[], Policy],
        *,
        lease_margin_s: float = LEASE_MARGIN_S,
    ) -> None:
        self.sinks: Mapping[str, StockSink] = {
            name: connector.stock for name, connector in connectors.items() if connector.stock is not None
        }
        self._database, self._clock, self._policy, self._margin_s = database, clock, policy, lease_margin_s
        self._throttles = {name: Throttle(clock, limits.get(name, Limits())) for name in self.sinks}
        self._compared_at: float | None = None

    def jobs(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield the jobs, by name: none where no connector takes stock."""
        if self.sinks:
            yield "stock offers", self.gather
        for name in self.sinks:
            yield f"stock of {name}", partial(self.tell, name)

    async def gather(self) -> None:
        """Note what has changed; at first, and then every hour, compare all there is."""
        now = self._clock.monotonic()
        if self._compared_at is None or now - self._compared_at >= COMPARE_S:
            await compare(self._database, self._channels())
            self._compared_at = now
        await gather(self._database, self._channels())

    async def tell(self, name: str) -> None:
        """Tell one channel all that is due, a portion after the other; stop when it does not answer as it should."""
        throttle = self._throttles[name]
        while not await self._paused(name):
            if not throttle.permits():
                if not throttle.wait_s():
                    return  # its breaker is open
                await self._clock.sleep(throttle.wait_s())
                continue
            claimed_at = self._clock.monotonic()
            claim = await self._claim(name)
            if claim is None or not await self._carry_out(claim, claimed_at):
                return

    def _channels(self) -> Channels:
        policy = self._policy()
        return {name: policy.channel(name) for name in self.sinks}

    async def _paused(self, name: str) -> bool:
        async with self._database.reading() as session:
            rows = await session.rows(_PAUSED, name)
        return bool(rows) and bool(rows[0]["paused"])

    async def _claim(self, name: str) -> _Claim | None:
        """Take what is due, for longer than the sending can take effect: nobody tells a newer figure meanwhile."""
        sink, owner = self.sinks[name], uuid7()
        async with self._database.transaction() as session:
            rows = await session.rows(_DUE, name, session.now, sink.most)
            until = session.now + timedelta(seconds=sink.deadline_s + sink.settle_s + self._margin_s)
            claimed = [(name, row["reference"], until, owner, row["attempts"] + 1) for row in rows]
            await session.write(_CLAIM, claimed)
        offers = [
            StockOffer(row["reference"], row["sku"], row["quantity"], row["told"], row["attempts"] + 1)
            for row in rows
        ]
        versions = {row["reference"]: row["version"] for row in rows}
        return _Claim(name, sink, owner, offers, versions) if offers else None

    async def _carry_out(self, claim: _Claim, claimed_at: float) -> bool:
        """Tell, and write how each telling ended; say whether the channel may be told more."""
        began, throttle = self._clock.monotonic(), self._throttles[claim.connector]
        if began - claimed_at >= self._margin_s:  # its deadline would be later than the lease
            await self._end(claim, {o.reference: _End(o.told, None, 0.0) for o in claim.offers})
            return True
        throttle.start(1)
        try:
            async with asyncio.timeout(self._clock.real_seconds(claim.sink.deadline_s)):
                answer = await claim.sink.tell(str(claim.owner), claim.offers)
        except RejectedError as error:
            throttle.succeeded()
            answer = StockAnswer(refused={offer.reference: str(error) for offer in claim.offers})
        except RetryableError as error:
            throttle.failed(error.retry_after_s)
            waits = StockAnswer(later={offer.reference: str(error) for offer in claim.offers})
            await self._end(claim, _ends(claim, waits, error.retry_after_s or 0.0))
            return False
        except UnauthorisedError as error:
            throttle.failed()
            await self._pause(claim, str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever it was, it may have taken effect
            throttle.failed()
            await self._unknown(claim, error, self._clock.monotonic() - began)
            return False
        else:
            throttle.succeeded()
        await self._end(claim, _ends(claim, answer, 0.0))
        return True

    async def _unknown(self, claim: _Claim, error: Exception, spent_s: float) -> None:
        """Wait until it can't take effect any more, then tell the figure of then."""
        reason = str(error) or f"no answer within {claim.sink.deadline_s:g} s"
        expected = isinstance(error, (PartnerError, TimeoutError))
        log.warning(
            "stock: outcome unknown",
            connector=claim.connector,
            reason=reason,
            exc_info=None if expected else error,
        )
        wait_s = max(0.0, claim.sink.deadline_s - spent_s) + claim.sink.settle_s
        ends = {o.reference: _End(None, reason, wait_s + _rung(o), ended=False) for o in claim.offers}
        await self._end(claim, ends)

    async def _pause(self, claim: _Claim, reason: str) -> None:
        log.error("connector paused", connector=claim.connector, reason=reason)
        await self._end(claim, {o.reference: _End(o.told, reason, 0.0) for o in claim.offers})
        async with self._database.transaction() as session:
            await session.run(_PAUSE, claim.connector, f"credentials refused: {reason}", session.now)

    async def _end(self, claim: _Claim, ends: Mapping[str, _End]) -> None:
        async with self._database.transaction() as session:
            rows = [
                self._row(session, claim, reference, end, session.now)
                for reference, end in sorted(ends.items())
            ]
            await session.write(_END, rows)

    def _row(
        self, session: Session, claim: _Claim, reference: str, end: _End, now: datetime
    ) -> tuple[Any, ...]:
        due_at = None if end.wait_s is None else session.now + timedelta(seconds=end.wait_s)
        reason = end.reason[:_LONGEST_REASON] if end.reason else None
        return (
            claim.connector, reference, claim.owner, claim.versions[reference], end.told, reason, end.ended,
            due_at, now,
        )  # fmt: skip


def _ends(claim: _Claim, answer: StockAnswer, at_least_s: float) -> dict[str, _End]:
    """Return how each offer of a claim ended, by the channel's answer."""
    ends: dict[str, _End] = {}
    for offer in claim.offers:
        if offer.reference in answer.later:
            # A partner that asks for time gets it, whatever the figure is by then.
            wait_s, ended = max(_rung(offer), at_least_s), not at_least_s
            ends[offer.reference] = _End(offer.told, answer.later[offer.reference], wait_s, ended=ended)
        elif offer.reference in answer.refused:
            ends[offer.reference] = _End(offer.told, answer.refused[offer.reference])
        else:
            ends[offer.reference] = _End(offer.quantity)
    return ends


def _rung(offer: StockOffer) -> float:
    return LADDER_S[min(offer.attempt, len(LADDER_S)) - 1]
