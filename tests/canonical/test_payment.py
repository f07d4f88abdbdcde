from datetime import timedelta
from typing import Any

import pytest

from canonical.events import (
    CaptureFailed,
    CaptureRequested,
    DisputeClosed,
    DisputeOpened,
    Event,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundFailed,
    RefundRequested,
    VoidFailed,
    VoidRequested,
)
from canonical.payment import PaymentMethod
from canonical.statuses import PaymentStatus
from tests.canonical.building import NOON, ORDER_ID, after, eur, placed, tender


def said(kind: type[Event], key: str, amount: str = "35.00", *, after_min: int = 0, **more: Any) -> Event:
    common: dict[str, Any] = {
        "order_id": ORDER_ID, "key": key, "gateway": "stripe", "reference": "pi_1", "amount": eur(amount),
        "occurred_at": NOON + timedelta(minutes=after_min),
    }  # fmt: skip
    if "reason" in kind.model_fields and kind.model_fields["reason"].is_required():
        common["reason"] = "no"
    return kind.model_validate({**common, **more})


def requested(key: str = "a1", amount: str = "35.00", **more: Any) -> Event:
    return said(PaymentRequested, key, amount, tender=1, reference=None, **more)


def money(*events: Event) -> tuple[str, str, str, str]:
    """Authorised, captured, pending captures, refunded."""
    payment = after(*events).payment
    sums = (
        payment.authorised("EUR"), payment.captured("EUR"), payment.capture_pending("EUR"), payment.refunded("EUR"),
    )  # fmt: skip
    return tuple(str(x.amount) for x in sums)  # type: ignore[return-value]


AUTHORISED = said(PaymentAuthorised, "a1")
SEVERAL = said(PaymentAuthorised, "a1", multicapture=True)


def test_a_pending_amount_is_not_available() -> None:
    assert money(requested()) == ("0", "0", "0", "0")
    assert after(requested()).payment.available("EUR") == eur(0)


def test_an_outcome_takes_its_requests_place() -> None:
    order = after(requested(), AUTHORISED)
    assert [(e.key, e.outcome, e.tender) for e in order.payment.latest()] == [("a1", "succeeded", 1)]


def test_an_answer_without_our_key_is_matched_by_gateway_and_amount() -> None:
    order = after(requested(), said(PaymentAuthorised, "stripe:pi_1"))
    assert [e.key for e in order.payment.latest()] == ["a1"]


def test_another_amount_is_another_operation() -> None:
    order = after(requested(), said(PaymentAuthorised, "stripe:pi_9", "1.00", reference="pi_9"))
    assert [(e.key, e.outcome) for e in order.payment.latest()] == [
        ("a1", "requested"),
        ("stripe:pi_9", "succeeded"),
    ]


def test_two_equal_wishes_are_two() -> None:
    two = after(
        said(CaptureRequested, "c1", "5.00"), said(CaptureRequested, "c2", "5.00"), start=placed()
    ).payment
    assert two.capture_pending("EUR") == eur(10)


def test_a_new_fact_about_what_is_known_is_about_its_twin() -> None:
    order = after(
        AUTHORISED,
        said(CaptureRequested, "c1", "5.00"),
        said(CaptureRequested, "c2", "5.00"),
        said(PaymentCaptured, "stripe:x", "5.00"),
        said(PaymentCaptured, "c1", "5.00"),
    )
    assert order.payment.captured("EUR") == eur(10)
    assert order.payment.capture_pending("EUR") == eur(0)


def test_the_same_again_without_a_twin_is_the_same() -> None:
    order = after(AUTHORISED, said(PaymentCaptured, "c1", "5.00"), said(PaymentCaptured, "c1", "5.00"))
    assert order.payment.captured("EUR") == eur(5)


def test_a_later_failure_annuls_a_success_and_an_older_one_does_not() -> None:
    captured = said(PaymentCaptured, "c1", after_min=5)
    assert money(AUTHORISED, captured, said(CaptureFailed, "c1", after_min=6))[1] == "0"
    assert money(AUTHORISED, captured, said(CaptureFailed, "c1", after_min=4))[1] == "35.00"


def test_a_request_that_is_told_late_undoes_nothing() -> None:
    order = after(AUTHORISED, said(DisputeClosed, "d1", won=True), said(DisputeOpened, "d1"))
    assert not order.payment.disputed()


def test_a_newer_word_about_one_authorisation_supersedes_the_older() -> None:
    order = after(AUTHORISED, said(PaymentAuthorised, "adjusted", "40.00", after_min=1))
    assert order.payment.authorised("EUR") == eur(40)


def test_an_adopted_authorisation_belongs_to_its_tender() -> None:
    order = after(
        said(PaymentAuthorised, "stripe:pi_2", reference="pi_2"), start=placed(tenders=(tender(2, "35.00"),))
    )
    assert [e.tender for e in order.payment.authorisations()] == [2]


def test_what_was_let_go_is_gone_for_good() -> None:
    voided = (said(VoidRequested, "v1"), said(PaymentVoided, "expired"), said(VoidFailed, "v1", after_min=9))
    order = after(AUTHORISED, *voided)
    assert order.payment.authorised("EUR") == eur(0)
    assert order.payment.available("EUR") == eur(0)
    assert order.payment_status() is PaymentStatus.VOIDED


def test_a_void_that_failed_leaves_the_money_there() -> None:
    order = after(AUTHORISED, said(VoidRequested, "v1"))
    assert order.payment.available("EUR") == eur(0)
    order = after(AUTHORISED, said(VoidRequested, "v1"), said(VoidFailed, "v1"))
    assert order.payment.available("EUR") == eur(35)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ((AUTHORISED,), "35.00"),
        ((AUTHORISED, said(CaptureRequested, "c1", "5.00")), "0"),
        ((AUTHORISED, said(CaptureRequested, "c1", "5.00"), said(CaptureFailed, "c1", "5.00")), "35.00"),
        ((SEVERAL, said(CaptureRequested, "c1", "5.00")), "30.00"),
        ((SEVERAL, said(CaptureRequested, "c1", "5.00"), said(PaymentCaptured, "c1", "5.00")), "30.00"),
        (
            (SEVERAL, said(CaptureRequested, "c1", "5.00", final=True), said(PaymentCaptured, "c1", "5.00")),
            "0",
        ),
        ((SEVERAL, said(PaymentCaptured, "c1", "35.00")), "0"),
        ((SEVERAL, said(PaymentCaptured, "c1", "5.00"), said(PaymentCaptured, "c2", "6.00")), "24.00"),
    ],
)
def test_what_may_still_be_captured(events: tuple[Event, ...], left: str) -> None:
    assert after(*events).payment.available("EUR") == eur(left)


def test_covered_is_all_the_money_that_there_is() -> None:
    tenders = (tender(1, "30.00"), tender(2, "5.00", PaymentMethod.PREPAID))
    order = after(
        said(PaymentAuthorised, "a1", "30.00", multicapture=True),
        said(CaptureRequested, "c1", "4.00"),
        said(PaymentCaptured, "c2", "6.00"),
        start=placed(tenders=tenders),
    )
    assert order.payment.covered("EUR") == eur("35.00")
    assert order.is_paid_for()


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), PaymentStatus.NONE),
        ((requested(),), PaymentStatus.PENDING),
        ((requested(), said(PaymentDeclined, "a1")), PaymentStatus.DECLINED),
        ((AUTHORISED,), PaymentStatus.AUTHORISED),
        ((AUTHORISED, said(PaymentCaptured, "c", "5.00")), PaymentStatus.PARTIALLY_CAPTURED),
        ((AUTHORISED, said(PaymentCaptured, "c")), PaymentStatus.CAPTURED),
        (
            (AUTHORISED, said(PaymentCaptured, "c"), said(PaymentRefunded, "r", "5.00")),
            PaymentStatus.PARTIALLY_REFUNDED,
        ),
        ((AUTHORISED, said(PaymentCaptured, "c"), said(PaymentRefunded, "r")), PaymentStatus.REFUNDED),
        ((AUTHORISED, said(PaymentVoided, "v")), PaymentStatus.VOIDED),
        ((AUTHORISED, said(PaymentCaptured, "c"), said(DisputeOpened, "d")), PaymentStatus.DISPUTED),
        (
            (
                AUTHORISED,
                said(PaymentCaptured, "c"),
                said(DisputeOpened, "d"),
                said(DisputeClosed, "d", won=False),
            ),
            PaymentStatus.CAPTURED,
        ),
    ],
)
def test_the_header_says_how_the_payment_stands(events: tuple[Event, ...], status: PaymentStatus) -> None:
    assert after(*events).payment_status() is status


def test_refunds_are_pending_until_they_are_decided() -> None:
    pending = after(AUTHORISED, said(PaymentCaptured, "c"), said(RefundRequested, "r", "5.00"))
    assert pending.payment.refund_pending("EUR") == eur(5)
    failed = after(AUTHORISED, said(RefundRequested, "r", "5.00"), said(RefundFailed, "r", "5.00"))
    assert failed.payment.refund_pending("EUR") == eur(0)
    assert failed.payment.latest()[-1].reason == "no"


def test_a_capture_remembers_what_it_pays_for() -> None:
    order = after(
        AUTHORISED,
        said(CaptureRequested, "c1", shipments=("s1", "s2"), final=True),
        said(PaymentCaptured, "stripe:ch_1"),
    )
    assert order.payment.entries[-1].shipments == ("s1", "s2")
    assert order.payment.entries[-1].final
