"""The connector as the hub opens it, from its declaration."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop

from canonical.commands import TellChannelShipped
from canonical.documents import Document, OrderDocument
from connectors.webstore import CONNECTOR
from connectors.webstore.simulator import Shop
from core.clock import ManualClock
from core.connector import Resources
from core.errors import OutcomeUnknownError, RejectedError
from core.ports import RawDocument
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.building import settings, wire_order
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.connectors.webstore.test_mappings import MAPPINGS
from tests.contracts.building import NOON, a_context, an_effect, an_order


class OwnMappings(NoMappings):
    """The connector's mapping documents."""

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        found = MAPPINGS[mapping].read_all(raw, context)
        return tuple(one for one in found if isinstance(one, Document))


def test_a_reader_is_found_by_the_kind_under_which_its_door_stores() -> None:
    opened = CONNECTOR.open("shop-2", settings(), Resources(ManualClock(NOON), OwnMappings(), NoCursors()))
    (order,) = opened.readers["order"](RawDocument("order", json.dumps(wire_order()).encode()))
    assert isinstance(order, OrderDocument)
    assert order.channel == "shop-2"


def test_a_shop_that_wants_no_webhooks_is_told_nothing_and_says_why() -> None:
    opened = CONNECTOR.open("webstore", settings(), Resources(ManualClock(NOON), OwnMappings(), NoCursors()))
    shipped = TellChannelShipped(
        order_id=an_order().id, connector="webstore", key="k", shipment_id="parcel-1"
    )
    with pytest.raises(RejectedError, match="tell: false") as refused:
        opened.effects[0].render(shipped, a_context())
    assert refused.value.code == "no_webhook_url"


async def test_the_simulator_gives_the_settings_that_the_connector_needs(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    options = {"hub_url": "http://hub.example/connectors/webstore"}
    shop = CONNECTOR.simulator(
        Workshop("webstore", clock, Ledger(clock), Faults(), tmp_path, options=options)
    )
    assert isinstance(shop, Shop)
    told = CONNECTOR.settings.model_validate(await shop.start())
    opened = CONNECTOR.open("webstore", told, Resources(clock, OwnMappings(), NoCursors()))
    assert "answered 204" in await opened.test()
    await opened.close()
    await shop.stop()


def test_an_answer_is_lost_under_every_event_loop(tmp_path: Path) -> None:
    async def lose_an_answer() -> int:
        clock, faults = ManualClock(NOON), Faults(share={"timeout_after": 1.0})
        shop = Shop(Workshop("webstore", clock, Ledger(clock), faults, tmp_path))
        told = CONNECTOR.settings.model_validate(await shop.start())
        opened = CONNECTOR.open("webstore", told, Resources(clock, OwnMappings(), NoCursors()))
        shipped = TellChannelShipped(
            order_id=an_order().id, connector="webstore", key="k", shipment_id="parcel-1"
        )
        (updates,) = opened.effects
        with pytest.raises(OutcomeUnknownError):
            await updates.send(an_effect(shipped, updates.render(shipped, a_context())))
        await opened.close()
        await shop.stop()
        return len(shop.ledger.of("told_shipped"))

    assert asyncio.run(lose_an_answer()) == 1
    assert uvloop.run(lose_an_answer()) == 1
