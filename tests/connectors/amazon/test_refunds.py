"""Money goes back to a buyer at Amazon once for each wish, to the cent, and nothing else is asked of Amazon."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import PaymentDocument, PaymentFact
from canonical.money import Money
from canonical.order import Tax
from canonical.payment import PaymentMethod
from connectors.amazon.messages import message_id, refund
from core.errors import OutcomeUnknownError, RejectedError
from core.ports import PORT_COMMANDS, Effect, EffectPort
from tests.connectors.amazon.stage import CUPS, POT, REF, Stage, a_stage, our_order
from tests.contracts.building import NOON, a_context, an_effect

ORDER = our_order()


def a_refund(amount: str = "9.95", key: str = "refund:1", currency: str = "EUR") -> RefundPayment:
    return RefundPayment(
        order_id=ORDER.id, connector="amazon", key=key, reference=REF, amount=Money.of(amount, currency)
    )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, feed_s=60) as made:
        made.market.sell(REF, [CUPS, POT])
        yield made


def port_of(stage: Stage) -> EffectPort:
    return stage.connector.effects[1]


def effect_of(stage: Stage, command: Command) -> Effect:
    effect = an_effect(command, port_of(stage).render(command, a_context(ORDER)))
    return Effect(effect.id, effect.key, command, effect.outgoing, 2, NOON)


async def test_a_refund_is_one_fact_and_is_paid_once(stage: Stage) -> None:
    effect = effect_of(stage, a_refund())
    answers = [await port_of(stage).send(effect), await port_of(stage).send(effect)]
    answers.append(await port_of(stage).look_up(effect) or pytest.fail("it is known"))
    for answer in answers:
        (fact,) = answer.documents
        assert isinstance(fact, PaymentDocument)
        assert (fact.fact, fact.gateway, fact.reference) == (PaymentFact.REFUNDED, "amazon", REF)
        assert (fact.amount, fact.currency, fact.effect_key) == (Decimal("9.95"), "EUR", "refund:1")
        assert fact.fact_key() == f"amazon:50000000001:{message_id('refund:1')}:refunded"
    assert [entry["amount"] for entry in stage.ledger.of("refunded_at_amazon")] == ["9.95"]


async def test_a_refund_that_was_never_sent_is_not_found(stage: Stage) -> None:
    assert await port_of(stage).look_up(effect_of(stage, a_refund())) is None


async def test_a_refund_whose_feed_got_no_answer_is_never_sent_again_by_itself(stage: Stage) -> None:
    stage.faults.plan["reset_after"] = {"createFeed"}
    effect = effect_of(stage, a_refund())
    with pytest.raises(OutcomeUnknownError):
        await port_of(stage).send(effect)
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError, match="feed 50000000001"):
            await port_of(stage).look_up(effect)
    stage.clock.advance(60)
    stage.market.feeds.work()
    assert len(stage.ledger.of("refunded_at_amazon")) == 1


async def test_a_refund_whose_feed_was_not_made_is_sent_again(stage: Stage) -> None:
    stage.faults.plan["http_500"] = {"createFeed"}
    effect = effect_of(stage, a_refund())
    with pytest.raises(OutcomeUnknownError):
        await port_of(stage).send(effect)
    assert await port_of(stage).look_up(effect) is None
    await port_of(stage).send(effect)
    assert len(stage.ledger.of("refunded_at_amazon")) == 1


async def test_a_refund_in_a_feed_that_was_cut_off_is_for_a_person(stage: Stage) -> None:
    stage.faults.plan["feed_fatal"] = {"POST_PAYMENT_ADJUSTMENT_DATA"}
    effect = effect_of(stage, a_refund())
    for ask in (port_of(stage).send, port_of(stage).look_up):
        with pytest.raises(OutcomeUnknownError, match="cut off"):
            await ask(effect)


async def test_a_refund_that_amazon_refuses_is_told_as_one(stage: Stage) -> None:
    await port_of(stage).send(effect_of(stage, a_refund("44.80")))
    with pytest.raises(RejectedError, match="more than is left") as refused:
        await port_of(stage).send(effect_of(stage, a_refund("0.01", "refund:2")))
    assert refused.value.code == "18033"


async def test_what_amazon_does_by_itself_is_refused(stage: Stage) -> None:
    assert port_of(stage).commands == PORT_COMMANDS["PaymentGateway"]
    common = {
        "order_id": ORDER.id,
        "connector": "amazon",
        "key": "k",
        "reference": REF,
        "amount": ORDER.total,
    }
    for command in (
        AuthorisePayment.model_validate({**common, "tender": 1, "method": PaymentMethod.ADOPT}),
        CapturePayment.model_validate({**common, "final": True}),
        VoidPayment.model_validate(common),
    ):
        with pytest.raises(RejectedError, match="Amazon takes the buyer's money itself"):
            port_of(stage).render(command, a_context(ORDER))


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("9.95", "USD", "wrong_currency"),
        ("0", "EUR", "wrong_amount"),
        ("-1", "EUR", "wrong_amount"),
        ("9.955", "EUR", "wrong_amount"),
        ("44.81", "EUR", "wrong_amount"),
    ],
)
def test_an_amount_that_can_not_be_paid_back_is_refused(amount: str, currency: str, code: str) -> None:
    with pytest.raises(RejectedError) as refused:
        refund(a_refund(amount, currency=currency), ORDER)
    assert refused.value.code == code


@given(cents=st.integers(1, 4480))
def test_a_refund_is_divided_to_the_cent_and_never_pays_more_for_a_part_than_it_cost(cents: int) -> None:
    amount = Money.from_minor(cents, "EUR")
    message = etree.fromstring(refund(a_refund(str(amount.amount)), ORDER))
    paid = {
        (str(item.findtext("AmazonOrderItemCode")), str(part.findtext("Type"))): Decimal(
            part.findtext("Amount") or ""
        )
        for item in message.iterfind("OrderAdjustment/AdjustedItem")
        for part in item.iterfind("ItemPriceAdjustments/Component")
    }
    cost = {("1", "Principal"): "19.90", ("2", "Principal"): "20.00", ("1", "Shipping"): "4.90"}
    assert sum(paid.values()) == amount.amount
    assert all(0 < paid[part] <= Decimal(cost[part]) for part in paid)


def test_tax_that_comes_on_top_is_paid_back_as_tax() -> None:
    tax = Tax(code="tax", rate=Decimal("0.1"), amount=Money.of("1.99", "EUR"))
    lines = (ORDER.lines[0].replace(taxes=(tax,)), ORDER.lines[1])
    order = ORDER.replace(lines=lines, prices_include_tax=False, total=Money.of("46.79", "EUR"))
    message = etree.fromstring(refund(a_refund("46.79"), order))
    parts = [part.findtext("Type") for part in message.iter("Component")]
    assert parts == ["Principal", "Tax", "Shipping", "Principal"]
    assert [part.findtext("Amount") for part in message.iter("Component")] == [
        "19.90",
        "1.99",
        "4.90",
        "20.00",
    ]
