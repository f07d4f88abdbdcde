"""How an effect's sending or look-up ends: each end is one transaction, of whoever holds the lease.

Only a confirmation needs no lease: what took effect took effect, and its facts are recorded however late they come.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from canonical.commands import COMMAND_BY_NAME
from canonical.events import EffectRejected
from core.bus.port import inbound, outbound, write_item
from core.connector import Limits
from core.effects.claims import Claim, Refusal
from core.engine.changes import signature
from core.engine.engine import Engine
from core.engine.work import EffectState, Facts, Happening, NewMessage, Settlement, Work
from core.errors import PartnerError, RejectedError, RetryableError, UnauthorisedError
from core.ids import named_id, time_of, uuid7
from core.ports import Answer
from core.store.sql import Database, Session, StoreUnavailableError

log = structlog.get_logger()

_DUE_AGAIN = (
    "UPDATE effects SET state = $2, due_at = $3, reason = $4, lease_until = NULL, lease_owner = NULL "
    "WHERE id = $1 AND state = 'sending' AND lease_owner = $5 RETURNING id"
)
_FAILURE = (
    "INSERT INTO failures (id, signature, status, stage, error, reason, connector, message_id, effect_id, order_id, "
    "queue, item, recorded_at) VALUES ($1, $2, 'open', 'send', $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO UPDATE SET status = 'open', signature = excluded.signature, error = excluded.error, "
    "reason = excluded.reason, closed_at = NULL, closed_by = NULL, closed_reason = NULL"
)
_PAUSE = (
    "INSERT INTO connector_states (connector, paused, until, reason, actor, failures, updated_at) "
    "VALUES ($1, TRUE, NULL, $2, 'hub', 0, $3) ON CONFLICT (connector) DO UPDATE SET paused = excluded.paused, "
    "until = NULL, reason = excluded.reason, actor = 'hub', updated_at = excluded.updated_at"
)
AWAY_S = 1.0
_LONGEST_REASON = 500


@dataclass(slots=True)
class RunnerStatistics:
    """What the runner has done since it started, by connector and end."""

    ends: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def count(self, connector: str, end: str) -> None:
        """Count one."""
        self.ends[connector, end] = self.ends.get((connector, end), 0) + 1


@dataclass(frozen=True, slots=True)
class _Parked:
    """What a failure record says of an effect that rests."""

    effect_id: UUID
    order_id: UUID
    command: str
    connector: str
    owner: str
    request_id: UUID | None


class Ends:
    """Writes the ends of one runner's effects."""

    def __init__(self, database: Database, engine: Engine, limits: Mapping[str, Limits]) -> None:
        self.statistics = RunnerStatistics()
        self._database, self._engine, self._limits = database, engine, limits

    def _ladder(self, claim: Claim) -> tuple[float, ...]:
        return self._limits[claim.connector].ladder_s

    async def answered(self, claim: Claim, answer: Answer) -> None:
        """Hand the partner's answer to the engine: facts, the effect's new state and the answer are one commit."""
        settlement = Settlement(claim.effect.id, claim.owner, EffectState.CONFIRMED, answer.reference)
        work = self._work(claim, Facts(answer.documents), settlement)
        if answer.body:
            work.record = NewMessage(
                uuid7(), "in", claim.connector, "answer", answer.media_type, answer.body,
                order_id=claim.effect.command.order_id, causation_id=claim.request_id,
                correlation_id=claim.correlation_id,
                keys=tuple((key.kind.value, key.value) for key in answer.keys),
            )  # fmt: skip
        work.files = tuple(
            NewMessage(
                uuid7(), "in", claim.connector, file.kind, file.media_type, file.body,
                order_id=claim.effect.command.order_id, causation_id=claim.request_id,
                correlation_id=claim.correlation_id,
                keys=tuple((key.kind.value, key.value) for key in file.keys),
            )
            for file in answer.files
        )  # fmt: skip
        work.arrived = tuple(
            NewMessage(
                uuid7(), "in", claim.connector, raw.kind, raw.media_type, raw.body,
                causation_id=claim.request_id, correlation_id=claim.correlation_id,
            )
            for raw in answer.arrived
        )  # fmt: skip
        self.statistics.count(claim.connector, "confirmed")
        await self._engine.submit(work)

    def _work(self, claim: Claim, content: Facts, settlement: Settlement) -> Work:
        work = self._engine.work(
            inbound(claim.connector), content,
            correlation_id=claim.correlation_id, subject=claim.effect.command.order_id,
        )  # fmt: skip
        work.settlement = settlement
        return work

    async def rejected(self, claim: Claim, error: RejectedError) -> None:
        """Tell the order that the partner says no, for good."""
        effect = claim.effect
        refusal = Refusal(
            effect.id, effect.key, type(effect.command).__name__, effect.command.order_id, claim.connector,
            error, claim.owner, in_doubt=False,
        )  # fmt: skip
        await self.refused(refusal)

    async def refused(self, refusal: Refusal) -> None:
        """Tell the order that it can't be done; leave to a person what may be done already, and our own defects."""
        command = COMMAND_BY_NAME.get(refusal.command)
        of_no_order = command is not None and command.of_no_order
        if refusal.in_doubt or of_no_order or not isinstance(refusal.error, RejectedError):
            parked = _Parked(
                refusal.effect_id, refusal.order_id, refusal.command, refusal.connector, refusal.owner, None
            )
            await self._park(parked, refusal.error)
            return
        reason = str(refusal.error)[:_LONGEST_REASON]
        event = EffectRejected(
            order_id=refusal.order_id, fact_key=f"rejected:{refusal.key}", key=refusal.key,
            command=refusal.command, reason=reason,
        )  # fmt: skip
        work = self._engine.work(
            inbound(refusal.connector), Happening(refusal.order_id, (event,)), subject=refusal.order_id
        )
        work.settlement = Settlement(refusal.effect_id, refusal.owner, EffectState.REJECTED, reason=reason)
        self.statistics.count(refusal.connector, "rejected")
        await self._engine.submit(work)

    async def again(self, claim: Claim, error: RetryableError) -> None:
        """It had no effect: due again, up the ladder; after its last rung a failure record."""
        ladder = self._ladder(claim)
        tries = claim.looks if claim.look_up else claim.effect.attempt
        if tries > len(ladder):
            await self._rest(claim, error)
            return
        self.statistics.count(claim.connector, "retried")
        await self.put_back(claim, max(ladder[tries - 1], error.retry_after_s or 0.0), str(error))

    async def put_back(self, claim: Claim, wait_s: float, reason: str) -> None:
        """Let it be due again as what it was: to be sent, or to be looked up."""
        state = EffectState.UNKNOWN if claim.look_up else EffectState.PENDING
        await self._due_again(claim, state, wait_s, reason)

    async def unknown(self, claim: Claim, error: Exception, left_s: float) -> None:
        """It may have taken effect: look it up once it can't take effect any more.

        `left_s` is what was left of the sending's deadline: a request that broke off may still travel until then.
        """
        ladder = self._ladder(claim)
        if claim.look_up and claim.looks > len(ladder):
            await self._rest(claim, error)
            return
        expected = isinstance(error, PartnerError)
        log.warning(
            "outcome unknown",
            connector=claim.connector,
            key=claim.effect.key,
            reason=str(error),
            exc_info=None if expected else error,
        )
        wait_s = ladder[claim.looks - 1] if claim.look_up else left_s + claim.port.settle_s
        self.statistics.count(claim.connector, "unknown")
        await self._due_again(claim, EffectState.UNKNOWN, wait_s, str(error) or type(error).__name__)

    async def not_found(self, claim: Claim) -> None:
        """The partner knows nothing of it: send the stored bytes again."""
        if claim.effect.attempt > len(self._ladder(claim)):
            await self._rest(claim, RetryableError("sent again and again, and never found at the partner"))
            return
        self.statistics.count(claim.connector, "not_found")
        reason = "the partner has not seen it: it is sent again"
        await self._due_again(claim, EffectState.PENDING, 0.0, reason)

    async def unauthorised(self, claim: Claim, error: UnauthorisedError) -> None:
        """Our credentials are not accepted: stop asking until a person has mended them."""
        reason = f"credentials refused: {error}"
        log.error("connector paused", connector=claim.connector, reason=reason)
        await self.put_back(claim, 0.0, reason)
        await self._durably(lambda session: session.run(_PAUSE, claim.connector, reason, session.now))

    async def _due_again(self, claim: Claim, state: EffectState, wait_s: float, reason: str) -> None:
        async def write(session: Session) -> None:
            due_at = session.now + timedelta(seconds=wait_s)
            await session.rows(
                _DUE_AGAIN, claim.effect.id, state.value, due_at, reason[:_LONGEST_REASON], claim.owner
            )

        await self._durably(write)

    async def _rest(self, claim: Claim, error: Exception) -> None:
        effect = claim.effect
        parked = _Parked(
            effect.id, effect.command.order_id, type(effect.command).__name__, claim.connector, claim.owner,
            claim.request_id,
        )  # fmt: skip
        await self._park(parked, error)

    async def _park(self, parked: _Parked, error: Exception) -> None:
        """Leave it to a person: the effect rests, and a failure record says why. A replay looks it up first."""
        name, reason = type(error).__name__, str(error) or repr(error)
        queue = outbound(parked.connector)
        item = write_item(self._engine.work(queue, Facts(()), subject=parked.order_id).item)
        failure_id = named_id(f"parked:{parked.effect_id}", time_of(parked.effect_id))

        async def park(session: Session) -> None:
            ours = await session.rows(
                _DUE_AGAIN, parked.effect_id, EffectState.PARKED.value, session.now, reason[:_LONGEST_REASON],
                parked.owner,
            )  # fmt: skip
            if not ours:
                return  # its lease has ended: somebody else has it, or it has its end
            await session.run(
                _FAILURE, failure_id, signature(parked.connector, "send", name, parked.command, None),
                name, reason[:2000], parked.connector, parked.request_id, parked.effect_id, parked.order_id,
                queue, item, session.now,
            )  # fmt: skip
            self.statistics.count(parked.connector, "parked")

        await self._durably(park)

    async def _durably(self, write: Callable[[Session], Coroutine[Any, Any, None]]) -> None:
        """Write, waiting while the store is away. If the lease ends meanwhile, the write changes nothing."""
        while True:
            try:
                async with self._database.transaction() as session:
                    await write(session)
            except StoreUnavailableError as error:
                log.warning("store away", reason=str(error))
                await asyncio.sleep(AWAY_S)
            else:
                return
