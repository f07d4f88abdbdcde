"""Stripe's connector, held to the port's contract against a Stripe with faults, once with each of its commands."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from canonical.commands import AuthorisePayment, CapturePayment, RefundPayment, VoidPayment
from canonical.documents import Document
from canonical.money import Money
from canonical.payment import PaymentMethod
from connectors.stripe import labels
from connectors.stripe.amounts import to_minor
from connectors.stripe.gateway import StripeGateway
from core.ports import Effect, EffectPort
from tests.connectors.stripe.stage import SECRET_KEY, WEBHOOK_SECRET, Stage
from tests.contracts.effect_port import Bench
from tests.contracts.payment_gateway import PaymentGatewayContract

KINDS = {
    AuthorisePayment: "authorised",
    CapturePayment: "captured",
    VoidPayment: "voided",
    RefundPayment: "refunded",
}


class StripeContract(PaymentGatewayContract):
    refusing_for_now = ("http_429", "lock_timeout")
    breaking_before = ("timeout_before", "reset_before", "http_500")
    breaking_after = ("timeout_after", "reset_after", "truncated", "malformed", "http_500_after")
    refusing_for_good = ("not_activated",)
    stage: Stage

    @pytest.fixture
    async def partner(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        hangs = "timeout" in request.node.name
        stage = self.stage = await Stage(deadline_s=1 if hangs else 20).open()

        def locked_out() -> EffectPort:
            other = SecretStr("sk_test_of_nobody")
            (gateway,) = stage.connect(stage.settings.model_copy(update={"secret_key": other})).effects
            return gateway

        secrets = (SECRET_KEY, WEBHOOK_SECRET, "sk_test_of_nobody")
        yield Bench(stage.gateway, stage.simulator, stage.ledger, stage.faults, secrets, locked_out)
        await stage.close()

    async def shop_holds(self, bench: Bench, amount: Money) -> str:
        make = self.stage.simulator.create_intent_for_shop
        return await make(to_minor(amount), amount.currency.lower(), metadata={"order_id": "1001"})

    async def stored_method(self, bench: Bench, *, pays: bool = True) -> tuple[str, str | None]:
        card = "pm_card_visa" if pays else "pm_card_visa_chargeDeclinedInsufficientFunds"
        customer, method = self.stage.simulator.store_card(card)
        return method, customer

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        await self.stage.all_told()
        return self.stage.documents()

    def happened(self, bench: Bench, effect: Effect) -> int:
        command = effect.command
        if isinstance(command, AuthorisePayment) and command.method is PaymentMethod.ADOPT:
            marks = self.stage.simulator.books.intents[command.reference or ""]["metadata"]
            return int(marks.get(labels.AUTHORISE) == effect.key)
        keys = {labels.idempotency_key(effect.key, again) for again in (None, effect.attempt)}
        return sum(entry["effect_key"] in keys for entry in bench.ledger.of(KINDS[type(command)]))


class TestAdopting(StripeContract):
    first = AuthorisePayment


class TestAuthorising(StripeContract):
    first = AuthorisePayment
    first_method = PaymentMethod.STORED


class TestCapturing(StripeContract):
    first = CapturePayment


class TestVoiding(StripeContract):
    first = VoidPayment


class TestRefunding(StripeContract):
    first = RefundPayment


def test_the_gateway_is_what_the_connector_declares() -> None:
    assert StripeGateway.commands == set(KINDS)
