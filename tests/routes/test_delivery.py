"""What carriers say of parcels, what follows from it, and what follows when they say nothing."""

from datetime import timedelta

import pytest

from canonical.commands import SendMail
from canonical.courier import CourierPolicy, DeliveryMail, NodeLabels
from canonical.events import (
    GoodsDispatched,
    HoldPlaced,
    HoldReleased,
    LabelVoided,
    ReturnLabelRequested,
    StepRefused,
)
from canonical.parcels import ParcelStatus
from canonical.policy import ChannelPolicy, Policy
from canonical.statuses import FulfilmentStatus, HoldType, OrderStatus
from routes.explain import explain
from tests.routes.couriers import booked, seen
from tests.routes.world import ORDER_ID, World, line, placed, release_id, stock

R = release_id()
P1, P2 = f"{R}-p1", f"{R}-p2"
ALL: tuple[DeliveryMail, ...] = ("out_for_delivery", "available_for_pickup", "delivered", "delivery_problem")
DELIVERY_MAILS = set(ALL)


def policy(
    mails: tuple[DeliveryMail, ...] = ALL, days: float | None = 14, per_parcel: int | None = None
) -> Policy:
    return Policy(
        courier=CourierPolicy(
            nodes={"berlin": NodeLabels(broker="broker", units_per_parcel=per_parcel)},
            mails=mails,
            assume_delivered_after_days=days,
        )
    )


def _dispatch(parcel: str, number: str, units: int) -> GoodsDispatched:
    shipment = f"s{parcel[-1]}"
    return GoodsDispatched(
        order_id=ORDER_ID, release_id=R, shipment_id=shipment, tracking_number=number, skus=(("A", units),),
        fact_key=f"dispatch:{R}:{shipment}",
    )  # fmt: skip


def shipped(units: int = 2, rules: Policy | None = None) -> World:
    """An order whose parcels have left with the hub's labels, and whose money was taken."""
    w = World(stock({"berlin": {"A": 9}}), rules or policy())
    w.tell(placed(line("1", "A", units)))
    w.authorised()
    parcels = [parcel.id for parcel in w.order.parcels]
    for parcel in parcels:
        w.tell(booked(parcel))
    for parcel in parcels:
        known = w.order.parcel(parcel)
        assert known is not None
        w.tell(
            _dispatch(parcel, known.tracking_number or "", sum(x.quantity for x in known.lines)),
        )
    w.captured()
    return w


def scan(w: World, status: ParcelStatus, parcel: str = P1, minutes: int = 0, said: str = "") -> None:
    w.now += timedelta(minutes=10)
    w.tell(seen(parcel, status, w.now + timedelta(minutes=minutes), said))


def mails(w: World) -> list[str]:
    """Return the mails about delivery, each once: a key that comes again is the same mail."""
    told = {mail.key: mail.template for mail in w.sent(SendMail)}
    return [template for template in told.values() if template in DELIVERY_MAILS]


def waits(w: World) -> list[tuple[str, str]]:
    return [(wait.what, wait.who) for wait in explain(w.order).waits]


def test_delivered_units_complete_an_order_that_is_paid() -> None:
    w = shipped()
    assert w.order.status() is OrderStatus.IN_PROGRESS
    scan(w, ParcelStatus.IN_TRANSIT)
    scan(w, ParcelStatus.OUT_FOR_DELIVERY)
    scan(w, ParcelStatus.DELIVERED)
    assert w.rows() == {"delivered": 2}
    assert w.order.fulfilment_status() is FulfilmentStatus.DELIVERED
    assert w.order.status() is OrderStatus.COMPLETED
    assert mails(w) == ["out_for_delivery", "delivered"]
    assert w.timers == {}


def test_each_parcel_delivers_its_own_units() -> None:
    w = shipped(3, policy(per_parcel=2))
    scan(w, ParcelStatus.DELIVERED, P2)
    assert w.rows() == {"shipped": 2, "delivered": 1}
    assert w.order.status() is OrderStatus.IN_PROGRESS
    scan(w, ParcelStatus.DELIVERED, P1)
    assert w.rows() == {"delivered": 3}


def test_a_delivery_that_is_told_before_the_parcels_leaving_counts_once_it_has_left() -> None:
    w = World(stock({"berlin": {"A": 9}}), policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.tell(booked(P1))
    scan(w, ParcelStatus.DELIVERED)
    assert w.rows() == {"released": 2}
    assert mails(w) == []
    w.tell(_dispatch(P1, f"T-{P1}", 2))
    assert w.rows() == {"delivered": 2}


def test_a_scan_that_is_told_twice_or_late_changes_nothing_and_tells_nobody() -> None:
    w = shipped()
    out = seen(P1, ParcelStatus.OUT_FOR_DELIVERY, w.now)
    w.tell(out)
    w.tell(out)
    scan(w, ParcelStatus.DELIVERED)
    before = w.order
    scan(w, ParcelStatus.ATTEMPT_FAILED, minutes=-60)
    assert w.order.parcels == before.parcels
    assert w.order.version == before.version + 1
    assert mails(w) == ["out_for_delivery", "delivered"]


def test_a_failed_attempt_is_no_persons_business_yet_and_the_order_says_how_often() -> None:
    w = shipped()
    scan(w, ParcelStatus.ATTEMPT_FAILED)
    assert waits(w) == [(f"DHL to deliver parcel T-{P1}, which failed once", "DHL")]
    scan(w, ParcelStatus.OUT_FOR_DELIVERY)
    scan(w, ParcelStatus.ATTEMPT_FAILED)
    assert waits(w) == [(f"DHL to deliver parcel T-{P1}, which failed 2 times", "DHL")]
    assert w.order.holds == ()
    assert mails(w) == ["delivery_problem", "out_for_delivery"]
    scan(w, ParcelStatus.DELIVERED)
    assert w.order.status() is OrderStatus.COMPLETED


@pytest.mark.parametrize(
    "status", [ParcelStatus.LOST, ParcelStatus.EXCEPTION, ParcelStatus.RETURNED_TO_SENDER]
)
def test_a_problem_is_put_before_a_person_and_ends_when_that_person_says_so(status: ParcelStatus) -> None:
    w = shipped()
    scan(w, status, said="failure/lost")
    hold = w.order.hold(HoldType.DELIVERY_PROBLEM)
    assert hold is not None
    word = status.value.replace("_", " ")
    assert hold.reason == f"parcel T-{P1} of DHL: {word} (failure/lost)"
    assert hold.blocks == ()
    assert w.order.status() is OrderStatus.IN_PROGRESS
    assert [who for _, who in waits(w)] == ["support"]
    assert mails(w) == ["delivery_problem"]
    w.tell(
        HoldReleased(order_id=ORDER_ID, type=HoldType.DELIVERY_PROBLEM, actor="support", reason="refunded")
    )
    assert w.order.status() is OrderStatus.COMPLETED
    assert w.rows() == {"shipped": 2}


def test_a_problem_that_is_told_again_places_no_second_hold() -> None:
    w = shipped()
    scan(w, ParcelStatus.EXCEPTION)
    scan(w, ParcelStatus.EXCEPTION)
    assert len(w.seen(HoldPlaced)) == 1


def test_a_problem_that_solves_itself_releases_its_hold_once_no_parcel_has_one() -> None:
    w = shipped(3, policy(per_parcel=2))
    scan(w, ParcelStatus.EXCEPTION, P1)
    scan(w, ParcelStatus.LOST, P2)
    scan(w, ParcelStatus.IN_TRANSIT, P1)
    assert w.order.hold(HoldType.DELIVERY_PROBLEM) is not None
    scan(w, ParcelStatus.DELIVERED, P2)
    assert w.order.hold(HoldType.DELIVERY_PROBLEM) is None
    assert w.seen(HoldReleased)[-1].actor == "broker"


def test_the_buyer_is_mailed_only_what_the_policy_and_the_channel_want() -> None:
    usual = Policy(courier=policy().courier.replace(mails=CourierPolicy().mails))
    w = shipped(rules=usual)
    for status in (ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.AVAILABLE_FOR_PICKUP):
        scan(w, status)
    scan(w, ParcelStatus.DELIVERED)
    assert mails(w) == ["available_for_pickup"]
    silent = shipped(rules=usual.replace(channels={"webstore": ChannelPolicy(mail=False)}))
    scan(silent, ParcelStatus.LOST)
    assert mails(silent) == []


def test_the_buyer_hears_of_what_the_carrier_said_before_the_node_said_that_it_left() -> None:
    w = World(stock({"berlin": {"A": 9}}), policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.tell(booked(P1))
    scan(w, ParcelStatus.AVAILABLE_FOR_PICKUP)
    assert mails(w) == []
    parcel = w.order.parcels[0]
    w.tell(_dispatch(P1, parcel.tracking_number or "", 2))
    assert mails(w) == ["available_for_pickup"]
    scan(w, ParcelStatus.DELIVERED)
    assert mails(w) == ["available_for_pickup", "delivered"]


def test_the_buyer_is_asked_for_a_parcel_that_lies_ready() -> None:
    w = shipped()
    scan(w, ParcelStatus.AVAILABLE_FOR_PICKUP)
    assert waits(w) == [(f"the buyer to fetch parcel T-{P1}", "the buyer")]


# ---- silence ----


def test_a_parcel_that_was_on_its_way_counts_as_delivered_after_a_while_without_scans() -> None:
    w = shipped()
    scan(w, ParcelStatus.IN_TRANSIT)
    w.pass_time(timedelta(days=10))
    scan(w, ParcelStatus.IN_TRANSIT)
    w.pass_time(timedelta(days=13))
    assert w.rows() == {"shipped": 2}
    assert waits(w) == [(f"DHL to deliver parcel T-{P1}", "DHL")]
    w.pass_time(timedelta(days=2))
    assert w.rows() == {"delivered": 2}
    assert w.order.parcels[0].assumed
    assert w.order.status() is OrderStatus.COMPLETED
    assert mails(w) == []


def test_what_the_carrier_says_after_all_counts_more_than_what_was_assumed() -> None:
    w = shipped()
    scan(w, ParcelStatus.IN_TRANSIT)
    w.pass_time(timedelta(days=20))
    scan(w, ParcelStatus.LOST)
    assert w.order.hold(HoldType.DELIVERY_PROBLEM) is not None
    assert w.order.status() is OrderStatus.IN_PROGRESS


def test_a_parcel_that_was_never_scanned_is_asked_after() -> None:
    w = shipped()
    assert waits(w) == [(f"DHL to scan parcel T-{P1}", "DHL")]
    w.pass_time(timedelta(days=20))
    hold = w.order.hold(HoldType.DELIVERY_PROBLEM)
    assert hold is not None
    assert hold.reason == f"parcel T-{P1} of DHL: exception (it left, and was never scanned)"
    assert hold.actor == "policy"
    assert w.rows() == {"shipped": 2}
    scan(w, ParcelStatus.IN_TRANSIT)
    assert w.order.hold(HoldType.DELIVERY_PROBLEM) is None


def test_a_parcel_that_nobody_fetched_is_not_delivered() -> None:
    w = shipped()
    scan(w, ParcelStatus.AVAILABLE_FOR_PICKUP)
    w.pass_time(timedelta(days=20))
    hold = w.order.hold(HoldType.DELIVERY_PROBLEM)
    assert hold is not None
    assert hold.reason.endswith("exception (it was not fetched)")


def test_nothing_is_assumed_where_the_policy_does_not_want_it() -> None:
    w = shipped(rules=policy(days=None))
    scan(w, ParcelStatus.IN_TRANSIT)
    w.pass_time(timedelta(days=400))
    assert w.rows() == {"shipped": 2}
    assert w.timers == {}


def test_a_time_that_comes_after_the_parcels_end_changes_nothing() -> None:
    w = shipped()
    timer = dict(w.timers)[f"scans:{P1}"]
    scan(w, ParcelStatus.LOST)
    before = w.order.parcels
    w.tell(timer.event)
    assert w.order.parcels == before


# ---- parcels that are none of ours ----


def test_a_scan_of_a_parcel_that_the_order_does_not_have_is_for_a_person() -> None:
    w = shipped()
    w.tell(seen("other", ParcelStatus.LOST, w.now))
    assert w.seen(StepRefused)[-1].reason == "broker tells of parcel T-other, and none of the order's is that"


def test_a_carrier_that_has_a_parcel_whose_label_is_void_is_for_a_person() -> None:
    w = World(stock({"berlin": {"A": 9}}), policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.tell(booked(P1))
    w.refuse(R)
    w.tell(LabelVoided(order_id=ORDER_ID, parcel_id=P1, broker="broker", reference=f"shp_{P1}"))
    scan(w, ParcelStatus.CANCELLED)
    scan(w, ParcelStatus.IN_TRANSIT)
    assert [x.reason for x in w.seen(StepRefused) if x.step == "tracking"] == [
        f"DHL has parcel {P1} (in_transit), whose label is void"
    ]


def test_a_parcel_on_its_way_back_to_us_holds_nothing_and_mails_nobody() -> None:
    w = shipped()
    scan(w, ParcelStatus.DELIVERED)
    w.tell(ReturnLabelRequested(order_id=ORDER_ID, shipment_id="s1", actor="support"))
    w.tell(booked("s1-back1"))
    before = mails(w)
    scan(w, ParcelStatus.LOST, "s1-back1")
    scan(w, ParcelStatus.DELIVERED, "s1-back1")
    assert w.order.holds == ()
    assert mails(w) == before
    assert w.rows() == {"delivered": 2}
