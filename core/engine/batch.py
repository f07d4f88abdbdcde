"""One batch: one transaction that takes many pieces of work from the inbox to the outbox.

Lock classes, each once and sorted: inbox, stubs of new orders, orders, stock, announcements of goods. Rules run first
with what is locked; what they ask for is locked together and those that asked run again. If that is not enough, the
transaction is run anew with the larger set from its beginning.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from canonical.capture import told
from canonical.documents import OrderDocument
from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.stock import Node
from canonical.supplier_numbers import in_our_numbers
from core.bus.port import read_item
from core.engine import (
    backorders,
    crashes,
    interchanges,
    locating,
    reading,
    receiving,
    snapshots,
    stockfeed,
)
from core.engine.announcing import NOBODY, Subscriptions, announce
from core.engine.cascade import CascadeError, Decision, Rulebook, StaleError, StockNotLockedError, decide
from core.engine.changes import Changes, Posting
from core.engine.endings import Endings, content_of
from core.engine.inbox import INBOX
from core.engine.memory import OrderMemory, Written
from core.engine.people import keep, people_of
from core.engine.reading import Blame, Part, Readers, Takers, nobody
from core.engine.stockroom import Stockroom
from core.engine.turns import Turn
from core.engine.work import (
    EffectState,
    Ending,
    Happening,
    ItemError,
    Outcome,
    Work,
    successor,
    work_of,
)
from core.errors import HubError
from core.ids import named_id, uuid7
from core.security.keys import KeyRing
from core.store.messages import as_uuid
from core.store.sql import Session, as_instant, bulk

_HELD_UP = (
    "DELETE FROM waiting WHERE kind = 'quarantine' AND value {any:1:text} "
    "RETURNING item_id, attempt, queue, item, value, since"
)
_OWNED = bulk(
    "SELECT e.id FROM {rows} JOIN effects e ON e.id = r.id AND e.state = 'sending' AND e.lease_owner = r.owner",
    "id uuid, owner text",
)
QUARANTINE = "quarantine"
LOCK_ROUNDS = 3


class LockMoreError(HubError):
    """A rule's second question was not foreseen: run the transaction again with these SKUs locked too."""

    def __init__(self, skus: frozenset[str]) -> None:
        super().__init__(f"lock also {len(skus)} SKUs")
        self.skus = skus


@dataclass(frozen=True, slots=True)
class World:
    """What a batch is decided by: rules, policy, master data, readers, keys. Replaced whole when one changes."""

    rulebook: Rulebook
    policy: Policy
    nodes: Mapping[str, Node]
    readers: Readers
    ring: KeyRing
    wait_for_order_s: float = 24 * 3600.0
    marks_stock: bool = False
    """Some channel is told of stock: what changes is marked."""
    subscriptions: Subscriptions = NOBODY
    takers: Takers = nobody


@dataclass(slots=True)
class Committed:
    """What a batch leaves to be done after its commit."""

    outcomes: dict[Work, Outcome]
    postings: list[Posting]
    orders: Sequence[Written] = ()


@dataclass(slots=True)
class _Group:
    """The parts about one order, in the order of their arrival."""

    order_id: UUID
    parts: list[Part] = field(default_factory=list[Part])


class Batch:
    """One attempt at one transaction."""

    def __init__(self, session: Session, world: World, memory: OrderMemory, works: Sequence[Work]) -> None:
        self._session, self._world, self._memory, self._works = session, world, memory, works
        self._changes = Changes(session.now)
        self._stockroom = Stockroom(world.nodes, marks=world.marks_stock)
        self._parts: list[Part] = []
        self._references: locating.References = {}
        self._held_up: dict[Work, datetime] = {}
        """What waited behind a failure, and since when."""
        self._disowned: set[Work] = set()
        self._freed = backorders.Freed()

    @property
    def changes(self) -> Changes:
        """What it writes, for who looks on."""
        return self._changes

    async def run(self, done: Iterable[tuple[UUID, int]], prelock: frozenset[str], turn: Turn) -> Committed:
        """Do all of it but the commit. `done` are outbox rows that were confirmed since the last batch.

        The turn is passed on when all that will be decided is locked and decided.
        """
        fresh = await self._take_in()
        self._parts = await self._read(fresh)
        await self._drop_disowned()
        self._references = await locating.locate(self._session, self._live())
        groups = self._group(self._live())
        found = await snapshots.lock(self._session, groups, self._memory)
        await self._let_go_on(found, groups)
        await self._decide(found, groups, prelock)
        await interchanges.take(self._session, self._changes, self._parts)
        turn.pass_on()
        self._park_early()
        endings = Endings(self._changes, self._disowned)
        for part in self._parts:
            endings.close(part)
        outcomes = endings.of((*self._works, *self._held_up), self._parts)
        consumed = [(w.item.id, w.item.attempt) for w in self._works if w.consumes_row]
        await self._stockroom.write(self._session)
        done = [*done, *consumed]
        written = await self._changes.write(self._session, self._world.ring, done, self._memory)
        await self._session.write(crashes.UNMARK, [w.item.key for w in self._works if w.marked])
        return Committed(outcomes, self._changes.postings, written)

    async def _read(self, works: Sequence[Work]) -> list[Part]:
        world = self._world
        parts = await reading.read(self._session, world.ring, world.readers, works, world.takers)
        for part in parts:
            if part.document is not None:
                part.document = in_our_numbers(part.document, world.nodes)
        return parts

    async def _take_in(self) -> list[Work]:
        """Write the inbox; return the work that it had not seen, each once."""
        rows = sorted({(w.queue, w.item.id, w.item.attempt) for w in self._works})
        new = {
            (row["consumer"], as_uuid(row["item_id"]), row["attempt"])
            for row in await self._session.write(INBOX, rows)
        }
        fresh: list[Work] = []
        for work in self._works:
            key = (work.queue, work.item.id, work.item.attempt)
            if key in new:
                new.discard(key)
                fresh.append(work)
        return fresh

    def _live(self) -> list[Part]:
        return [part for part in self._parts if part.outcome is None and part.blame is None]

    def _group(self, parts: Iterable[Part]) -> dict[UUID, _Group]:
        groups: dict[UUID, _Group] = {}
        for part in parts:
            if part.order_id is not None and part.blame is None:
                groups.setdefault(part.order_id, _Group(part.order_id)).parts.append(part)
        return groups

    async def _drop_disowned(self) -> None:
        """Let a refusal of somebody who has lost the effect's lease count for nothing: another asks the partner.

        A confirmation always counts: what took effect took effect, whoever heard of it.
        """
        doubtful = [
            part
            for part in self._parts
            if part.work.settlement is not None and part.work.settlement.state is not EffectState.CONFIRMED
        ]
        if not doubtful:
            return
        asked = {(s.effect_id, s.owner) for part in doubtful if (s := part.work.settlement) is not None}
        owned = {as_uuid(row["id"]) for row in await self._session.write(_OWNED, sorted(asked))}
        for part in doubtful:
            settlement = part.work.settlement
            if settlement is not None and settlement.effect_id not in owned:
                self._disowned.add(part.work)
                part.outcome = Outcome(Ending.STALE, "its lease had ended: the effect is looked up instead")

    async def _let_go_on(
        self, found: Mapping[UUID, snapshots.Snapshot], groups: Mapping[UUID, _Group]
    ) -> None:
        """Behind the replay of what quarantines an order, put everything that waits for it, in its order."""
        freed = {
            str(order_id): group
            for order_id, group in groups.items()
            if (held := found.get(order_id)) is not None
            and held.quarantined_by is not None
            and any(part.failure_id == held.quarantined_by for part in group.parts)
        }
        if not freed:
            return
        rows = sorted(
            await self._session.rows(_HELD_UP, sorted(freed)),
            key=lambda row: (as_instant(row["since"]), as_uuid(row["item_id"])),
        )
        for row in rows:
            if (work := self._waited(row)) is not None:
                self._held_up[work] = as_instant(row["since"])
        parts = await self._read(list(self._held_up))
        await locating.locate(self._session, [p for p in parts if p.blame is None and p.outcome is None])
        self._parts.extend(parts)
        for group in freed.values():
            held_by = found[group.order_id].quarantined_by
            behind = 1 + next(i for i, part in enumerate(group.parts) if part.failure_id == held_by)
            group.parts[behind:behind] = [
                p for p in parts if p.order_id == group.order_id and p.blame is None and p.outcome is None
            ]

    def _waited(self, row: Any) -> Work | None:
        """Return the work that waited; where it can't be read any more, write its failure record."""
        item, queue = read_item(row["item"]), row["queue"]
        try:
            return work_of(queue, item, self._works[0].done.get_loop().create_future(), consumes_row=False)
        except ItemError as error:
            blame = Blame("bus", "ItemError", str(error))
            failure_id = named_id(f"unreadable:{item.id}:{item.attempt}", item.time)
            self._changes.failed_item(failure_id, queue, item, blame, order_id=UUID(row["value"]))
            return None

    async def _decide(
        self,
        found: Mapping[UUID, snapshots.Snapshot],
        groups: Mapping[UUID, _Group],
        prelock: frozenset[str],
    ) -> None:
        feeds = locating.feeds(self._parts)
        wanted = set(prelock) | stockfeed.skus_of(feeds)
        if wanted:
            await self._stockroom.lock(self._session, wanted)
        again: list[_Group] = []
        for group in groups.values():
            snapshot = found.get(group.order_id)
            if snapshot is None:
                self._unknown(group)
            elif missing := self._decided(group, snapshot):
                wanted |= missing
                again.append(group)
        if again and self._stockroom.locked:
            raise LockMoreError(frozenset(wanted))
        if again:
            await self._stockroom.lock(self._session, wanted)
            missing = frozenset[str]().union(
                *[self._decided(group, found[group.order_id]) for group in again]
            )
            if missing:
                raise LockMoreError(frozenset(wanted | missing))
        await receiving.lock(self._session, feeds)
        told: set[str] = set()
        for part in feeds:
            told |= await self._feed(part)
        await self._tell_who_waits(told)

    def _unknown(self, group: _Group) -> None:
        for part in group.parts:
            part.blame = Blame("locate", "UnknownOrderError", f"there is no order {group.order_id}")

    async def _feed(self, part: Part) -> set[str]:
        """Apply what a node says of its goods; return the SKUs of which those who wait are told."""
        view = self._stockroom.view(frozenset(stockfeed.skus_of([part])))
        pending = self._changes.rows.get("ledger", ())
        rows, risen = await stockfeed.apply(self._session, part, view, pending)
        news = await backorders.news(self._session, risen, view, *self._changes.waiters())
        self._stockroom.keep()
        for row in rows:
            self._changes.add("ledger", *row, self._session.now)
        for event in news:
            self._changes.happening(part.work, Happening(event.order_id, (event,)))
        return {event.sku for event in news}

    async def _tell_who_waits(self, told: set[str]) -> None:
        """Tell orders that wait of what others gave back, as a node's report tells them of what came in."""
        freed = [sku for sku in self._freed.by if sku not in told]
        risen = self._stockroom.risen(freed) if freed else []
        if not risen:
            return
        begun, over = self._changes.waiters()
        fresh = [waiting for waiting in begun if not self._freed.tried(waiting)]
        view = self._stockroom.view(frozenset(risen))
        for event in await backorders.news(self._session, risen, view, fresh, over):
            work = self._freed.by[event.sku].work
            self._changes.happening(work, Happening(event.order_id, (event,)))

    def _decided(self, group: _Group, snapshot: snapshots.Snapshot) -> frozenset[str]:
        """Run an order's parts, one after the other. Returns the SKUs that must be locked first, if any."""
        order, quarantined_by = snapshot.order, snapshot.quarantined_by
        results: list[tuple[Part, Order | None, Decision]] = []
        for part in group.parts:
            part.blame, part.outcome = None, None
            if quarantined_by is not None and part.failure_id != quarantined_by:
                part.outcome = Outcome(
                    Ending.WAITING, f"order {group.order_id} waits for failure {quarantined_by}"
                )
                continue
            mark = self._stockroom.mark()
            try:
                decision = self._apply(part, order)
            except StockNotLockedError as missing:
                self._stockroom.undo()
                # Rules go from line to line: who asks for one SKU of an order will ask for the others next.
                lines = order.lines if order is not None else ()
                return missing.skus | ({line.sku for line in lines} - self._stockroom.locked)
            except StaleError as error:
                self._stockroom.restore(mark)
                part.outcome = Outcome(Ending.STALE, str(error))
            except Exception as error:  # noqa: BLE001 - a rule's defect harms its own order only, as a failure record
                self._stockroom.restore(mark)
                part.blame = _blame(error)
                quarantined_by = part.failure_id or uuid7()
                part.outcome = Outcome(Ending.FAILED, part.blame.reason, failure_id=quarantined_by)
                continue
            else:
                results.append((part, order, decision))
                order = decision.order
                done = decision.events or not decision.repeated
                ending = Ending.DONE if done else Ending.DUPLICATE
                part.outcome = Outcome(ending, None if done else "it was known", order)
            if part.failure_id is not None and part.failure_id == quarantined_by:
                quarantined_by = None
        self._stockroom.keep()
        self._gather(snapshot, order, quarantined_by, results)
        return frozenset()

    def _apply(self, part: Part, order: Order | None) -> Decision:
        order_id = part.order_id
        if order_id is None:
            message = "a part is applied to an order"
            raise CascadeError(message)
        if isinstance(part.document, OrderDocument):
            document = part.document
            skus = {
                line.reference: self._references[document.channel, line.reference] for line in document.lines
            }
            events: tuple[Event, ...] = (told(document, order, order_id, skus),)
        else:
            events = part.events(order_id)
        world = self._world
        return decide(order, events, world.rulebook, world.policy, self._stockroom, self._session.now)

    def _gather(
        self,
        snapshot: snapshots.Snapshot,
        order: Order | None,
        quarantined_by: UUID | None,
        results: Sequence[tuple[Part, Order | None, Decision]],
    ) -> None:
        """Add an order's new state to what will be written."""
        for part, before, decision in results:
            self._changes.decided(part.work, before, decision)
            self._freed.note(part, decision.moves)
            announce(self._changes, part.work, before, decision, self._world.subscriptions)
            document = part.document
            people = people_of(before, decision, document) if isinstance(document, OrderDocument) else None
            if people is not None:
                keep(self._changes, self._world.ring, snapshot.order_id, people)
        if order is not None and order is not snapshot.order:
            self._changes.orders.append((order, quarantined_by))
            self._changes.back_orders(snapshot.order, order)
        elif quarantined_by != snapshot.quarantined_by:
            self._changes.quarantines.append((snapshot.order_id, quarantined_by))

    def _park_early(self) -> None:
        """Let what is about an unknown order wait under the key by which it will become known."""
        for part in self._parts:
            if part.blame is None and part.outcome is None and (key := locating.waits_for(part)):
                reason = f"waits for the order of {key.kind.value} {key.value}"
                part.outcome = Outcome(Ending.WAITING, reason)
                self._wait(part, key.kind.value, key.value, self._world.wait_for_order_s)
            elif part.outcome is not None and part.outcome.ending is Ending.WAITING:
                self._wait(part, QUARANTINE, str(part.order_id), None)

    def _wait(self, part: Part, kind: str, value: str, seconds: float | None) -> None:
        now = self._session.now
        item = successor(
            part.work, content_of(part), tag=f"wait:{part.index}", now=now, failure_id=part.failure_id
        )
        deadline = now + timedelta(seconds=seconds) if seconds else None
        posting = Posting(part.work.queue, item)
        # A microsecond apart, so that what came in one batch goes on in its order.
        since = self._held_up.get(part.work) or now + timedelta(microseconds=self._changes.count("waiting"))
        self._changes.add(
            "waiting", item.id, item.attempt, posting.queue, posting.text(), kind, value, since, deadline,
        )  # fmt: skip


def _blame(error: Exception) -> Blame:
    name = (
        type(error.__cause__ or error).__name__ if isinstance(error, CascadeError) else type(error).__name__
    )
    return Blame("rules", name, str(error) or repr(error))
