"""A shop, the connector that is open on it, and a desk that keeps what is handed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from canonical.documents import Document
from connectors.shopify import CONNECTOR
from connectors.shopify.feeds import OrderPoll
from connectors.shopify.gateway import ShopifyGateway
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.simulator import ShopifyShop
from connectors.shopify.simulator.checkout import Basket, Wanted
from connectors.shopify.stock import ShopifyStock
from connectors.shopify.updates import ShopifyUpdates
from core.clock import Clock, SystemClock
from core.connector import OpenConnector, Resources
from core.ports import DoorRequest, DoorResponse, RawDocument
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.surroundings import KeptDesk, ReadMappings, webhook_app

CUPS_AND_POT = Basket((Wanted("CUP", 2, "9.95"), Wanted("POT", 1, "20.00")), line_ids=(1, 2))
"""44.80 EUR with 4.90 of shipping: the order of the ports' suites."""


class OrderDesk(KeptDesk):
    """A desk that orders are handed in at."""

    def orders(self) -> list[RawDocument]:
        """Return the orders that were handed in, oldest first."""
        return [raw for raw in self.kept.values() if raw.kind == "order"]


class KeptCursors:
    """Keeps cursors in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.values.get(name)

    async def put(self, name: str, value: str) -> None:
        self.values[name] = value


MAPPINGS = ReadMappings(CONNECTOR)


@dataclass
class Stage:
    """Everything that stands on it."""

    clock: Clock
    shop: ShopifyShop
    ledger: Ledger
    faults: Faults
    settings: ShopifySettings
    connector: OpenConnector
    desk: OrderDesk = field(default_factory=OrderDesk)
    cursors: KeptCursors = field(default_factory=KeptCursors)
    opened: list[OpenConnector] = field(default_factory=list[OpenConnector])

    @property
    def gateway(self) -> ShopifyGateway:
        port = self.connector.effects[0]
        assert isinstance(port, ShopifyGateway)
        return port

    @property
    def updates(self) -> ShopifyUpdates:
        port = self.connector.effects[1]
        assert isinstance(port, ShopifyUpdates)
        return port

    @property
    def stock(self) -> ShopifyStock:
        assert isinstance(self.connector.stock, ShopifyStock)
        return self.connector.stock

    @property
    def poll(self) -> OrderPoll:
        (feed,) = self.connector.feeds
        assert isinstance(feed, OrderPoll)
        return feed

    def open(self, name: str = "shopify", **changes: Any) -> OpenConnector:
        """Open the connector once more, with other settings."""
        settings = self.settings.model_copy(update=changes)
        self.opened.append(CONNECTOR.open(name, settings, Resources(self.clock, MAPPINGS, self.cursors)))
        return self.opened[-1]

    def locked_out(self) -> OpenConnector:
        """Open the connector with a secret that the shop does not know."""
        return self.open(client_secret=SecretStr("a guess"))

    def documents(self) -> list[Document]:
        """Return everything that the orders that were handed in say."""
        reader = self.connector.readers["order"]
        return [document for raw in self.desk.orders() for document in reader(raw)]

    async def knock(self, request: DoorRequest) -> DoorResponse:
        (door,) = self.connector.doors
        return await door.handler(request, self.desk)

    def listen(self) -> None:
        """Let the shop's webhooks arrive at the connector's door."""
        self.shop.connect("http://hub", httpx.ASGITransport(app=webhook_app(self.knock)))


@asynccontextmanager
async def stage(
    name: str = "shopify", clock: Clock | None = None, folder: Path = Path(), **options: Any
) -> AsyncIterator[Stage]:
    """Open a shop that sells cups and pots, and the connector."""
    held = clock or SystemClock()
    ledger, faults = Ledger(held), Faults()
    shop = ShopifyShop(Workshop("shopify", held, ledger, faults, folder, options=options))
    settings = ShopifySettings.model_validate(await shop.start())
    for sku in ("CUP", "POT"):
        shop.stock(sku, 50)
    cursors = KeptCursors()
    connector = CONNECTOR.open(name, settings, Resources(held, MAPPINGS, cursors))
    made = Stage(held, shop, ledger, faults, settings, connector, cursors=cursors)
    try:
        yield made
    finally:
        for one in (connector, *made.opened):
            await one.close()
        await shop.stop()
