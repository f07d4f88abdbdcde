"""What is special about money at Shopify: paid at the checkout, one capture, refunds past the hub, doubts."""

from decimal import Decimal

import pytest

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import PaymentDocument, PaymentFact
from canonical.money import Money
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind, PaymentMethod
from connectors.shopify.documents import number
from connectors.shopify.simulator.checkout import Basket, Wanted
from core.errors import RejectedError
from core.ports import Answer, Effect
from tests.connectors.shopify.stage import CUPS_AND_POT, Stage, stage
from tests.contracts.building import NOON, a_context, an_effect, an_order

OWED = Money.of("44.80", "EUR")
ORDER = an_order().replace(channel_ref="1001")


def adopt(reference: str, amount: Money = OWED) -> AuthorisePayment:
    return AuthorisePayment(
        order_id=ORDER.id, connector="shopify", key="authorise:1", tender=1, method=PaymentMethod.ADOPT,
        reference=reference, amount=amount,
    )  # fmt: skip


def capture(
    reference: str, amount: Money = OWED, key: str = "capture:1", *, final: bool = True
) -> CapturePayment:
    return CapturePayment(
        order_id=ORDER.id, connector="shopify", key=key, reference=reference, amount=amount, final=final
    )


def refund(reference: str, amount: str, key: str = "refund:1") -> RefundPayment:
    return RefundPayment(
        order_id=ORDER.id, connector="shopify", key=key, reference=reference, amount=Money.of(amount, "EUR")
    )


def effect(on: Stage, command: Command, entries: tuple[PaymentEntry, ...] = ()) -> Effect:
    order = ORDER.replace(payment=Payment(entries=entries))
    return an_effect(command, on.gateway.render(command, a_context(order)))


async def do(on: Stage, command: Command, entries: tuple[PaymentEntry, ...] = ()) -> Answer:
    return await on.gateway.send(effect(on, command, entries))


def facts(answer: Answer) -> list[PaymentFact]:
    return [one.fact for one in answer.documents if isinstance(one, PaymentDocument)]


def entry(command: CapturePayment) -> PaymentEntry:
    """Return the decision to capture, as the order has it."""
    return PaymentEntry(
        key=command.key, kind=PaymentKind.CAPTURE, outcome=Outcome.SUCCEEDED, gateway="shopify",
        reference=command.reference, amount=command.amount, at=NOON,
    )  # fmt: skip


async def test_what_was_paid_at_the_checkout_is_held_and_taken_at_once() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        sale = number(on.shop.transaction("1001", "SALE")["id"])
        answer = await do(on, adopt(sale))
        assert facts(answer) == [PaymentFact.AUTHORISED, PaymentFact.CAPTURED]
        await on.open(since="2020-01-01T00:00:00Z").feeds[0].poll(on.desk)
        told = [one for one in on.documents() if isinstance(one, PaymentDocument)]
        assert [one.fact_key() for one in told] == [
            one.fact_key() for one in answer.documents if isinstance(one, PaymentDocument)
        ]
        assert facts(await do(on, refund(sale, "9.95"))) == [PaymentFact.REFUNDED]


async def test_a_payment_that_is_under_way_is_taken_over_without_a_word() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "pending", 1001)
        sale = number(on.shop.transaction("1001", "SALE")["id"])
        assert (await do(on, adopt(sale))).documents == ()
        on.shop.pay("1001")
        await on.open(since="2020-01-01T00:00:00Z").feeds[0].poll(on.desk)
        told = [one for one in on.documents() if isinstance(one, PaymentDocument)]
        assert [(one.fact, one.reference) for one in told] == [
            (PaymentFact.AUTHORISED, sale),
            (PaymentFact.CAPTURED, sale),
        ]


async def test_the_payment_of_an_order_that_the_shop_cancelled_is_told_by_the_order() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = number(on.shop.transaction("1001", "AUTHORIZATION")["id"])
        on.shop.cancel("1001")
        assert (await do(on, adopt(held))).documents == ()


async def test_an_authorisation_says_until_when_it_holds() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = on.shop.transaction("1001", "AUTHORIZATION")
        (fact,) = (await do(on, adopt(number(held["id"])))).documents
        assert isinstance(fact, PaymentDocument)
        assert fact.capture_before is not None
        assert fact.capture_before.isoformat().startswith(held["authorizationExpiresAt"][:19])
        assert fact.multicapture is False


async def test_equal_captures_of_one_authorisation_are_told_apart() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = on.shop.transaction("1001", "AUTHORIZATION")
        held["multiCapturable"] = True
        reference, ten = number(held["id"]), Money.of("10.00", "EUR")
        first, second = (capture(reference, ten, f"capture:{n}", final=False) for n in (1, 2))
        operations = set()
        for command, known in ((first, ()), (second, (entry(first),))):
            assert await on.gateway.look_up(effect(on, command, known)) is None
            (fact,) = (await do(on, command, known)).documents
            assert isinstance(fact, PaymentDocument)
            operations.add(fact.operation)
            assert await on.gateway.look_up(effect(on, command, known)) is not None
        assert len(operations) == 2
        assert len(on.ledger.of("captured")) == 2


async def test_money_that_the_shop_paid_back_itself_is_not_paid_back_again() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        sale = number(on.shop.transaction("1001", "SALE")["id"])
        on.shop.refund("1001", "40.00")
        with pytest.raises(RejectedError, match=r"4\.80 EUR is left") as refused:
            await do(on, refund(sale, "9.95"))
        assert refused.value.code == "over_refund"
        assert sum(e["amount"] for e in on.ledger.of("refunded")) == 4000


async def test_a_void_that_the_shop_made_itself_is_the_void() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = number(on.shop.transaction("1001", "AUTHORIZATION")["id"])
        on.shop.cancel("1001")
        void = VoidPayment(order_id=ORDER.id, connector="shopify", key="void:1", reference=held, amount=OWED)
        assert facts(await do(on, void)) == [PaymentFact.VOIDED]
        assert len(on.ledger.of("voided")) == 1


async def test_a_refund_that_fails_is_an_answer() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        sale = number(on.shop.transaction("1001", "SALE")["id"])
        wish = effect(on, refund(sale, "9.95"))
        await on.gateway.send(wish)
        on.shop.transaction("1001", "REFUND")["status"] = "FAILURE"
        found = await on.gateway.look_up(wish)
        assert found is not None
        assert facts(found) == [PaymentFact.REFUND_FAILED]


async def test_a_capture_that_fails_or_is_under_way_is_told_as_such() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = on.shop.transaction("1001", "AUTHORIZATION")
        taken = on.shop.books.transact(
            on.shop.order("1001"), "CAPTURE", Decimal("44.80"), parent=held, status="PENDING"
        )
        found = await on.gateway.look_up(effect(on, capture(number(held["id"]))))
        assert found is not None
        assert (found.documents, found.reference) == ((), number(taken["id"]))


async def test_yen_are_paid_in_whole_yen() -> None:
    async with stage() as on:
        basket = Basket((Wanted("CUP", 1, "980"),), currency="JPY", shipping="0", tax_rate="0")
        on.shop.place(basket, number=1001)
        held = number(on.shop.transaction("1001", "AUTHORIZATION")["id"])
        order = ORDER.replace(currency="JPY", payment=Payment())
        yen = Money.of("980", "JPY")
        wish = an_effect(capture(held, yen), on.gateway.render(capture(held, yen), a_context(order)))
        (fact,) = (await on.gateway.send(wish)).documents
        assert isinstance(fact, PaymentDocument)
        assert (fact.amount, fact.currency) == (Decimal(980), "JPY")


async def test_shopify_keeps_no_methods_that_the_hub_could_charge() -> None:
    async with stage() as on:
        stored = adopt("1").replace(method=PaymentMethod.STORED)
        with pytest.raises(RejectedError) as refused:
            on.gateway.render(stored, a_context(ORDER))
        assert refused.value.code == "no_stored_methods"


async def test_a_payment_that_the_order_does_not_have_is_declined_and_an_unknown_order_refused() -> None:
    async with stage() as on:
        with pytest.raises(RejectedError, match="no order 1001"):
            await do(on, adopt("1"))
        on.shop.place(CUPS_AND_POT, number=1001)
        assert facts(await do(on, adopt("1"))) == [PaymentFact.DECLINED]
