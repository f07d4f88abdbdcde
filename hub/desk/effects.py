"""What partners were asked to do: list, and resolve what nobody knows the outcome of."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from canonical.base import Instant
from canonical.commands import (
    COMMAND_BY_NAME,
    AuthorisePayment,
    CapturePayment,
    Command,
    RefundPayment,
    VoidPayment,
)
from canonical.documents import PaymentDocument, PaymentFact
from core.bus.port import inbound
from core.engine.work import EffectState, Ending, Facts, Settlement
from core.errors import Problem
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit, entry
from hub.desk.base import Entry, Page, View, Where, cursor_id, from_row, page, page_size, required
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, RefusedError
from hub.desk.masking import MASK

_COLUMNS = (
    "id, key, connector, command, order_id, state, attempt, looks, due_at, lease_until, first_sent_at, request_id, "
    "message_id, reference, reason, recorded_at, finished_at"
)
_ONE = f"SELECT {_COLUMNS}, body FROM effects WHERE id = $1"  # noqa: S608 - columns are ours
_LOCKED = f"{_ONE} {{lock}}"
_SET = (
    "UPDATE effects SET state = $2, reason = $3, due_at = $4, attempt = 0, looks = 0, lease_until = NULL, "
    "lease_owner = NULL WHERE id = $1"
)
_CLOSE = (
    "UPDATE failures SET status = 'resolved', closed_by = $2, closed_reason = $3, closed_at = $4 "
    "WHERE effect_id = $1 AND status IN ('open', 'replaying')"
)
_FAILURE = "SELECT id FROM failures WHERE effect_id = $1 AND status IN ('open', 'replaying') ORDER BY id"
_DECIDED = (
    "SELECT recorded_at, actor, role, action, detail FROM audit_log WHERE target = $1 AND action LIKE 'effect.%' "
    "ORDER BY id"
)
_OUT_OF_HANDS_S = 60.0
_OPEN = frozenset({EffectState.UNKNOWN.value, EffectState.PARKED.value})


class Resolution(StrEnum):
    """What a person says about an effect that nobody knows the outcome of."""

    CONFIRMED = "confirmed"
    """It happened at the partner."""
    NOT_SENT = "not_sent"
    """It did not happen: send it again."""
    LOOK_UP = "look_up"
    """Ask the partner now."""


class Standing(StrEnum):
    """What is known of an effect at the partner."""

    NOT_SENT = "not_sent"
    """It did not happen: never sent, or refused with certainty and due again."""
    UNDER_WAY = "under_way"
    UNKNOWN = "unknown"
    """It may have happened: it was sent, and nobody knows."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class EffectView(Entry):
    """Something that a partner is asked to do. `state`: pending, sending, confirmed, rejected, unknown, parked."""

    key: str
    connector: str
    command: str
    order_id: UUID
    state: str
    attempt: int
    looks: int
    due_at: datetime
    lease_until: datetime | None
    first_sent_at: datetime | None
    request_id: UUID | None
    """The stored message with the exact bytes."""
    message_id: UUID | None
    """What caused it."""
    reference: str | None
    """The partner's own id of what it did."""
    reason: str | None
    recorded_at: datetime
    finished_at: datetime | None
    standing: Standing

    @property
    def in_doubt(self) -> bool:
        """Say whether a person may have to say what became of it."""
        return self.state in _OPEN


class Decision(View):
    """What somebody said about an effect. `action`: effect.confirmed, effect.not_sent, effect.look_up."""

    recorded_at: datetime
    actor: str
    role: str
    action: str
    detail: str | None


class EffectDetail(EffectView):
    """An effect with its failure, and with what people decided about it, the oldest first."""

    failure_id: UUID | None
    """The open failure that it was parked with."""
    decisions: tuple[Decision, ...]


class EffectFilter(View):
    """What effects to list; what is None does not count. `state` may be `open`: not finished, or `in_doubt`."""

    state: str | None = None
    connector: str | None = None
    command: str | None = None
    order_id: UUID | None = None
    since: Instant | None = None

    def where(self) -> Where:
        """Return the conditions."""
        conditions = Where()
        if self.state == "open":
            conditions.plain("state IN ('pending', 'sending', 'unknown', 'parked')")
        elif self.state == "in_doubt":
            conditions.plain("state IN ('unknown', 'parked')")
        else:
            conditions.equal(state=self.state)
        conditions.equal(connector=self.connector, command=self.command, order_id=self.order_id)
        if self.since is not None:
            conditions.add("recorded_at >= ?", self.since)
        return conditions


ALL_EFFECTS = EffectFilter()


async def list_effects(
    ctx: DeskContext,
    principal: Principal,
    wanted: EffectFilter = ALL_EFFECTS,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EffectView]:
    """Return a page of effects, the newest first."""
    principal.must(Permission.READ)
    size, after = page_size(limit), cursor_id(cursor)
    conditions = wanted.where()
    if after is not None:
        conditions.add("id < ?", after)
    sql = f"SELECT {_COLUMNS} FROM effects{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
    async with ctx.database.reading() as session:
        rows = await session.rows(sql, *conditions.values)
    return page([_view(row, principal) for row in rows], size)


async def show_effect(ctx: DeskContext, principal: Principal, effect_id: UUID) -> EffectDetail:
    """Return an effect, with who decided what about it."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        rows = await session.rows(_ONE, effect_id)
        if not rows:
            raise NotFoundError(f"there is no effect {effect_id}")
        failed = await session.rows(_FAILURE, effect_id)
        decided = await session.rows(_DECIDED, rows[0]["key"])
    masked = not principal.may(Permission.SEE_PEOPLE)
    decisions = [
        from_row(Decision, row, detail=MASK if masked and row["detail"] else row["detail"]) for row in decided
    ]
    return EffectDetail(
        **dict(_view(rows[0], principal)),
        failure_id=failed[0]["id"] if failed else None,
        decisions=tuple(decisions),
    )


async def resolve(
    ctx: DeskContext,
    principal: Principal,
    effect_id: UUID,
    resolution: Resolution,
    reason: str,
    *,
    reference: str | None = None,
) -> EffectDetail:
    """Say what became of an unknown or parked effect, or have the partner asked now.

    A confirmed payment also tells its order, by the fact that the gateway's answer would have been; confirming an
    authorisation takes the gateway's `reference`.
    """
    principal.must(Permission.RESOLVE_EFFECTS)
    why = required(reason, "reason", longest=500)
    if resolution is Resolution.CONFIRMED:
        await _confirm(ctx, principal, effect_id, why, reference)
    else:
        async with ctx.database.transaction() as session:
            row = await _locked(session, effect_id)
            await _again(session, ctx, principal, row, resolution, why)
        if ctx.runner is not None:
            ctx.runner.wake(row["connector"])
    return await show_effect(ctx, principal, effect_id)


async def _locked(session: Session, effect_id: UUID) -> Any:
    rows = await session.rows(_LOCKED, effect_id)
    if not rows:
        raise NotFoundError(f"there is no effect {effect_id}")
    row = rows[0]
    if row["state"] not in _OPEN:
        busy = "it is being sent just now" if row["state"] == "sending" else "its outcome is not in doubt"
        raise RefusedError(f"effect {row['key']} is {row['state']}: {busy}")
    return row


async def _again(
    session: Session, ctx: DeskContext, principal: Principal, row: Any, resolution: Resolution, why: str
) -> None:
    state = EffectState.PENDING if resolution is Resolution.NOT_SENT else EffectState.UNKNOWN
    await session.run(_SET, row["id"], state.value, why, session.now)
    await session.run(_CLOSE, row["id"], principal.name, why, session.now)
    await audit(session, ctx, principal, f"effect.{resolution.value}", row["key"], why)


async def _confirm(
    ctx: DeskContext, principal: Principal, effect_id: UUID, why: str, reference: str | None
) -> None:
    """Take the effect out of everybody's hands, then let the engine settle it together with its fact."""
    async with ctx.database.transaction() as session:
        row = await _locked(session, effect_id)
        facts = _facts(row, reference)
        later = session.now + timedelta(seconds=_OUT_OF_HANDS_S)
        await session.run(_SET, effect_id, EffectState.UNKNOWN.value, why, later)
    work = ctx.engine.work(inbound(row["connector"]), facts, subject=row["order_id"])
    work.settlement = Settlement(row["id"], principal.name, EffectState.CONFIRMED, reference, why)
    work.audit = entry(principal, "effect.confirmed", row["key"], why)
    outcome = await ctx.engine.submit(work)
    if outcome.ending is Ending.FAILED:
        raise RefusedError(f"it is confirmed, but its order can't take it: {outcome.reason}")


_FACTS: Mapping[type[Command], PaymentFact] = {
    AuthorisePayment: PaymentFact.AUTHORISED,
    CapturePayment: PaymentFact.CAPTURED,
    VoidPayment: PaymentFact.VOIDED,
    RefundPayment: PaymentFact.REFUNDED,
}


def _facts(row: Any, reference: str | None) -> Facts:
    """Return what the partner's answer would have said."""
    command = COMMAND_BY_NAME[row["command"]].model_validate_json(row["body"])
    if not isinstance(command, AuthorisePayment | CapturePayment | VoidPayment | RefundPayment):
        return Facts(())
    authorisation = reference if isinstance(command, AuthorisePayment) else command.reference
    if not authorisation or (isinstance(command, CapturePayment | RefundPayment) and not reference):
        problem = Problem(
            "name what the gateway calls it, as its page shows it", field="reference", value=reference
        )
        raise InvalidError(str(problem), problems=[problem])
    return Facts(
        (
            PaymentDocument(
                gateway=command.connector,
                fact=_FACTS[type(command)],
                reference=authorisation,
                operation=reference or authorisation,
                effect_key=command.key,
                order_id=command.order_id,
                amount=command.amount.amount,
                currency=command.amount.currency,
            ),
        )
    )


def standing_of(row: Any) -> Standing:
    """Return what is known of an effect at the partner. What waits for its next try was refused with certainty."""
    match row["state"]:
        case "confirmed":
            return Standing.CONFIRMED
        case "rejected":
            return Standing.REJECTED
        case "sending":
            return Standing.UNDER_WAY
        case "pending":
            return Standing.NOT_SENT
        case _:
            return Standing.UNKNOWN if row["first_sent_at"] is not None else Standing.NOT_SENT


def _view(row: Any, principal: Principal) -> EffectView:
    masked = not principal.may(Permission.SEE_PEOPLE)
    reason = MASK if masked and row["reason"] else row["reason"]
    return from_row(EffectView, row, reason=reason, standing=standing_of(row))
