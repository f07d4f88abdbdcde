"""What a plan holds: counted by where it came from, the money at stake, the versions in force, and whose turn it is.

Documents are read with today's mappings to learn which order they are about and what it is worth. That is pure, and
stores nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from canonical.documents import Document, KeyKind, OrderBound, OrderDocument
from canonical.money import Money
from canonical.order import Order
from core.engine import snapshots
from core.ports import RawDocument
from core.store import messages as store
from core.store.messages import Message, as_uuid
from core.store.sql import Session, bulk
from hub.desk.context import DeskContext
from hub.desk.replay_choice import Candidate
from hub.desk.replay_views import Manifest, MappingChange, ReplayOrdering, SortCount

_CHUNK = 200
_KEYS = bulk(
    "SELECT k.kind, k.value, k.order_id FROM {rows} JOIN business_keys k ON k.kind = r.kind AND k.value = r.value",
    "kind text, value text",
)
_STUBS = bulk(
    "SELECT o.id, o.channel, o.channel_ref FROM {rows} JOIN orders o "
    "ON o.channel = r.channel AND o.channel_ref = r.channel_ref",
    "channel text, channel_ref text",
)
_ORDERS = "SELECT id, channel, doc, schema FROM orders WHERE id {any:1:uuid}"

Key = tuple[str, str]


@dataclass(slots=True)
class Content:
    """What is known about a candidate beside itself."""

    lane: str | None = None
    """What is of one lane goes one after the other: the order, or the key by which it will be known."""
    order: str | None = None
    """Its order, whether it is known or only read: the same name for the same order."""
    channel: str | None = None
    money: tuple[str, Decimal] | None = None
    due_at: datetime | None = None


@dataclass(slots=True)
class _Read:
    keys: list[Key] = field(default_factory=list[Key])
    order: OrderDocument | None = None


async def contents_of(session: Session, ctx: DeskContext, found: Sequence[Candidate]) -> dict[int, Content]:
    """Return what is known about each candidate, by its place in `found`."""
    contents = {i: Content() for i in range(len(found))}
    for start in range(0, len(found), _CHUNK):
        chunk = range(start, min(start + _CHUNK, len(found)))
        read = await _read(session, ctx, {i: found[i] for i in chunk})
        order_ids = await _orders_by_key(session, read)
        known = {i: found[i].order_id or order_ids.get(i) for i in chunk}
        orders = await _load(session, {one for one in known.values() if one is not None})
        for i in chunk:
            _fill(contents[i], found[i], known[i], orders, read.get(i))
    return contents


async def lanes_of(session: Session, ctx: DeskContext, found: Sequence[Candidate]) -> dict[int, str]:
    """Return the lane of each candidate that has one."""
    contents = await contents_of(session, ctx, found)
    return {i: content.lane for i, content in contents.items() if content.lane is not None}


def _fill(
    content: Content,
    candidate: Candidate,
    order_id: UUID | None,
    orders: Mapping[UUID, tuple[str, Order | None]],
    read: _Read | None,
) -> None:
    keys = read.keys if read is not None else []
    if order_id is not None:
        content.lane = content.order = f"order:{order_id}"
        content.channel, order = orders.get(order_id, (None, None))
        if order is not None:
            content.money = (order.total.currency, order.total.amount)
            content.due_at = order.deadlines.ship_by
    elif keys:
        content.lane = ":".join(keys[0])
        content.order = content.lane if keys[0][0] == KeyKind.CHANNEL_REF.value else None
    document = read.order if read is not None else None
    if document is not None:
        content.channel = content.channel or document.channel
        content.money = content.money or (document.currency, document.total)
        content.due_at = content.due_at or document.deadlines.ship_by
    content.channel = content.channel or None
    if not candidate.connector:
        content.lane = None


async def _read(session: Session, ctx: DeskContext, found: Mapping[int, Candidate]) -> dict[int, _Read]:
    """Read what can be read. Only who does not know their order, or what it is worth, is asked."""
    wanted = {i: one.reads for i, one in found.items() if one.reads is not None and one.refused is None}
    loaded = await store.load(session, ctx.ring, wanted.values())
    return {i: _reading(ctx, loaded[message_id]) for i, message_id in wanted.items()}


def _reading(ctx: DeskContext, message: object) -> _Read:
    read = _Read()
    if not isinstance(message, Message):
        return read
    reader = ctx.engine.world.readers(message.connector, message.kind)
    if reader is None:
        return read
    raw = RawDocument(message.kind, message.body, message.media_type, message.external_id, message.headers)
    try:
        documents: Iterable[Document] = reader(raw)
    except Exception:  # noqa: BLE001 - that it can't be read is why it is here; the replay says so again
        return read
    for document in documents:
        if isinstance(document, OrderDocument | OrderBound):
            key = document.key()
            read.keys.append((key.kind.value, key.value))
        if isinstance(document, OrderDocument):
            read.order = read.order or document
    return read


async def _orders_by_key(session: Session, read: Mapping[int, _Read]) -> dict[int, UUID]:
    """Return the order that each one's first key names, if there is one already."""
    keys = {i: one.keys[0] for i, one in read.items() if one.keys}
    named: dict[Key, UUID] = {}
    for row in await session.write(_KEYS, sorted(set(keys.values()))):
        named[row["kind"], row["value"]] = as_uuid(row["order_id"])
    references = {
        value: tuple(value.split(":", 1))
        for kind, value in keys.values()
        if kind == KeyKind.CHANNEL_REF.value
    }
    for row in await session.write(_STUBS, sorted(set(references.values()))):
        value = f"{row['channel']}:{row['channel_ref']}"
        named.setdefault((KeyKind.CHANNEL_REF.value, value), as_uuid(row["id"]))
    found = {i: named.get(key) for i, key in keys.items()}
    for i, key in keys.items():
        if key[0] == KeyKind.ORDER_ID.value:
            found[i] = UUID(key[1])
    return {i: order_id for i, order_id in found.items() if order_id is not None}


async def _load(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[str, Order | None]]:
    rows = await session.rows(_ORDERS, sorted(ids))
    return {as_uuid(row["id"]): (row["channel"], snapshots.read(row["doc"], row["schema"])) for row in rows}


def manifest_of(ctx: DeskContext, found: Sequence[Candidate], contents: Mapping[int, Content]) -> Manifest:
    """Count what is there, each order's money once."""
    sorts: Counter[tuple[str, str, str | None]] = Counter()
    failed_with: Counter[str] = Counter()
    worth: dict[str, tuple[str, Decimal]] = {}
    orders: set[str] = set()
    unknown = 0
    for i, one in enumerate(found):
        content = contents[i]
        if one.refused is not None:
            continue
        sorts[one.connector, one.kind, content.channel] += 1
        if one.mapping is not None:
            failed_with[one.mapping] += 1
        if content.order is not None:
            orders.add(content.order)
        if content.money is not None and content.order is not None:
            worth[content.order] = content.money
        elif content.order is None:
            unknown += 1
    sums: dict[str, Decimal] = {}
    for currency, amount in worth.values():
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    money = {
        currency: Money(amount=amount, currency=currency).rounded().amount
        for currency, amount in sums.items()
    }
    going = sum(sorts.values())
    return Manifest(
        sorts=tuple(
            SortCount(connector=connector, kind=kind, channel=channel, count=count)
            for (connector, kind, channel), count in sorts.most_common()
        ),
        orders=len(orders),
        money=dict(sorted(money.items())),
        money_unknown=unknown,
        refused=len(found) - going,
        code=ctx.versions.code,
        mappings=ctx.versions.mappings,
        changes=tuple(
            MappingChange(failed_with=name, now=ctx.versions.now(name), count=count)
            for name, count in failed_with.most_common()
        ),
        approval=ctx.replay_policy.needs_second(going, money),
    )


def in_turn(
    found: Sequence[Candidate], contents: Mapping[int, Content], ordering: ReplayOrdering
) -> list[int]:
    """Return the places of `found` in the order in which they go: by deadline, if wanted, else by age."""
    due: dict[str, datetime] = {}
    for content in contents.values():
        if content.lane is not None and content.due_at is not None:
            due[content.lane] = min(content.due_at, due.get(content.lane, content.due_at))

    def turn(i: int) -> tuple[bool, float, UUID, UUID]:
        one, content = found[i], contents[i]
        at = due.get(content.lane or "") if ordering is ReplayOrdering.SHIP_BY else None
        second = one.failure_id or one.effect_id or one.origin
        return (at is None, at.timestamp() if at is not None else 0.0, one.origin, second)

    return sorted(range(len(found)), key=turn)
