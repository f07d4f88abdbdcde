import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.commands import CapturePayment, RefundPayment, SubmitRelease, VoidPayment
from canonical.events import (
    CancelRequested,
    DisputeClosed,
    DisputeOpened,
    EffectRejected,
    Event,
    HoldPlaced,
    PaymentCaptured,
    PaymentRefunded,
    RefundFailed,
    StepRefused,
    VoidFailed,
)
from canonical.order import Hold
from canonical.payment import PaymentMethod
from canonical.policy import ChannelPolicy, Policy
from canonical.statuses import Block, HoldType, OrderStatus, OrderType, PaymentStatus, RowStatus
from routes.explain import explain
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, release_id, stock, tender

R = release_id()


def captured_at_the_desk(amount: str, operation: str = "ch_desk", reference: str = "pi_1") -> PaymentCaptured:
    """The shop captured by itself, on placement."""
    return PaymentCaptured(
        order_id=ORDER_ID, fact_key=f"stripe:{operation}:captured", key=f"stripe:{operation}",
        gateway="stripe", reference=reference, amount=eur(amount),
    )  # fmt: skip


def cancel(w: World) -> None:
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))


def captured_early(units: int = 2) -> World:
    """Paid and captured before anything left."""
    w = World(stock({"berlin": {"A": units}}))
    w.tell(placed(line("1", "A", units)))
    w.tell(captured_at_the_desk(str(w.order.total.amount)))
    w.authorised()
    return w


def dispute(event: type[DisputeOpened | DisputeClosed], key: str = "dp_1", **more: object) -> Event:
    common = {
        "order_id": ORDER_ID, "fact_key": f"{key}:{event.__name__}", "key": key, "gateway": "stripe",
        "reference": "pi_1", "amount": eur("25.00"),
    }  # fmt: skip
    return event.model_validate({**common, **more})


def test_what_was_captured_early_is_not_captured_again() -> None:
    w = captured_early()
    w.dispatch(R, "s1", ("A", 2))
    assert not w.sent(CapturePayment)
    assert w.order.status() is OrderStatus.COMPLETED


def test_what_was_captured_and_never_sent_is_paid_back_once() -> None:
    w = captured_early()
    cancel(w)
    w.stopped(R)
    (refund,) = w.sent(RefundPayment)
    assert (refund.amount, refund.reference, refund.key) == (eur("25.00"), "pi_1", f"refund:{ORDER_ID}:1")
    refunded = PaymentRefunded(
        order_id=ORDER_ID, fact_key="stripe:re_1:refunded", key="stripe:re_1", gateway="stripe",
        reference="pi_1", amount=eur("25.00"),
    )  # fmt: skip
    w.tell(refunded)
    w.tell(refunded.replace(key=refund.key))
    assert len(w.last.repeated) == 1
    assert w.order.payment.refunded("EUR") == eur("25.00")
    assert w.order.payment.refund_pending("EUR") == eur("0")
    assert w.order.payment_status() is PaymentStatus.REFUNDED


def test_only_the_part_that_never_left_is_paid_back() -> None:
    w = captured_early()
    w.dispatch(R, "s1", ("A", 1))
    cancel(w)
    w.stopped(R)
    assert [c.amount for c in w.sent(RefundPayment)] == [eur("10.00")]


def test_several_captures_are_paid_back_newest_first_each_up_to_what_it_took() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A"), tenders=(tender(1, "4.00"), tender(2, "11.00"))))
    w.tell(captured_at_the_desk("4.00", "ch_1", "pi_1"), captured_at_the_desk("11.00", "ch_2", "pi_2"))
    cancel(w)
    refunds = [(c.reference, c.amount, c.key) for c in w.sent(RefundPayment)]
    assert refunds == [
        ("pi_2", eur("11.00"), f"refund:{ORDER_ID}:1"),
        ("pi_1", eur("4.00"), f"refund:{ORDER_ID}:2"),
    ]


def test_a_capture_that_is_not_needed_for_it_is_not_paid_back() -> None:
    w = World(stock({"berlin": {"A": 2}}))
    w.tell(placed(line("1", "A", 2), tenders=(tender(1, "10.00"), tender(2, "15.00"))))
    w.tell(captured_at_the_desk("10.00", "ch_1", "pi_1"), captured_at_the_desk("15.00", "ch_2", "pi_2"))
    w.authorised("pi_1", "10.00")
    w.dispatch(R, "s1", ("A", 1))
    cancel(w)
    w.stopped(R)
    assert [(c.reference, c.amount) for c in w.sent(RefundPayment)] == [("pi_2", eur("10.00"))]


def test_what_was_paid_back_at_the_gateways_desk_is_not_paid_back_again() -> None:
    w = captured_early()
    w.tell(
        PaymentRefunded(
            order_id=ORDER_ID, fact_key="x", key="stripe:re_9", gateway="stripe", reference="pi_1",
            amount=eur("20.00"),
        )
    )  # fmt: skip
    cancel(w)
    w.stopped(R)
    assert [c.amount for c in w.sent(RefundPayment)] == [eur("5.00")]


def test_a_refund_that_failed_is_for_a_person() -> None:
    w = captured_early()
    cancel(w)
    w.stopped(R)
    key = w.sent(RefundPayment)[0].key
    failed = RefundFailed(
        order_id=ORDER_ID, key=key, gateway="stripe", reference="pi_1", amount=eur("25.00"), reason="closed"
    )
    w.tell(failed)
    cancel(w)
    assert len(w.sent(RefundPayment)) == 1
    assert w.seen(StepRefused)[0].reason == "stripe did not pay 25.00 EUR back: closed"


def test_a_void_that_failed_is_for_a_person_and_asked_once() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.authorised()
    cancel(w)
    w.stopped(R)
    (void,) = w.sent(VoidPayment)
    w.tell(
        VoidFailed(
            order_id=ORDER_ID,
            key=void.key,
            gateway="stripe",
            reference="pi_1",
            amount=void.amount,
            reason="busy",
        )
    )
    cancel(w)
    assert len(w.sent(VoidPayment)) == 1
    assert [e.step for e in w.seen(StepRefused)] == ["void"]


@pytest.mark.parametrize(
    ("command", "kind"),
    [("CapturePayment", "capture"), ("VoidPayment", "void"), ("RefundPayment", "refund")],
)
def test_a_gateway_that_rejects_a_wish_has_failed_it(command: str, kind: str) -> None:
    w = captured_early() if command == "RefundPayment" else World(stock({"berlin": {"A": 2}}))
    if command != "RefundPayment":
        w.tell(placed(line("1", "A", 2)))
        w.authorised()
    if command == "CapturePayment":
        w.dispatch(R, "s1", ("A", 2))
    else:
        cancel(w)
        w.stopped(R)
    key = next(c.key for c in w.commands if type(c).__name__ == command)
    w.tell(EffectRejected(order_id=ORDER_ID, key=key, command=command, reason="not possible"))
    entry = next(e for e in w.order.payment.latest() if e.key == key)
    assert (entry.kind, entry.outcome, entry.reason) == (kind, "failed", "not possible")
    w.tell(EffectRejected(order_id=ORDER_ID, key=key, command=command, reason="not possible"))
    assert w.seen(StepRefused)[-1].step == command, "what is decided already is for a person"


def test_anything_else_that_a_partner_rejects_is_for_a_person() -> None:
    w = captured_early()
    w.tell(EffectRejected(order_id=ORDER_ID, key="mail:1", command="SendMail", reason="no address"))
    assert [(e.step, e.reason) for e in w.seen(StepRefused)] == [("SendMail", "no address")]


# --- disputes -----------------------------------------------------------------------------------------------------


def test_nothing_more_is_sent_while_a_charge_is_disputed() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.dispatch(R, "s1", ("A", 1))
    w.tell(dispute(DisputeOpened, reason="fraudulent"))
    held = w.order.hold(HoldType.COMPLIANCE)
    assert held is not None
    assert held.blocks == (Block.SOURCE, Block.RELEASE)
    assert "25.00 EUR is disputed at stripe: fraudulent" in held.reason
    assert w.order.payment_status() is PaymentStatus.DISPUTED


def test_a_won_dispute_lets_the_order_go_on() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.tell(dispute(DisputeOpened))
    w.authorised()
    assert not w.sent(SubmitRelease)
    w.tell(dispute(DisputeClosed, won=True))
    assert len(w.sent(SubmitRelease)) == 1


def test_a_lost_dispute_is_for_a_person() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.tell(dispute(DisputeOpened), dispute(DisputeClosed, won=False))
    assert w.order.hold(HoldType.COMPLIANCE) is not None
    assert [e.step for e in w.seen(StepRefused)] == ["dispute"]


def test_a_dispute_whose_end_was_told_first_is_over() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.tell(dispute(DisputeClosed, won=True), dispute(DisputeOpened))
    assert w.order.holds == ()


def test_a_compliance_hold_of_a_person_outlives_the_dispute() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.tell(dispute(DisputeOpened))
    hold = Hold(type=HoldType.COMPLIANCE, reason="embargo", actor="compliance", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.tell(dispute(DisputeClosed, won=True))
    assert w.order.hold(HoldType.COMPLIANCE) == hold


def test_nothing_is_paid_back_while_a_charge_is_disputed() -> None:
    w = captured_early()
    w.tell(dispute(DisputeOpened))
    cancel(w)
    w.stopped(R)
    assert not w.sent(RefundPayment)
    w.tell(dispute(DisputeClosed, won=True))
    assert len(w.sent(RefundPayment)) == 1


# ---- what the channel has been paid ----

HERE = Policy(channels={"webstore": ChannelPolicy(refunds="here")})
TILL = tender(1, "25.00", PaymentMethod.PREPAID, gateway="till")


def prepaid(policy: Policy | None = None, **more: object) -> World:
    """Two units at 10 and delivery at 5, paid at the till."""
    w = World(stock({"berlin": {"A": 2}}), policy or Policy())
    w.tell(placed(line("1", "A", 2), tenders=(TILL,)).replace(**more))
    return w


def paid_back_at_the_till(amount: str, key: str = "till:1") -> PaymentRefunded:
    return PaymentRefunded(
        order_id=ORDER_ID, fact_key=f"{key}:refunded", key=key, gateway="till", reference="R-1", amount=eur(amount)
    )  # fmt: skip


def owed_back(w: World) -> list[tuple[str, str]]:
    return [(wait.what, wait.who) for wait in explain(w.order).waits if "paid to webstore" in wait.what]


def owes(amount: str, who: str = "webstore") -> list[tuple[str, str]]:
    return [(f"{amount} EUR to go back to the customer, paid to webstore for what is cancelled", who)]


def test_the_channel_pays_back_what_it_was_paid_and_the_order_says_so_until_it_did() -> None:
    w = prepaid()
    assert owed_back(w) == []
    cancel(w)
    w.stopped(R)
    assert not w.sent(RefundPayment)
    assert owed_back(w) == owes("25.00")
    w.tell(paid_back_at_the_till("20.00"))
    assert owed_back(w) == owes("5.00")
    w.tell(paid_back_at_the_till("5.00", "till:2"))
    assert owed_back(w) == []
    assert w.order.payment_status() is PaymentStatus.REFUNDED


def test_the_hub_pays_back_what_the_channel_was_paid_where_the_policy_says_so() -> None:
    w = prepaid(HERE)
    cancel(w)
    w.stopped(R)
    (refund,) = w.sent(RefundPayment)
    assert (refund.connector, refund.reference, refund.amount) == ("till", "1001", eur("25.00"))
    assert refund.key == f"refund:{ORDER_ID}:prepaid:1"
    assert owed_back(w) == []
    w.tell(paid_back_at_the_till("25.00", refund.key))
    assert len(w.sent(RefundPayment)) == 1
    assert w.order.payment_status() is PaymentStatus.REFUNDED


@pytest.mark.parametrize("policy", [Policy(), HERE])
def test_only_the_cancelled_part_of_what_the_channel_was_paid_goes_back(policy: Policy) -> None:
    w = prepaid(policy)
    w.dispatch(R, "s1", ("A", 1))
    cancel(w)
    w.stopped(R)
    asked = [(c.connector, c.amount) for c in w.sent(RefundPayment)]
    assert (asked, owed_back(w)) == (
        ([("till", eur("10.00"))], []) if policy is HERE else ([], owes("10.00"))
    )


def test_what_the_channel_paid_back_already_the_hub_does_not() -> None:
    w = prepaid(HERE)
    w.tell(paid_back_at_the_till("20.00"))
    cancel(w)
    w.stopped(R)
    assert [c.amount for c in w.sent(RefundPayment)] == [eur("5.00")]


def test_a_refund_of_what_the_channel_was_paid_that_fails_is_for_a_person() -> None:
    w = prepaid(HERE)
    cancel(w)
    w.stopped(R)
    (refund,) = w.sent(RefundPayment)
    w.tell(
        RefundFailed(
            order_id=ORDER_ID, key=refund.key, gateway="till", reference="1001", amount=eur("25.00"), reason="closed"
        )
    )  # fmt: skip
    assert len(w.sent(RefundPayment)) == 1
    assert owed_back(w) == owes("25.00", "payment support")
    assert [event.step for event in w.seen(StepRefused)] == ["refund"]


@pytest.mark.parametrize("policy", [Policy(), HERE])
def test_gateways_and_the_channel_each_pay_back_what_they_took(policy: Policy) -> None:
    w = World(stock({"berlin": {"A": 2}}), policy)
    paid = tender(1, "9.00", PaymentMethod.PREPAID, gateway="till", reference="R-1")
    w.tell(placed(line("1", "A", 2), tenders=(paid, tender(2, "16.00"))))
    w.tell(captured_at_the_desk("16.00", reference="pi_2"), paid_back_at_the_till("4.00"))
    w.authorised("pi_2", "16.00")
    cancel(w)
    w.stopped(R)
    by_hub = [("till", eur("5.00"))] if policy is HERE else []
    assert sorted((c.connector, c.amount) for c in w.sent(RefundPayment)) == [
        ("stripe", eur("16.00")),
        *by_hub,
    ]
    assert owed_back(w) == ([] if by_hub else owes("5.00"))


@given(units=st.integers(1, 4), sent=st.integers(0, 4), channel=st.integers(0, 60), stored=st.booleans())
def test_hub_and_channel_together_never_pay_back_more_than_was_paid_for_what_is_cancelled(
    units: int, sent: int, channel: int, stored: bool
) -> None:
    w = World(stock({"berlin": {"A": units}}), HERE)
    total = 10 * units + 5
    halves = (
        tender(1, "4.00", PaymentMethod.PREPAID, gateway="giftcards"),
        tender(2, f"{total - 4}.00", PaymentMethod.PREPAID, gateway="till"),
    )
    whole = (tender(1, f"{total}.00", PaymentMethod.PREPAID, gateway="till"),)
    w.tell(placed(line("1", "A", units), tenders=halves if stored else whole))
    if sent:
        w.dispatch(R, "s1", ("A", min(sent, units)))
    if channel:
        w.tell(paid_back_at_the_till(f"{channel}.00"))
    cancel(w)
    w.stopped(R)
    left = max(0, total - int(w.order.owed().amount) - channel)
    asked = w.sent(RefundPayment)
    at_the_till = sum(c.amount.amount for c in asked if c.connector == "till")
    taken_there = total - 4 if stored else total
    assert channel > taken_there or at_the_till + channel <= taken_there
    assert all(c.amount.amount > 0 for c in asked)
    if w.order.quantity(RowStatus.CANCELLED) and channel <= taken_there:
        assert sum(c.amount.amount for c in asked) == left
    else:
        assert sum(c.amount.amount for c in asked) <= left


def test_of_an_order_that_the_channel_sends_itself_nothing_is_owed_back() -> None:
    w = prepaid(HERE, type=OrderType.CHANNEL_FULFILLED)
    cancel(w)
    assert not w.sent(RefundPayment)
    assert owed_back(w) == []
