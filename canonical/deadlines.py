"""By when a channel wants things done: its own calendar, as it told it with the order."""

from canonical.base import Instant, Value


class Deadlines(Value):
    """What a channel holds the seller to; None where it says nothing."""

    acknowledge_by: Instant | None = None
    ship_by: Instant | None = None
    deliver_by: Instant | None = None
