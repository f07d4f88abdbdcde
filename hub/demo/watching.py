"""What those who play a channel's people in the demo may ask of its driver."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

from hub.demo.plan import PlannedOrder
from hub.demo.stage import Stage

FollowUp = Callable[[PlannedOrder], Awaitable[None]]


class Watcher(Protocol):
    """Who plays the demo, and sees how far its orders have come."""

    stage: Stage

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """Look again and again, in hub time, until there is something to see."""
        ...

    async def known(self, order: PlannedOrder) -> UUID | None:
        """Return the order's id once the hub knows it."""
        ...

    async def held(self, order: PlannedOrder) -> UUID | None:
        """Return the order's id once it has a hold."""
        ...

    async def accepted(self, order: PlannedOrder) -> bool:
        """Say whether the first warehouse has taken the order on."""
        ...

    def in_ledger(self, partner: str, kind: str, order: PlannedOrder) -> Callable[[], Awaitable[bool]]:
        """Return a look at whether a partner has noted something about an order."""
        ...
