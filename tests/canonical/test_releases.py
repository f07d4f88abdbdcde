from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.events import (
    CancelRejected,
    CancelRequested,
    Event,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseCancelRequested,
    ReleaseRefused,
    ReleaseRequested,
    ReturnMatched,
    ShipmentCreated,
)
from canonical.evolve import EvolveError, evolve
from canonical.order import Order, ReleaseLine
from canonical.statuses import RELEASE_MOVES, CancelStatus, ReleaseStatus
from tests.canonical.building import NOON, ORDER_ID, after


def lines(quantity: int) -> tuple[ReleaseLine, ...]:
    return (ReleaseLine(line_id="1", sku="SKU-1", quantity=quantity),)


def said(kind: type[Event], **more: Any) -> Event:
    return kind.model_validate({"order_id": ORDER_ID, "release_id": "r1", **more})


ASKED = said(ReleaseRequested, node="berlin", connector="wms", lines=lines(3))
ACCEPTED = said(ReleaseAccepted)
REFUSED = said(ReleaseRefused, reason="no")
STOP = said(ReleaseCancelRequested)


STOPPED = said(ReleaseCancelled)
NOT_STOPPED = said(ReleaseCancelRefused, reason="packed")


def parcel(shipment_id: str, quantity: int) -> Event:
    return said(
        ShipmentCreated, shipment_id=shipment_id, node="berlin", lines=lines(quantity), occurred_at=NOON
    )


def lacks(*quantities: int, sku: str = "SKU-1") -> Event:
    return said(ReleaseRefused, reason="short", units=tuple((sku, quantity) for quantity in quantities))


def stopped(quantity: int) -> Event:
    return said(ReleaseCancelled, units=(("SKU-1", quantity),))


def status(order: Order) -> str:
    release = order.release("r1")
    assert release is not None
    return release.status.value


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((), "requested"),
        ((ACCEPTED,), "accepted"),
        ((ACCEPTED, ACCEPTED), "accepted"),
        ((ACCEPTED, REFUSED), "refused"),
        ((parcel("s1", 1),), "partially_shipped"),
        ((parcel("s1", 1), ACCEPTED), "partially_shipped"),
        ((parcel("s1", 1), REFUSED), "refused"),
        ((parcel("s1", 1), parcel("s2", 2)), "shipped"),
        ((STOP,), "cancel_requested"),
        ((STOP, ACCEPTED), "cancel_requested"),
        ((STOP, STOPPED), "cancelled"),
        ((STOP, REFUSED), "refused"),
        ((STOP, NOT_STOPPED), "accepted"),
        ((STOP, parcel("s1", 1)), "cancel_requested"),
        ((STOP, parcel("s1", 1), NOT_STOPPED), "partially_shipped"),
        ((STOP, parcel("s1", 1), STOPPED), "cancelled"),
        ((STOP, parcel("s1", 3)), "shipped"),
        ((STOP, parcel("s1", 3), STOPPED), "shipped"),
        ((ACCEPTED, STOPPED), "cancelled"),
        ((lacks(1),), "requested"),
        ((lacks(1), ACCEPTED), "accepted"),
        ((lacks(1), parcel("s1", 1)), "partially_shipped"),
        ((lacks(1), parcel("s1", 2)), "shipped"),
        ((parcel("s1", 2), lacks(1)), "shipped"),
        ((parcel("s1", 1), lacks(1), parcel("s2", 1)), "shipped"),
        ((lacks(1), lacks(2)), "refused"),
        ((lacks(1, 2),), "refused"),
        ((lacks(1), REFUSED), "refused"),
        ((lacks(1), STOP), "cancel_requested"),
        ((STOP, lacks(1)), "cancel_requested"),
        ((STOP, lacks(1), STOPPED), "cancelled"),
        ((STOP, lacks(1), parcel("s1", 2)), "shipped"),
        ((STOP, lacks(1), parcel("s1", 2), STOPPED), "shipped"),
        ((STOP, lacks(3)), "refused"),
        ((lacks(1), STOP, NOT_STOPPED), "accepted"),
        ((lacks(1), STOPPED), "cancelled"),
        ((parcel("s1", 3), lacks(1)), "shipped"),
        ((STOP, stopped(3)), "cancelled"),
        ((STOP, stopped(2)), "cancel_requested"),
        ((STOP, stopped(2), parcel("s1", 1)), "shipped"),
        ((STOP, parcel("s1", 1), stopped(2)), "shipped"),
        ((STOP, stopped(2), STOPPED), "cancelled"),
        ((STOP, stopped(2), lacks(1)), "refused"),
        ((STOP, lacks(1), stopped(2)), "cancelled"),
        ((STOP, stopped(2), NOT_STOPPED), "accepted"),
        ((ACCEPTED, stopped(2)), "accepted"),
        ((ACCEPTED, stopped(3)), "cancelled"),
        ((parcel("s1", 3), stopped(1)), "shipped"),
    ],
)
def test_a_release_goes_its_way(events: tuple[Event, ...], end: str) -> None:
    assert status(after(ASKED, *events)) == end


@pytest.mark.parametrize(
    "events",
    [
        (REFUSED, ACCEPTED),
        (STOPPED, ACCEPTED),
        (parcel("s1", 3), ACCEPTED),
        (parcel("s1", 3), REFUSED),
        (parcel("s1", 3), STOP),
        (ACCEPTED, NOT_STOPPED),
        (STOP, STOPPED, NOT_STOPPED),
        (ASKED,),
        (REFUSED, parcel("s1", 1)),
        (parcel("s1", 1), parcel("s1", 1)),
        (REFUSED, lacks(1)),
        (lacks(3), lacks(1)),
        (STOPPED, lacks(1)),
        (lacks(3), parcel("s1", 1)),
        (lacks(3), ACCEPTED),
        (lacks(3), STOPPED),
        (stopped(3), stopped(1)),
        (stopped(3), parcel("s1", 1)),
    ],
)
def test_what_comes_too_late_is_refused(events: tuple[Event, ...]) -> None:
    before = after(ASKED, *events[:-1])
    with pytest.raises(EvolveError):
        after(ASKED, *events)
    assert before.version == len(events) + 1


@pytest.mark.parametrize("event", [ACCEPTED, REFUSED, lacks(1), STOP, STOPPED, NOT_STOPPED, parcel("s1", 1)])
def test_a_release_that_is_not_there_does_nothing(event: Event) -> None:
    with pytest.raises(EvolveError, match="there is no release r1"):
        after(event)


@pytest.mark.parametrize(
    ("events", "rejected"),
    [
        ((REFUSED,), ("berlin",)),
        ((lacks(1),), ("berlin",)),
        ((lacks(1), lacks(1)), ("berlin",)),
        ((STOPPED,), ("berlin",)),
        ((STOP, STOPPED), ()),
        ((stopped(1),), ("berlin",)),
        ((STOP, stopped(1)), ()),
    ],
)
def test_a_node_that_will_not_send_is_not_asked_again(
    events: tuple[Event, ...], rejected: tuple[str, ...]
) -> None:
    assert after(ASKED, *events).rejected_nodes == rejected


def test_a_node_is_rejected_once() -> None:
    again = (ASKED.replace(release_id="r2"), REFUSED.replace(release_id="r2"))
    assert after(ASKED, REFUSED, *again).rejected_nodes == ("berlin",)


@pytest.mark.parametrize(
    ("events", "refused", "wanted"),
    [
        ((), (), 3),
        ((lacks(1),), (("SKU-1", 1),), 2),
        ((lacks(1), lacks(1)), (("SKU-1", 2),), 1),
        ((parcel("s1", 2), lacks(2)), (("SKU-1", 1),), 2),
        ((lacks(2), lacks(2)), (("SKU-1", 3),), 0),
        ((lacks(1, sku="SKU-9"),), (), 3),
        ((lacks(0),), (), 3),
        ((lacks(-1),), (), 3),
    ],
)
def test_no_more_is_refused_than_is_left(
    events: tuple[Event, ...], refused: tuple[tuple[str, int], ...], wanted: int
) -> None:
    release = after(ASKED, *events).release("r1")
    assert release is not None
    assert (release.refused, release.wanted()) == (refused, wanted)


@given(st.permutations([("sent", 1), ("lacks", 1), ("sent", 2), ("lacks", 3)]))
def test_parcels_and_refusals_end_a_release_in_any_order(news: list[tuple[str, int]]) -> None:
    order = after(ASKED.replace(lines=lines(7)))
    for n, (what, quantity) in enumerate(news):
        assert status(order) not in {"shipped", "refused"}
        order = evolve(order, parcel(f"s{n}", quantity) if what == "sent" else lacks(quantity))
    release = order.release("r1")
    assert release is not None
    assert (status(order), release.refused, release.wanted()) == ("shipped", (("SKU-1", 4),), 3)


def test_a_release_that_can_not_be_stopped_is_remembered() -> None:
    order = after(ASKED, ASKED.replace(release_id="r2"), STOP, NOT_STOPPED)
    assert [r.unstoppable for r in order.releases] == [True, False]


def test_parcels_are_kept_with_their_time() -> None:
    order = after(ASKED, parcel("s1", 1))
    shipment = order.shipment("s1")
    assert shipment is not None
    assert (shipment.shipped_at, shipment.node, shipment.lines) == (NOON, "berlin", lines(1))
    assert order.shipment("s9") is None
    assert order.release("r9") is None


def test_returns_are_kept() -> None:
    back = ReturnMatched(order_id=ORDER_ID, return_id="rt", node="paris", lines=lines(1), damaged=True)
    (receipt,) = after(back).returns
    assert (receipt.id, receipt.node, receipt.damaged, receipt.received_at) == ("rt", "paris", True, NOON)


def test_a_wish_to_cancel_joins_an_open_one_and_follows_a_rejected_one() -> None:
    def wish(cancel_id: str) -> Event:
        return CancelRequested(order_id=ORDER_ID, cancel_id=cancel_id, reason="", actor="webstore")

    joined = after(wish("c1"), wish("c2")).cancellation
    assert joined is not None
    assert joined.id == "c1"
    rejected = CancelRejected(order_id=ORDER_ID, cancel_id="c1", reason="late")
    anew = after(wish("c1"), rejected, wish("c2")).cancellation
    assert anew is not None
    assert (anew.id, anew.status) == ("c2", CancelStatus.REQUESTED)


def test_the_table_names_every_status() -> None:
    assert set(RELEASE_MOVES) == set(ReleaseStatus)
