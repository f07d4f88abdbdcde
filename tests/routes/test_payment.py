from datetime import timedelta

from canonical.commands import (
    AuthorisePayment,
    CapturePayment,
    SendMail,
    SubmitRelease,
    TellChannelStatus,
    VoidPayment,
)
from canonical.events import (
    CancelRequested,
    DeadlinePassed,
    EffectRejected,
    PaymentAuthorised,
    PaymentDeclined,
    PaymentVoided,
)
from canonical.payment import PaymentMethod
from canonical.policy import PaymentPolicy, Policy
from canonical.statuses import HoldType, OrderStatus, PaymentStatus
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, release_id, stock, tender

KEY = f"authorise:{ORDER_ID}:1:1"
AGAIN = f"authorise:{ORDER_ID}:1:2"


def ordered(*, may_reauthorise: bool = False, policy: Policy | None = None, units: int = 1) -> World:
    w = World(stock({"berlin": {"A": units}}), policy or Policy())
    total = f"{10 * units + 5}.00"
    w.tell(placed(line("1", "A", units), tenders=(tender(1, total, may_reauthorise=may_reauthorise),)))
    return w


def voided(reference: str = "pi_1", amount: str = "15.00", reason: str = "expired") -> PaymentVoided:
    return PaymentVoided(
        order_id=ORDER_ID, fact_key=f"stripe:{reference}:voided", key=f"stripe:{reference}:gone",
        gateway="stripe", reference=reference, amount=eur(amount), reason=reason,
    )  # fmt: skip


def test_an_order_goes_on_when_its_payment_is_authorised() -> None:
    w = ordered()
    assert w.order.payment_status() is PaymentStatus.PENDING
    assert not w.sent(SubmitRelease)
    w.authorised()
    assert w.order.payment_status() is PaymentStatus.AUTHORISED
    assert len(w.sent(SubmitRelease)) == 1


def test_a_webhook_that_beats_the_answer_counts_once() -> None:
    w = ordered()
    w.authorised(key="stripe:pi_1")
    w.authorised(key=KEY)
    assert len(w.last.repeated) == 1
    assert w.order.payment.authorised("EUR") == eur("15.00")
    assert [e.outcome for e in w.order.payment.latest()] == ["succeeded"]


def test_all_tenders_must_be_covered() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A"), tenders=(tender(1, "5.00"), tender(2, "10.00"))))
    w.authorised("pi_1", "5.00")
    assert not w.sent(SubmitRelease)
    assert w.order.holds == ()
    w.authorised("pi_2", "10.00")
    assert len(w.sent(SubmitRelease)) == 1


def test_an_authorisation_of_too_little_holds_the_order() -> None:
    w = ordered()
    w.authorised(amount="14.00")
    held = w.order.hold(HoldType.PAYMENT_FAILED)
    assert held is not None
    assert held.reason == "14.00 EUR of 15.00 EUR is covered"


def test_a_declined_payment_holds_the_order_and_channel_and_buyer_are_asked() -> None:
    w = ordered()
    w.declined()
    assert w.order.payment_status() is PaymentStatus.DECLINED
    held = w.order.hold(HoldType.PAYMENT_FAILED)
    assert held is not None
    assert "insufficient funds" in held.reason
    assert [c.status for c in w.sent(TellChannelStatus)] == ["payment_declined"]
    assert [c.template for c in w.sent(SendMail)] == ["payment_declined"]
    assert w.rows() == {"reserved": 1}


def test_an_order_that_is_paid_after_all_goes_on() -> None:
    w = ordered()
    w.declined()
    w.authorised("pi_other", "15.00", key="stripe:pi_other")
    assert w.order.holds == ()
    assert w.timers == {}
    assert len(w.sent(SubmitRelease)) == 1


def test_an_order_that_nobody_pays_expires_and_frees_its_stock() -> None:
    w = ordered()
    w.declined()
    w.pass_time(timedelta(hours=71))
    assert w.rows() == {"reserved": 1}
    w.pass_time(timedelta(hours=2))
    assert w.order.status() is OrderStatus.EXPIRED
    assert w.stock.content.level("A", "*").reserved == 0
    assert w.sent(SendMail)[-1].template == "order_cancelled"


def test_a_timer_that_fires_after_the_payment_came_cancels_nothing() -> None:
    w = ordered()
    w.declined()
    timer = w.timers[f"unpaid:{ORDER_ID}"]
    w.authorised("pi_2", "15.00")
    w.tell(timer.event)
    assert w.rows() == {"released": 1}


def test_an_order_at_a_node_does_not_expire() -> None:
    w = ordered(units=2)
    w.authorised()
    w.tell(voided(amount="25.00"))
    w.tell(DeadlinePassed(order_id=ORDER_ID, name=f"unpaid:{ORDER_ID}"))
    assert w.rows() == {"released": 2}


def test_a_decline_that_was_overtaken_by_the_success_changes_nothing() -> None:
    w = ordered()
    w.authorised(key=KEY)
    w.tell(
        PaymentDeclined(
            order_id=ORDER_ID, occurred_at=NOON - timedelta(minutes=1), fact_key="late", key=KEY,
            gateway="stripe", reference="pi_1", amount=eur("15.00"), reason="first attempt",
        )
    )  # fmt: skip
    assert w.order.holds == ()
    assert w.order.payment_status() is PaymentStatus.AUTHORISED


def test_a_gateway_that_rejects_the_wish_declines() -> None:
    w = ordered()
    w.tell(EffectRejected(order_id=ORDER_ID, key=KEY, command="AuthorisePayment", reason="no such intent"))
    held = w.order.hold(HoldType.PAYMENT_FAILED)
    assert held is not None
    assert "no such intent" in held.reason


def test_a_decline_after_the_order_is_over_is_only_recorded() -> None:
    w = ordered()
    w.authorised()
    w.dispatch(release_id(), "s1", ("A", 1))
    w.declined("other", "15.00")
    assert w.order.holds == ()


# --- renewal ------------------------------------------------------------------------------------------------------


def test_an_authorisation_is_renewed_a_day_before_it_ends_where_the_customer_agreed() -> None:
    w = ordered(may_reauthorise=True)
    w.authorised(capture_before=NOON + timedelta(days=7))
    timer = w.timers[f"capture_before:{ORDER_ID}:pi_1"]
    assert timer.at == NOON + timedelta(days=6)
    w.pass_time(timedelta(days=6, hours=1))
    again = w.sent(AuthorisePayment)[-1]
    assert (again.key, again.method, again.amount) == (AGAIN, PaymentMethod.STORED, eur("15.00"))
    assert w.order.holds == ()
    w.authorised("pi_again", "15.00", key=AGAIN, capture_before=NOON + timedelta(days=13))
    assert [(c.reference, c.key) for c in w.sent(VoidPayment)] == [("pi_1", f"void:{ORDER_ID}:pi_1")]
    assert list(w.timers) == [f"capture_before:{ORDER_ID}:pi_again"]


def test_without_consent_the_order_is_held_before_its_authorisation_ends() -> None:
    w = ordered()
    w.authorised(capture_before=NOON + timedelta(days=7))
    w.pass_time(timedelta(days=6, hours=1))
    held = w.order.hold(HoldType.REAUTH_NEEDED)
    assert held is not None
    assert held.reason == "the authorisation ends at 2026-03-09 12:00 UTC"
    assert len(w.sent(AuthorisePayment)) == 1


def test_a_declined_renewal_holds_the_order() -> None:
    w = ordered(may_reauthorise=True)
    w.authorised(capture_before=NOON + timedelta(days=7))
    w.pass_time(timedelta(days=6, hours=1))
    w.declined(AGAIN)
    held = w.order.hold(HoldType.REAUTH_NEEDED)
    assert held is not None
    assert "declined the renewal: insufficient funds" in held.reason
    assert w.order.hold(HoldType.PAYMENT_FAILED) is None


def test_what_has_left_is_captured_before_its_authorisation_ends() -> None:
    w = ordered(units=2, may_reauthorise=True)
    w.authorised(capture_before=NOON + timedelta(days=7))
    w.dispatch(release_id(), "s1", ("A", 1))
    assert not w.sent(CapturePayment)
    w.pass_time(timedelta(days=6, hours=1))
    (capture,) = w.sent(CapturePayment)
    assert (capture.amount, capture.final) == (eur("15.00"), True)
    assert w.sent(AuthorisePayment)[-1].amount == eur("10.00")
    held = w.order.hold(HoldType.REAUTH_NEEDED)
    assert held is not None, "nothing covers the rest until it is authorised"
    w.authorised("pi_again", "10.00", key=AGAIN)
    assert w.order.holds == ()


def test_a_captured_order_has_nothing_to_renew() -> None:
    w = ordered()
    w.authorised(capture_before=NOON + timedelta(days=7))
    w.dispatch(release_id(), "s1", ("A", 1))
    w.captured()
    w.pass_time(timedelta(days=8))
    assert len(w.sent(AuthorisePayment)) == 1
    assert w.order.holds == ()


def test_money_that_the_gateway_let_go_is_asked_for_again() -> None:
    w = ordered(may_reauthorise=True, units=2)
    w.authorised()
    w.tell(voided(amount="25.00"))
    assert w.sent(AuthorisePayment)[-1].amount == eur("25.00")
    held = w.order.hold(HoldType.REAUTH_NEEDED)
    assert held is not None
    assert held.reason == "stripe let the authorisation go: expired"
    w.tell(voided("pi_1", "25.00").replace(fact_key="again"))
    assert len(w.sent(AuthorisePayment)) == 2, "it is asked for already"


def test_money_that_was_let_go_without_a_word_is_named_all_the_same() -> None:
    w = ordered()
    w.authorised()
    w.tell(voided(reason=""))
    held = w.order.hold(HoldType.REAUTH_NEEDED)
    assert held is not None
    assert held.reason == "stripe let the authorisation go"


def test_an_authorisation_that_nobody_knows_may_be_let_go() -> None:
    w = ordered()
    w.authorised()
    w.tell(voided("pi_unknown"))
    assert w.order.holds == ()


def test_an_authorisation_that_comes_after_the_cancellation_is_let_go_at_once() -> None:
    w = ordered()
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))
    assert w.order.status() is OrderStatus.CANCELLED
    w.authorised()
    assert [(c.reference, c.amount) for c in w.sent(VoidPayment)] == [("pi_1", eur("15.00"))]
    w.tell(voided())
    assert w.order.holds == ()
    assert w.order.payment_status() is PaymentStatus.VOIDED


def test_an_authorisation_of_no_known_tender_replaces_none() -> None:
    w = ordered()
    w.authorised()
    w.authorised("pi_foreign", "15.00", key="stripe:pi_foreign")
    assert not w.sent(VoidPayment)


def test_a_renewal_in_the_remainder_mode_may_be_declined_without_harm() -> None:
    policy = Policy(payment=PaymentPolicy(split_capture="reauthorise_remainder"))
    w = ordered(may_reauthorise=True, policy=policy)
    w.authorised(capture_before=NOON + timedelta(days=7))
    w.pass_time(timedelta(days=6, hours=1))
    w.declined(AGAIN)
    assert w.order.holds == ()


def test_an_authorisation_told_anew_with_another_amount_is_adjusted() -> None:
    w = ordered()
    w.authorised()
    w.tell(
        PaymentAuthorised(
            order_id=ORDER_ID, fact_key="adjusted", key="stripe:adjusted", gateway="stripe", reference="pi_1",
            amount=eur("20.00"),
        )
    )  # fmt: skip
    assert w.order.payment.authorised("EUR") == eur("20.00")
