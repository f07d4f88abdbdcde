"""A bus for commands beside a running hub: it carries nothing, and makes the outbox's rows due at once."""

from collections.abc import Sequence
from uuid import UUID

from core.bus.port import PUBLISH_TIMEOUT_S, BusStatistics, Item, Key, Subscription
from core.store.sql import Database, bulk

_DUE = bulk(
    "UPDATE outbox SET due_at = r.due_at FROM {rows} "
    "WHERE outbox.item_id = r.item_id AND outbox.attempt = r.attempt AND outbox.due_at > r.due_at",
    "item_id uuid, attempt int, due_at timestamptz",
)


class LeftToTheHub:
    """Fills `core.bus.port.Bus`. What is published is left to the sweeper of the hub that runs, or of the next."""

    consumes_outbox = False
    publish_timeout_s = PUBLISH_TIMEOUT_S

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, subscriptions: Sequence[Subscription], *, cautious: bool = False) -> None:
        """Do nothing: nobody listens here."""

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        """Make the rows due, and confirm nothing."""
        async with self._database.transaction() as session:
            await session.write(_DUE, [(item.id, item.attempt, session.now) for item in items])
        return frozenset()

    async def publish_event(self, topic: str, item: Item) -> bool:
        """Make the row due: the hub that runs tells it."""
        await self.publish(topic, [item])
        return False

    def holds(self, item_id: UUID, attempt: int) -> bool:
        """Hold nothing."""
        return False

    async def pause(self, queue: str) -> None:
        """Do nothing."""

    async def resume(self, queue: str) -> None:
        """Do nothing."""

    async def set_prefetch(self, queue: str, prefetch: int) -> None:
        """Do nothing."""

    async def relax(self) -> None:
        """Do nothing."""

    async def ready(self) -> str | None:
        """Say that there is nothing to be ready for."""
        return None

    def statistics(self) -> BusStatistics:
        """Count nothing."""
        return BusStatistics()

    async def stop(self, grace_s: float) -> None:
        """Do nothing."""
