"""The benchmark's eight steps as ordinary rules: each note that an order gets makes the next, over the bus."""

from canonical.events import Event, NoteAdded, OrderPlaced
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps, Tell
from routes.rules import rule

STEPS = 8


def _note(order: Order, step: int) -> Tell:
    text = f"step {step}: ".ljust(360, ".")
    return Tell(event=NoteAdded(order_id=order.id, text=text, actor="benchmark"))


@rule(OrderPlaced)
def begin(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Send a new order on to its second step."""
    yield _note(order, 2)


@rule(NoteAdded)
def go_on(order: Order, event: Event, policy: Policy) -> Steps:
    """Send an order on to its next step, until it has had them all."""
    done = order.version
    if done < STEPS:
        yield _note(order, done + 1)


RULES = (begin, go_on)
