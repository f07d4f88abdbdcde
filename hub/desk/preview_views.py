"""How a preview is shown: what would be stored, and what would be sent."""

from typing import Any
from uuid import UUID

from hub.desk.base import View
from hub.desk.failure_views import Problems


class StatusChange(View):
    """One of an order's statuses, as it is and as it would be. `before` is None for an order that is not there yet."""

    name: str
    before: str | None
    after: str


class OrderChange(View):
    """What would become of one order."""

    order_id: UUID
    reference: str
    """`channel:reference`"""
    new: bool
    statuses: tuple[StatusChange, ...]
    """Those that would change."""


class EventPreview(View):
    """An event that would be written into an order's journal. `facts` leave out ids and times."""

    order_id: UUID
    type: str
    facts: dict[str, Any]


class EffectPreview(View):
    """Something that a partner would be asked to do. `known`: the state of an effect of this key that is there already,
    for which nothing would be sent; `looked_up`: the partner would be asked first, as it may have been done.
    """

    key: str
    connector: str
    command: str
    known: str | None = None
    looked_up: bool = False


class StockPreview(View):
    """A movement that would be written into the stock ledger."""

    kind: str
    sku: str
    node: str
    quantity: int


class PreviewItem(View):
    """What would become of one thing. `outcome`: done, duplicate, stale, waiting, failed, ignored, sent or refused."""

    what: str
    failure_id: UUID | None
    message_id: UUID | None
    effect_id: UUID | None
    outcome: str
    reason: str | None
    problems: Problems
    before: str | None
    """Why it failed before; None for what had not failed."""
    mapping: str | None
    """The mapping that would read it, with its version."""
    orders: tuple[OrderChange, ...] = ()
    events: tuple[EventPreview, ...] = ()
    effects: tuple[EffectPreview, ...] = ()
    stock: tuple[StockPreview, ...] = ()
    unfollowed: int = 0
    """Messages of the hub to itself that were too many to follow."""


class Preview(View):
    """What a replay would do, with today's code, mappings, rules and stock. Nothing of it was done."""

    items: tuple[PreviewItem, ...]
    total: int
    """How many the selection has; `items` are the first of them."""
    outcomes: dict[str, int]
    effects: dict[str, int]
    """How much would be sent, by connector and command."""
    code: str
    mappings: str | None
