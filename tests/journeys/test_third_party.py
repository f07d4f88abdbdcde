"""Goods that a 3PL sends, told to it in X12, from the shop to the buyer and back, on both transports.

Each release has another fate. The ledgers of 3PL, warehouse and gateway judge, and the exchange's own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Node
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Warehouse
from connectors.warehouse_edi.simulator import Plan, ThirdParty
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.application import Hub
from hub.demo.plan import PRICES, PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SKU = "RUG-BLUE"
HOUSE, THIRD = "leipzig", "hamburg"
POLICY = Policy(channels={"webstore": ChannelPolicy(mail=False)})
NODES = (
    Node(id=THIRD, connector=THIRD, country="DE", priority=10),
    Node(id=HOUSE, connector=HOUSE, country="DE", priority=20),
)
FAULTS = {"duplicate": 0.5, "said_again": 0.4}
"""Not those that let a parcel's advice come after the one that says what is lacking: that ends the release."""


@dataclass
class Scene:
    """The partners, and the hub between them."""

    hub: Hub
    shop: Shop
    gateway: StripeSimulator
    house: Warehouse
    third: ThirdParty
    ledgers: dict[str, Ledger]
    faults: dict[str, Faults]

    async def until(self, look: Callable[[], object], within_s: float = 120) -> None:
        """Look again and again until there is something to see."""
        async with asyncio.timeout(within_s):
            while not look():  # noqa: ASYNC110 - ledgers tell nobody of what is new in them
                await asyncio.sleep(0.05)

    async def stands(self, sql: str, wanted: object) -> None:
        """Wait until the first column of all rows is as wanted."""
        found: list[Any] = []
        for _ in range(900):
            async with self.hub.database.reading() as session:
                found = sorted(next(iter(dict(row).values())) for row in await session.rows(sql))
            if found == wanted:
                return
            await asyncio.sleep(0.1)
        assert found == wanted

    async def buy(self, reference: str, quantity: int = 1) -> None:
        """Let a customer buy rugs, with a card that the shop has authorised."""
        total = Decimal(PRICES[SKU]) * quantity + Decimal("4.90")
        order = PlannedOrder(
            1, reference, "webstore", Outcome.SHIPPED, ((SKU, quantity),), total, f"{reference}@example.com", "en"
        )  # fmt: skip
        intent = await self.gateway.create_intent_for_shop(
            int(total * 100), "eur", metadata={"reference": reference}
        )
        payment = {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": str(total)}
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.shop.place(order_document(order, payment, placed_at))

    def sent(self, name: str) -> Counter[str]:
        """Count the rugs that a warehouse has sent, by customer reference."""
        ledger, found = self.ledgers[name], Counter[str]()
        released = {one["key"]: one["reference"] for one in ledger.of("released")}
        for entry in ledger.of("shipped"):
            found[released[entry["key"]]] += entry["lines"][SKU]
        return found

    def captured(self) -> dict[str, int]:
        """Return what the gateway took for each order, in cents."""
        found = Counter[str]()
        for entry in self.ledgers["stripe"].of("captured"):
            found[entry["metadata"]["reference"]] += entry["amount"]
        return dict(found)


@asynccontextmanager
async def scene(
    folder: Path, store_url: str, bus_url: str, prefix: str, transport: str
) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    options: dict[str, Any] = {
        HOUSE: quick_house(HOUSE, {SKU: 40}),
        THIRD: {**quick_house(THIRD, {SKU: 400}), "transport": transport},
    }
    names = ("webstore", "stripe", HOUSE, THIRD)
    ledgers, faults = {name: Ledger(clock) for name in names}, {name: Faults() for name in names}

    def workshop(name: str) -> Workshop:
        own = folder / name
        own.mkdir()
        return Workshop(name, clock, ledgers[name], faults[name], own, options=options.get(name, {}))

    shop, gateway = Shop(workshop("webstore")), StripeSimulator(workshop("stripe"))
    house, third = Warehouse(workshop(HOUSE)), ThirdParty(workshop(THIRD))
    partners: dict[str, Simulator] = {"webstore": shop, "stripe": gateway, HOUSE: house, THIRD: third}
    settings = {name: await partner.start() for name, partner in partners.items()}
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), NODES).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    shop.connect(f"{api.url}/connectors/webstore")
    gateway.webhook_url = f"{api.url}/connectors/stripe/webhook"
    try:
        yield Scene(hub, shop, gateway, house, third, ledgers, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        for partner in partners.values():
            await partner.stop()


ENDS = {"A-1": "completed", "R-1": "completed", "P-1": "completed", "C-1": "cancelled", "L-1": "completed"}
STATUSES = "SELECT status FROM orders WHERE version > 0"
OURS = "SELECT DISTINCT status FROM interchanges WHERE direction = 'out'"


async def test_a_3pl_sends_refuses_stops_and_takes_back(urls: tuple[str, str, str], tmp_path: Path) -> None:
    transport = "folder" if urls[1] == "embedded://" else "sftp"
    async with scene(tmp_path, *urls, transport) as here:
        here.house.send_stock_report()
        here.third.send_stock_report()
        await here.stands("SELECT COUNT(DISTINCT node) AS n FROM stock WHERE on_hand > 0", [2])
        here.faults[THIRD].share = FAULTS
        here.third.plan("A-1", Plan(parcels=2))
        here.third.plan("R-1", Plan(refuse="OTHER"))
        here.third.plan("P-1", Plan(short={SKU: 1}))
        here.third.plan("C-1", Plan(pick_s=600.0))
        here.third.plan("L-1", Plan(parcels=2, gap_s=4.0))
        for reference in ENDS:
            await here.buy(reference, {"A-1": 2, "P-1": 3, "L-1": 2}.get(reference, 1))

        asked = here.ledgers[THIRD]
        await here.until(lambda: len(asked.of("released")) == len(ENDS))
        await here.shop.cancel("C-1", "it would not fit through the door")
        await here.until(lambda: here.sent(THIRD)["L-1"] == 2)
        await here.shop.cancel("L-1", "too late, I fear")
        await here.until(lambda: here.sent(THIRD) == {"A-1": 2, "P-1": 2, "L-1": 2})
        await here.until(lambda: here.sent(HOUSE) == {"R-1": 1, "P-1": 1})
        await here.stands(STATUSES, sorted(ENDS.values()))

        (release_id,) = here.third.releases_of("A-1")
        here.third.send_return(release_id, {SKU: 1}, damaged=True)
        await here.stands("SELECT COUNT(*) AS n FROM journal WHERE type = 'ReturnReceived'", [1])

        assert Counter(one["reference"] for one in asked.of("released")) == dict.fromkeys(ENDS, 1)
        for kind in ("duplicate_release", "not_understood", "interchange_refused", "set_refused"):
            assert asked.of(kind) == [], kind
        goods = {"A-1": 2, "P-1": 3, "R-1": 1, "L-1": 2}
        paid = {r: int((Decimal(PRICES[SKU]) * n + Decimal("4.90")) * 100) for r, n in goods.items()}
        assert here.captured() == paid
        await here.stands(OURS, ["accepted", "sent"])
        await here.until(lambda: here.third.counterpart.unanswered() == [])
