"""The demo's judge of the courier's ledger."""

from collections import Counter
from typing import Any

import pytest

from core.clock import SystemClock
from core.simulator import Ledger
from hub.demo import courier
from hub.demo.plan import BY_COURIER, make_plan

SENT: dict[str, Any] = {"labels": 1, "parcels": 1}
GOOD = ("label_bought", "handed_over")


def judged(kinds: tuple[str, ...], **changes: Any) -> list[str]:
    found = Counter[str]()
    for kind in kinds:
        courier.note(found, {"kind": kind})
    return list(courier.wrong({**SENT, **changes}, found))


def test_a_ledger_as_it_should_be_is_right() -> None:
    assert judged(GOOD) == []
    assert judged((), labels=0) == []
    assert judged(("label_bought", "label_voided"), parcels=0) == []


@pytest.mark.parametrize(
    ("kinds", "changes", "said"),
    [
        (("label_bought", *GOOD), {}, "2 labels were bought, not 1"),
        ((*GOOD, "label_voided"), {}, "1 labels were given back, not 0"),
        (("label_bought",), {}, "0 parcels went to a carrier under our label, not 1"),
        (("label_bought",), {"parcels": 0}, "0 labels were given back, not 1"),
    ],
)
def test_what_is_wrong_is_named(kinds: tuple[str, ...], changes: dict[str, Any], said: str) -> None:
    assert judged(kinds, **changes) == [said]


def test_every_way_of_a_parcel_comes_up() -> None:
    assert {order.outcome for order in make_plan(120, 1)} >= BY_COURIER


def test_the_van_takes_each_parcel_once() -> None:
    taken: list[str] = []
    ledger = Ledger(SystemClock())
    van = courier.Van(ledger, taken.append)
    ledger.write("released", "R-1")
    ledger.write("shipped", "R-1", tracking_number="T-1")
    van.collect()
    van.collect()
    ledger.write("shipped", "R-2", tracking_number="T-2")
    van.collect()
    assert taken == ["T-1", "T-2"]
