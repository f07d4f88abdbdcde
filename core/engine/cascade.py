"""What one order becomes of some events: the rules run in memory, and everything that they want is collected.

Pure: no I/O, no clock. Run again with more stock locked, it gives the same answer.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from canonical.commands import Command
from canonical.events import Event
from canonical.evolve import EvolveError, evolve
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Forget, Remind, Step, Steps, StockMoved, StockOf, Tell
from canonical.stock import StockView, moved
from core.errors import HubError

Rule = Callable[[Order, Event, Policy], Steps]

CASCADE_LIMIT = 1000
"""More events than this out of one is a rule that runs in circles."""


class Rulebook(Protocol):
    """Which rules answer to which event."""

    def rules_for(self, event: Event, order: Order) -> Sequence[Rule]:
        """Return the rules bound to the event for this order's type and channel, in their order."""
        ...


class StockDesk(Protocol):
    """Gives locked stock."""

    def view(self, skus: frozenset[str]) -> StockView:
        """Return the view; raise `StockNotLockedError` when some of `skus` are not locked in this transaction."""
        ...


class StockNotLockedError(HubError):
    """A rule asked for stock that this transaction has not locked: lock it, and run again."""

    def __init__(self, skus: frozenset[str]) -> None:
        super().__init__(f"not locked: {', '.join(sorted(skus))}")
        self.skus = skus


class CascadeError(HubError):
    """A rule did something that the order does not allow. A defect in the rules, not in the message."""


class StaleError(HubError):
    """A partner's fact came too late: the order has gone on. Recorded, never applied backwards."""


@dataclass(slots=True)
class Decision:
    """What the events made of the order, and what is to be done about it."""

    order: Order | None
    events: list[Event] = field(default_factory=list[Event])
    """Every event in order, each with `recorded_at`: the journal's new rows."""
    commands: list[Command] = field(default_factory=list[Command])
    moves: list[StockMoved] = field(default_factory=list[StockMoved])
    tells: list[Tell] = field(default_factory=list[Tell])
    reminders: dict[str, Remind | Forget] = field(default_factory=dict[str, Remind | Forget])
    repeated: list[Event] = field(default_factory=list[Event])
    """Events whose fact was known: they changed nothing."""


def decide(
    order: Order | None,
    events: Iterable[Event],
    rulebook: Rulebook,
    policy: Policy,
    stock: StockDesk,
    now: datetime,
) -> Decision:
    """Apply `events` to `order`, with all that the rules make of them.

    Raises `StaleError` when an incoming event does not fit the order any more, `CascadeError` when a rule's own does
    not, and `StockNotLockedError` when more stock must be locked first. In each case nothing has happened.
    """
    run = _Run(Decision(order), rulebook, policy, stock, now)
    for event in events:
        run.take(event)
    return run.decision


class _Run:
    def __init__(
        self,
        decision: Decision,
        rulebook: Rulebook,
        policy: Policy,
        stock: StockDesk,
        now: datetime,
    ) -> None:
        self.decision = decision
        self._rulebook, self._policy, self._stock, self._now = rulebook, policy, stock, now
        self._waiting: deque[Event] = deque()

    def take(self, event: Event) -> None:
        """Apply one incoming event, and everything that follows from it."""
        order = self.decision.order
        if order is not None and event.fact_key is not None and event.fact_key in order.facts:
            self.decision.repeated.append(event)
            return
        try:
            self._apply(event)
        except EvolveError as error:
            raise StaleError(error.reason) from error
        while self._waiting:
            following = self._waiting.popleft()
            current = self.decision.order
            if current is None:
                continue
            for rule in self._rulebook.rules_for(following, current):
                self._drive(rule(self._order(), following, self._policy), rule)

    def _order(self) -> Order:
        order = self.decision.order
        if order is None:
            message = "rules run on an order that exists"
            raise CascadeError(message)
        return order

    def _apply(self, event: Event) -> None:
        # Unchecked on purpose: one field of a checked value, set to a time of ours, for every event of every order.
        stamped = event.model_copy(update={"recorded_at": self._now})
        self.decision.order = evolve(self.decision.order, stamped)
        self.decision.events.append(stamped)
        if len(self.decision.events) > CASCADE_LIMIT:
            message = f"{CASCADE_LIMIT} events out of one: the rules run in circles, lastly with {type(event).__name__}"
            raise CascadeError(message)
        self._waiting.append(stamped)

    def _drive(self, steps: Steps, rule: Rule) -> None:
        answer: StockView | None = None
        try:
            while True:
                step = steps.send(answer) if answer is not None else next(steps)
                answer = self._handle(step)
        except StopIteration:
            return
        except EvolveError as error:
            name = getattr(rule, "__name__", repr(rule))
            message = f"the rule {name} yields what the order does not allow: {error}"
            raise CascadeError(message) from error

    def _handle(self, step: Step) -> StockView | None:
        match step:
            case Event():
                self._apply(step)
            case Command():
                self.decision.commands.append(step)
            case StockOf():
                return self._stock.view(step.skus)
            case StockMoved():
                self._move(step)
            case Tell():
                self.decision.tells.append(step)
            case Remind() | Forget():
                self.decision.reminders[step.name] = step
        return None

    def _move(self, move: StockMoved) -> None:
        view = self._stock.view(frozenset({move.sku}))
        view.put(moved(view.level(move.sku, move.node), move.kind, move.quantity))
        self.decision.moves.append(move)
