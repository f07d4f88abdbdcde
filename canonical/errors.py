"""What evolving an order may refuse."""

from canonical.events import Event


class EvolveError(ValueError):
    """An event does not fit the order: the lifecycle's table forbids it, or it names what isn't there."""

    def __init__(self, event: Event, reason: str) -> None:
        super().__init__(f"{type(event).__name__} does not fit order {event.order_id}: {reason}")
        self.event, self.reason = event, reason
