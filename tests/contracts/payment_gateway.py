"""What every `PaymentGateway` does. Subclass `PaymentGatewayContract` with the gateway's bench, once per command."""

from typing import ClassVar
from uuid import UUID, uuid5

import pytest

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import Document, PaymentDocument, PaymentFact
from canonical.money import Money
from canonical.payment import PaymentMethod
from core.errors import RejectedError
from core.ports import Answer
from tests.contracts.building import an_effect, an_order
from tests.contracts.effect_port import Bench, EffectPortContract

ORDER = an_order()
OTHER_ORDER = uuid5(ORDER.id, "another order")
OWED = ORDER.total
GATEWAY = "gateway"

FACTS = {
    AuthorisePayment: PaymentFact.AUTHORISED,
    CapturePayment: PaymentFact.CAPTURED,
    VoidPayment: PaymentFact.VOIDED,
    RefundPayment: PaymentFact.REFUNDED,
}


class PaymentGatewayContract(EffectPortContract):
    """Money moves once per key, each time as one fact, and a refusal of the bank is an answer.

    The subclass gives a `partner`, an open bench whose gateway is called `GATEWAY`, and says how a shop gets money
    held (`shop_holds`), which stored methods there are (`stored_method`), and what the gateway told by itself
    (`told`). `first` is the command that the broken calls are tried with.
    """

    port_name = "PaymentGateway"
    first: ClassVar[type[Command]] = AuthorisePayment
    first_method: ClassVar[PaymentMethod] = PaymentMethod.ADOPT
    gives_keys_back: ClassVar[bool] = True
    """What the gateway tells by itself bears the hub's key and order. Else the order finds it by what it is about."""
    tells_the_shops_own: ClassVar[bool] = False
    """The gateway tells of what the shop had authorised too."""
    references: dict[str, str]

    async def shop_holds(self, bench: Bench, amount: Money) -> str:
        """Let a shop have `amount` authorised, past the hub, and return the gateway's reference."""
        raise NotImplementedError

    async def stored_method(self, bench: Bench, *, pays: bool = True) -> tuple[str, str | None]:
        """Return a stored payment method, and the customer's reference where the gateway has one."""
        raise NotImplementedError

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the gateway's own messages became, once they have all arrived."""
        raise NotImplementedError

    @pytest.fixture
    async def bench(self, partner: Bench) -> Bench:
        """The partner's bench, with money at each stage: for a shop, held, and captured."""
        self.references = {"shop": await self.shop_holds(partner, OWED)}
        self.references["stored"], self.references["customer"] = map(str, await self.stored_method(partner))
        for name in ("held", "to void", "captured"):
            reference = self.references[name] = await self.shop_holds(partner, OWED)
            await self._do(partner, self.adopt(reference, key=f"prepare:{name}"))
        await self._do(partner, self.capture(self.references["captured"], OWED, key="prepare:capture"))
        return partner

    def commands(self) -> tuple[Command, ...]:
        at = getattr(self, "references", {}).get
        authorise = (
            self.adopt(at("shop", "reference"))
            if self.first_method is PaymentMethod.ADOPT
            else self.authorise(at("stored", "method"), at("customer"))
        )
        every: tuple[Command, ...] = (
            authorise,
            self.capture(at("held", "reference"), OWED),
            VoidPayment(
                order_id=ORDER.id,
                connector=GATEWAY,
                key="void:1",
                reference=at("to void", "reference"),
                amount=OWED,
            ),
            self.refund(at("captured", "reference"), Money.of("9.95", "EUR")),
        )
        return tuple(sorted(every, key=lambda command: type(command) is not self.first))

    # --- the suite ---

    async def test_an_answer_is_one_fact_under_the_effects_key(self, bench: Bench) -> None:
        for command in self.commands():
            document = self.only(await self._do(bench, command))
            assert document.fact is FACTS[type(command)]
            assert (document.effect_key, document.order_id) == (command.key, ORDER.id)
            assert document.gateway == GATEWAY
            assert Money(amount=document.amount, currency=document.currency) == self._amount(command)

    async def test_what_the_gateway_tells_is_the_fact_that_it_answered(self, bench: Bench) -> None:
        for command in self.commands():
            answered = self.only(await self._do(bench, command))
            told = [one for one in await self.told(bench) if self.key_of(one) == answered.fact_key()]
            adopts = isinstance(command, AuthorisePayment) and command.method is PaymentMethod.ADOPT
            if adopts and not self.tells_the_shops_own:
                assert told == []  # the shop's own doing is the shop's to tell
            else:
                assert told
                same = answered.replace(occurred_at=None)
                if not self.gives_keys_back:
                    same = same.replace(effect_key=None, order_id=None)
                assert {one.replace(occurred_at=None) for one in told} == {same}

    async def test_sending_again_under_the_same_key_moves_no_money_again(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            first, second = await bench.port.send(effect), await bench.port.send(effect)
            assert self.happened(bench, effect) == 1
            assert self.only(first).fact_key() == self.only(second).fact_key()

    async def test_what_was_never_sent_is_not_found_and_does_not_happen(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            assert await bench.port.look_up(effect) is None
            assert self.happened(bench, effect) == 0

    async def test_looking_up_gives_the_fact_that_was_answered(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            answered = self.only(await bench.port.send(effect))
            found = await bench.port.look_up(effect)
            assert found is not None
            assert self.only(found).replace(occurred_at=None) == answered.replace(occurred_at=None)

    async def test_a_declined_payment_is_an_answer_with_a_reason(self, bench: Bench) -> None:
        method, customer = await self.stored_method(bench, pays=False)
        effect = self._effect(bench, self.authorise(method, customer, key="authorise:declined"))
        document = self.only(await bench.port.send(effect))
        assert document.fact is PaymentFact.DECLINED
        assert document.reason
        assert document.effect_key == effect.key
        assert self.happened(bench, effect) == 0

    async def test_two_declines_of_one_order_are_two_facts(self, bench: Bench) -> None:
        method, customer = await self.stored_method(bench, pays=False)
        keys = [
            self.only(
                await self._do(bench, self.authorise(method, customer, key=f"authorise:{n}"))
            ).fact_key()
            for n in (1, 2)
        ]
        assert len(set(keys)) == 2

    @pytest.mark.parametrize("wanted", [Money.of("44.81", "EUR"), Money.of("44.80", "USD")])
    async def test_an_authorisation_over_something_else_is_not_adopted(
        self, bench: Bench, wanted: Money
    ) -> None:
        reference = self.references["shop"]
        document = self.only(await self._do(bench, self.adopt(reference, wanted)))
        assert document.fact is PaymentFact.DECLINED
        assert "44.8 EUR" in document.reason.replace("44.80", "44.8")
        assert str(wanted) in document.reason

    async def test_an_authorisation_pays_for_one_order_only(self, bench: Bench) -> None:
        command = self.adopt(self.references["held"], key="authorise:theirs", order_id=OTHER_ORDER)
        document = self.only(await self._do(bench, command))
        assert document.fact is PaymentFact.DECLINED
        assert str(ORDER.id) in document.reason

    async def test_an_authorisation_that_is_gone_is_not_adopted(self, bench: Bench) -> None:
        void = next(command for command in self.commands() if isinstance(command, VoidPayment))
        await self._do(bench, void)
        document = self.only(await self._do(bench, self.adopt(void.reference, key="authorise:late")))
        assert document.fact is PaymentFact.DECLINED

    async def test_a_part_is_captured_and_the_rest_is_let_go(self, bench: Bench) -> None:
        reference = self.references["held"]
        document = self.only(await self._do(bench, self.capture(reference, Money.of("24.85", "EUR"))))
        assert (str(document.amount), document.currency) == ("24.85", "EUR")
        with pytest.raises(RejectedError):
            await self._do(bench, self.capture(reference, Money.of("19.95", "EUR"), key="capture:rest"))

    async def test_no_more_is_captured_than_is_held(self, bench: Bench) -> None:
        effect = self._effect(bench, self.capture(self.references["held"], Money.of("44.81", "EUR")))
        with pytest.raises(RejectedError):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 0

    async def test_no_more_is_refunded_than_was_captured(self, bench: Bench) -> None:
        reference = self.references["captured"]
        await self._do(bench, self.refund(reference, Money.of("40.00", "EUR")))
        effect = self._effect(bench, self.refund(reference, Money.of("4.81", "EUR"), key="refund:2"))
        with pytest.raises(RejectedError):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 0

    async def test_money_moves_only_in_the_orders_currency(self, bench: Bench) -> None:
        dollars = Money.of("9.95", "USD")
        for command in (
            self.capture(self.references["held"], dollars),
            self.refund(self.references["captured"], dollars),
        ):
            with pytest.raises(RejectedError, match="USD"):
                bench.port.render(command, self.context())

    async def test_an_amount_that_cannot_be_paid_is_refused_before_it_is_sent(self, bench: Bench) -> None:
        for amount in ("9.955", "0", "-1.00"):
            with pytest.raises(RejectedError):
                bench.port.render(
                    self.refund(self.references["captured"], Money.of(amount, "EUR")), self.context()
                )

    # --- what the tests are made of ---

    def adopt(
        self,
        reference: str,
        amount: Money = OWED,
        *,
        key: str = "authorise:1",
        order_id: UUID = ORDER.id,
    ) -> AuthorisePayment:
        """The wish to take over what a shop had authorised."""
        return AuthorisePayment(
            order_id=order_id, connector=GATEWAY, key=key, tender=1, method=PaymentMethod.ADOPT,
            reference=reference, amount=amount,
        )  # fmt: skip

    def authorise(self, method: str, customer: str | None, *, key: str = "authorise:1") -> AuthorisePayment:
        """The wish to have money held by a stored method."""
        return AuthorisePayment(
            order_id=ORDER.id, connector=GATEWAY, key=key, tender=1, method=PaymentMethod.STORED,
            reference=method, customer_reference=customer, amount=OWED,
        )  # fmt: skip

    def capture(
        self, reference: str, amount: Money, *, key: str = "capture:1", final: bool = True
    ) -> CapturePayment:
        """The wish to take money."""
        return CapturePayment(
            order_id=ORDER.id, connector=GATEWAY, key=key, reference=reference, amount=amount, final=final
        )

    def refund(self, reference: str, amount: Money, *, key: str = "refund:1") -> RefundPayment:
        """The wish to pay money back."""
        return RefundPayment(
            order_id=ORDER.id, connector=GATEWAY, key=key, reference=reference, amount=amount
        )

    async def _do(self, bench: Bench, command: Command) -> Answer:
        return await bench.port.send(an_effect(command, bench.port.render(command, self.context())))

    @staticmethod
    def only(answer: Answer) -> PaymentDocument:
        """Return the one fact of an answer."""
        (document,) = answer.documents
        assert isinstance(document, PaymentDocument)
        return document

    @staticmethod
    def key_of(document: Document) -> str | None:
        """Return the natural key of a fact."""
        return document.fact_key() if isinstance(document, PaymentDocument) else None

    @staticmethod
    def _amount(command: Command) -> Money:
        assert isinstance(command, AuthorisePayment | CapturePayment | VoidPayment | RefundPayment)
        return command.amount
