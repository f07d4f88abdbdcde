"""Fraud: what is screened, what each decision leads to, and what comes too late to matter."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from canonical.commands import (
    CancelRelease,
    ReportToFraudGateway,
    ScreenOrder,
    SubmitRelease,
    TellChannelCancelled,
    VoidPayment,
)
from canonical.events import (
    AmendmentRequested,
    CancelRequested,
    EffectRejected,
    FraudCleared,
    FraudDecided,
    FraudRejected,
    FraudReviewNeeded,
    HoldPlaced,
    HoldReleased,
    OrderPlaced,
    PaymentRefunded,
    PaymentVoided,
    ReturnReceived,
    StepRefused,
)
from canonical.evolve import evolve, fold
from canonical.fraud import FraudReport, FraudStanding, FraudVerdict
from canonical.fraud_policy import FraudPolicy
from canonical.order import Hold
from canonical.parties import Destination
from canonical.payment import PaymentMethod
from canonical.policy import Policy
from canonical.statuses import Block, HoldType, OrderStatus, PaymentStatus
from core.engine.cascade import StaleError
from routes.explain import explain
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, release_id, stock, tender

R = release_id()
GATEWAY = "signifyd"
APPROVED, REVIEW, REJECTED = FraudVerdict.APPROVED, FraudVerdict.REVIEW, FraudVerdict.REJECTED


def policy(**changes: object) -> Policy:
    return Policy(fraud=FraudPolicy.model_validate({"gateway": GATEWAY, **changes}))


@dataclass
class Screened(World):
    """A world with a fraud gateway that speaks when it is told to."""

    policy: Policy = field(default_factory=policy)

    def decide(self, verdict: FraudVerdict, at: datetime | None = None, reason: str = "because") -> None:
        at = at or self.now
        self.tell(
            FraudDecided(
                order_id=ORDER_ID, gateway=GATEWAY, verdict=verdict, reference="c1", reason=reason,
                occurred_at=at, fact_key=f"fraud:{GATEWAY}:{at.isoformat()}:{verdict.value}",
            )
        )  # fmt: skip

    def release_hold(self, actor: str = "support") -> None:
        self.tell(
            HoldReleased(order_id=ORDER_ID, type=HoldType.FRAUD_REVIEW, actor=actor, reason="known buyer")
        )

    def cancel(self, actor: str) -> None:
        self.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="looks wrong", actor=actor))

    @property
    def standing(self) -> FraudStanding | None:
        return self.order.fraud.standing if self.order.fraud else None

    @property
    def fraud_hold(self) -> Hold | None:
        return self.order.hold(HoldType.FRAUD_REVIEW)

    def reports(self, *kinds: FraudReport) -> list[ReportToFraudGateway]:
        return [command for command in self.sent(ReportToFraudGateway) if command.report in kinds]


def ordered(**changes: object) -> Screened:
    w = Screened(stock({"berlin": {"A": 9}}), policy(**changes))
    w.tell(placed(line("1", "A", 2)))
    return w


def screened(**changes: object) -> Screened:
    """Paid for, and asked about."""
    w = ordered(**changes)
    w.authorised()
    return w


def released(**changes: object) -> Screened:
    w = screened(**changes)
    w.decide(APPROVED)
    return w


# --- what is screened -------------------------------------------------------------------------------------------


def test_an_order_is_screened_once_it_is_paid_for() -> None:
    w = ordered()
    assert not w.sent(ScreenOrder)
    w.authorised()
    (asked,) = w.sent(ScreenOrder)
    assert (asked.connector, asked.key, asked.turn) == (GATEWAY, f"screen:{ORDER_ID}:1", 1)
    assert w.standing is FraudStanding.PENDING


def test_an_order_that_is_asked_about_waits() -> None:
    w = screened()
    assert w.fraud_hold is not None
    assert set(w.fraud_hold.blocks) == set(Block)
    assert not w.sent(SubmitRelease)
    assert w.order.status() is OrderStatus.PLACED


def test_two_tenders_are_one_question() -> None:
    w = Screened(stock({"berlin": {"A": 9}}))
    w.tell(placed(line("1", "A", 2), tenders=(tender(1, "10.00"), tender(2, "15.00"))))
    w.authorised("pi_1", "10.00", key=f"authorise:{ORDER_ID}:1:1")
    assert not w.sent(ScreenOrder)
    w.authorised("pi_2", "15.00", key=f"authorise:{ORDER_ID}:2:1")
    assert len(w.sent(ScreenOrder)) == 1


def test_without_a_gateway_nothing_is_screened_and_nothing_is_said() -> None:
    w = Screened(stock({"berlin": {"A": 9}}), Policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    assert w.order.fraud is None
    assert len(w.sent(SubmitRelease)) == 1


def paid_at_the_channel(channel: str) -> OrderPlaced:
    prepaid = tender(1, "25.00", PaymentMethod.PREPAID, gateway=channel)
    return placed(line("1", "A", 2), channel=channel, tenders=(prepaid,))


@pytest.mark.parametrize(
    ("first", "changes", "why"),
    [
        (paid_at_the_channel("marketplace"), {}, "marketplace has been paid itself"),
        (placed(line("1", "A", 2)), {"channels": {"webstore": False}}, "orders of webstore are not screened"),
        (placed(line("1", "A", 2)), {"min_total": "25.01"}, "25.00 EUR is below 25.01"),
        (placed(line("1", "A", 2, "0.00"), shipping="0.00"), {}, "there is nothing to pay"),
    ],
)
def test_what_the_policy_does_not_cover_is_cleared_at_once_with_the_reason(
    first: OrderPlaced, changes: dict[str, object], why: str
) -> None:
    w = Screened(stock({"berlin": {"A": 9}}), policy(**changes))
    w.tell(first)
    (cleared,) = w.seen(FraudCleared)
    assert (cleared.actor, cleared.person, cleared.reason) == ("policy", False, why)
    w.authorised()
    assert len(w.seen(FraudCleared)) == 1
    assert not w.sent(ScreenOrder)
    assert len(w.sent(SubmitRelease)) == 1
    w.dispatch(R, "s1", ("A", 2))
    assert not w.sent(ReportToFraudGateway)


def test_a_marketplaces_orders_are_screened_where_the_policy_names_it() -> None:
    w = Screened(stock({"berlin": {"A": 9}}), policy(channels={"marketplace": True}))
    w.tell(paid_at_the_channel("marketplace"))
    assert len(w.sent(ScreenOrder)) == 1
    assert not w.sent(SubmitRelease)


def test_an_order_at_the_limit_is_screened() -> None:
    assert screened(min_total="25.00").sent(ScreenOrder)


def test_an_order_that_is_cancelled_before_it_is_paid_for_is_not_screened() -> None:
    w = ordered()
    w.cancel("webstore")
    w.authorised()
    assert not w.sent(ScreenOrder)


def test_a_gateway_that_comes_later_does_not_stop_what_a_node_has() -> None:
    w = Screened(stock({"berlin": {"A": 9}}), Policy())
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.policy = policy()
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=a_hold(HoldType.OTHER)))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert w.order.fraud is None


# --- what a decision leads to -----------------------------------------------------------------------------------


def test_an_approved_order_goes_on() -> None:
    w = screened()
    w.decide(APPROVED)
    assert w.standing is FraudStanding.CLEARED
    assert not w.order.holds
    assert len(w.sent(SubmitRelease)) == 1
    assert f"fraud:{ORDER_ID}" not in w.timers
    assert not w.reports(FraudReport.VERDICT)


def test_a_rejected_order_is_cancelled_and_its_payment_let_go() -> None:
    w = screened()
    w.decide(REJECTED, reason="stolen card")
    assert w.order.status() is OrderStatus.CANCELLED
    assert len(w.sent(VoidPayment)) == 1
    assert not w.sent(SubmitRelease)
    (rejected,) = w.seen(FraudRejected)
    assert (rejected.actor, rejected.reason) == (GATEWAY, "signifyd: stolen card")


def test_the_channel_is_not_told_who_takes_its_buyer_for_a_fraud() -> None:
    w = screened()
    w.decide(REJECTED, reason="stolen card")
    (told,) = w.sent(TellChannelCancelled)
    assert told.reason == "the order could not be verified"


def test_a_rejected_order_is_held_where_the_policy_says_so() -> None:
    w = screened(on_rejection="hold")
    w.decide(REJECTED)
    assert w.standing is FraudStanding.REJECTED
    assert w.fraud_hold is not None
    assert w.fraud_hold.reason == "rejected by signifyd: because"
    assert not w.sent(VoidPayment)
    w.release_hold()
    assert len(w.sent(SubmitRelease)) == 1


def test_a_review_waits_for_a_person_however_long_that_takes() -> None:
    w = screened(accept_undecided_below="1000")
    w.decide(REVIEW)
    w.pass_time(timedelta(days=3))
    assert w.standing is FraudStanding.REVIEW
    assert w.fraud_hold is not None
    assert not w.sent(SubmitRelease)


def test_a_person_clears_a_review_and_the_gateway_learns_of_it() -> None:
    w = screened()
    w.decide(REVIEW)
    w.release_hold()
    (cleared,) = w.seen(FraudCleared)
    assert (cleared.actor, cleared.person, cleared.reason) == ("support", True, "known buyer")
    assert len(w.sent(SubmitRelease)) == 1
    (told,) = w.reports(FraudReport.VERDICT)
    assert (told.verdict, told.connector) == (APPROVED, GATEWAY)


def test_a_person_rejects_a_review_by_cancelling_and_the_gateway_learns_of_it() -> None:
    w = screened()
    w.decide(REVIEW)
    w.cancel("support")
    (rejected,) = w.seen(FraudRejected)
    assert (rejected.actor, rejected.person) == ("support", True)
    assert w.order.status() is OrderStatus.CANCELLED
    assert [told.verdict for told in w.reports(FraudReport.VERDICT)] == [REJECTED]
    assert len(w.reports(FraudReport.CANCELLED)) == 1


def test_a_buyer_who_cancels_during_a_review_is_no_fraud() -> None:
    w = screened()
    w.decide(REVIEW)
    w.cancel("webstore")
    assert not w.seen(FraudRejected)
    assert not w.reports(FraudReport.VERDICT)
    assert len(w.reports(FraudReport.CANCELLED)) == 1


def test_a_person_need_not_wait_for_the_gateway() -> None:
    w = screened()
    w.release_hold()
    assert w.standing is FraudStanding.CLEARED
    assert len(w.sent(SubmitRelease)) == 1
    assert not w.timers.get(f"fraud:{ORDER_ID}")


def test_a_cancellation_while_the_gateway_thinks_is_no_verdict() -> None:
    w = screened()
    w.cancel("support")
    assert not w.reports(FraudReport.VERDICT)


def test_a_hold_that_a_person_placed_is_for_a_person_to_release() -> None:
    w = screened()
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=a_hold(HoldType.FRAUD_REVIEW)))
    w.decide(APPROVED)
    assert w.standing is FraudStanding.CLEARED
    assert w.fraud_hold is not None
    assert not w.sent(SubmitRelease)
    w.release_hold()
    assert len(w.sent(SubmitRelease)) == 1
    assert not w.reports(FraudReport.VERDICT)


def a_hold(hold_type: HoldType) -> Hold:
    return Hold(type=hold_type, reason="wait", actor="support", placed_at=NOON)


def test_a_fraud_hold_on_an_order_that_nobody_screens_is_an_ordinary_hold() -> None:
    w = Screened(stock({"berlin": {"A": 9}}), Policy())
    w.tell(placed(line("1", "A", 2)))
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=a_hold(HoldType.FRAUD_REVIEW)))
    w.authorised()
    w.release_hold()
    assert w.order.fraud is None
    assert len(w.sent(SubmitRelease)) == 1


# --- no decision in time ----------------------------------------------------------------------------------------


def test_a_small_order_without_a_decision_is_cleared_when_its_time_is_up() -> None:
    w = screened(accept_undecided_below="25.01", decide_within_h=4)
    w.pass_time(timedelta(hours=3, minutes=59))
    assert not w.sent(SubmitRelease)
    w.pass_time(timedelta(minutes=2))
    (cleared,) = w.seen(FraudCleared)
    assert cleared.actor == "policy"
    assert cleared.reason == "signifyd did not decide within 4 hours, and 25.00 EUR is below 25.01"
    assert len(w.sent(SubmitRelease)) == 1


def test_a_larger_order_without_a_decision_waits_for_a_person() -> None:
    w = screened(accept_undecided_below="25.00")
    w.pass_time(timedelta(hours=13))
    (needed,) = w.seen(FraudReviewNeeded)
    assert (needed.actor, needed.reason) == ("policy", "signifyd did not decide within 12 hours")
    assert w.fraud_hold is not None
    assert not w.sent(SubmitRelease)
    w.release_hold()
    assert len(w.sent(SubmitRelease)) == 1


def test_a_decision_after_the_time_still_counts_while_a_person_has_not_decided() -> None:
    w = screened()
    w.pass_time(timedelta(hours=13))
    w.decide(APPROVED)
    assert len(w.sent(SubmitRelease)) == 1


def test_time_that_is_up_changes_nothing_for_an_order_that_is_cancelled() -> None:
    w = screened()
    w.cancel("webstore")
    w.pass_time(timedelta(hours=13))
    assert not w.seen(FraudReviewNeeded)


def test_a_gateway_that_refuses_to_look_leaves_the_order_to_a_person() -> None:
    w = screened()
    key = f"screen:{ORDER_ID}:1"
    w.tell(EffectRejected(order_id=ORDER_ID, key=key, command="ScreenOrder", reason="no such currency"))
    assert w.standing is FraudStanding.REVIEW
    assert w.fraud_hold is not None
    assert "no such currency" in w.fraud_hold.reason
    assert f"fraud:{ORDER_ID}" not in w.timers


def test_a_refused_question_that_was_asked_anew_is_only_told() -> None:
    w = screened()
    w.tell(EffectRejected(order_id=ORDER_ID, key=f"screen:{ORDER_ID}:9", command="ScreenOrder", reason="x"))
    assert w.standing is FraudStanding.PENDING
    assert len(w.seen(StepRefused)) == 1


def test_a_refused_report_stops_nothing() -> None:
    w = released()
    command = "ReportToFraudGateway"
    w.tell(EffectRejected(order_id=ORDER_ID, key="fraud:1", command=command, reason="unknown order"))
    assert w.standing is FraudStanding.CLEARED
    assert len(w.seen(StepRefused)) == 1


# --- too late, twice, and the other way round --------------------------------------------------------------------


def test_a_decision_that_is_told_twice_is_followed_once() -> None:
    w = screened()
    at = w.now
    w.decide(APPROVED, at)
    w.decide(APPROVED, at)
    assert len(w.seen(FraudDecided)) == 1
    assert len(w.sent(SubmitRelease)) == 1


@pytest.mark.parametrize("verdict", FraudVerdict)
def test_the_same_word_at_another_time_changes_nothing(verdict: FraudVerdict) -> None:
    w = screened(on_rejection="hold")
    w.decide(verdict)
    before = (w.standing, w.order.holds, len(w.commands))
    w.decide(verdict, w.now + timedelta(minutes=1))
    assert (w.standing, w.order.holds, len(w.commands)) == before


def test_an_older_word_that_comes_late_changes_nothing() -> None:
    w = screened(on_rejection="hold")
    w.decide(REJECTED, NOON + timedelta(hours=2))
    w.decide(APPROVED, NOON + timedelta(hours=1))
    assert w.standing is FraudStanding.REJECTED
    assert not w.sent(SubmitRelease)
    assert w.order.fraud is not None
    assert w.order.fraud.verdict is REJECTED


@pytest.mark.parametrize("verdict", FraudVerdict)
def test_a_decision_after_the_cancellation_is_only_kept(verdict: FraudVerdict) -> None:
    w = screened()
    w.cancel("webstore")
    count = len(w.commands)
    w.decide(verdict)
    assert w.order.status() is OrderStatus.CANCELLED
    assert w.order.fraud is not None
    assert w.order.fraud.verdict is verdict
    assert len(w.commands) == count
    assert not w.seen(StepRefused)


def test_an_approval_after_the_rejection_revives_nothing() -> None:
    w = screened()
    w.decide(REJECTED)
    w.decide(APPROVED)
    assert w.order.status() is OrderStatus.CANCELLED
    assert not w.sent(SubmitRelease)


def test_an_approval_after_a_rejection_that_only_held_lets_the_order_go() -> None:
    w = screened(on_rejection="hold")
    w.decide(REJECTED)
    w.decide(APPROVED)
    assert len(w.sent(SubmitRelease)) == 1


def test_a_rejection_after_the_release_asks_the_warehouse_to_stop() -> None:
    w = released()
    w.accept(R)
    w.decide(REJECTED)
    assert len(w.sent(CancelRelease)) == 1
    assert w.order.hold(HoldType.CANCEL_PENDING) is not None
    w.stopped(R)
    assert w.order.status() is OrderStatus.CANCELLED
    assert len(w.sent(VoidPayment)) == 1


def test_a_dispatch_wins_against_the_rejection_and_a_person_decides_about_the_money() -> None:
    w = released()
    w.decide(REJECTED)
    w.dispatch(R, "s1", ("A", 2))
    assert w.rows() == {"shipped": 2}
    assert w.fraud_hold is not None
    assert w.order.payment_status() is PaymentStatus.AUTHORISED
    w.release_hold()
    assert w.order.payment.capture_pending("EUR") == eur("25.00")


def test_a_rejection_after_the_release_holds_where_the_policy_says_so() -> None:
    w = released(on_rejection="hold")
    w.decide(REJECTED)
    assert not w.sent(CancelRelease)
    assert w.fraud_hold is not None


def test_a_review_after_the_release_holds_what_has_not_left() -> None:
    w = released()
    w.decide(REVIEW)
    assert w.standing is FraudStanding.REVIEW
    assert w.fraud_hold is not None
    w.release_hold()
    assert not w.order.holds


def test_a_rejection_after_everything_has_left_is_for_a_person_to_know() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 2))
    w.decide(REJECTED)
    (known,) = w.seen(StepRefused)
    assert known.reason == "signifyd rejects the order (because), but all of it has left"
    assert not w.sent(CancelRelease)


def test_a_person_who_cleared_an_order_is_not_overruled() -> None:
    w = screened()
    w.decide(REVIEW)
    w.release_hold()
    w.decide(REJECTED)
    (known,) = w.seen(StepRefused)
    assert known.reason == "signifyd rejects the order (because), but support has cleared it"
    assert w.standing is FraudStanding.CLEARED
    assert not w.order.holds
    w.decide(APPROVED)
    assert len(w.seen(StepRefused)) == 1


def test_a_word_from_somebody_who_was_not_asked_is_stale() -> None:
    w = ordered()
    with pytest.raises(StaleError, match="signifyd was not asked about it"):
        w.decide(APPROVED)
    w.authorised()
    other = FraudDecided(order_id=ORDER_ID, gateway="other", verdict=APPROVED)
    with pytest.raises(StaleError, match="other was not asked about it"):
        w.tell(other)


# --- orders that change -----------------------------------------------------------------------------------------


def changed(w: Screened, **changes: object) -> None:
    """The order is another one now, as a change made by a person would leave it."""
    w.order_or_none = w.order.replace(**changes)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=a_hold(HoldType.AMENDMENT_OPEN)))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.AMENDMENT_OPEN, actor="support"))


@pytest.mark.parametrize("change", [{"total": eur("24.00")}, {"destination": Destination(country="FR")}])
def test_an_order_that_goes_elsewhere_is_asked_about_again(change: dict[str, object]) -> None:
    w = Screened(stock({}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.decide(APPROVED)
    changed(w, **change)
    asked = w.sent(ScreenOrder)
    assert [one.turn for one in asked] == ([1, 2] if "destination" in change else [1])
    assert (w.standing is FraudStanding.PENDING) is ("destination" in change)


def test_an_order_that_costs_more_is_asked_about_again_once_the_rest_is_paid() -> None:
    w = Screened(stock({}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.decide(APPROVED)
    changed(w, total=eur("30.00"))
    assert len(w.sent(ScreenOrder)) == 1
    w.authorised("pi_2", "5.00")
    assert [one.key for one in w.sent(ScreenOrder)] == [f"screen:{ORDER_ID}:1", f"screen:{ORDER_ID}:2"]
    assert w.fraud_hold is not None
    w.decide(APPROVED)
    assert w.fraud_hold is None


def test_a_wish_to_change_an_order_does_not_disturb_its_screening() -> None:
    w = screened()
    w.tell(AmendmentRequested(order_id=ORDER_ID, amendment_id="1", actor="webstore", summary="one more"))
    w.decide(APPROVED)
    assert [hold.type for hold in w.order.holds] == [HoldType.AMENDMENT_OPEN]


# --- what the gateway is told afterwards -------------------------------------------------------------------------


def test_the_gateway_is_told_of_parcels_and_of_the_money() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    w.captured()
    first, last = w.reports(FraudReport.SHIPPED)
    assert (first.subject, first.complete, last.subject, last.complete) == ("s1", False, "s2", True)
    assert [(one.sku, one.quantity) for one in first.lines] == [("A", 1)]
    (captured,) = w.reports(FraudReport.CAPTURED)
    assert (captured.amount, captured.reference) == (eur("25.00"), "pi_1")
    assert not w.reports(FraudReport.AUTHORISED)


def test_the_gateway_is_told_of_money_that_is_let_go_or_paid_back() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 2))
    w.captured()
    w.tell(
        PaymentRefunded(
            order_id=ORDER_ID, key="stripe:re_1", gateway="stripe", reference="pi_1", amount=eur("5.00")
        )
    )
    (refunded,) = w.reports(FraudReport.REFUNDED)
    assert (refunded.subject, refunded.amount) == ("stripe:re_1", eur("5.00"))
    other = screened()
    other.decide(REJECTED)
    void = other.sent(VoidPayment)[0]
    other.tell(
        PaymentVoided(
            order_id=ORDER_ID, key=void.key, gateway="stripe", reference="pi_1", amount=eur("25.00")
        )
    )
    assert [one.subject for one in other.reports(FraudReport.VOIDED)] == [void.key]


def test_the_gateway_is_told_of_a_new_authorisation() -> None:
    w = released()
    w.authorised("pi_2", "25.00")
    (told,) = w.reports(FraudReport.AUTHORISED)
    assert (told.reference, told.amount) == ("pi_2", eur("25.00"))


def test_the_gateway_is_told_of_what_was_cancelled_and_whether_that_was_all() -> None:
    w = screened()
    w.cancel("webstore")
    (told,) = w.reports(FraudReport.CANCELLED)
    assert (told.complete, [(one.sku, one.quantity) for one in told.lines]) == (True, [("A", 2)])


def test_the_gateway_is_told_of_what_came_back() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 2))
    w.tell(ReturnReceived(order_id=ORDER_ID, return_id="rt", node="berlin", skus=(("A", 1),)))
    (told,) = w.reports(FraudReport.RETURNED)
    assert (told.subject, told.lines[0].quantity) == ("berlin:rt", 1)


def test_each_report_has_a_key_of_its_own() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 1))
    w.cancel("webstore")
    w.stopped(R)
    w.captured()
    keys = [command.key for command in w.sent(ReportToFraudGateway)]
    assert len(keys) == len(set(keys)) == 3
    assert all(key.startswith(f"fraud:{ORDER_ID}:") for key in keys)


# --- what people see, and what is kept ---------------------------------------------------------------------------


def test_people_see_who_is_to_decide() -> None:
    w = screened()
    assert [(wait.who, wait.since) for wait in explain(w.order).waits] == [(GATEWAY, w.now)]
    w.decide(REVIEW)
    (wait,) = explain(w.order).waits
    assert (wait.who, wait.next_step) == ("fraud review", "clear the order, or cancel it")
    assert wait.what == "a hold by signifyd, fraud review: signifyd: because"


def test_the_journal_makes_the_same_order() -> None:
    w = screened()
    w.decide(REVIEW)
    w.release_hold()
    assert fold(w.events) == w.order
    assert w.order.fraud is not None
    assert w.order.fraud.model_dump()["reference"] == "c1"


def test_a_word_without_a_time_counts_as_the_newest() -> None:
    w = screened()
    w.decide(REVIEW, NOON)
    order = evolve(w.order, FraudDecided(order_id=ORDER_ID, gateway=GATEWAY, verdict=APPROVED))
    assert order.fraud is not None
    assert (order.fraud.verdict, order.fraud.verdict_at, order.fraud.reference) == (APPROVED, NOON, "c1")


def test_a_policy_covers_what_it_does_not_exempt() -> None:
    order = ordered().order
    assert FraudPolicy(gateway=GATEWAY).covers(order)
    assert not FraudPolicy().covers(order)
    assert not FraudPolicy(gateway=GATEWAY, min_total=Decimal(26)).covers(order)
