"""Rules with a defect, so that an order has to wait for a failure."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import orjson

from canonical.events import CancelRequested, Event, NoteAdded
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.engine.cascade import Rule
from tests.hub.stage import Stage


class Faulty:
    """The real rules, and one more for cancellations that has a defect until it is mended."""

    def __init__(self, stage: Stage) -> None:
        self._rules = stage.hub.engine.world.rulebook
        self.mended = False
        stage.hub.engine.world = replace(stage.hub.engine.world, rulebook=self)

    def rules_for(self, event: Event, order: Order) -> Sequence[Rule]:
        bound = self._rules.rules_for(event, order)
        return bound if self.mended or not isinstance(event, CancelRequested) else [*bound, self._defect]

    def _defect(self, order: Order, event: Event, policy: Policy) -> Steps:
        yield NoteAdded(order_id=order.id, text="is forgotten with the rest", actor="rule")
        raise ZeroDivisionError("a defect of the rule")


async def quarantined(hub: Stage) -> tuple[Faulty, UUID, UUID]:
    """Return the faulty rules, an order that waits for a failure, and the failure."""
    order_id = await hub.placed("R-1")
    await hub.settled()
    rules = Faulty(hub)
    message_id = await hub.receive(orjson.dumps({"ref": "R-1", "id": "c1"}), "cancel")
    sql = "SELECT id FROM failures WHERE message_id = $1"
    failure_id = (await hub.until(lambda: hub.rows(sql, message_id)))[0]["id"]
    return rules, order_id, failure_id
