"""What a person may do to an order: hold, release, cancel, note. Each goes through the engine, like all else."""

from collections.abc import Sequence
from uuid import UUID

from canonical.events import CancelRejected, CancelRequested, Event, HoldPlaced, HoldReleased, NoteAdded
from canonical.order import NOT_LEFT_YET, Hold, Order
from canonical.statuses import Block, CancelStatus, HoldType
from core.bus.port import HUB
from core.engine.work import Ending, Happening, Outcome
from core.ids import uuid7
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import entry
from hub.desk.base import required
from hub.desk.context import DeskContext
from hub.desk.errors import RefusedError
from hub.desk.order_views import OrderVerbResult
from hub.desk.orders import load_order, summary

_BLOCKS = (Block.SOURCE, Block.RELEASE, Block.CAPTURE)
_REJECTED = (
    "SELECT body FROM journal WHERE order_id = $1 AND type = 'CancelRejected' ORDER BY seq DESC LIMIT 1"
)
LONGEST_REASON = 500


async def hold(
    ctx: DeskContext,
    principal: Principal,
    order_id: UUID,
    hold_type: HoldType,
    reason: str,
    *,
    blocks: Sequence[Block] = _BLOCKS,
) -> OrderVerbResult:
    """Stop an order. A hold of the same type is replaced."""
    principal.must(Permission.CHANGE_ORDERS)
    why = required(reason, "reason", longest=LONGEST_REASON)
    placed = Hold(
        type=hold_type, blocks=tuple(blocks), reason=why, actor=principal.name, placed_at=ctx.clock.now()
    )
    event = HoldPlaced(order_id=order_id, hold=placed)
    return await happen(ctx, principal, event, "order.hold", f"{hold_type.value}: {why}")


async def release(
    ctx: DeskContext, principal: Principal, order_id: UUID, hold_type: HoldType, reason: str = ""
) -> OrderVerbResult:
    """Take a hold away; one that isn't there is refused."""
    principal.must(Permission.CHANGE_ORDERS)
    order = await the_order(ctx, order_id)
    if order.hold(hold_type) is None:
        held = ", ".join(h.type.value for h in order.holds)
        there = f"it is held by {held}" if held else "nothing holds it"
        raise RefusedError(f"order {order.channel_ref} has no {hold_type.value} hold: {there}")
    event = HoldReleased(
        order_id=order_id, type=hold_type, actor=principal.name, reason=reason.strip()[:LONGEST_REASON]
    )
    return await happen(ctx, principal, event, "order.release", f"{hold_type.value}: {reason}")


async def cancel(ctx: DeskContext, principal: Principal, order_id: UUID, reason: str) -> OrderVerbResult:
    """Ask for everything that is not shipped yet to be cancelled. Nodes that have the goods are asked first."""
    principal.must(Permission.CHANGE_ORDERS)
    why = required(reason, "reason", longest=LONGEST_REASON)
    order = await the_order(ctx, order_id)
    asked = order.cancellation
    if asked is not None and asked.status is CancelStatus.REQUESTED:
        raise RefusedError(
            f"cancelling was asked for by {asked.actor} on {asked.requested_at:%Y-%m-%d %H:%M} UTC, and is under way"
        )
    if not order.quantity(*NOT_LEFT_YET):
        raise RefusedError(
            f"order {order.channel_ref} is {order.status().value}: there is nothing left to cancel"
        )
    cancel_id = f"desk-{uuid7().hex}"
    event = CancelRequested(order_id=order_id, cancel_id=cancel_id, reason=why, actor=principal.name)
    result = await happen(ctx, principal, event, "order.cancel", why)
    async with ctx.database.reading() as session:
        _, after = await load_order(session, order_id)
        ended = after.cancellation
        if ended is not None and ended.id == cancel_id and ended.status is CancelStatus.REJECTED:
            raise RefusedError(f"it was too late to cancel: {await _why_rejected(session, order_id)}")
    return result


async def note(ctx: DeskContext, principal: Principal, order_id: UUID, text: str) -> OrderVerbResult:
    """Leave a note for the next one. Notes are kept in the journal for good: no personal data."""
    principal.must(Permission.CHANGE_ORDERS)
    event = NoteAdded(order_id=order_id, text=required(text, "text"), actor=principal.name)
    return await happen(ctx, principal, event, "order.note", "")


async def the_order(ctx: DeskContext, order_id: UUID) -> Order:
    """Return an order; raises `NotFoundError`."""
    async with ctx.database.reading() as session:
        _, order = await load_order(session, order_id)
    return order


async def _why_rejected(session: Session, order_id: UUID) -> str:
    rows = await session.rows(_REJECTED, order_id)
    return CancelRejected.model_validate_json(rows[0]["body"]).reason if rows else "the goods have left"


async def happen(
    ctx: DeskContext, principal: Principal, event: Event, action: str, detail: str
) -> OrderVerbResult:
    """Let an event happen to its order, and say what became of it."""
    await the_order(ctx, event.order_id)
    work = ctx.engine.work(HUB, Happening(event.order_id, (event,)), subject=event.order_id)
    work.audit = entry(principal, action, str(event.order_id), detail)
    outcome = await ctx.engine.submit(work)
    _refuse(outcome)
    async with ctx.database.reading() as session:
        row, _ = await load_order(session, event.order_id)
    applied = outcome.ending is not Ending.WAITING
    return OrderVerbResult(order=summary(row), applied=applied, reason=outcome.reason)


def _refuse(outcome: Outcome) -> None:
    if outcome.ending is Ending.STALE:
        raise RefusedError(outcome.reason or "the order has gone on meanwhile")
    if outcome.ending is Ending.FAILED:
        raise RefusedError(
            f"it can't be done: {outcome.reason}. "
            f"Failure {outcome.failure_id} has the details, and the order waits for it"
        )
