"""The order desk over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from canonical.statuses import Block, HoldType
from hub.api.gate import Asking, Desk
from hub.desk import erasure, explain, order_verbs, orders, supplier_verbs
from hub.desk.base import LONGEST_PAGE, Page, View
from hub.desk.erasure import Erased
from hub.desk.order_search import OrderFilter
from hub.desk.order_views import Explanation, OrderDetail, OrderSummary, OrderVerbResult

router = APIRouter(prefix="/orders", tags=["orders"])

Reason = Annotated[str, Field(min_length=1, max_length=500)]


class OrderQuery(OrderFilter):
    """A filter, and which page."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: str | None = None


class HoldWish(View):
    """A hold to be placed."""

    type: HoldType
    reason: Reason
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)] = tuple(Block)


class ReleaseWish(View):
    """A hold to be taken away."""

    type: HoldType
    reason: Annotated[str, Field(max_length=500)] = ""


class ReasonGiven(View):
    """A wish that takes a reason."""

    reason: Reason


class NoteWish(View):
    """A note to be left. No personal data: notes are kept for good."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class SupplierReturnWish(ReasonGiven):
    """Goods that are to go back: units by SKU."""

    units: Annotated[dict[str, Annotated[int, Field(gt=0)]], Field(min_length=1, max_length=1000)]


class EraseWish(ReasonGiven):
    """People to be erased. `force`: also of an order under way."""

    force: bool = False


@router.get("", summary="List orders, the newest first")
async def list_orders(
    desk: Desk, asking: Asking, query: Annotated[OrderQuery, Query()]
) -> Page[OrderSummary]:
    """Filter by status, holds, channel, time; search by any name of the order; find people by e-mail or phone."""
    return await orders.list_orders(desk, asking, query, limit=query.limit, cursor=query.cursor)


@router.get("/{order_id}", summary="Show an order with its messages, effects, failures and journal")
async def show_order(desk: Desk, asking: Asking, order_id: UUID) -> OrderDetail:
    """People are masked for viewers."""
    return await orders.show_order(desk, asking, order_id)


@router.get("/{order_id}/explain", summary="Say what an order waits for")
async def explain_order(desk: Desk, asking: Asking, order_id: UUID) -> Explanation:
    """Since when, who can act, and what happens then."""
    return await explain.explain(desk, asking, order_id)


@router.post("/{order_id}/hold", summary="Stop an order")
async def hold(desk: Desk, asking: Asking, order_id: UUID, wish: HoldWish) -> OrderVerbResult:
    """A hold of the same type is replaced."""
    return await order_verbs.hold(desk, asking, order_id, wish.type, wish.reason, blocks=wish.blocks)


@router.post(
    "/{order_id}/release", summary="Take a hold away", responses={409: {"description": "No such hold"}}
)
async def release(desk: Desk, asking: Asking, order_id: UUID, wish: ReleaseWish) -> OrderVerbResult:
    """The order goes on if nothing else holds it."""
    return await order_verbs.release(desk, asking, order_id, wish.type, wish.reason)


@router.post(
    "/{order_id}/cancel", summary="Cancel what is not shipped", responses={409: {"description": "Too late"}}
)
async def cancel(desk: Desk, asking: Asking, order_id: UUID, wish: ReasonGiven) -> OrderVerbResult:
    """Nodes that have the goods are asked first, so the answer may come later."""
    return await order_verbs.cancel(desk, asking, order_id, wish.reason)


@router.post(
    "/{order_id}/invoices/{invoice_id}/accept",
    summary="Accept a supplier's invoice as it is",
    responses={409: {"description": "It is approved already"}},
)
async def accept_invoice(
    desk: Desk, asking: Asking, order_id: UUID, invoice_id: str, wish: ReasonGiven
) -> OrderVerbResult:
    """It may be paid then."""
    return await supplier_verbs.accept_invoice(desk, asking, order_id, invoice_id, wish.reason)


@router.post(
    "/{order_id}/invoices/{invoice_id}/dispute",
    summary="Dispute a supplier's invoice",
    responses={409: {"description": "It is approved or disputed already"}},
)
async def dispute_invoice(
    desk: Desk, asking: Asking, order_id: UUID, invoice_id: str, wish: ReasonGiven
) -> OrderVerbResult:
    """It is not paid; its units may be charged by another one."""
    return await supplier_verbs.dispute_invoice(desk, asking, order_id, invoice_id, wish.reason)


@router.post("/{order_id}/purchases/{purchase_id}/return", summary="Ask a supplier to take goods back")
async def return_to_supplier(
    desk: Desk, asking: Asking, order_id: UUID, purchase_id: str, wish: SupplierReturnWish
) -> OrderVerbResult:
    """Its answer, with its number of the return, comes later."""
    return await supplier_verbs.return_to_supplier(
        desk, asking, order_id, purchase_id, wish.units, wish.reason
    )


@router.post("/{order_id}/notes", summary="Leave a note")
async def note(desk: Desk, asking: Asking, order_id: UUID, wish: NoteWish) -> OrderVerbResult:
    """It appears in the order's journal."""
    return await order_verbs.note(desk, asking, order_id, wish.text)


@router.post("/{order_id}/erase", summary="Erase an order's people, for good")
async def erase(desk: Desk, asking: Asking, order_id: UUID, wish: EraseWish) -> Erased:
    """Destroys the keys of its personal data and message bodies."""
    return await erasure.erase(desk, asking, order_id, wish.reason, force=wish.force)
