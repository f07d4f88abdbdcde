"""The workflow: which rules answer to which event, by type of order and channel. Read once, looked up often."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from canonical.events import Event
from canonical.order import Order
from canonical.statuses import OrderType
from routes.reading import Bindings, WorkflowError, read
from routes.rules import Rule

WORKFLOW_FILE = Path(__file__).with_name("workflow.yaml")
"""Where the workflow that the hub comes with lies; whoever may do I/O reads it."""

Answers = Mapping[type[Event], tuple[Rule, ...]]


@dataclass(frozen=True, slots=True)
class Workflow:
    """Bound rules. Implements the engine's `Rulebook`."""

    types: Mapping[OrderType, Answers]
    channels: Mapping[tuple[str, OrderType], Answers]
    """Complete answers of the channels that have some of their own."""

    def rules_for(self, event: Event, order: Order) -> Sequence[Rule]:
        """Return the rules bound to the event for the order's type and channel, in their order."""
        answers = self.channels.get((order.channel, order.type)) if self.channels else None
        if answers is None:
            answers = self.types[order.type]
        return answers.get(type(event), ())


def parse_workflow(text: str, rules: Iterable[Rule], name: str = "workflow.yaml") -> Workflow:
    """Read a workflow; raise `WorkflowError` with every problem in it, each with its position.

    `rules` is the catalogue: a name outside it is unknown, and one of it that is bound nowhere is a problem too.
    """
    bindings, problems = read(text, tuple(rules), name)
    if problems:
        raise WorkflowError(problems)
    return _bound(bindings)


def _bound(bindings: Bindings) -> Workflow:
    types = {order_type: dict(answers) for order_type, answers in bindings.types.items()}
    channels = {
        (channel, order_type): {**types[order_type], **answers}
        for (channel, order_type), answers in bindings.channels.items()
    }
    return Workflow(types, channels)
