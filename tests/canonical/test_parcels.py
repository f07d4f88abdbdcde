"""Parcels: which rate is bought, what a scan changes, and what an order is once they have arrived."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.courier import CourierPolicy, NodeLabels, RatePolicy
from canonical.documents import KeyKind, LabelDocument, LabelFact, TrackingDocument
from canonical.errors import EvolveError
from canonical.events import (
    CollectionBooked,
    CollectionCancelled,
    Event,
    HoldPlaced,
    LabelBooked,
    LabelRefused,
    LabelRequested,
    LabelVoided,
    LabelVoidRefused,
    LabelVoidRequested,
    ManifestClosed,
    ParcelTracked,
    ReleaseRequested,
    ReleaseSubmitted,
    RowsMoved,
    ShipmentCreated,
)
from canonical.evolve import evolve
from canonical.keys import keys_of
from canonical.money import Money
from canonical.order import Hold, Order, ReleaseLine
from canonical.parcels import (
    AT_AN_END,
    PARCEL_MOVES,
    NoRateError,
    Parcel,
    ParcelStatus,
    Rate,
    RateWish,
    choose,
    moves_on,
)
from canonical.payment import PaymentMethod
from canonical.statuses import HoldType, OrderStatus, RowStatus
from tests.canonical.building import NOON, ORDER_ID, after, placed, tender

LINES = (ReleaseLine(line_id="1", sku="SKU-1", quantity=3),)
P1 = "r1-p1"


def rate(carrier: str, service: str, price: str, days: int | None = None, currency: str = "EUR") -> Rate:
    reference = f"rate_{carrier}_{service}"
    return Rate(
        reference=reference,
        carrier=carrier,
        service=service,
        price=Money.of(price, currency),
        days=days,
    )


RATES = (
    rate("DHL", "Paket", "5.20", 2),
    rate("DHL", "Express", "15.90", 1),
    rate("GLS", "Standard", "4.10", 3),
    rate("Hermes", "Eco", "3.90"),
)


@pytest.mark.parametrize(
    ("wish", "bought"),
    [
        (RateWish(), "Eco"),
        (RateWish(within_days=3), "Standard"),
        (RateWish(within_days=2), "Paket"),
        (RateWish(within_days=1), "Express"),
        (RateWish(within_days=0), "Express"),
        (RateWish(carriers=("DHL",)), "Paket"),
        (RateWish(carriers=("DHL/Express", "GLS")), "Standard"),
        (RateWish(carriers=("DHL/Express", "GLS"), prefer="carrier"), "Express"),
        (RateWish(carriers=("DHL", "GLS"), prefer="carrier"), "Paket"),
        (RateWish(carriers=("GLS", "DHL"), prefer="carrier", within_days=2), "Paket"),
        (RateWish(within_days=1, at_most=Decimal(10)), "Paket"),
    ],
)
def test_the_rate_is_the_cheapest_in_time_or_the_best_liked_else_the_fastest(
    wish: RateWish, bought: str
) -> None:
    assert choose(RATES, wish).service == bought


def test_equal_prices_are_decided_by_the_order_of_carriers_and_then_by_name() -> None:
    equal = (rate("B", "x", "5.00", 1), rate("A", "x", "5.00", 1))
    assert choose(equal, RateWish()).carrier == "A"
    assert choose(equal, RateWish(carriers=("B", "A"))).carrier == "B"


@pytest.mark.parametrize(
    ("rates", "wish", "reason"),
    [
        ((), RateWish(), "no carrier offers a rate"),
        (RATES, RateWish(carriers=("UPS",)), r"\(UPS\) offers a rate; there is DHL/Express, DHL/Paket"),
        (RATES, RateWish(at_most=Decimal(3)), "the cheapest rate is 3.90 EUR, and policies.courier allows 3"),
        ((*RATES, rate("USPS", "x", "1.00", 1, "USD")), RateWish(), "the rates are in EUR, USD"),
    ],
)
def test_a_rate_that_nobody_wants_is_refused_with_the_way_out(
    rates: tuple[Rate, ...], wish: RateWish, reason: str
) -> None:
    with pytest.raises(NoRateError, match=reason):
        choose(rates, wish)


_rates = st.lists(
    st.builds(
        rate,
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["1.00", "2.50", "2.51"]),
        st.none() | st.integers(0, 4),
    ),
    min_size=1,
)


@given(_rates, st.none() | st.integers(0, 4), st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_the_offers(
    rates: list[Rate], within: int | None, dice: Any
) -> None:
    wish = RateWish(within_days=within)
    shuffled = rates[:]
    dice.shuffle(shuffled)
    bought = choose(rates, wish)
    assert choose(shuffled, wish) == bought
    keeps = [r for r in rates if within is None or (r.days is not None and r.days <= within)]
    assert bought in keeps or not keeps
    assert all(bought.price <= other.price for other in keeps)


# ---- policy ----


def test_a_node_makes_its_own_labels_unless_the_policy_names_it() -> None:
    labels = NodeLabels(broker="easypost", channels=("webstore",))
    policy = CourierPolicy(nodes={"berlin": labels})
    assert policy.labels_of("berlin", "webstore") is labels
    assert policy.labels_of("berlin", "till") is None
    assert policy.labels_of("leipzig", "webstore") is None


def test_rates_are_those_of_the_node_else_of_the_channel_else_of_all() -> None:
    general = RatePolicy(within_days={"express": 1})
    channel, node = RatePolicy(carriers=("DHL",)), RatePolicy(prefer="carrier", carriers=("GLS",))
    policy = CourierPolicy(
        nodes={"berlin": NodeLabels(broker="e", rates=node), "leipzig": NodeLabels(broker="e")},
        rates=general,
        channels={"webstore": channel},
    )
    assert policy.wish("berlin", "webstore", "express") == RateWish(prefer="carrier", carriers=("GLS",))
    assert policy.wish("leipzig", "webstore", "express") == RateWish(carriers=("DHL",))
    assert policy.wish("leipzig", "till", "express").within_days == 1
    assert policy.wish("leipzig", "till", "standard").within_days is None


# ---- scans ----


def parcel(status: ParcelStatus = ParcelStatus.IN_TRANSIT, **more: Any) -> Parcel:
    told = {"id": P1, "release": "r1", "node": "berlin", "broker": "easypost", "since": NOON, "lines": LINES}
    return Parcel.model_validate({**told, "status": status, **more})


def test_every_status_of_a_parcel_has_its_row_in_the_table() -> None:
    assert set(PARCEL_MOVES) == set(ParcelStatus)
    assert all(moves_on(parcel(status), status, None) for status in ParcelStatus)


def test_nothing_that_was_under_way_is_at_home_again() -> None:
    home = {ParcelStatus.PLANNED, ParcelStatus.BOOKED, ParcelStatus.COLLECTION_SCHEDULED}
    for before, follows in PARCEL_MOVES.items():
        if before not in home:
            assert not follows & (home | {ParcelStatus.COLLECTED, ParcelStatus.CANCELLED})


def test_a_scan_that_is_older_than_the_last_moves_nothing() -> None:
    seen = parcel(scanned_at=NOON)
    assert not moves_on(seen, ParcelStatus.OUT_FOR_DELIVERY, NOON - timedelta(seconds=1))
    assert moves_on(seen, ParcelStatus.OUT_FOR_DELIVERY, NOON)


def test_what_was_delivered_is_not_on_its_way_again_unless_that_was_only_assumed() -> None:
    done = parcel(ParcelStatus.DELIVERED)
    assert not moves_on(done, ParcelStatus.IN_TRANSIT, NOON)
    assert moves_on(done, ParcelStatus.RETURNED_TO_SENDER, NOON)
    assert moves_on(done.replace(assumed=True), ParcelStatus.LOST, NOON)


def requested(**more: Any) -> tuple[Event, ...]:
    common = {"order_id": ORDER_ID, "release_id": "r1", "node": "berlin", "lines": LINES}
    return (
        ReleaseRequested.model_validate({**common, "connector": "wms", "submitted": False}),
        LabelRequested.model_validate({**common, "parcel_id": P1, "broker": "easypost", **more}),
    )


def booked(parcel_id: str = P1) -> LabelBooked:
    return LabelBooked(
        order_id=ORDER_ID,
        parcel_id=parcel_id,
        broker="easypost",
        reference="shp_1",
        carrier="DHL",
        service="Paket",
        tracking_number="T1",
        cost=Money.of("5.20", "EUR"),
    )


def scan(status: ParcelStatus, minutes: int = 0, **more: Any) -> ParcelTracked:
    at = NOON + timedelta(minutes=minutes)
    told = {"order_id": ORDER_ID, "broker": "easypost", "reference": "shp_1", "tracking_number": "T1"}
    return ParcelTracked.model_validate({**told, "status": status, "occurred_at": at, **more})


def left() -> ShipmentCreated:
    return ShipmentCreated(
        order_id=ORDER_ID, shipment_id="s1", release_id="r1", node="berlin", tracking_number="T1", lines=LINES
    )


def one(order: Order) -> Parcel:
    (found,) = order.parcels
    return found


def test_a_label_makes_a_parcel_that_waits_for_its_carrier() -> None:
    order = after(*requested(), booked())
    known = one(order)
    assert (known.status, known.reference, known.tracking_number) == (ParcelStatus.BOOKED, "shp_1", "T1")
    assert known.cost == Money.of("5.20", "EUR")
    assert order.parcel(P1) is known
    assert order.parcel("other") is None
    assert order.parcels_of("r1") == (known,)
    assert not order.release("r1").submitted  # type: ignore[union-attr] # it is there


def test_a_release_is_submitted_once() -> None:
    submitted = ReleaseSubmitted(order_id=ORDER_ID, release_id="r1")
    order = after(*requested(), submitted)
    release = order.release("r1")
    assert release is not None
    assert release.submitted
    with pytest.raises(EvolveError, match="waits for its labels"):
        evolve(order, submitted)


def test_a_label_is_asked_for_again_only_when_it_was_refused() -> None:
    again = requested()[1]
    with pytest.raises(EvolveError, match="asked for already"):
        after(*requested(), again)
    refused = LabelRefused(order_id=ORDER_ID, parcel_id=P1, reason="no rate")
    order = after(*requested(), refused)
    assert one(order).refused == "no rate"
    known = one(evolve(order, again))
    assert (known.asked, known.refused, known.status) == (2, None, ParcelStatus.PLANNED)


def test_a_label_that_is_there_was_not_refused() -> None:
    with pytest.raises(EvolveError, match="it has its label"):
        after(*requested(), booked(), LabelRefused(order_id=ORDER_ID, parcel_id=P1, reason="late"))


def test_an_unknown_parcel_has_no_label() -> None:
    with pytest.raises(EvolveError, match="there is no parcel other"):
        after(*requested(), booked("other"))


def void() -> LabelVoidRequested:
    return LabelVoidRequested(order_id=ORDER_ID, parcel_id=P1, reason="cancelled")


def voided() -> LabelVoided:
    return LabelVoided(order_id=ORDER_ID, parcel_id=P1, broker="easypost", reference="shp_1")


def test_a_label_that_is_not_wanted_is_voided_when_the_broker_says_so() -> None:
    order = after(*requested(), booked(), void())
    assert (one(order).wanted, one(order).status) == (False, ParcelStatus.BOOKED)
    assert one(evolve(order, voided())).status is ParcelStatus.CANCELLED


def test_a_parcel_without_a_label_is_over_when_it_is_not_wanted() -> None:
    refused = LabelRefused(order_id=ORDER_ID, parcel_id=P1, reason="no rate")
    assert one(after(*requested(), refused, void())).status is ParcelStatus.CANCELLED
    assert one(after(*requested(), void(), refused)).status is ParcelStatus.CANCELLED


def test_a_void_label_that_the_carrier_has_is_not_cancelled() -> None:
    order = after(*requested(), booked(), scan(ParcelStatus.IN_TRANSIT), voided())
    assert one(order).status is ParcelStatus.IN_TRANSIT


def test_a_label_that_is_not_taken_back_stays() -> None:
    refused = LabelVoidRefused(order_id=ORDER_ID, parcel_id=P1, reason="too old")
    assert one(after(*requested(), booked(), void(), refused)).status is ParcelStatus.BOOKED


def collection(kind: type[CollectionBooked | CollectionCancelled], reference: str = "pickup_1") -> Event:
    return kind(order_id=ORDER_ID, parcel_id=P1, broker="easypost", reference=reference)


def test_a_collection_is_scheduled_and_called_off() -> None:
    order = after(*requested(), booked(), collection(CollectionBooked))
    assert (one(order).status, one(order).collection) == (ParcelStatus.COLLECTION_SCHEDULED, "pickup_1")
    assert one(evolve(order, collection(CollectionCancelled, "another"))) == one(order)
    off = one(evolve(order, collection(CollectionCancelled)))
    assert (off.status, off.collection) == (ParcelStatus.BOOKED, None)


def test_a_collection_moves_no_parcel_that_has_left() -> None:
    order = after(*requested(), booked(), scan(ParcelStatus.IN_TRANSIT), collection(CollectionBooked))
    assert (one(order).status, one(order).collection) == (ParcelStatus.IN_TRANSIT, "pickup_1")
    off = one(evolve(order, collection(CollectionCancelled)))
    assert (off.status, off.collection) == (ParcelStatus.IN_TRANSIT, None)


def test_a_parcel_knows_its_manifest() -> None:
    closed = ManifestClosed(order_id=ORDER_ID, parcel_id=P1, broker="easypost", reference="sf_1")
    assert one(after(*requested(), booked(), closed)).manifest == "sf_1"


def test_what_left_under_a_labels_number_left_in_its_parcel() -> None:
    other = left().replace(tracking_number="T2")
    assert one(after(*requested(), booked(), left())).shipment == "s1"
    assert one(after(*requested(), booked(), other)).shipment is None
    assert one(after(*requested(), booked(), other.replace(tracking_number=None))).shipment is None


def test_scans_move_a_parcel_forward_and_late_ones_are_only_recorded() -> None:
    order = after(
        *requested(), booked(), left(),
        scan(ParcelStatus.IN_TRANSIT, 10), scan(ParcelStatus.ATTEMPT_FAILED, 30, said="no one there"),
    )  # fmt: skip
    known = one(order)
    assert (known.status, known.attempts, known.said) == (ParcelStatus.ATTEMPT_FAILED, 1, "no one there")
    late = evolve(order, scan(ParcelStatus.OUT_FOR_DELIVERY, 20))
    assert one(late) == known
    assert late.version == order.version + 1
    again = one(evolve(order, scan(ParcelStatus.IN_TRANSIT, 40)))
    assert (again.status, again.said, again.attempts) == (ParcelStatus.IN_TRANSIT, "no one there", 1)


def test_a_repeated_status_moves_only_the_time_of_the_last_scan() -> None:
    order = after(
        *requested(), booked(), scan(ParcelStatus.IN_TRANSIT, 10), scan(ParcelStatus.IN_TRANSIT, 50)
    )
    assert one(order).since == NOON + timedelta(minutes=10)
    assert one(order).scanned_at == NOON + timedelta(minutes=50)


def test_an_assumed_delivery_is_no_scan() -> None:
    assumed = scan(ParcelStatus.DELIVERED, assumed=True).replace(occurred_at=None)
    order = after(*requested(), booked(), scan(ParcelStatus.IN_TRANSIT, 10), assumed)
    assert (one(order).status, one(order).assumed) == (ParcelStatus.DELIVERED, True)
    assert one(order).scanned_at == NOON + timedelta(minutes=10)
    lost = one(evolve(order, scan(ParcelStatus.LOST, 11)))
    assert (lost.status, lost.assumed) == (ParcelStatus.LOST, False)


def test_a_label_of_the_nodes_own_is_followed_once_a_broker_tells_of_it() -> None:
    order = after(requested()[0], left(), scan(ParcelStatus.IN_TRANSIT, 5, reference=None, carrier="DHL"))
    known = one(order)
    assert (known.id, known.shipment, known.carrier, known.asked) == ("s1", "s1", "DHL", 0)
    moved = evolve(order, scan(ParcelStatus.DELIVERED, 9, reference=None))
    assert one(moved).status is ParcelStatus.DELIVERED


def test_a_scan_of_nobodys_parcel_changes_nothing() -> None:
    order = after(requested()[0], left())
    assert evolve(order, scan(ParcelStatus.LOST, tracking_number="T9", reference=None)).parcels == ()


# ---- the order ----


def shipped(*events: Event) -> Order:
    def moved(before: RowStatus, to: RowStatus, **more: Any) -> Event:
        common = {"order_id": ORDER_ID, "line_id": "1", "before": before, "after": to, "quantity": 3}
        return RowsMoved.model_validate({**common, **more})

    paid = placed(tenders=(tender(1, "35.00", PaymentMethod.PREPAID),))
    return after(
        moved(RowStatus.CREATED, RowStatus.RESERVED),
        moved(RowStatus.RESERVED, RowStatus.SCHEDULED, node="berlin"),
        *requested(),
        moved(RowStatus.SCHEDULED, RowStatus.RELEASED, release="r1"),
        booked(),
        moved(RowStatus.RELEASED, RowStatus.SHIPPED, shipment="s1"),
        left(),
        *events,
        start=paid,
    )


def test_an_order_is_completed_once_its_followed_parcels_have_come_to_an_end() -> None:
    assert shipped().status() is OrderStatus.IN_PROGRESS
    assert shipped(scan(ParcelStatus.OUT_FOR_DELIVERY)).status() is OrderStatus.IN_PROGRESS
    for end in AT_AN_END - {ParcelStatus.CANCELLED}:
        assert shipped(scan(end)).status() is OrderStatus.COMPLETED


def test_an_order_with_a_delivery_problem_is_not_completed_before_somebody_has_looked_at_it() -> None:
    flag = Hold(type=HoldType.DELIVERY_PROBLEM, blocks=(), reason="lost", actor="easypost", placed_at=NOON)
    order = shipped(scan(ParcelStatus.LOST), HoldPlaced(order_id=ORDER_ID, hold=flag))
    assert order.status() is OrderStatus.IN_PROGRESS


def test_rows_of_one_parcel_move_without_those_of_another() -> None:
    order = shipped()
    other = RowsMoved(
        order_id=ORDER_ID, line_id="1", before=RowStatus.SHIPPED, after=RowStatus.DELIVERED, quantity=3,
        from_shipment="s2",
    )  # fmt: skip
    with pytest.raises(EvolveError, match="has 0 units at shipped there"):
        evolve(order, other)
    delivered = evolve(order, other.replace(from_shipment="s1"))
    assert delivered.quantity(RowStatus.DELIVERED) == 3


# ---- documents ----


def label(fact: LabelFact = LabelFact.BOOKED, **more: Any) -> LabelDocument:
    told = {"broker": "easypost", "fact": fact, "order_id": ORDER_ID, "parcel_id": P1, "reference": "shp_1"}
    whole = {"carrier": "DHL", "service": "Paket", "tracking_number": "T1", "cost": "5.20", "currency": "EUR"}
    return LabelDocument.model_validate({**told, **(whole if fact is LabelFact.BOOKED else {}), **more})


@pytest.mark.parametrize(
    ("fact", "event"),
    [
        (LabelFact.BOOKED, LabelBooked),
        (LabelFact.VOIDED, LabelVoided),
        (LabelFact.VOID_REFUSED, LabelVoidRefused),
        (LabelFact.COLLECTION_BOOKED, CollectionBooked),
        (LabelFact.COLLECTION_CANCELLED, CollectionCancelled),
        (LabelFact.MANIFESTED, ManifestClosed),
    ],
)
def test_a_brokers_fact_is_one_event_under_a_key_of_its_own(fact: LabelFact, event: type[Event]) -> None:
    document = label(fact, reason="so it is")
    (told,) = document.events(ORDER_ID)
    assert type(told) is event
    assert told.fact_key == f"easypost:{P1}:shp_1:{fact.value}"
    assert document.key().value == str(ORDER_ID)


def test_a_label_without_a_price_is_a_label() -> None:
    (told,) = label(cost=None, currency=None).events(ORDER_ID)
    assert isinstance(told, LabelBooked)
    assert told.cost is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"carrier": None}, "has a carrier"),
        ({"tracking_number": None}, "has a tracking_number"),
        ({"cost": None}, "cost and currency go together"),
    ],
)
def test_half_a_label_is_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        label(**wrong)


def test_a_scan_told_twice_is_one_fact_and_found_by_the_brokers_reference() -> None:
    document = TrackingDocument(
        broker="easypost", reference="shp_1", tracking_number="T1", status=ParcelStatus.LOST, occurred_at=NOON
    )
    (first,), (second,) = document.events(ORDER_ID), document.events(ORDER_ID)
    assert first == second
    assert first.fact_key == "track:easypost:shp_1:lost:2026-03-02T12:00:00+00:00"
    assert (document.key().kind, document.key().value) == (KeyKind.PARCEL, "easypost:shp_1")


def test_a_scan_without_a_reference_is_found_by_its_number() -> None:
    document = TrackingDocument(broker="easypost", tracking_number="T1", status=ParcelStatus.LOST)
    assert (document.key().kind, document.key().value) == (KeyKind.TRACKING, "T1")
    (told,) = document.events(ORDER_ID)
    assert told.fact_key == "track:easypost:T1:lost:-"


def test_a_label_gives_its_order_the_names_that_carriers_and_brokers_use() -> None:
    assert [(key.kind, key.value) for key in keys_of(booked())] == [
        (KeyKind.TRACKING, "T1"),
        (KeyKind.PARCEL, "easypost:shp_1"),
    ]
