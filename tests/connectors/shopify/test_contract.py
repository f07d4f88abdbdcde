"""The connector's ports, held to the ports' suites against the shop."""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from canonical.commands import (
    AuthorisePayment,
    CapturePayment,
    Command,
    RefundPayment,
    TellChannelCancelled,
    TellChannelShipped,
    VoidPayment,
)
from canonical.documents import Document
from canonical.money import Money
from connectors.shopify.documents import gid, number
from core.ports import Answer, Effect, EffectContext, StockSink
from tests.connectors.shopify.stage import CUPS_AND_POT, Stage, stage
from tests.contracts.building import a_context, an_order
from tests.contracts.channel_updates import ChannelUpdatesContract
from tests.contracts.effect_port import Bench
from tests.contracts.payment_gateway import GATEWAY, PaymentGatewayContract
from tests.contracts.stock_sink import ComparingStockSinkContract, SinkBench

ORDER = "1001"
BREAKING_BEFORE = ("timeout_before", "reset_before", "http_500")
BREAKING_AFTER = ("timeout_after", "reset_after", "torn_answer", "malformed", "http_500_after")
REFUSING_FOR_NOW = ("http_429", "throttled")


def deadline_s(request: pytest.FixtureRequest) -> float:
    return 1 if "timeout" in request.node.name else 30


class ShopifyUpdatesContract(ChannelUpdatesContract):
    refusing_for_now = REFUSING_FOR_NOW
    breaking_before = BREAKING_BEFORE
    breaking_after = BREAKING_AFTER
    refusing_for_good = ("not_allowed",)
    first: ClassVar[type[Command]] = TellChannelShipped
    operation: ClassVar[str] = "Fulfil"

    @pytest.fixture
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        async with stage(deadline_s=deadline_s(request)) as on:
            on.shop.place(CUPS_AND_POT, number=int(ORDER))
            secrets = (on.shop.client_secret, "a guess")
            yield Bench(
                on.updates, on.shop, on.ledger, on.faults, secrets, lambda: on.locked_out().effects[1]
            )

    def context(self) -> EffectContext:
        return a_context(an_order().replace(channel_ref=ORDER))

    def commands(self) -> tuple[Command, ...]:
        return tuple(sorted(super().commands(), key=lambda command: type(command) is not self.first))

    def fault_keys(self, effect: Effect) -> set[str]:
        return {f"{self.operation}:{gid('Order', ORDER)}"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        kinds = {TellChannelShipped: "told_shipped", TellChannelCancelled: "told_cancelled"}
        kind = kinds.get(type(effect.command), "told_status")
        return len(bench.ledger.of(kind))

    def shipped_units(self, bench: Bench, effect: Effect) -> dict[str, int]:
        (told,) = bench.ledger.of("told_shipped")
        return dict(told["lines"])

    async def test_a_shipment_is_told_with_its_lines(self, bench: Bench) -> None:
        shipped = next(one for one in self.commands() if isinstance(one, TellChannelShipped))
        effect = self._effect(bench, shipped)
        await bench.port.send(effect)
        assert self.shipped_units(bench, effect) == {"1": 2}


class TestShipping(ShopifyUpdatesContract):
    """Parcels become fulfilments."""


class TestTakingOff(ShopifyUpdatesContract):
    """Cancelled units leave an order that goes on."""

    first = TellChannelCancelled
    operation = "Refund"


class ShopifyGatewayContract(PaymentGatewayContract):
    refusing_for_now = REFUSING_FOR_NOW
    breaking_before = BREAKING_BEFORE
    breaking_after = BREAKING_AFTER
    refusing_for_good = ("not_allowed",)
    gives_keys_back = False
    tells_the_shops_own = True
    operation: ClassVar[str]
    stage: Stage

    @pytest.fixture
    async def partner(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        async with stage(GATEWAY, deadline_s=deadline_s(request)) as on:
            self.stage, self.orders = on, dict[str, str]()
            secrets = (on.shop.client_secret, "a guess")
            yield Bench(
                on.gateway, on.shop, on.ledger, on.faults, secrets,
                lambda: on.locked_out().effects[0],
            )  # fmt: skip

    async def shop_holds(self, bench: Bench, amount: Money) -> str:
        placed = self.stage.shop.place(CUPS_AND_POT)
        reference = number(self.stage.shop.transaction(placed, "AUTHORIZATION")["id"])
        self.orders[reference] = placed
        return reference

    async def stored_method(self, bench: Bench, *, pays: bool = True) -> tuple[str, str | None]:
        """Shopify keeps no methods for apps: what can be taken over, or can't, is a payment of the checkout."""
        if pays:
            return await self.shop_holds(bench, Money.of("44.80", "EUR")), None
        placed = self.stage.shop.place(CUPS_AND_POT, payment="failed")
        reference = number(self.stage.shop.transaction(placed, "SALE")["id"])
        self.orders[reference] = placed
        return reference, None

    def authorise(self, method: str, customer: str | None, *, key: str = "authorise:1") -> AuthorisePayment:
        return self.adopt(method, key=key)

    def context(self) -> EffectContext:
        """Return the context of the order whose payment is at hand."""
        return a_context(an_order().replace(channel_ref=self.at_hand))

    at_hand = ORDER

    def _effect(self, bench: Bench, command: Command) -> Effect:
        self.at_hand = self.orders.get(getattr(command, "reference", None) or "", ORDER)
        return super()._effect(bench, command)

    async def _do(self, bench: Bench, command: Command) -> Answer:
        return await bench.port.send(self._effect(bench, command))

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        await self.stage.open(GATEWAY, since="2020-01-01T00:00:00Z").feeds[0].poll(self.stage.desk)
        return tuple(self.stage.documents())

    def fault_keys(self, effect: Effect) -> set[str]:
        placed = self.orders[getattr(effect.command, "reference", "")]
        return {f"{self.operation}:{gid('Order', placed)}"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        reference = getattr(effect.command, "reference", "")
        if isinstance(effect.command, AuthorisePayment):
            marks = self.stage.shop.order(self.orders[reference])["metafields"].values()
            return sum(effect.key in mark["value"] for mark in marks)
        order = self.stage.shop.order(self.orders[reference])
        kind = {CapturePayment: "CAPTURE", VoidPayment: "VOID", RefundPayment: "REFUND"}[type(effect.command)]
        amount = effect.command.amount.amount  # type: ignore[attr-defined]
        return sum(
            one["kind"] == kind
            and Money.of(one["amountSet"]["presentmentMoney"]["amount"], "EUR").amount == amount
            for one in order["transactions"]
        )


class TestAdopting(ShopifyGatewayContract):
    first = AuthorisePayment
    operation = "Mark"


class TestCapturing(ShopifyGatewayContract):
    first = CapturePayment
    operation = "Capture"


class TestVoiding(ShopifyGatewayContract):
    first = VoidPayment
    operation = "Void"


class TestRefunding(ShopifyGatewayContract):
    first = RefundPayment
    operation = "Refund"


class TestStock(ComparingStockSinkContract):
    references = ("CUP", "POT")
    refusing_for_now = REFUSING_FOR_NOW
    breaking_before = BREAKING_BEFORE
    breaking_after = BREAKING_AFTER

    @pytest.fixture
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[SinkBench]:
        async with stage(deadline_s=deadline_s(request)) as on:
            self.shop = on.shop

            def locked_out() -> StockSink:
                sink = on.locked_out().stock
                assert sink is not None
                return sink

            secrets = (on.shop.client_secret, "a guess")
            yield SinkBench(on.stock, on.shop, on.ledger, on.faults, secrets, locked_out)

    def shown(self, bench: SinkBench, reference: str) -> int:
        return self.shop.books.variants[reference].available

    def changes(self, bench: SinkBench) -> int:
        return len(bench.ledger.of("stock_set"))

    def sell(self, bench: SinkBench, reference: str, units: int) -> None:
        self.shop.books.variants[reference].available -= units
