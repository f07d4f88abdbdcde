"""What the engine knows of the bus. `tests/contracts/bus.py` holds both transports to it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from core.bus.envelope import Envelope, EnvelopeError, Item, Key, pack, read_item, unpack, write_item
from core.errors import HubError

__all__ = [
    "DEAD",
    "EVENTS",
    "HUB",
    "PUBLISH_TIMEOUT_S",
    "Bus",
    "BusAwayError",
    "BusError",
    "BusRefusedError",
    "BusStatistics",
    "Delivery",
    "Envelope",
    "EnvelopeError",
    "Handler",
    "Item",
    "Key",
    "QueueStatistics",
    "Subscription",
    "TopologyError",
    "inbound",
    "outbound",
    "pack",
    "read_item",
    "unpack",
    "write_item",
]

HUB = "in.hub"
"""Work that one order makes for another, and timers."""

DEAD = "dead"
"""Deliveries that were rejected for good, were delivered too often, or are no envelopes."""


PUBLISH_TIMEOUT_S = 5.0
"""How long publishing may take, on any transport: what is not confirmed by then is the sweeper's, later."""

EVENTS = "events"
"""Not a queue but where events for outside systems go: see `Bus.publish_event`. Its rows stand in the outbox too."""


def inbound(connector: str) -> str:
    """Name the queue of what a connector's partner told."""
    return f"in.{connector}"


def outbound(connector: str) -> str:
    """Name the queue of what a connector is asked to do."""
    return f"out.{connector}"


class BusError(HubError):
    """The bus can't do what it is for."""


class BusAwayError(BusError):
    """The broker does not answer. It may later."""


class BusRefusedError(BusError):
    """The broker does not let us in: user, password or virtual host are wrong."""


class TopologyError(BusError):
    """A queue or exchange is there already, but otherwise than the hub needs it."""

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        argument: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        reason: str = "",
    ) -> None:
        what = (
            f"has {argument} = {found}, and must have {expected}"
            if argument
            else f"can't be declared: {reason}"
        )
        super().__init__(
            f"the {kind} {name!r} {what}. Let the workers empty it, delete it (on the management "
            "page), and start again; or give `bus.prefix` another value"
        )
        self.kind, self.name, self.argument = kind, name, argument
        self.expected, self.found = expected, found


@dataclass(slots=True, eq=False, kw_only=True)
class Delivery(ABC):
    """Some items, to be acknowledged together by whoever took them, whenever that may be, and once.

    Settling is repeatable and never raises: where it did not reach the broker, the items come again.
    """

    queue: str
    """Without the bus's prefix."""
    items: tuple[Item, ...]
    """None in a delivery on `DEAD` that is no envelope: `body` has its bytes, `problem` what is wrong."""
    redelivered_count: int
    """How often it was handed out before."""
    size_bytes: int
    origin: str | None = None
    """On `DEAD`, the queue that it was in."""
    reason: str | None = None
    """On `DEAD`, why it was moved there: `rejected`, `delivery_limit`."""
    body: bytes = b""
    problem: EnvelopeError | None = None

    @abstractmethod
    async def ack(self) -> None:
        """Forget it: everything in it is committed."""

    @abstractmethod
    async def reject(self, *, requeue: bool) -> None:
        """Give it back: to be handed out again, or (`requeue=False`) to be moved to `DEAD` as it is.

        What is on `DEAD` already stays there: nothing lies behind it.
        """


Handler = Callable[[Delivery], Awaitable[None]]
"""Takes a delivery over, quickly, and settles it later. If it raises, the delivery is handed out again."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who handles a queue. At most `prefetch` deliveries are handed out and not settled."""

    queue: str
    handler: Handler
    prefetch: int = 100


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """One queue, as this process sees it."""

    depth: int | None
    """Deliveries that wait, when last looked; None when not known."""
    in_flight: int
    """Deliveries handed out here and not settled."""
    consuming: bool


@dataclass(slots=True)
class BusStatistics:
    """Counts of items since the start, and the queues."""

    published: int = 0
    confirmed: int = 0
    returned: int = 0
    """No queue was there to take them."""
    consumed: int = 0
    redelivered: int = 0
    refused: int = 0
    """Deliveries that were no envelopes."""
    queues: Mapping[str, QueueStatistics] = field(default_factory=dict[str, QueueStatistics])


class Bus(Protocol):
    """Carries items between commits, at least once.

    Order: within a queue as published, as long as one consumer takes it and nothing is redelivered.
    Repetition: an item may come twice; `(id, attempt)` tells. Isolation: a queue that its handler or a pause
    holds up holds up no other. The bus acknowledges nothing by itself.
    """

    @property
    def consumes_outbox(self) -> bool:
        """Whether the outbox is the queue: then the engine deletes an item's row with the item's effects."""
        ...

    @property
    def publish_timeout_s(self) -> float:
        """How long `publish` takes at most, in seconds on the wall: `PUBLISH_TIMEOUT_S` or less."""
        ...

    async def start(self, subscriptions: Sequence[Subscription], *, cautious: bool = False) -> None:
        """Begin to hand out. `cautious`, after an unclean end: one at a time per queue until `relax`.

        A broker that is away is waited for in the background. Raises `BusRefusedError` and `TopologyError`.
        """
        ...

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        """Hand items over, and return those that the broker has for certain: their outbox rows may go.

        Never raises for a broker that is away. An embedded bus confirms nothing, and takes only what its
        memory has room for and what it does not hold yet: the rest stays in the outbox, for the sweeper.
        """
        ...

    async def publish_event(self, topic: str, item: Item) -> bool:
        """Tell outside subscribers, each item singly; say whether that is done. Nobody need be listening."""
        ...

    def holds(self, item_id: UUID, attempt: int) -> bool:
        """Say whether the bus has this attempt in its memory, so that it need not be handed in again."""
        ...

    async def pause(self, queue: str) -> None:
        """Fetch no more from a queue. What is on its way may still arrive. Repeatable."""
        ...

    async def resume(self, queue: str) -> None:
        """Fetch again. Repeatable."""
        ...

    async def set_prefetch(self, queue: str, prefetch: int) -> None:
        """Change how many deliveries of a queue may be unsettled here."""
        ...

    async def relax(self) -> None:
        """End the caution of the start: every queue has its own prefetch from now on. Repeatable."""
        ...

    async def ready(self) -> str | None:
        """Try it out, for a second at most; return None, or a sentence saying what is wrong."""
        ...

    def statistics(self) -> BusStatistics:
        """Return the counts, for metrics."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Stop fetching, let what was handed out be settled for that many seconds, and close. Repeatable."""
        ...
