"""Everything that a batch will write, gathered in memory and written set-based in a fixed order of tables."""

import itertools
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from canonical.commands import Command
from canonical.events import SCHEMA, Event
from canonical.keys import keys_of
from canonical.order import Order
from canonical.statuses import RowStatus
from canonical.steps import Remind, Tell
from canonical.stock import StockMoveKind
from core.bus.port import PUBLISH_TIMEOUT_S, Item, outbound, read_item, write_item
from core.engine import accepted, backorders, snapshots, statements
from core.engine.cascade import Decision
from core.engine.memory import OrderMemory, Written
from core.engine.reading import Blame
from core.engine.work import HUB_QUEUE, AuditEntry, Happening, Settlement, Stored, Work, data_of
from core.ids import uuid7
from core.security.keys import KeyRing
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session, as_instant

LONGEST_BATCH_S = 55.0
"""From a transaction's beginning, by which rows are due, to its commit. One that takes longer does no harm: what it
published is published once more, and known by its id."""
UNPUBLISHED_GRACE_S = LONGEST_BATCH_S + PUBLISH_TIMEOUT_S
"""How long a row is left to those who publish it right after the commit, before the sweeper takes it."""

_sequence = itertools.count(time.time_ns())


@dataclass(slots=True)
class Posting:
    """An outbox row. With `stored`, what the row keeps is shorter than what is published: the body is a message."""

    queue: str
    item: Item
    stored: str | None = None
    delay_s: float = 0.0

    def text(self) -> str:
        """Return what the row keeps."""
        return write_item(self.item, self.stored)


@dataclass(slots=True)
class Changes:
    """What a batch will write. `postings` without a delay are published right after the commit."""

    now: datetime
    grace_s: float = UNPUBLISHED_GRACE_S
    orders: list[tuple[Order, UUID | None]] = field(default_factory=list[tuple[Order, UUID | None]])
    quarantines: list[tuple[UUID, UUID | None]] = field(default_factory=list[tuple[UUID, UUID | None]])
    postings: list[Posting] = field(default_factory=list[Posting])
    message_rows: list[messages.Row] = field(default_factory=list[messages.Row])
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict[str, list[tuple[Any, ...]]])

    def add(self, table: str, *values: Any) -> None:
        """Add a row to one of the statements below."""
        self.rows.setdefault(table, []).append(values)

    def count(self, table: str) -> int:
        """Return how many rows there are for one of the statements."""
        return len(self.rows.get(table, ()))

    def decided(self, work: Work, before: Order | None, decision: Decision) -> None:
        """Add what a decision brings, except for the order itself."""
        order = decision.order
        if order is None:
            return
        first = (before.version if before else 0) + 1
        for seq, event in enumerate(decision.events, start=first):
            self._happened(work, order, seq, event)
        for command in decision.commands:
            self.commanded(work, command)
        self._moved(before, order, decision)
        for tell in decision.tells:
            self.told(work, tell)
        for name, reminder in decision.reminders.items():
            if isinstance(reminder, Remind):
                event = reminder.event
                body = event.model_dump_json()
                self.add("timers", order.id, name, reminder.at, type(event).__name__, body)
            else:
                self.add("forget", order.id, name)

    def _moved(self, before: Order | None, order: Order, decision: Decision) -> None:
        taken_on = accepted.change(before, order)
        if not (decision.moves or taken_on):
            return
        at = decision.events[0].occurred_at if decision.events else None
        when = min(at, self.now) if at else self.now
        for move in decision.moves:
            self.add(
                "ledger", move.key, move.kind.value, move.sku, move.node, move.quantity, order.id, when, self.now,
            )  # fmt: skip
        key, kind = f"accept:{order.id}:{order.version}", StockMoveKind.ACCEPT.value
        for (sku, node), quantity in taken_on.items():
            self.add("ledger", key, kind, sku, node, quantity, order.id, when, self.now)

    def _happened(self, work: Work, order: Order, seq: int, event: Event) -> None:
        name = type(event).__name__
        body = event.model_dump_json(exclude_defaults=True)
        self.add("journal", order.id, seq, name, SCHEMA, work.message_id, event.recorded_at, body)
        for key in keys_of(event):
            self.add("keys", key.kind.value, key.value, order.id)

    def commanded(self, work: Work, command: Command) -> None:
        """Add the effect that a command asks for; one whose key is known is not added again."""
        effect_id, name = uuid7(), type(command).__name__
        self.add(
            "effects", effect_id, command.key, command.connector, name, command.model_dump_json(),
            command.order_id, work.message_id, work.item.correlation_id, "pending", self.now, self.now,
        )  # fmt: skip
        self.asked(work, command.connector, effect_id, name, command.order_id)

    def asked(self, work: Work, connector: str, effect_id: UUID, name: str, order_id: UUID | None) -> None:
        """Tell whoever sends to a partner that there is an effect to carry out."""
        item = self._item(work, effect_id, name, order_id, orjson.dumps({"effect": str(effect_id)}).decode())
        self.postings.append(Posting(outbound(connector), item))

    def told(self, work: Work, tell: Tell) -> None:
        """Add a message to an order: its body is stored once, as a message; the outbox row only refers to it."""
        self.happening(work, Happening(tell.event.order_id, (tell.event,)))

    def happening(self, work: Work, happening: Happening) -> None:
        """Add events for another transaction of their order."""
        message_id, name = uuid7(), type(happening.events[0]).__name__
        data = data_of(happening)
        self.message_rows.append(
            messages.Row(
                message_id, "internal", "hub", name, "sent", "application/json", data.encode(), sealed=False,
                order_id=happening.order_id, correlation_id=work.item.correlation_id,
                causation_id=work.message_id,
            ),
        )  # fmt: skip
        item = self._item(work, message_id, name, happening.order_id, data)
        self.postings.append(Posting(HUB_QUEUE, item, stored=f'{{"internal":"{message_id}"}}'))

    def _item(self, work: Work, item_id: UUID, name: str, order_id: UUID | None, data: str) -> Item:
        return Item(
            id=item_id,
            type=name,
            subject=str(order_id) if order_id else None,
            attempt=1,
            time=self.now,
            correlation_id=work.item.correlation_id,
            causation_id=work.message_id,
            data=data,
            traceparent=work.item.traceparent,
        )

    def back_orders(self, before: Order | None, after: Order) -> None:
        """Keep the index of who waits for which SKU."""
        if before is not None and before.lines is after.lines:
            return
        was = _back_ordered(before) if before else set[str]()
        now = _back_ordered(after)
        for sku in sorted(now - was):
            self.add("back_ordered", sku, after.id, self.now)
        for sku in sorted(was - now):
            self.add("not_back_ordered", sku, after.id)

    def waiters(self) -> tuple[list[backorders.Waiting], set[backorders.Waiting]]:
        """Return who begins to wait for which SKU, the oldest first, and who does so no longer."""
        begun = [(sku, order_id) for sku, order_id, _ in self.rows.get("back_ordered", ())]
        return begun, set(self.rows.get("not_back_ordered", ()))

    def settle(self, settlement: Settlement, by: AuditEntry | None = None) -> None:
        """Give an effect its new state, and close the failure that it was parked with."""
        self.add(
            "settle", settlement.effect_id, settlement.owner, settlement.state.value, settlement.reference,
            settlement.reason, self.now,
        )  # fmt: skip
        closed_by = (by.actor, settlement.reason) if by is not None else (None, None)
        self.add("settled", settlement.effect_id, self.now, *closed_by)

    def failed(self, failure_id: UUID, work: Work, blame: Blame, order_id: UUID | None, item: Item) -> None:
        """Add a failure record; one that a replay failed again is opened again."""
        content = work.content
        message_id = content.message_id if isinstance(content, Stored) else work.message_id
        effect_id = work.settlement.effect_id if work.settlement else None
        self.failed_item(
            failure_id, work.queue, item, blame, order_id=order_id, message_id=message_id, effect_id=effect_id,
        )  # fmt: skip

    def failed_item(
        self,
        failure_id: UUID,
        queue: str,
        item: Item,
        blame: Blame,
        *,
        order_id: UUID | None = None,
        message_id: UUID | None = None,
        effect_id: UUID | None = None,
    ) -> None:
        """Add the failure record of an item. `item` is how it is tried again."""
        connector = queue.split(".", 1)[-1]
        details = (
            orjson.dumps([problem.as_dict() for problem in blame.problems]).decode()
            if blame.problems
            else None
        )
        first = blame.problems[0].field if blame.problems else None
        self.add(
            "failures", failure_id, signature(connector, blame.stage, blame.error, blame.mapping, first), "open",
            blame.stage, blame.error, blame.reason, details, connector, blame.mapping,
            message_id or item.causation_id, effect_id, order_id, queue, write_item(item), self.now,
        )  # fmt: skip

    def audited(self, entry: AuditEntry) -> None:
        """Add to the audit log."""
        self.add(
            "audit", uuid7(), self.now, entry.actor, entry.role, entry.action, entry.target, entry.detail
        )

    async def write(
        self,
        session: Session,
        ring: KeyRing,
        done: Iterable[tuple[UUID, int]],
        memory: OrderMemory | None = None,
    ) -> list[Written]:
        """Write all of it; `done` are outbox rows to delete. Waiting items whose key appeared are posted.

        `memory` spares the writing of what orders have kept; who changes no orders has none.
        """
        rows = self.rows
        written = await snapshots.write(session, self.orders, memory if memory is not None else OrderMemory())
        await snapshots.quarantine(session, self.quarantines)
        await session.write(statements.JOURNAL, rows.get("journal", ()))
        await session.write(statements.LEDGER, rows.get("ledger", ()))
        await session.write(statements.KEYS, rows.get("keys", ()))
        await session.write(statements.EFFECTS, rows.get("effects", ()))
        await session.write(statements.SETTLE, rows.get("settle", ()))
        await session.write(statements.SETTLED, rows.get("settled", ()))
        await session.write(statements.TIMERS, rows.get("timers", ()))
        await session.write(statements.FORGET, rows.get("forget", ()))
        await session.write(statements.BACK_ORDERED, rows.get("back_ordered", ()))
        await session.write(statements.NOT_BACK_ORDERED, rows.get("not_back_ordered", ()))
        await session.write(messages.INSERT_DATA_KEYS, rows.get("data_keys", ()))
        await session.write(statements.PARTIES, rows.get("parties", ()))
        await session.write(statements.PARTY_INDEX, rows.get("party_index", ()))
        await messages.insert(session, ring, self.message_rows)
        await session.write(messages.FINISH, rows.get("finish", ()))
        await session.write(messages.ADOPT_KEYS, rows.get("adopt", ()))
        await session.write(messages.INSERT_KEYS, rows.get("message_keys", ()))
        await session.write(statements.WAITING, rows.get("waiting", ()))
        await session.write(statements.FAILURES, rows.get("failures", ()))
        await session.write(statements.RESOLVED, rows.get("resolved", ()))
        await session.write(statements.AUDIT, rows.get("audit", ()))
        called = await session.write(statements.CALLED, [(k, v) for k, v, _ in rows.get("keys", ())])
        for row in sorted(called, key=lambda row: (as_instant(row["since"]), as_uuid(row["item_id"]))):
            self.postings.append(Posting(row["queue"], read_item(row["item"])))
        await session.write(statements.OUTBOX, [self._outbox(posting) for posting in self.postings])
        await session.write(statements.UNBOX, sorted(done))
        return written

    def _outbox(self, posting: Posting) -> tuple[Any, ...]:
        item = posting.item
        due = self.now + timedelta(seconds=posting.delay_s or self.grace_s)
        return (item.id, item.attempt, posting.queue, posting.text(), due, next(_sequence))


def signature(connector: str, stage: str, error: str, mapping: str | None, field_path: str | None) -> str:
    """Return what failures of one kind have in common. Positions in lists, and a mapping's version, don't count."""
    place = re.sub(r"\[\d+\]", "[]", field_path or "")
    named = (mapping or "").partition("@")[0]
    return " | ".join(part for part in (connector, stage, error, named, place) if part)


def _back_ordered(order: Order) -> set[str]:
    return {line.sku for line in order.lines if line.quantity(RowStatus.BACKORDERED)}
