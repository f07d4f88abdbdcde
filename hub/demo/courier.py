"""The courier in the demo: whose labels the hub books, what carriers do with parcels, and what the ledger must show."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from canonical.courier import CourierPolicy, NodeLabels
from connectors.easypost.simulator import JOURNEYS, EasyPostSimulator
from core.simulator import Ledger
from hub.demo.plan import PlannedOrder
from hub.demo.scenarios import Outcome

BROKER = "easypost"
HOUSE = "leipzig"
"""The warehouse whose labels the hub books; the other makes its own."""
ROUND_S = 30.0
"""Between two rounds of the van."""
POLICY = CourierPolicy(nodes={HOUSE: NodeLabels(broker=BROKER)})
OPTIONS: dict[str, Any] = {
    "scan_s": 20,
    "senders": {
        HOUSE: {
            "name": "The Shop", "street1": "1 Example Street", "city": "Leipzig", "zip": "04103", "country": "DE",
            "phone": "+49 341 000000",
        },
    },
}  # fmt: skip
_JOURNEYS: Mapping[Outcome, str] = {
    Outcome.DELIVERED_AT_THE_SECOND_ATTEMPT: "second_attempt",
    Outcome.LOST_BY_THE_COURIER: "lost",
    Outcome.LEFT_AT_A_PARCEL_SHOP: "to_be_fetched",
    Outcome.NEVER_SCANNED_AS_DELIVERED: "silent",
}
"""All others are delivered at the first attempt."""


def plan_journeys(broker: EasyPostSimulator, plan: Iterable[PlannedOrder]) -> None:
    """Decide what carriers will do with whose parcels."""
    for order in plan:
        if order.outcome in _JOURNEYS:
            broker.plan(order.reference, JOURNEYS[_JOURNEYS[order.outcome]])


class Van:
    """Takes what leaves a warehouse under the hub's labels to the carriers."""

    def __init__(self, house: Ledger, hand_over: Callable[[str], object]) -> None:
        self._house, self._hand_over = house, hand_over
        self._seen = 0

    def collect(self) -> None:
        """Take what has left since the last time."""
        entries = self._house.entries[self._seen :]
        self._seen += len(entries)
        for entry in entries:
            if entry["kind"] == "shipped":
                self._hand_over(entry["tracking_number"])


KINDS = frozenset({"label_bought", "label_voided", "handed_over"})
"""What counts of the broker's ledger."""


def note(found: Counter[str], entry: Mapping[str, Any]) -> None:
    """Count what the broker did for an order."""
    found[entry["kind"]] += 1


def wrong(expected: Mapping[str, Any], found: Counter[str]) -> Iterable[str]:
    """Yield what is wrong with an order's labels: each is bought once, and used or given back."""
    labels = expected["labels"]
    if found["label_bought"] != labels:
        yield f"{found['label_bought']} labels were bought, not {labels}"
    given_back = labels if expected["parcels"] == 0 else 0
    if found["label_voided"] != given_back:
        yield f"{found['label_voided']} labels were given back, not {given_back}"
    if found["handed_over"] != labels - given_back:
        yield f"{found['handed_over']} parcels went to a carrier under our label, not {labels - given_back}"
