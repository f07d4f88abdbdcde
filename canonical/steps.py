"""What a rule may yield: events, commands, and a few requests to the engine.

A rule is a generator. It yields an event and the order has evolved; it yields a command and that will leave
through a port; it yields a question and gets the answer back: ``stock = yield StockOf(skus)``.
"""

from collections.abc import Generator
from uuid import UUID

from canonical.base import Instant, Key, Name, Value
from canonical.commands import Command
from canonical.events import Event
from canonical.stock import StockMoveKind, StockView


class StockOf(Value):
    """Asks for the stock of some SKUs at all nodes, locked until the commit. Answered with a `StockView`."""

    skus: frozenset[Name]


class StockMoved(Value):
    """One entry of the stock ledger, by this order. `key` makes it natural: the same key is written once."""

    key: Key
    kind: StockMoveKind
    sku: Name
    node: Name
    quantity: int


class Tell(Value):
    """A message to an order, which crosses the bus: the only way in which one order affects another."""

    event: Event


class Remind(Value):
    """A timer: `event` happens to its order at `at`, unless a later timer of the same `name` replaces it."""

    name: Name
    at: Instant
    event: Event


class Forget(Value):
    """Takes a timer away."""

    order_id: UUID
    name: Name


Step = Event | Command | StockOf | StockMoved | Tell | Remind | Forget

Steps = Generator[Step, StockView, None]
"""What a rule returns. Only `StockOf` is answered."""
