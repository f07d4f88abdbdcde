"""Labels that the hub books: nobody is asked to send before they are there, and none is left unused."""

from typing import Any

import pytest

from canonical.commands import (
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CancelRelease,
    CloseManifest,
    SubmitRelease,
    VoidLabel,
)
from canonical.courier import CourierPolicy, NodeLabels, RatePolicy
from canonical.events import (
    CancelAccepted,
    CancelRequested,
    CollectionBooked,
    EffectRejected,
    GoodsDispatched,
    HoldPlaced,
    HoldReleased,
    LabelVoidRefused,
    ReturnLabelRequested,
    StepRefused,
)
from canonical.order import Hold
from canonical.parcels import ParcelStatus
from canonical.policy import Policy
from canonical.statuses import HoldType, OrderStatus, ReleaseStatus
from routes.explain import explain
from tests.routes.couriers import booked
from tests.routes.world import NOON, ORDER_ID, World, line, placed, release_id, stock

R = release_id()
P1, P2 = f"{R}-p1", f"{R}-p2"


def policy(**labels: Any) -> Policy:
    return Policy(
        courier=CourierPolicy(
            nodes={"berlin": NodeLabels.model_validate({"broker": "broker", **labels})},
            rates=RatePolicy(within_days={"express": 1, "return": 9}),
        )
    )


def released(units: int = 2, method: str = "standard", **labels: Any) -> World:
    w = World(stock({"berlin": {"A": 9}, "paris": {"A": 9}}), policy(**labels))
    w.tell(placed(line("1", "A", units), method=method))
    w.authorised()
    return w


def labelled(units: int = 2, **labels: Any) -> World:
    w = released(units, **labels)
    for command in w.sent(BookLabel):
        w.tell(booked(command.parcel_id))
    return w


def refused(w: World, key: str, command: str = "BookLabel", reason: str = "no rate") -> None:
    w.tell(
        EffectRejected(order_id=ORDER_ID, key=key, command=command, reason=reason, fact_key=f"rejected:{key}")
    )


def cancel(w: World) -> None:
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))


def status(w: World) -> list[str]:
    return [parcel.status.value for parcel in w.order.parcels]


def test_a_node_with_labels_of_its_own_is_asked_at_once() -> None:
    w = World(stock({"paris": {"A": 9}}), policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    assert w.sent(BookLabel) == []
    assert len(w.sent(SubmitRelease)) == 1
    assert w.order.parcels == ()


def test_a_label_is_booked_before_the_node_is_asked_to_send() -> None:
    w = released(method="express")
    (asked,) = w.sent(BookLabel)
    assert (asked.connector, asked.key) == ("broker", f"label:{P1}:1")
    assert [(x.sku, x.quantity) for x in asked.lines] == [("A", 2)]
    assert asked.wish.within_days == 1
    assert w.sent(SubmitRelease) == []
    w.tell(booked(P1))
    (release,) = w.sent(SubmitRelease)
    assert release.release_id == R
    assert status(w) == ["booked"]


def test_a_release_is_divided_into_parcels_of_so_many_units() -> None:
    w = World(stock({"berlin": {"A": 9, "B": 9}}), policy(units_per_parcel=2))
    w.tell(placed(line("1", "A", 3), line("2", "B", 2)))
    w.authorised()
    packed = [[(x.line_id, x.quantity) for x in label.lines] for label in w.sent(BookLabel)]
    assert packed == [[("1", 2)], [("1", 1), ("2", 1)], [("2", 1)]]
    w.tell(booked(P1))
    w.tell(booked(P2))
    assert w.sent(SubmitRelease) == []
    w.tell(booked(f"{R}-p3"))
    assert len(w.sent(SubmitRelease)) == 1


def test_an_order_that_is_held_meanwhile_is_sent_when_the_hold_is_released() -> None:
    w = released()
    flag = Hold(type=HoldType.FRAUD_REVIEW, reason="look", actor="fraud", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=flag))
    w.tell(booked(P1))
    assert w.sent(SubmitRelease) == []
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.FRAUD_REVIEW, actor="fraud"))
    assert len(w.sent(SubmitRelease)) == 1


def test_a_label_that_no_carrier_sells_is_for_a_person_and_asked_for_again_when_the_hold_is_released() -> (
    None
):
    w = released()
    refused(w, f"label:{P1}:1")
    hold = w.order.hold(HoldType.OTHER)
    assert hold is not None
    assert hold.reason == f"broker has no label for parcel {P1}: no rate"
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert [label.key for label in w.sent(BookLabel)] == [f"label:{P1}:1", f"label:{P1}:2"]
    assert w.sent(SubmitRelease) == []
    w.tell(booked(P1))
    assert len(w.sent(SubmitRelease)) == 1


def test_the_release_of_another_hold_asks_for_no_label_again() -> None:
    w = released()
    refused(w, f"label:{P1}:1")
    flag = Hold(type=HoldType.COMPLIANCE, reason="look", actor="law", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=flag))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.COMPLIANCE, actor="law"))
    assert len(w.sent(BookLabel)) == 1


def test_a_late_no_about_a_label_that_is_there_is_only_noted() -> None:
    w = labelled()
    refused(w, f"label:{P1}:1")
    assert w.order.hold(HoldType.OTHER) is None
    assert [x.step for x in w.seen(StepRefused)] == ["BookLabel"]


def test_an_order_that_is_cancelled_before_its_node_was_asked_is_cancelled_at_once() -> None:
    w = released()
    cancel(w)
    assert w.sent(CancelRelease) == []
    assert len(w.seen(CancelAccepted)) == 1
    assert w.order.status() is OrderStatus.CANCELLED
    assert w.order.hold(HoldType.CANCEL_PENDING) is None
    assert w.order.rejected_nodes == ()


def test_a_label_that_comes_after_the_cancellation_is_given_back() -> None:
    w = released()
    cancel(w)
    assert w.sent(VoidLabel) == []
    w.tell(booked(P1))
    (void,) = w.sent(VoidLabel)
    assert (void.key, void.reference) == (f"void_label:{P1}", f"shp_{P1}")
    assert w.sent(SubmitRelease) == []


def test_a_refused_release_gives_its_label_back_and_the_next_node_is_asked() -> None:
    w = labelled()
    w.refuse(R)
    assert len(w.sent(VoidLabel)) == 1
    assert w.order.parcels[0].wanted is False
    assert [x.node for x in w.sent(SubmitRelease)] == ["berlin", "paris"]


def test_the_label_of_units_that_were_refused_is_given_back_once_the_others_have_left() -> None:
    w = labelled(2, units_per_parcel=1)
    w.lacks(R, ("A", 1))
    assert w.sent(VoidLabel) == []
    dispatched(w, None, 1)
    (void,) = w.sent(VoidLabel)
    assert (void.parcel_id, w.order.releases[0].status) == (P2, ReleaseStatus.SHIPPED)


def test_a_stopped_release_gives_its_label_back() -> None:
    w = labelled()
    cancel(w)
    assert w.sent(VoidLabel) == []
    w.stopped(R)
    assert len(w.sent(VoidLabel)) == 1


def test_a_label_that_is_not_taken_back_is_for_a_person() -> None:
    w = labelled()
    w.refuse(R)
    w.tell(LabelVoidRefused(order_id=ORDER_ID, parcel_id=P1, reason="it is too old"))
    refused(w, f"void_label:{P1}", "VoidLabel", "no such label")
    assert [x.reason for x in w.seen(StepRefused) if x.step == "void_label"] == [
        f"the label of parcel {P1} can't be given back: it is too old",
        f"the label of parcel {P1} can't be given back: no such label",
    ]


def test_a_no_to_a_void_of_no_parcel_is_only_noted() -> None:
    w = labelled()
    refused(w, "void_label:other", "VoidLabel")
    assert [x.step for x in w.seen(StepRefused)] == ["VoidLabel"]


def dispatched(w: World, number: str | None, units: int, shipment: str = "s1") -> None:
    w.tell(
        GoodsDispatched(
            order_id=ORDER_ID, release_id=R, shipment_id=shipment, tracking_number=number, skus=(("A", units),),
            fact_key=f"dispatch:{R}:{shipment}",
        )
    )  # fmt: skip


def test_a_parcel_that_leaves_without_a_number_has_that_of_its_label() -> None:
    w = labelled(3, units_per_parcel=2)
    dispatched(w, None, 2)
    dispatched(w, None, 1, "s2")
    assert [(s.carrier, s.tracking_number) for s in w.order.shipments] == [
        ("DHL", f"T-{P1}"),
        ("DHL", f"T-{P2}"),
    ]
    assert [parcel.shipment for parcel in w.order.parcels] == ["s1", "s2"]
    assert w.sent(VoidLabel) == []


def test_labels_that_nothing_left_in_are_given_back_once_all_has_left() -> None:
    w = labelled(3, units_per_parcel=2)
    dispatched(w, "THEIRS", 2)
    assert w.sent(VoidLabel) == []
    dispatched(w, f"T-{P2}", 1, "s2")
    assert [void.parcel_id for void in w.sent(VoidLabel)] == [P1]


def test_more_parcels_than_labels_leave_without_a_number() -> None:
    w = labelled(2)
    dispatched(w, None, 1)
    dispatched(w, None, 1, "s2")
    assert [s.tracking_number for s in w.order.shipments] == [f"T-{P1}", None]


# ---- collections and manifests ----


def test_a_collection_is_booked_once_the_node_has_accepted_and_called_off_with_the_label() -> None:
    w = labelled(collect=True)
    assert w.sent(BookCollection) == []
    w.accept(R)
    (asked,) = w.sent(BookCollection)
    assert (asked.parcel_id, asked.node, asked.reference) == (P1, "berlin", f"shp_{P1}")
    w.tell(CollectionBooked(order_id=ORDER_ID, parcel_id=P1, broker="broker", reference="pickup_1"))
    assert status(w) == ["collection_scheduled"]
    w.refuse(R)
    (off,) = w.sent(CancelCollection)
    assert (off.reference, off.key) == ("pickup_1", "cancel_collection:pickup_1")


def test_a_collection_that_comes_after_the_refusal_is_called_off_too() -> None:
    w = labelled(collect=True)
    w.accept(R)
    w.refuse(R)
    assert w.sent(CancelCollection) == []
    w.tell(CollectionBooked(order_id=ORDER_ID, parcel_id=P1, broker="broker", reference="pickup_1"))
    assert len(w.sent(CancelCollection)) == 1


def test_a_manifest_is_closed_for_what_leaves_where_the_policy_wants_it() -> None:
    w = labelled(manifest=True)
    dispatched(w, None, 2)
    assert [x.parcel_id for x in w.sent(CloseManifest)] == [P1]
    other = labelled()
    dispatched(other, None, 2)
    assert other.sent(CloseManifest) == []
    assert other.sent(BookCollection) == []


# ---- returns ----


def test_a_return_label_brings_a_shipment_back_and_is_no_parcel_of_its_release() -> None:
    w = labelled()
    dispatched(w, None, 2)
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id="s1", actor="support"))
    (asked,) = w.sent(BookReturnLabel)
    assert (asked.parcel_id, asked.key) == ("s1-back1", "label:s1-back1:1")
    w.tell(booked("s1-back1"))
    assert w.order.parcels[-1].return_of == "s1"
    assert w.sent(VoidLabel) == []
    assert len(w.order.parcels_of(R)) == 1
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id="s1", actor="support"))
    assert w.sent(BookReturnLabel)[-1].parcel_id == "s1-back2"


def test_a_return_label_that_is_refused_holds_nothing_up() -> None:
    w = labelled()
    dispatched(w, None, 2)
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id="s1", actor="support"))
    refused(w, "label:s1-back1:1", "BookReturnLabel")
    assert w.order.holds == ()
    assert [x.step for x in w.seen(StepRefused)] == ["label"]
    flag = Hold(type=HoldType.OTHER, reason="look", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=flag))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert [x.key for x in w.sent(BookReturnLabel)] == ["label:s1-back1:1", "label:s1-back1:2"]


def test_a_return_label_is_asked_for_as_a_return_each_time_however_the_order_was_sent() -> None:
    w = labelled(method="express")
    dispatched(w, None, 2)
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id="s1", actor="support"))
    refused(w, "label:s1-back1:1", "BookReturnLabel")
    flag = Hold(type=HoldType.OTHER, reason="look", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=flag))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert [x.wish.within_days for x in w.sent(BookLabel)] == [1, 9, 9]


@pytest.mark.parametrize(
    ("node", "shipment", "reason"),
    [
        ("berlin", "s9", "there is no shipment s9"),
        ("paris", "s1", "the hub books no labels for paris: name it in policies.courier.nodes"),
    ],
)
def test_a_return_label_that_cannot_be_is_refused_with_the_way_out(
    node: str, shipment: str, reason: str
) -> None:
    w = World(stock({node: {"A": 9}}), policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    if node == "berlin":
        w.tell(booked(P1))
    dispatched(w, None, 2)
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id=shipment, actor="support"))
    assert [x.reason for x in w.seen(StepRefused)] == [reason]


# ---- explained ----


def test_an_order_says_that_it_waits_for_a_label() -> None:
    w = released()
    (wait,) = explain(w.order).waits
    assert (wait.what, wait.who) == (f"broker to book a label for parcel {P1}", "broker")
    assert w.order.releases[0].status is ReleaseStatus.REQUESTED
    refused(w, f"label:{P1}:1")
    (wait,) = explain(w.order).waits
    assert wait.what == f"a hold by broker, other: broker has no label for parcel {P1}: no rate"


def test_a_label_that_is_missing_without_a_hold_is_said_too() -> None:
    w = released()
    cancel_pending = Hold(type=HoldType.CUSTOMER_REQUEST, reason="wait", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=cancel_pending))
    refused(w, f"label:{P1}:1")
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    refused(w, f"label:{P1}:2")
    order = w.order.replace(holds=())
    (wait,) = explain(order).waits
    assert wait.what == f"a label for parcel {P1}: no rate"
    assert order.parcels[0].status is ParcelStatus.PLANNED
