"""What the connector and Stripe do together that is Stripe's own: several captures, expiry, late refunds, disputes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import PaymentDocument, PaymentFact
from canonical.money import Money
from canonical.order import Order
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind, PaymentMethod
from connectors.stripe import labels
from core.clock import ManualClock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError
from core.ports import Answer, Effect
from core.simulator import Faults
from tests.connectors.stripe.stage import SECRET_KEY, Stage, until
from tests.contracts.building import NOON, a_context, an_effect, an_order
from tests.contracts.payment_gateway import GATEWAY

ORDER = an_order()
OWED = ORDER.total
DAY_S = 86_400
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = await Stage(options={"multicapture": True}).open()
    yield stage
    await stage.close()


@pytest.fixture
async def still() -> AsyncIterator[Stage]:
    """A stage whose time stands still until it is moved."""
    stage = await Stage(ManualClock(NOW)).open()
    yield stage
    await stage.close()


def authorise(reference: str, method: PaymentMethod = PaymentMethod.ADOPT, **more: Any) -> AuthorisePayment:
    said = {"key": "authorise:1", "amount": OWED, **more}
    return AuthorisePayment(
        order_id=ORDER.id, connector=GATEWAY, tender=1, method=method, reference=reference, **said
    )


def capture(reference: str, amount: str, key: str = "capture:1", *, final: bool = True) -> CapturePayment:
    money = Money.of(amount, "EUR")
    return CapturePayment(
        order_id=ORDER.id, connector=GATEWAY, key=key, reference=reference, amount=money, final=final
    )


def void(reference: str) -> VoidPayment:
    return VoidPayment(order_id=ORDER.id, connector=GATEWAY, key="void:1", reference=reference, amount=OWED)


def refund(reference: str, amount: str = "9.95", key: str = "refund:1") -> RefundPayment:
    money = Money.of(amount, "EUR")
    return RefundPayment(order_id=ORDER.id, connector=GATEWAY, key=key, reference=reference, amount=money)


def effect_of(stage: Stage, command: Command, order: Order = ORDER, attempt: int = 1) -> Effect:
    return an_effect(command, stage.gateway.render(command, a_context(order)), attempt)


async def do(stage: Stage, command: Command, order: Order = ORDER) -> Answer:
    return await stage.gateway.send(effect_of(stage, command, order))


def only(answer: Answer) -> PaymentDocument:
    (document,) = answer.documents
    assert isinstance(document, PaymentDocument)
    return document


async def held(stage: Stage, **more: Any) -> str:
    reference = await stage.simulator.create_intent_for_shop(4480, "eur", **more)
    adopted = only(await do(stage, authorise(reference, key=f"authorise:{reference}")))
    assert adopted.fact is PaymentFact.AUTHORISED
    return reference


async def captured(stage: Stage, **more: Any) -> str:
    reference = await held(stage, **more)
    await do(stage, capture(reference, "44.80", "capture:all"))
    return reference


def allowing_several(reference: str) -> Order:
    entry = PaymentEntry(
        key="authorise:1", kind=PaymentKind.AUTHORISE, outcome=Outcome.SUCCEEDED, gateway=GATEWAY,
        reference=reference, amount=OWED, at=NOON, multicapture=True,
    )  # fmt: skip
    return an_order(payment=Payment(entries=(entry,)))


# --- several captures ---


async def test_an_authorisation_says_until_when_and_how_often_it_can_be_captured(stage: Stage) -> None:
    reference = await stage.simulator.create_intent_for_shop(4480, "eur")
    document = only(await do(stage, authorise(reference)))
    made = stage.simulator.books.intents[reference]["created"]
    assert document.capture_before == datetime.fromtimestamp(made + 7 * DAY_S, UTC)
    assert document.multicapture is True


async def test_an_ordinary_account_allows_one_capture(still: Stage) -> None:
    reference = await still.simulator.create_intent_for_shop(4480, "eur")
    assert only(await do(still, authorise(reference))).multicapture is False


async def test_two_captures_of_one_authorisation_are_two_facts_that_add_up(stage: Stage) -> None:
    reference = await held(stage)
    order = allowing_several(reference)
    first = only(await do(stage, capture(reference, "24.80", "capture:1", final=False), order))
    second = only(await do(stage, capture(reference, "20.00", "capture:2"), order))
    assert first.fact_key() != second.fact_key()
    assert first.amount + second.amount == OWED.amount
    await stage.all_told()
    told = {one.effect_key: one.amount for one in stage.documents() if one.fact is PaymentFact.CAPTURED}
    assert told == {"capture:1": Decimal("24.80"), "capture:2": Decimal("20.00")}


async def test_an_early_capture_is_still_found_after_a_later_one(stage: Stage) -> None:
    reference = await held(stage)
    order = allowing_several(reference)
    early = effect_of(stage, capture(reference, "24.80", "capture:1", final=False), order)
    answered = only(await stage.gateway.send(early))
    await do(stage, capture(reference, "20.00", "capture:2"), order)
    found = await stage.gateway.look_up(early)
    assert found is not None
    assert only(found).replace(occurred_at=None) == answered.replace(occurred_at=None)


async def test_captures_at_once_add_up_in_whatever_order_stripe_takes_them(stage: Stage) -> None:
    reference = await held(stage)
    order = allowing_several(reference)
    wishes = [capture(reference, "10.00", f"capture:{n}", final=False) for n in range(4)]
    answers = await asyncio.gather(*(do(stage, wish, order) for wish in wishes))
    assert len({only(answer).fact_key() for answer in answers}) == 4
    assert stage.simulator.books.intents[reference]["amount_received"] == 4000


async def test_what_somebody_captures_at_stripes_desk_is_learnt(stage: Stage) -> None:
    reference = await held(stage)
    await do(stage, capture(reference, "24.80", "capture:1", final=False), allowing_several(reference))
    stage.simulator.capture_at_desk(reference, 1500)
    await stage.all_told()
    told = [(one.effect_key, one.amount) for one in stage.documents() if one.fact is PaymentFact.CAPTURED]
    assert sorted(told, key=str) == [("capture:1", Decimal("24.80")), (None, Decimal(15))]


# --- what ends by itself, or by others ---


async def advance(stage: Stage, seconds: float) -> None:
    assert isinstance(stage.clock, ManualClock)
    stage.clock.advance(seconds)
    await asyncio.sleep(0)
    await stage.all_told()


async def test_an_authorisation_expires_when_it_said_so_and_the_hub_learns_of_it(still: Stage) -> None:
    reference = await held(still)
    await advance(still, 7 * DAY_S - 1)
    assert still.kinds() == ["authorised"]
    await advance(still, 1)
    assert still.kinds() == ["authorised", "expired"]
    (document,) = [one for one in still.documents() if one.fact is PaymentFact.VOIDED]
    assert (document.reference, document.effect_key) == (reference, None)
    assert (document.reason, document.amount) == ("expired", OWED.amount)


async def test_an_expired_authorisation_is_not_captured_and_to_void_it_is_done(still: Stage) -> None:
    reference = await held(still)
    await advance(still, 7 * DAY_S)
    with pytest.raises(RejectedError) as refused:
        await do(still, capture(reference, "44.80"))
    assert refused.value.code == "payment_intent_unexpected_state"
    assert only(await do(still, void(reference))).fact is PaymentFact.VOIDED
    assert "voided" not in still.kinds()


async def test_a_void_under_a_key_longer_than_stripes_is_answered_all_the_same(stage: Stage) -> None:
    reference = await held(stage)
    document = only(await do(stage, void(reference).replace(key="№" * 200)))
    assert (document.fact, document.effect_key) == (PaymentFact.VOIDED, "№" * 200)


async def test_a_void_at_stripes_desk_and_our_own_are_one_fact(stage: Stage) -> None:
    reference = await held(stage)
    stage.simulator.cancel_at_desk(reference)
    answered = only(await do(stage, void(reference)))
    await stage.all_told()
    told = [one.fact_key() for one in stage.documents() if one.fact is PaymentFact.VOIDED]
    assert told == [answered.fact_key()]
    assert stage.kinds().count("voided") == 1


async def test_money_let_go_is_never_told_as_paid_back(stage: Stage) -> None:
    partly, whole = await held(stage), await held(stage)
    await do(stage, capture(partly, "24.80"))
    await do(stage, void(whole))
    await stage.all_told()
    assert PaymentFact.REFUNDED not in {one.fact for one in stage.documents()}


async def test_a_refund_at_stripes_desk_is_learnt(stage: Stage) -> None:
    reference = await captured(stage)
    refund_id = stage.simulator.refund_at_desk(reference, 500)
    await stage.all_told()
    (document,) = [one for one in stage.documents() if one.fact is PaymentFact.REFUNDED]
    assert (document.operation, document.effect_key) == (refund_id, None)
    assert (document.reference, document.amount) == (reference, Decimal(5))


async def test_a_refund_that_pends_is_no_fact_until_it_is_paid(still: Stage) -> None:
    reference = await captured(still, card="pm_card_pendingRefund")
    effect = effect_of(still, refund(reference))
    answer = await still.gateway.send(effect)
    assert answer.documents == ()
    assert answer.reference is not None
    found = await still.gateway.look_up(effect)
    assert found is not None
    assert found.documents == ()
    await advance(still, 10)
    (document,) = [one for one in still.documents() if one.fact is PaymentFact.REFUNDED]
    assert (document.operation, document.effect_key) == (answer.reference, "refund:1")


async def test_a_refund_that_fails_later_annuls_itself_under_its_key(still: Stage) -> None:
    reference = await captured(still, card="pm_card_refundFail")
    paid = only(await do(still, refund(reference)))
    assert paid.fact is PaymentFact.REFUNDED
    await advance(still, 10)
    failed = [one for one in still.documents() if one.fact is PaymentFact.REFUND_FAILED]
    assert {(one.operation, one.effect_key) for one in failed} == {(paid.operation, "refund:1")}
    assert len({one.fact_key() for one in failed}) == 1


@pytest.mark.parametrize(("won", "end"), [(True, PaymentFact.DISPUTE_WON), (False, PaymentFact.DISPUTE_LOST)])
async def test_a_dispute_is_recorded_from_its_opening_to_its_end(
    stage: Stage, won: bool, end: PaymentFact
) -> None:
    reference = await captured(stage)
    dispute_id = stage.simulator.open_dispute(reference)
    stage.simulator.close_dispute(dispute_id, won=won)
    await stage.all_told()
    told = {one.fact: one for one in stage.documents() if one.operation == dispute_id}
    assert set(told) == {PaymentFact.DISPUTE_OPENED, end}
    assert {one.reference for one in told.values()} == {reference}


async def test_what_is_lost_in_a_dispute_is_not_refunded_as_well(stage: Stage) -> None:
    reference = await captured(stage)
    stage.simulator.close_dispute(stage.simulator.open_dispute(reference), won=False)
    with pytest.raises(RejectedError, match="charged back") as refused:
        await do(stage, refund(reference))
    assert refused.value.code == "charge_disputed"


async def test_a_card_whose_holder_disputes_at_once_is_told_too(stage: Stage) -> None:
    await captured(stage, card="pm_card_createDispute")
    await stage.all_told()
    assert [one.reason for one in stage.documents() if one.fact is PaymentFact.DISPUTE_OPENED] == [
        "fraudulent"
    ]


# --- what is declined or not adopted ---


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
async def test_a_decline_says_why_in_the_banks_words(stage: Stage, card: str, said: str) -> None:
    customer, method = stage.simulator.store_card(card)
    wish = authorise(method, PaymentMethod.STORED, customer_reference=customer)
    document = only(await do(stage, wish))
    assert document.fact is PaymentFact.DECLINED
    assert said in document.reason
    await stage.all_told()
    (told,) = stage.documents()
    assert told.replace(occurred_at=None) == document.replace(occurred_at=None)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("requires_payment_method", "nobody has paid"),
        ("requires_action", "not authenticated"),
        ("succeeded", "captured already"),
        ("canceled", "cancelled"),
    ],
)
async def test_a_payment_that_is_not_held_is_not_adopted(stage: Stage, outcome: Any, reason: str) -> None:
    reference = await stage.simulator.create_intent_for_shop(4480, "eur", outcome=outcome)
    document = only(await do(stage, authorise(reference)))
    assert document.fact is PaymentFact.DECLINED
    assert reason in document.reason
    assert "orderhub_order_id" not in stage.simulator.books.intents[reference]["metadata"]


async def test_adopting_keeps_what_the_shop_noted(stage: Stage) -> None:
    reference = await held(stage, metadata={"order_id": "W-1001", "cart": "77"})
    marks = stage.simulator.books.intents[reference]["metadata"]
    assert (marks["order_id"], marks["cart"]) == ("W-1001", "77")
    assert marks["orderhub_order_id"] == str(ORDER.id)


async def test_a_payment_that_stripe_does_not_know_is_refused_by_name(stage: Stage) -> None:
    effect = effect_of(stage, authorise("pi_of_nobody"))
    with pytest.raises(RejectedError, match="pi_of_nobody") as refused:
        await stage.gateway.send(effect)
    assert refused.value.code == "resource_missing"
    assert await stage.gateway.look_up(effect) is None


async def test_a_capture_that_the_bank_declines_is_an_answer(stage: Stage) -> None:
    reference = await held(stage)
    stage.faults.plan["capture_declined"] = {"capture:1"}
    document = only(await do(stage, capture(reference, "44.80")))
    assert (document.fact, document.effect_key) == (PaymentFact.CAPTURE_FAILED, "capture:1")
    assert "declined" in document.reason
    again = only(await do(stage, capture(reference, "44.80", "capture:2")))
    assert again.fact is PaymentFact.CAPTURED


async def test_a_stored_method_of_another_customer_is_refused(stage: Stage) -> None:
    _, method = stage.simulator.store_card()
    with pytest.raises(RejectedError, match="belongs to a Customer"):
        await do(stage, authorise(method, PaymentMethod.STORED))
    assert stage.ledger.entries == []


# --- keys and answers that are lost ---


async def test_an_authorisation_is_found_among_many_without_knowing_its_id(stage: Stage) -> None:
    customer, method = stage.simulator.store_card()
    wish = authorise(method, PaymentMethod.STORED, customer_reference=customer)
    effect = effect_of(stage, wish)
    answered = only(await stage.gateway.send(effect))
    for n in range(120):
        other = wish.replace(key=f"authorise:other:{n}")
        await do(stage, other)
    found = await stage.gateway.look_up(effect)
    assert found is not None
    assert only(found).operation == answered.operation


async def test_a_key_that_stripe_has_forgotten_is_not_needed_to_find_what_happened(still: Stage) -> None:
    reference = await held(still)
    effect = effect_of(still, capture(reference, "44.80"))
    first = only(await still.gateway.send(effect))
    await still.all_told()
    await advance(still, 25 * 3600)
    found = await still.gateway.look_up(effect)
    assert found is not None
    assert only(found).fact_key() == first.fact_key()
    again = only(await still.gateway.send(effect))
    assert again.replace(occurred_at=None) == first.replace(occurred_at=None)
    assert still.kinds().count("captured") == 1


@pytest.mark.parametrize("fault", ["http_500", "http_500_after"])
async def test_a_stored_server_error_does_not_hold_a_payment_up_for_a_day(stage: Stage, fault: str) -> None:
    reference = await held(stage)
    effect = effect_of(stage, capture(reference, "44.80"))
    stage.faults.plan[fault] = {effect.key}
    with pytest.raises(OutcomeUnknownError):
        await stage.gateway.send(effect)
    retried = effect_of(stage, capture(reference, "44.80"), attempt=2)
    assert only(await stage.gateway.send(retried)).effect_key == effect.key
    assert stage.kinds().count("captured") == 1
    await stage.all_told()
    assert {one.effect_key for one in stage.documents() if one.fact is PaymentFact.CAPTURED} == {effect.key}


async def test_a_refund_behind_a_stored_server_error_is_not_paid_twice(stage: Stage) -> None:
    reference = await captured(stage)
    stage.faults.plan["http_500_after"] = {"refund:1"}
    with pytest.raises(OutcomeUnknownError):
        await do(stage, refund(reference))
    retried = effect_of(stage, refund(reference), attempt=2)
    assert only(await stage.gateway.send(retried)).effect_key == "refund:1"
    assert [entry["amount"] for entry in stage.ledger.of("refunded")] == [995]


async def test_a_void_under_a_second_key_is_told_under_the_first(stage: Stage) -> None:
    reference = await held(stage)
    effect = effect_of(stage, void(reference))
    stage.faults.plan["http_500"] = {effect.key}
    with pytest.raises(OutcomeUnknownError):
        await stage.gateway.send(effect)
    await stage.gateway.send(effect)
    await stage.all_told()
    assert [one.effect_key for one in stage.documents() if one.fact is PaymentFact.VOIDED] == [effect.key]


async def test_a_request_that_still_runs_is_waited_for_and_not_repeated(still: Stage) -> None:
    customer, method = still.simulator.store_card()
    effect = effect_of(still, authorise(method, PaymentMethod.STORED, customer_reference=customer))
    still.simulator.api.latency_s = 1
    first = asyncio.create_task(still.gateway.send(effect))
    await until(lambda: still.simulator.api.keys.is_busy(effect.key))
    with pytest.raises(RetryableError, match="busy"):
        await still.gateway.send(effect)
    await advance(still, 1)
    answered, again = only(await first), only(await still.gateway.send(effect))
    assert again.fact_key() == answered.fact_key()
    assert still.kinds() == ["authorised"]


async def test_stripe_says_how_long_to_wait(stage: Stage) -> None:
    reference = await held(stage)
    stage.faults.plan["http_429"] = {"capture:1"}
    with pytest.raises(RetryableError) as told:
        await do(stage, capture(reference, "44.80"))
    assert (told.value.retry_after_s, told.value.scope) == (2, "connector")


async def test_a_lock_on_one_object_slows_down_nothing_else(stage: Stage) -> None:
    reference = await held(stage)
    stage.faults.plan["lock_timeout"] = {"capture:1"}
    with pytest.raises(RetryableError) as told:
        await do(stage, capture(reference, "44.80"))
    assert told.value.scope == "operation"


async def test_a_look_up_that_gets_no_answer_is_repeated_and_not_believed(stage: Stage) -> None:
    reference = await held(stage)
    effect = effect_of(stage, capture(reference, "44.80"))
    stage.faults.plan["http_500"] = {f"GET /v1/payment_intents/{reference}"}
    with pytest.raises(RetryableError):
        await stage.gateway.look_up(effect)
    assert await stage.gateway.look_up(effect) is None


async def test_a_key_with_any_character_in_it_moves_money_once(stage: Stage) -> None:
    reference = await held(stage)
    effect = effect_of(stage, capture(reference, "44.80", "capture:Lager № 1:Paket#2~3"))
    stage.faults.plan["http_500"] = {labels.idempotency_key(effect.key)}
    with pytest.raises(OutcomeUnknownError):
        await stage.gateway.send(effect)
    answered = only(await stage.gateway.send(effect))
    await stage.all_told()
    (told,) = stage.documents()
    assert told.effect_key == answered.effect_key == effect.key
    assert stage.kinds().count("captured") == 1


async def test_the_same_key_for_something_else_is_refused(stage: Stage) -> None:
    first, second = await held(stage), await held(stage)
    await do(stage, capture(first, "44.80"))
    with pytest.raises(RejectedError, match="same parameters") as refused:
        await do(stage, capture(second, "44.80"))
    assert refused.value.code == "idempotency_error"


# --- webhooks, in whatever order ---


def faulty(*faults: str) -> Callable[[], Stage]:
    return lambda: Stage(
        faults=Faults(seed=7, share=dict.fromkeys(faults, 1.0)), options={"multicapture": True}
    )


@pytest.mark.parametrize(
    "make",
    [faulty("webhook_first"), faulty("duplicate_webhook"), faulty("webhook_first", "duplicate_webhook")],
)
async def test_a_webhook_that_beats_the_answer_or_comes_twice_is_the_same_fact(
    make: Callable[[], Stage],
) -> None:
    stage = await make().open()
    try:
        customer, method = stage.simulator.store_card()
        wish = authorise(method, PaymentMethod.STORED, customer_reference=customer)
        held = only(await do(stage, wish))
        taken = only(await do(stage, capture(held.reference, "44.80")))
        paid_back = only(await do(stage, refund(held.reference)))
        await stage.all_told()
        told = {one.fact_key() for one in stage.documents()}
        assert told == {held.fact_key(), taken.fact_key(), paid_back.fact_key()}
        assert all(one.order_id == ORDER.id and one.effect_key for one in stage.documents())
    finally:
        await stage.close()


async def test_webhooks_that_overtake_each_other_tell_the_same_facts() -> None:
    faults = Faults(seed=3, share={"webhook_out_of_order": 0.5})
    stage = await Stage(ManualClock(NOW), faults).open()
    try:
        reference = await captured(stage)
        await do(stage, refund(reference))
        await stage.let_time_pass(5)
        assert faults.happened["webhook_out_of_order"] > 0
        facts = {one.fact for one in stage.documents()}
        assert facts == {PaymentFact.CAPTURED, PaymentFact.REFUNDED}
    finally:
        await stage.close()


async def test_an_event_signed_by_a_clock_that_is_wrong_is_refused_and_comes_again() -> None:
    faults = Faults(share={"webhook_clock_skew": 1.0})
    stage = await Stage(ManualClock(NOW), faults).open()
    try:
        await captured(stage)
        await until(lambda: faults.happened["webhook_clock_skew"] == 5)
        assert stage.documents() == ()
        await stage.let_time_pass(5)
        assert [one.fact for one in stage.documents()] == [PaymentFact.CAPTURED]
    finally:
        await stage.close()


async def test_no_error_tells_a_secret(stage: Stage) -> None:
    for fault in ("http_500", "http_429", "malformed", "truncated", "reset_before", "not_activated"):
        reference = await held(stage, metadata={"fault": fault})
        key = f"capture:{fault}"
        stage.faults.plan[fault] = {key}
        with pytest.raises((RejectedError, RetryableError, OutcomeUnknownError)) as told:
            await do(stage, capture(reference, "44.80", key))
        error: BaseException | None = told.value
        while error is not None:
            assert SECRET_KEY not in f"{error} {error!r}"
            error = error.__cause__
