"""The exact bytes of what is sent: rendered once, stored before the first of them leaves, used again on a resend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from canonical.commands import COMMAND_BY_NAME, Command
from canonical.order import Order
from canonical.parties import Parties
from canonical.stock import Item, Node
from core.engine import snapshots
from core.engine.memory import OrderMemory
from core.errors import HubError, RejectedError
from core.exchange.numbers import Counters
from core.exchange.sending import Sent, enter, rehearse, write
from core.exchange.shapes import Draft
from core.ids import uuid7
from core.ports import TARGET, EffectContext, EffectPort, Outgoing
from core.security.keys import KeyRing
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session

_PARTIES = (
    "SELECT p.order_id, p.key_id, p.body, k.wrapped FROM parties p LEFT JOIN data_keys k ON k.id = p.key_id "
    "WHERE p.order_id {any:1:uuid}"
)
_ITEMS = "SELECT sku, doc FROM items WHERE sku {any:1:text}"


@dataclass(slots=True)
class Requests:
    """What some effects send: loaded set-based, written set-based."""

    stored: Mapping[UUID, messages.Message | HubError]
    contexts: Mapping[UUID, EffectContext | HubError]
    bare: EffectContext
    """What a command about no order is rendered from."""
    new: list[messages.Row] = field(default_factory=list[messages.Row])
    drafts: dict[UUID, tuple[Any, Draft]] = field(default_factory=dict[UUID, tuple[Any, Draft]])
    """Interchanges that have no numbers yet, by the id of their request."""

    @classmethod
    async def load(
        cls,
        session: Session,
        ring: KeyRing,
        rows: Sequence[Any],
        nodes: Mapping[str, Node],
        memory: OrderMemory,
    ) -> "Requests":
        """Load what was sent before, and what the others are rendered from."""
        sent = [as_uuid(row["request_id"]) for row in rows if row["request_id"]]
        first = {
            as_uuid(row["order_id"]) for row in rows if row["request_id"] is None and not _of_no_order(row)
        }
        return cls(
            await messages.load(session, ring, sent),
            await _contexts(session, ring, sorted(first), nodes, memory),
            EffectContext(None, None, nodes, {}, session.now),
        )

    def of(self, row: Any, command: Command, port: EffectPort) -> tuple[Outgoing, UUID]:
        """Return an effect's request and its message's id. Raises `HubError`, and whatever a port's defect raises."""
        if row["request_id"] is not None:
            return _again(self.stored[as_uuid(row["request_id"])])
        outgoing = port.render(command, self._context(row))
        request_id = uuid7()
        if outgoing.draft is not None:
            rehearse(outgoing.draft)  # what can't be written is refused before it has a number
            self.drafts[request_id] = (row, outgoing.draft)
        else:
            self._keep(row, request_id, outgoing)
        return outgoing, request_id

    def _context(self, row: Any) -> EffectContext:
        if _of_no_order(row):
            return self.bare
        order_id = as_uuid(row["order_id"])
        context = self.contexts.get(order_id)
        if context is None:
            raise RejectedError(f"order {order_id} is not in the store", code="no_order")
        if isinstance(context, HubError):
            raise context
        return context

    async def number(self, session: Session) -> Mapping[UUID, Outgoing]:
        """Give the interchanges among them their numbers, their pairs locked in one order, and enter the ledger."""
        if not self.drafts:
            return {}
        counters = await Counters.lock(session, (draft.pair for _, draft in self.drafts.values()))
        numbered: dict[UUID, Outgoing] = {}
        sent: list[Sent] = []
        for request_id, (row, draft) in self.drafts.items():
            written = write(draft, counters)
            numbered[request_id] = Outgoing(written.body, draft.media_type, written.name)
            self._keep(row, request_id, numbered[request_id], control=written.control)
            sent.append(Sent(uuid7(), row["connector"], written, request_id, row["key"]))
        await counters.save(session)
        await enter(session, sent)
        return numbered

    def _keep(self, row: Any, request_id: UUID, outgoing: Outgoing, *, control: str | None = None) -> None:
        order_id = None if _of_no_order(row) else as_uuid(row["order_id"])
        self.new.append(
            messages.Row(
                request_id, "out", row["connector"], row["command"], "sent", outgoing.media_type, outgoing.body,
                sealed=True, order_id=order_id, correlation_id=row["correlation_id"],
                causation_id=row["message_id"], headers={**outgoing.headers, TARGET: outgoing.target},
                keys=(("external_id", row["key"]), *([("interchange", control)] if control else [])),
            ),
        )  # fmt: skip


def _of_no_order(row: Any) -> bool:
    known = COMMAND_BY_NAME.get(row["command"])
    return known is not None and known.of_no_order


def _again(request: messages.Message | HubError) -> tuple[Outgoing, UUID]:
    if isinstance(request, HubError):
        raise request
    headers = dict(request.headers)
    target = headers.pop(TARGET, "")
    return Outgoing(request.body, request.media_type, target, headers), request.id


async def _contexts(
    session: Session, ring: KeyRing, ids: Sequence[UUID], nodes: Mapping[str, Node], memory: OrderMemory
) -> dict[UUID, EffectContext | HubError]:
    """Load what rendering looks at. What of one order can't be opened harms that order's effects alone."""
    if not ids:
        return {}
    orders = await snapshots.load(session, ids, memory)
    parties = await _parties(session, ring, ids)
    items = await _items(session, (order for order in orders.values() if order is not None))
    contexts: dict[UUID, EffectContext | HubError] = {}
    for order_id, order in orders.items():
        people = parties.get(order_id)
        if isinstance(people, HubError):
            contexts[order_id] = people
        elif order is not None:
            contexts[order_id] = EffectContext(order, people, nodes, items, session.now)
    return contexts


async def _parties(
    session: Session, ring: KeyRing, order_ids: Sequence[UUID]
) -> dict[UUID, Parties | HubError]:
    """Return the people of orders; those that were erased are missing."""
    found: dict[UUID, Parties | HubError] = {}
    for row in await session.rows(_PARTIES, order_ids):
        if row["wrapped"] is None:
            continue
        order_id = as_uuid(row["order_id"])
        try:
            key = ring.unwrap(as_uuid(row["key_id"]), bytes(row["wrapped"]))
            found[order_id] = Parties.model_validate_json(key.open(order_id, bytes(row["body"])))
        except HubError as error:
            found[order_id] = error
    return found


async def open_parties(session: Session, ring: KeyRing, order_ids: Sequence[UUID]) -> dict[UUID, Parties]:
    """Return the people of orders; those that were erased are missing. Raises `KeyUnusableError`."""
    opened: dict[UUID, Parties] = {}
    for order_id, people in (await _parties(session, ring, order_ids)).items():
        if isinstance(people, HubError):
            raise people
        opened[order_id] = people
    return opened


async def _items(session: Session, orders: Iterable[Order]) -> dict[str, Item]:
    skus = sorted({line.sku for order in orders for line in order.lines})
    rows = await session.rows(_ITEMS, skus)
    return {row["sku"]: Item.model_validate_json(row["doc"]) for row in rows}
