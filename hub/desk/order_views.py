"""How orders are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from canonical.order import Order
from hub.desk.base import Entry, View
from hub.desk.masking import PartiesView


class OrderSummary(Entry):
    """An order as a line of a list. Statuses are derived, never set."""

    version: int
    channel: str
    channel_ref: str
    type: str
    status: str
    payment_status: str
    fulfilment_status: str
    held: bool
    holds: tuple[str, ...]
    quarantined_by: UUID | None
    """The open failure that its later messages wait for."""
    total: str
    """Amount and currency: `12.50 EUR`."""
    units: int
    placed_at: datetime
    updated_at: datetime | None
    due_at: datetime | None = None
    """When the next step is due, by its channel or at a supplier."""


class JournalEntry(View):
    """Something that happened to the order. `seq` counts from 1; `body` is the event without its defaults."""

    seq: int
    type: str
    recorded_at: datetime
    message_id: UUID | None
    body: dict[str, Any]


class OrderMessage(View):
    """A message about the order."""

    id: UUID
    direction: str
    connector: str
    kind: str
    status: str
    recorded_at: datetime


class OrderEffect(View):
    """Something that a partner was asked to do for the order."""

    id: UUID
    key: str
    connector: str
    command: str
    state: str
    attempt: int
    due_at: datetime
    recorded_at: datetime
    finished_at: datetime | None
    reference: str | None
    reason: str | None


class OrderFailure(View):
    """A failure of one of its messages or effects."""

    id: UUID
    status: str
    stage: str
    error: str
    connector: str
    reason: str
    claimed_by: str | None
    recorded_at: datetime


class OrderTimer(View):
    """Something that will happen to the order at a time."""

    name: str
    type: str
    due_at: datetime


class WaitingItem(View):
    """A message that waits behind the order's open failure."""

    item_id: UUID
    queue: str
    type: str
    since: datetime


class OrderDetail(OrderSummary):
    """An order with everything that belongs to it. `parties` is None when they were erased."""

    order: Order
    parties: PartiesView | None
    erased: bool
    messages: tuple[OrderMessage, ...]
    effects: tuple[OrderEffect, ...]
    failures: tuple[OrderFailure, ...]
    timers: tuple[OrderTimer, ...]
    waiting: tuple[WaitingItem, ...]
    journal: tuple[JournalEntry, ...]


class WaitView(View):
    """One thing that the order waits for."""

    what: str
    since: datetime | None = None
    who: str = ""
    """Who can act."""
    next_step: str = ""
    failure_id: UUID | None = None
    effect_id: UUID | None = None


class Explanation(View):
    """Why an order stands where it stands. Nothing waited for means that it goes on by itself, or is done."""

    id: UUID
    status: str
    payment_status: str
    fulfilment_status: str
    sentence: str
    due_at: datetime | None = None
    """When the next step is due, by its channel or at a supplier."""
    waits: tuple[WaitView, ...]


class OrderVerbResult(View):
    """What became of a person's wish. Not `applied`: it is kept, and happens once what it waits for is done."""

    order: OrderSummary
    applied: bool
    reason: str | None = None
