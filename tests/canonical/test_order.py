import itertools
from datetime import timedelta
from decimal import Decimal

import pytest

from canonical.deadlines import Deadlines
from canonical.events import (
    CancelAccepted,
    CancelRequested,
    DeadlinePassed,
    Event,
    HoldPlaced,
    HoldReleased,
    NoteAdded,
    OrderConfirmed,
    OrderRejected,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefunded,
    RefundRequested,
    RowsMoved,
)
from canonical.evolve import EvolveError, evolve, fold
from canonical.lines import Discount, Shipping, Tax
from canonical.order import Hold, rows_at
from canonical.payment import PaymentMethod
from canonical.statuses import (
    Block,
    FulfilmentStatus,
    HoldType,
    OrderStatus,
    OrderType,
    PaymentStatus,
    RowStatus,
)
from tests.canonical.building import NOON, ORDER_ID, after, eur, line, placed, tender

PATH = (
    RowStatus.CREATED, RowStatus.RESERVED, RowStatus.SCHEDULED, RowStatus.RELEASED, RowStatus.SHIPPED,
    RowStatus.RECEIVED_GOOD,
)  # fmt: skip


def moved(end: RowStatus, quantity: int = 3) -> tuple[Event, ...]:
    """Everything that takes units from the start to `end`."""
    path = PATH[: PATH.index(end) + 1] if end in PATH else (RowStatus.CREATED, end)
    return tuple(
        RowsMoved(order_id=ORDER_ID, line_id="1", before=before, after=behind, quantity=quantity)
        for before, behind in itertools.pairwise(path)
    )


def authorised(amount: str = "35.00") -> Event:
    return PaymentAuthorised(
        order_id=ORDER_ID, key="a", gateway="stripe", reference="pi_1", amount=eur(amount)
    )


def captured(amount: str = "35.00") -> Event:
    return PaymentCaptured(order_id=ORDER_ID, key="c", gateway="stripe", reference="pi_1", amount=eur(amount))


def refunded(amount: str) -> Event:
    return PaymentRefunded(order_id=ORDER_ID, key="r", gateway="stripe", reference="pi_1", amount=eur(amount))


def hold(hold_type: HoldType = HoldType.OTHER, *blocks: Block) -> HoldPlaced:
    placed_hold = Hold(
        type=hold_type, blocks=blocks or tuple(Block), reason="?", actor="support", placed_at=NOON
    )
    return HoldPlaced(order_id=ORDER_ID, hold=placed_hold)


def test_an_order_starts_once() -> None:
    order = after()
    with pytest.raises(EvolveError, match="it exists already"):
        evolve(order, placed())
    with pytest.raises(EvolveError, match="there is no such order"):
        evolve(None, OrderConfirmed(order_id=ORDER_ID))


def test_a_journal_has_a_beginning() -> None:
    with pytest.raises(ValueError, match="at least the event that placed the order"):
        fold(())


def test_the_version_counts_events_and_facts_are_kept() -> None:
    order = after(
        authorised().replace(fact_key="f1"), NoteAdded(order_id=ORDER_ID, text="hello", actor="support")
    )
    assert order.version == 3
    assert order.facts == ("f1",)
    assert [(n.text, n.at) for n in order.notes] == [("hello", NOON)]


def test_an_event_that_changes_nothing_is_still_counted() -> None:
    assert after(DeadlinePassed(order_id=ORDER_ID, name="x")).version == 2


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), OrderStatus.PLACED),
        ((authorised("34.99"),), OrderStatus.PLACED),
        ((authorised(),), OrderStatus.CONFIRMED),
        ((authorised(), hold()), OrderStatus.PLACED),
        ((authorised(), hold(HoldType.OTHER, Block.CAPTURE)), OrderStatus.CONFIRMED),
        ((authorised(), *moved(RowStatus.RELEASED, 1)), OrderStatus.IN_PROGRESS),
        ((authorised(), *moved(RowStatus.SHIPPED)), OrderStatus.IN_PROGRESS),
        ((authorised(), *moved(RowStatus.SHIPPED), captured()), OrderStatus.COMPLETED),
        ((authorised(), *moved(RowStatus.RECEIVED_GOOD), captured()), OrderStatus.COMPLETED),
        (moved(RowStatus.CANCELLED), OrderStatus.CANCELLED),
        ((OrderRejected(order_id=ORDER_ID, reason="no"),), OrderStatus.REJECTED),
    ],
)
def test_the_header_is_derived(events: tuple[Event, ...], status: OrderStatus) -> None:
    assert after(*events).status() is status


def test_an_order_cancelled_for_want_of_payment_is_expired() -> None:
    asked = CancelRequested(order_id=ORDER_ID, cancel_id="c", reason="", actor="policy", unpaid=True)
    order = after(asked, *moved(RowStatus.CANCELLED), CancelAccepted(order_id=ORDER_ID, cancel_id="c"))
    assert order.status() is OrderStatus.EXPIRED


@pytest.mark.parametrize(
    ("events", "settled"),
    [
        ((), True),
        ((captured(),), False),
        ((captured(), refunded("35.00")), True),
        (moved(RowStatus.SHIPPED), False),
        ((*moved(RowStatus.SHIPPED), captured()), True),
        ((*moved(RowStatus.SHIPPED), captured(), refunded("5.00")), True),
        ((*moved(RowStatus.SHIPPED, 1), *moved(RowStatus.CANCELLED, 2), captured()), False),
        ((*moved(RowStatus.SHIPPED, 1), *moved(RowStatus.CANCELLED, 2), captured(), refunded("20.00")), True),
        (
            (
                *moved(RowStatus.SHIPPED),
                captured(),
                RefundRequested(
                    order_id=ORDER_ID, key="r", gateway="stripe", reference="pi_1", amount=eur(5)
                ),
            ),
            False,
        ),
    ],
)
def test_an_order_is_settled_when_the_money_is_what_has_left(
    events: tuple[Event, ...], settled: bool
) -> None:
    assert after(*events).is_settled() is settled


def test_what_was_cancelled_is_not_missing_from_what_was_captured() -> None:
    part = (authorised(), *moved(RowStatus.SHIPPED, 1), captured("15.00"))
    assert after(*part).payment_status() is PaymentStatus.PARTIALLY_CAPTURED
    assert after(*part, *moved(RowStatus.CANCELLED, 2)).payment_status() is PaymentStatus.CAPTURED


def test_a_prepaid_order_is_settled_as_it_leaves() -> None:
    order = after(
        *moved(RowStatus.SHIPPED), start=placed(tenders=(tender(1, "35.00", PaymentMethod.PREPAID),))
    )
    assert order.status() is OrderStatus.COMPLETED


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), FulfilmentStatus.NONE),
        (moved(RowStatus.SCHEDULED), FulfilmentStatus.SCHEDULED),
        (moved(RowStatus.RELEASED), FulfilmentStatus.RELEASED),
        (moved(RowStatus.SHIPPED, 1), FulfilmentStatus.PARTIALLY_SHIPPED),
        (moved(RowStatus.SHIPPED), FulfilmentStatus.SHIPPED),
        ((*moved(RowStatus.SHIPPED, 1), *moved(RowStatus.CANCELLED, 2)), FulfilmentStatus.SHIPPED),
        (moved(RowStatus.RECEIVED_GOOD), FulfilmentStatus.DELIVERED),
        (moved(RowStatus.CANCELLED), FulfilmentStatus.CANCELLED),
    ],
)
def test_fulfilment_is_derived_from_the_rows(events: tuple[Event, ...], status: FulfilmentStatus) -> None:
    assert after(*events).fulfilment_status() is status


# --- holds ----------------------------------------------------------------------------------------------------------


def test_holds_of_one_type_replace_each_other_and_others_stand_beside() -> None:
    order = after(hold(), hold(HoldType.FRAUD_REVIEW), hold(HoldType.OTHER, Block.SOURCE))
    assert [h.type for h in order.holds] == [HoldType.FRAUD_REVIEW, HoldType.OTHER]
    assert [h.type for h in order.blocked(Block.RELEASE)] == [HoldType.FRAUD_REVIEW]


def test_a_hold_that_is_not_there_can_not_be_released() -> None:
    with pytest.raises(EvolveError, match="there is no other hold"):
        after(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))


def test_releasing_another_hold_accepts_no_price() -> None:
    released = HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support")
    order = after(hold(), released)
    assert order.holds == ()
    assert not order.price_accepted


def test_confirmation_has_its_time() -> None:
    assert after(OrderConfirmed(order_id=ORDER_ID)).confirmed_at == NOON
    later = NOON.replace(hour=13)
    assert after(OrderConfirmed(order_id=ORDER_ID, recorded_at=later)).confirmed_at == later


def test_nobody_decides_about_a_cancellation_that_was_not_asked_for() -> None:
    with pytest.raises(EvolveError, match="there is no request c9 to cancel"):
        after(CancelAccepted(order_id=ORDER_ID, cancel_id="c9"))


# --- worth ----------------------------------------------------------------------------------------------------------


def test_lines_and_shipping_add_up_to_the_total() -> None:
    order = after()
    assert order.computed_total() == order.total == eur("35.00")
    assert order.ordered() == 3


def test_tax_counts_only_where_prices_do_not_include_it() -> None:
    shipping = Shipping(amount=eur("5.00"), taxes=(Tax(code="vat", rate=Decimal("0.1"), amount=eur("0.50")),))
    net = placed(line(tax="3.00"), shipping=shipping, prices_include_tax=False)
    gross = placed(line(tax="3.00"), shipping=shipping, prices_include_tax=True)
    assert after(start=net).computed_total() == eur("38.50")
    assert after(start=gross).computed_total() == eur("35.00")
    assert after(start=net).tax() == eur("3.50")


def test_discounts_reduce_the_line() -> None:
    reduced = line().replace(discounts=(Discount(code="promo", amount=eur("0.01")),))
    assert reduced.goods() == eur("29.99")
    assert [reduced.worth(units, plus_tax=False) for units in (1, 2, 3)] == [
        eur("10.00"),
        eur("19.99"),
        eur("29.99"),
    ]


def test_what_is_owed_falls_with_what_is_cancelled() -> None:
    assert after(*moved(RowStatus.CANCELLED, 1)).owed() == eur("25.00")
    assert after(*moved(RowStatus.CANCELLED, 3)).owed() == eur("0")


def test_delivery_is_owed_until_nothing_is_left_to_deliver() -> None:
    assert after(*moved(RowStatus.CANCELLED, 2)).owed() == eur("15.00")


def test_an_order_of_which_nothing_is_left_is_worth_nothing() -> None:
    order = after(*moved(RowStatus.CANCELLED), start=placed(tenders=()))
    assert order.worth_without_cancelled() == eur(0)
    assert order.payment_status() is PaymentStatus.NONE


def test_an_accepted_price_is_what_the_tenders_say() -> None:
    released = HoldReleased(order_id=ORDER_ID, type=HoldType.PRICE_MISMATCH, actor="support")
    start = placed(tenders=(tender(1, "34.00"),))
    assert after(hold(HoldType.PRICE_MISMATCH), released, start=start).owed() == eur("34.00")
    assert after(start=start).owed() == eur("35.00")


def test_what_has_left_is_worth_its_units() -> None:
    assert after(*moved(RowStatus.SHIPPED, 2)).worth_shipped() == eur("20.00")
    assert after().worth_shipped() == eur(0)


def test_rows_are_found_by_status() -> None:
    order = after(*moved(RowStatus.RESERVED, 2))
    found = rows_at(order.lines, frozenset({RowStatus.RESERVED}))
    assert [(x.id, row.quantity) for x, row in found] == [("1", 2)]
    assert order.quantity(RowStatus.RESERVED, RowStatus.CREATED) == 3


SOON, LATER = NOON + timedelta(hours=1), NOON + timedelta(days=1)
BOTH = Deadlines(acknowledge_by=SOON, ship_by=LATER)


def test_the_next_deadline_is_the_nearest_that_is_not_met() -> None:
    assert fold([placed(deadlines=BOTH)]).next_deadline() == SOON
    confirmed = fold([placed(deadlines=BOTH), OrderConfirmed(order_id=ORDER_ID)])
    assert confirmed.next_deadline() == LATER
    assert fold([placed(), OrderConfirmed(order_id=ORDER_ID)]).next_deadline() is None


@pytest.mark.parametrize("end", [RowStatus.SHIPPED, RowStatus.CANCELLED])
def test_nothing_is_due_of_what_has_left_or_is_cancelled(end: RowStatus) -> None:
    assert fold([placed(deadlines=BOTH), *moved(end)]).next_deadline() is None
    assert fold([placed(deadlines=BOTH), *moved(end, 2)]).next_deadline() == SOON


def test_nothing_is_due_of_what_is_not_ours_to_send() -> None:
    theirs = placed(deadlines=BOTH, type=OrderType.CHANNEL_FULFILLED)
    assert fold([theirs]).next_deadline() is None
    rejected = OrderRejected(order_id=ORDER_ID, reason="no")
    assert fold([placed(deadlines=BOTH), rejected]).next_deadline() is None
