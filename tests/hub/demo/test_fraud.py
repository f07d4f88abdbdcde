"""The demo's judge of the fraud gateway's ledger."""

from collections import Counter
from typing import Any

import pytest

from hub.demo import fraud
from hub.demo.plan import make_plan
from hub.demo.scenarios import Outcome

SHIPPED: dict[str, Any] = {
    "screened": True,
    "parcels": 2,
    "told_cancelled": 0,
    "outcome": "sent_in_two_parcels",
}
GOOD: list[dict[str, Any]] = [
    {"kind": "screened", "order": "webstore:W-1"},
    {"kind": "told_fulfillment", "again": False, "said": {"fulfillmentStatus": "PARTIAL"}},
    {"kind": "told_fulfillment", "again": True, "said": {"fulfillmentStatus": "PARTIAL"}},
    {"kind": "told_fulfillment", "again": False, "said": {"fulfillmentStatus": "COMPLETE"}},
]


def judged(entries: list[dict[str, Any]], **changes: Any) -> list[str]:
    found = Counter[str]()
    for entry in entries:
        fraud.note(found, entry)
    return list(fraud.wrong({**SHIPPED, **changes}, found))


def test_a_ledger_as_it_should_be_is_right() -> None:
    assert judged(GOOD) == []
    assert fraud.reference_of(GOOD[0]) == "W-1"


@pytest.mark.parametrize(
    ("entries", "changes", "said"),
    [
        (GOOD[1:], {}, "screened 0 times, not 1"),
        ([GOOD[0], *GOOD], {}, "screened 2 times, not 1"),
        (GOOD, {"screened": False}, "screened 1 times, not 0"),
        (GOOD[:-1], {}, "the fraud gateway was told of 1 parcels, not 2"),
        (GOOD, {"told_cancelled": 1}, "the fraud gateway was told of 0 cancelled, not 1"),
        (GOOD, {"outcome": "returned"}, "the fraud gateway was told of 0 returned, not 1"),
    ],
)
def test_what_is_wrong_is_named(entries: list[dict[str, Any]], changes: dict[str, Any], said: str) -> None:
    assert judged(entries, **changes) == [said]


def test_an_order_that_is_cancelled_at_once_may_be_screened_or_not() -> None:
    assert judged([], screened=None) == judged(GOOD, screened=None) == []


def test_every_way_to_be_decided_comes_up() -> None:
    outcomes = {order.outcome for order in make_plan(120, 1)}
    assert {
        Outcome.SCREENED_AND_CLEARED, Outcome.CLEARED_BY_A_PERSON, Outcome.REJECTED_FOR_FRAUD,
        Outcome.NO_DECISION_IN_TIME,
    } <= outcomes  # fmt: skip
