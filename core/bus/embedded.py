"""The bus inside one process. The outbox is the queue: what is in memory here was only handed out of it.

Nothing is confirmed, so every item keeps its row until the engine consumes it in the transaction of its
effects. After a crash, the sweeper finds the rows and publishes them again.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog

from core.bus.envelope import Item, Key, split
from core.bus.port import DEAD, BusStatistics, Delivery, QueueStatistics, Subscription

log = structlog.get_logger(__name__)

MAX_ITEMS_HELD = 10_000
MAX_BYTES_HELD = 32 * 1024 * 1024
RETRY_PAUSE_S = 0.5
"""A handler that raised is not asked again at once."""


@dataclass(slots=True)
class _Parcel:
    """Items that travel together, until they are settled."""

    items: tuple[Item, ...]
    size_bytes: int
    redelivered_count: int = 0
    origin: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class _Lane:
    """One queue. Without a subscription, nothing leaves it."""

    queue: str
    subscription: Subscription | None = None
    prefetch: int = 1
    waiting: deque[_Parcel] = field(default_factory=deque[_Parcel])
    in_flight: set["_Delivery"] = field(default_factory=set["_Delivery"])

    def is_free(self) -> bool:
        """Say whether a parcel can be handed out now."""
        return self.subscription is not None and bool(self.waiting) and len(self.in_flight) < self.prefetch


@dataclass(slots=True, eq=False, kw_only=True)
class _Delivery(Delivery):
    bus: "EmbeddedBus"
    parcel: _Parcel

    async def ack(self) -> None:
        self.bus.settle(self, None, self.parcel)

    async def reject(self, *, requeue: bool) -> None:
        parcel = self.parcel
        if requeue or self.queue == DEAD:
            again = replace(parcel, redelivered_count=parcel.redelivered_count + 1)
            self.bus.settle(self, self.queue, again)
        else:
            moved = _Parcel(parcel.items, parcel.size_bytes, origin=self.queue, reason="rejected")
            self.bus.settle(self, DEAD, moved)


class EmbeddedBus:
    """Fills `core.bus.port.Bus` in one process, fairly between the queues, within bounded memory."""

    consumes_outbox = True
    publish_timeout_s = 0.0

    def __init__(self, *, max_items: int = MAX_ITEMS_HELD, max_bytes: int = MAX_BYTES_HELD) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._lanes: dict[str, _Lane] = {}
        self._held: set[Key] = set()
        self._held_bytes = 0
        self._running = self._cautious = False
        self._paused: set[str] = set()
        self._trouble: str | None = "the bus is not started"
        self._settled = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._published = self._consumed = self._redelivered = 0

    @property
    def held(self) -> frozenset[Key]:
        """The attempts that are in memory: waiting, or handed out and not settled."""
        return frozenset(self._held)

    def holds(self, item_id: UUID, attempt: int) -> bool:
        return (item_id, attempt) in self._held

    async def start(self, subscriptions: Sequence[Subscription], *, cautious: bool = False) -> None:
        self._lanes = {
            subscription.queue: _Lane(
                subscription.queue, subscription, prefetch=1 if cautious else subscription.prefetch
            )
            for subscription in subscriptions
        }
        self._lanes.setdefault(DEAD, _Lane(DEAD))
        self._cautious = cautious
        self._running, self._trouble = True, None

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        lane = self._lanes.get(queue)
        if self._running and lane is not None:
            for run in split(self._room_for(items), lambda item: item.size_bytes):
                lane.waiting.append(_Parcel(tuple(run), sum(item.size_bytes for item in run)))
            self._hand_out()
        return frozenset()

    async def publish_event(self, topic: str, item: Item) -> bool:
        return True  # nobody outside this process can listen

    async def pause(self, queue: str) -> None:
        self._paused.add(queue)

    async def resume(self, queue: str) -> None:
        self._paused.discard(queue)
        self._hand_out()

    async def set_prefetch(self, queue: str, prefetch: int) -> None:
        if (lane := self._lanes.get(queue)) is not None:
            lane.prefetch = prefetch
            self._hand_out()

    async def relax(self) -> None:
        if self._cautious:
            self._cautious = False
            for lane in self._lanes.values():
                lane.prefetch = lane.subscription.prefetch if lane.subscription else 1
            self._hand_out()

    async def ready(self) -> str | None:
        return self._trouble

    def statistics(self) -> BusStatistics:
        return BusStatistics(
            published=self._published,
            consumed=self._consumed,
            redelivered=self._redelivered,
            queues={
                lane.queue: QueueStatistics(
                    depth=len(lane.waiting),
                    in_flight=len(lane.in_flight),
                    consuming=lane.subscription is not None and lane.queue not in self._paused,
                )
                for lane in self._lanes.values()
            },
        )

    async def stop(self, grace_s: float) -> None:
        self._running, self._trouble = False, "the bus is stopped"
        try:
            async with asyncio.timeout(grace_s):
                while any(lane.in_flight for lane in self._lanes.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            log.warning("bus_stopped_with_work_in_flight", grace_s=grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lanes.clear()
        self._held.clear()
        self._held_bytes = 0

    def settle(self, delivery: _Delivery, queue: str | None, parcel: _Parcel) -> None:
        """End a delivery: forget its items, or let `parcel` wait in `queue`. Only deliveries call this."""
        lane = self._lanes.get(delivery.queue)
        if lane is None or delivery not in lane.in_flight:
            return  # settled before, or the bus has stopped
        lane.in_flight.discard(delivery)
        if queue is None:
            self._held.difference_update(item.key for item in parcel.items)
            self._held_bytes -= parcel.size_bytes
        elif queue == delivery.queue:
            lane.waiting.appendleft(parcel)
        else:
            self._lanes[queue].waiting.append(parcel)
        self._settled.set()
        self._hand_out()

    def _room_for(self, items: Sequence[Item]) -> list[Item]:
        """Take what is new and has room; what is left stays a row in the outbox."""
        taken: list[Item] = []
        for item in items:
            if item.key in self._held:
                continue
            fits = self._held_bytes + item.size_bytes <= self._max_bytes
            if len(self._held) >= self._max_items or not (fits or not self._held):
                break  # none behind it either: they would overtake it
            self._held.add(item.key)
            self._held_bytes += item.size_bytes
            taken.append(item)
        self._published += len(taken)
        return taken

    def _hand_out(self) -> None:
        """Hand out all that may be, one parcel of each queue in turn."""
        while self._running and (free := self._free_lanes()):
            for lane in free:
                self._hand_out_of(lane)

    def _free_lanes(self) -> list[_Lane]:
        return [lane for lane in self._lanes.values() if lane.queue not in self._paused and lane.is_free()]

    def _hand_out_of(self, lane: _Lane) -> None:
        parcel = lane.waiting.popleft()
        delivery = _Delivery(
            bus=self,
            parcel=parcel,
            queue=lane.queue,
            items=parcel.items,
            redelivered_count=parcel.redelivered_count,
            size_bytes=parcel.size_bytes,
            origin=parcel.origin,
            reason=parcel.reason,
        )
        lane.in_flight.add(delivery)
        self._consumed += len(parcel.items)
        self._redelivered += len(parcel.items) if parcel.redelivered_count else 0
        task = asyncio.create_task(self._handle(lane, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, lane: _Lane, delivery: _Delivery) -> None:
        if lane.subscription is None:
            return
        try:
            await lane.subscription.handler(delivery)
        except Exception:
            log.exception("bus_handler_failed", queue=lane.queue, items=len(delivery.items))
            await asyncio.sleep(RETRY_PAUSE_S)
            await delivery.reject(requeue=True)
