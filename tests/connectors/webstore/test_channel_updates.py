"""The webstore's `ChannelUpdates`, held to the port's contract and to its own words."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from canonical.commands import TellChannelStatus
from canonical.statuses import ChannelStatus
from connectors.webstore.opening import open_webstore
from connectors.webstore.settings import WebstoreSettings
from connectors.webstore.simulator import Shop
from connectors.webstore.webhooks import STATUSES, webhook_id
from core.clock import ManualClock
from core.connector import OpenConnector, Resources
from core.errors import RejectedError, RetryableError
from core.ports import Effect
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.building import STRANGERS
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON, a_context, an_effect, an_order
from tests.contracts.channel_updates import ChannelUpdatesContract
from tests.contracts.effect_port import Bench


class TestWebstoreUpdates(ChannelUpdatesContract):
    refusing_for_now = ("http_429", "http_503")
    breaking_before = ("timeout_before", "http_500")
    breaking_after = ("timeout_after", "http_500_after", "torn_answer")
    refusing_for_good = ("http_410",)
    lookup = True

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        clock = ManualClock(NOON)
        ledger, faults = Ledger(clock), Faults()
        shop = Shop(Workshop("webstore", clock, ledger, faults, tmp_path))
        told = {**await shop.start(), "webhook_lookup": self.lookup}
        opened = [self.open(clock, told)]

        def locked_out() -> OpenConnector:
            opened.append(self.open(clock, {**told, "webhook_secrets": [STRANGERS]}))
            return opened[-1]

        secrets = (*told["webhook_secrets"], *told["api_secrets"])
        yield Bench(opened[0].effects[0], shop, ledger, faults, secrets, lambda: locked_out().effects[0])
        for connector in opened:
            await connector.close()
        await shop.stop()

    def open(self, clock: ManualClock, told: dict[str, object]) -> OpenConnector:
        settings = WebstoreSettings.model_validate(told)
        return open_webstore("webstore", settings, Resources(clock, NoMappings(), NoCursors()))

    def happened(self, bench: Bench, effect: Effect) -> int:
        tellings = ("told_shipped", "told_cancelled", "told_status")
        return sum(entry["key"] == effect.key for kind in tellings for entry in bench.ledger.of(kind))

    def shipped_units(self, bench: Bench, effect: Effect) -> dict[str, int]:
        assert isinstance(bench.simulator, Shop)
        data = json.loads(bench.simulator.mailbox.told[effect.key])["data"]
        return {line["line"]: line["quantity"] for line in data["shipment"]["lines"]}

    async def test_the_connectors_test_pings_the_shop(self, bench: Bench) -> None:
        assert isinstance(bench.simulator, Shop)
        connector = self.open(ManualClock(NOON), await bench.simulator.start())
        assert "took a hub.ping and answered 204" in await connector.test()
        await connector.close()

    async def test_the_shop_is_obeyed_when_it_says_how_long_to_wait(self, bench: Bench) -> None:
        effect = self._planned(bench, "http_429")
        with pytest.raises(RetryableError) as refused:
            await bench.port.send(effect)
        assert refused.value.retry_after_s == 3

    async def test_a_webhook_says_what_happened(self, bench: Bench) -> None:
        said = [json.loads(bench.port.render(c, self.context()).body) for c in self.commands()]
        shipped, cancelled, status = said
        assert shipped == {
            "type": "order.shipped",
            "timestamp": "2026-11-20T12:00:00Z",
            "data": {
                "order": "W-1001",
                "order_status": "in_progress",
                "version": 7,
                "shipment": {
                    "id": "parcel-1",
                    "carrier": "DHL",
                    "tracking_number": "00340434161094042557",
                    "shipped_at": "2026-11-20T12:00:00Z",
                    "lines": [{"line": "1", "sku": "CUP", "quantity": 2}],
                },
            },
        }
        assert cancelled["data"]["lines"] == [{"line": "2", "sku": "POT", "quantity": 1}]
        assert status["data"]["status"] == "back_ordered"

    async def test_a_status_that_no_shop_knows_is_refused(self, bench: Bench) -> None:
        command = TellChannelStatus(
            order_id=an_order().id, connector="webstore", key="s:1", status="teleported"
        )
        with pytest.raises(RejectedError, match="back_ordered"):
            bench.port.render(command, a_context())

    async def test_a_shipment_that_the_order_does_not_have_is_refused(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="parcel-1"):
            bench.port.render(self.commands()[0], a_context(an_order(shipments=())))

    async def test_a_hold_is_told_in_words_fit_for_customers(self, bench: Bench) -> None:
        reasons = {"price_mismatch": "sums are being checked", "the shop asked": "the shop asked"}
        for reason, words in reasons.items():
            command = TellChannelStatus(
                order_id=an_order().id, connector="webstore", key="s:1", status="on_hold", reason=reason
            )
            assert words in json.loads(bench.port.render(command, a_context()).body)["data"]["reason"]

    async def test_every_status_has_a_meaning(self, bench: Bench) -> None:
        assert set(STATUSES) == set(ChannelStatus)
        for status in ChannelStatus:
            command = TellChannelStatus(
                order_id=an_order().id, connector="webstore", key=status, status=status
            )
            effect = an_effect(command, bench.port.render(command, a_context()))
            await bench.port.send(effect)
            assert self.happened(bench, effect) == 1

    async def test_a_key_that_no_header_carries_is_told_under_an_id_of_its_own(self, bench: Bench) -> None:
        keys = ("status:Wörk 1", "status:W%C3%B6rk%201", "status:%")
        assert len({webhook_id(key) for key in keys}) == len(keys)
        for key in keys:
            command = TellChannelStatus(
                order_id=an_order().id, connector="webstore", key=key, status="confirmed"
            )
            effect = an_effect(command, bench.port.render(command, a_context()))
            await bench.port.send(effect)
            assert await bench.port.look_up(effect) is not None or not self.lookup

    async def test_more_units_than_were_ordered_are_noticed_by_the_shop(self, bench: Bench) -> None:
        assert isinstance(bench.simulator, Shop)
        bench.simulator.mailbox.ordered["W-1001"] = {"1": 1, "2": 1}
        await bench.port.send(self._first(bench))
        assert [entry["line"] for entry in bench.ledger.of("contradiction")] == ["1"]


class TestUpdatesOfAShopThatCantBeAsked(TestWebstoreUpdates):
    """`look_up` finds nothing, the webhook is sent again under its id, and the shop takes it once."""

    lookup = False
