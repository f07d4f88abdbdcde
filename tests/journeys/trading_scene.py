"""A web shop whose orders go to a trading partner and a warehouse: what journeys of such partners share."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Node
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Warehouse
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.application import Hub
from hub.demo.plan import PRICES, PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

POLICY = Policy(channels={"webstore": ChannelPolicy(mail=False)})
STATUSES = "SELECT status FROM orders WHERE version > 0"
P = TypeVar("P", bound=Simulator)


@dataclass
class Scene(Generic[P]):
    """The partners, and the hub between them."""

    hub: Hub
    shop: Shop
    gateway: StripeSimulator
    house: Warehouse
    partner: P
    sku: str
    ledgers: dict[str, Ledger]
    faults: dict[str, Faults]

    async def until(self, look: Callable[[], object], within_s: float = 120) -> None:
        """Look again and again until there is something to see."""
        async with asyncio.timeout(within_s):
            while not look():  # noqa: ASYNC110 - ledgers tell nobody of what is new in them
                await asyncio.sleep(0.05)

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        """Ask the store."""
        async with self.hub.database.reading() as session:
            return list(await session.rows(sql, *arguments))

    async def stands(self, sql: str, wanted: object) -> None:
        """Wait until the first column of all rows is as wanted."""
        found: list[Any] = []
        for _ in range(900):
            found = sorted(next(iter(row.values())) for row in map(dict, await self.rows(sql)))
            if found == wanted:
                return
            await asyncio.sleep(0.1)
        assert found == wanted

    async def order_id(self, reference: str) -> UUID:
        """Return an order's id."""
        (row,) = await self.rows("SELECT id FROM orders WHERE channel_ref = $1", reference)
        return UUID(str(row["id"]))

    async def buy(self, reference: str, quantity: int = 1) -> None:
        """Let a customer buy some units, with a card that the shop has authorised."""
        total = Decimal(PRICES[self.sku]) * quantity + Decimal("4.90")
        order = PlannedOrder(
            1, reference, "webstore", Outcome.SHIPPED, ((self.sku, quantity),), total, f"{reference}@example.com", "en"
        )  # fmt: skip
        intent = await self.gateway.create_intent_for_shop(
            int(total * 100), "eur", metadata={"reference": reference}
        )
        payment = {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": str(total)}
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.shop.place(order_document(order, payment, placed_at))

    def sent(self, name: str) -> Counter[str]:
        """Count the units that a warehouse or supplier has sent, by customer reference."""
        ledger, found = self.ledgers[name], Counter[str]()
        released = {
            one["key"]: one["reference"] for one in (*ledger.of("released"), *ledger.of("purchase_order"))
        }
        for entry in ledger.of("shipped"):
            found[released[entry["key"]]] += entry["lines"][self.sku]
        return found

    def money(self, kind: str) -> dict[str, int]:
        """Return what the gateway did for each order, in cents."""
        found = Counter[str]()
        for entry in self.ledgers["stripe"].of(kind):
            found[entry["metadata"]["reference"]] += entry["amount"] if kind == "captured" else 1
        return dict(found)


@asynccontextmanager
async def trading_scene(
    folder: Path,
    urls: tuple[str, str, str],
    partner: Callable[[Workshop], P],
    sku: str,
    nodes: tuple[Node, ...],
    options: Mapping[str, Any],
) -> AsyncGenerator[Scene[P]]:
    """Open a web shop, a gateway, a warehouse, a trading partner, and a hub between them.

    `nodes` are the trading partner's and the warehouse's, in this order. The partner is reached by a folder where all
    is embedded, else by SFTP.
    """
    clock, (store_url, bus_url, prefix) = SystemClock(), urls
    trader, house = (node.id for node in nodes)
    transport = "folder" if bus_url == "embedded://" else "sftp"
    all_options: dict[str, Any] = {
        house: quick_house(house, {sku: 40}), trader: {**options, "transport": transport},
    }  # fmt: skip
    names = ("webstore", "stripe", house, trader)
    ledgers, faults = {name: Ledger(clock) for name in names}, {name: Faults() for name in names}

    def workshop(name: str) -> Workshop:
        own = folder / name
        own.mkdir()
        return Workshop(name, clock, ledgers[name], faults[name], own, options=all_options.get(name, {}))

    shop, gateway = Shop(workshop("webstore")), StripeSimulator(workshop("stripe"))
    warehouse, played = Warehouse(workshop(house)), partner(workshop(trader))
    partners: dict[str, Simulator] = {"webstore": shop, "stripe": gateway, house: warehouse, trader: played}
    settings = {name: await one.start() for name, one in partners.items()}
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), nodes).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    shop.connect(f"{api.url}/connectors/webstore")
    gateway.webhook_url = f"{api.url}/connectors/stripe/webhook"
    try:
        yield Scene(hub, shop, gateway, warehouse, played, sku, ledgers, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        for one in partners.values():
            await one.stop()
