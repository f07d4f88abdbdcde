"""A journal of each schema, as it was written then, stays readable."""

import json
from pathlib import Path

import pytest

from canonical.events import EVENT_BY_NAME, SCHEMA, Event
from canonical.evolve import fold
from canonical.order import Order
from canonical.statuses import OrderStatus, PaymentStatus, RowStatus
from canonical.upcast import upcast_event, upcast_order

JOURNALS = sorted(Path(__file__).with_name("journals").glob("schema_*.jsonl"))


def journal(path: Path) -> list[Event]:
    events: list[Event] = []
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        body = upcast_event(row["type"], json.dumps(row["body"]), row["schema"])
        events.append(EVENT_BY_NAME[row["type"]].model_validate_json(body))
    return events


def test_there_is_a_journal_of_every_schema() -> None:
    assert [path.stem for path in JOURNALS] == [f"schema_{n}" for n in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.stem)
def test_a_recorded_journal_still_makes_the_same_order(path: Path) -> None:
    order = fold(journal(path))
    assert order.status() is OrderStatus.COMPLETED
    assert order.payment_status() is PaymentStatus.CAPTURED
    assert order.quantity(RowStatus.SHIPPED, RowStatus.RECEIVED_GOOD) == 3
    assert order.quantity(RowStatus.CANCELLED) == 1
    assert order.version == len(path.read_text(encoding="utf-8").splitlines())
    assert Order.model_validate_json(upcast_order(order.model_dump_json(), SCHEMA)) == order


def test_older_words_are_taken_one_schema_at_a_time() -> None:
    events = {("Renamed", 1): lambda body: body + "2", ("Renamed", 2): lambda body: body + "3"}
    assert upcast_event("Renamed", "1", 1, upcasters=events, current=3) == "123"
    assert upcast_event("Renamed", "1", 2, upcasters=events, current=3) == "13"
    assert upcast_event("Unchanged", "1", 1, upcasters=events, current=3) == "1"
    orders = {1: lambda doc: doc + "2", 2: lambda doc: doc + "3"}
    assert upcast_order("1", 1, upcasters=orders, current=3) == "123"
