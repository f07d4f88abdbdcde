"""What a rule is. `rule` only marks a function with its events; `routes.catalogue.RULES` names every rule."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps

E = TypeVar("E", bound=Event)


class Rule:
    """One business sentence: for an order and an event, what follows. `events` are those that it understands."""

    __slots__ = ("__name__", "_run", "events", "sentence")

    def __init__(self, run: Callable[[Order, Event, Policy], Steps], events: tuple[type[Event], ...]) -> None:
        self.__name__ = run.__name__
        self.events = events
        self.sentence = (run.__doc__ or "").strip()
        self._run = run

    def __call__(self, order: Order, event: Event, policy: Policy) -> Steps:
        """Return the steps that follow from `event`, for the order as it is after it."""
        return self._run(order, event, policy)

    def understands(self, event: type[Event]) -> bool:
        """Say whether the rule may be bound to that event."""
        return issubclass(event, self.events)

    def __repr__(self) -> str:
        return f"<rule {self.__name__}>"


def rule(*events: type[E]) -> Callable[[Callable[[Order, E, Policy], Steps]], Rule]:
    """Mark a function as the rule for `events`; with `Event` itself, for any: it looks at the order alone."""

    def mark(function: Callable[[Order, E, Policy], Steps]) -> Rule:
        return Rule(function, events)  # type: ignore[arg-type] # the workflow binds it to `events` only

    return mark


def moment(order: Order, event: Event) -> datetime:
    """Return when the event was recorded: the only time that rules know."""
    return event.recorded_at or event.occurred_at or order.placed_at
