"""A seller at Amazon and a warehouse, with the hub between them, on both transports.

Each order takes another way: some are paid late, some are cancelled, some Amazon sends itself; some notifications never
come, and some answers are lost. Amazon's own ledger is the judge.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Node
from connectors.amazon.simulator import Marketplace
from connectors.amazon.simulator.selling import Sold
from connectors.warehouse.simulator import Plan, Warehouse
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Workshop
from hub.application import Hub
from tests.journeys.hubfile import HubFile, Shelf, quick_house

pytestmark = [pytest.mark.journey, pytest.mark.timeout(150)]

SKU = "TEE-BLUE-M"
TWO = (Sold("00000000000001", SKU, 2, Decimal("19.90"), shipping=Decimal("4.90")),)
POLICY = Policy(channels={"amazon": ChannelPolicy(mail=False, offer="items", stock_buffer=3)})


@dataclass
class Scene:
    """Marketplace, warehouse and hub."""

    hub: Hub
    market: Marketplace
    house: Warehouse
    ledger: Ledger
    faults: Faults

    async def until(self, look: Callable[[], bool | Awaitable[bool]], within_s: float = 60) -> None:
        """Look again and again until there is something to see."""
        async with asyncio.timeout(within_s):
            while True:
                found = look()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(0.05)

    def noted(self, kind: str, reference: str) -> int:
        """Count what Amazon's ledger says about an order."""
        return sum(entry.get("order") == reference for entry in self.ledger.of(kind))

    async def stands(self, reference: str, *statuses: str) -> None:
        """Wait until an order stands so."""
        sql = "SELECT status FROM orders WHERE channel_ref = $1 AND version > 0"

        async def so() -> bool:
            async with self.hub.database.reading() as session:
                rows = await session.rows(sql, reference)
            return bool(rows) and rows[0]["status"] in statuses

        await self.until(so)

    async def one(self, sql: str, *values: Any) -> Any:
        """Return the first row of a query."""
        async with self.hub.database.reading() as session:
            return (await session.rows(sql, *values))[0]


@asynccontextmanager
async def scene(folder: Path, store_url: str, bus_url: str, prefix: str) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    ledger, faults = Ledger(clock), Faults()
    options = {"feed_s": 0.5, "rate_factor": 1000, "behind_s": 0.5}
    market = Marketplace(Workshop("amazon", clock, ledger, faults, folder, options=options))
    house = Warehouse(
        Workshop(
            "leipzig",
            clock,
            Ledger(clock),
            Faults(),
            folder / "house",
            options=quick_house("leipzig", {SKU: 40}),
        )
    )
    (folder / "house").mkdir()
    settings = {"amazon": await market.start(), "leipzig": await house.start()}
    market.listings[SKU] = 0
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), (Node(id="leipzig", connector="leipzig", country="DE"),)).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    try:
        yield Scene(hub, market, house, ledger, faults)
    finally:
        await hub.stop(grace_s=5)
        await market.stop()
        await house.stop()


async def test_orders_of_a_seller_at_amazon_come_to_their_ends(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    async with scene(tmp_path, *urls) as here:
        market = here.market
        here.house.send_stock_report()
        # 40 lie there, and 3 are kept back: Amazon is told as soon as the warehouse has reported.
        await here.until(lambda: market.listings[SKU] == 37)
        here.faults.plan = {
            "lost_notification": {"A-2:1", "A-4:2"},
            "duplicate_notification": {"A-1:1"},
            "without_recipient": {"A-1"},
            "reset_after": {"confirmShipment:A-1"},
            "http_429": {"confirmShipment:A-3"},
        }
        here.house.plan("A-6", Plan(pick_s=60))
        market.sell("A-1", TWO)
        market.sell("A-2", TWO)
        for reference in ("A-3", "A-4"):
            market.sell(reference, TWO, status="PENDING")
        market.sell("A-5", TWO, fulfilled_by="AMAZON")
        market.sell("A-6", TWO)
        for reference in ("A-3", "A-4"):
            await here.stands(reference, "placed")
        market.paid("A-3")
        market.orders.cancel("A-4", "BUYER", "Found a better price")
        market.sent_by_amazon("A-5")
        await here.stands("A-6", "in_progress")
        market.orders.ask_to_cancel("A-6", "Ordered by mistake")

        for reference in ("A-1", "A-2", "A-3"):
            await here.until(lambda r=reference: here.noted("told_shipped", r) == 1)  # type: ignore[misc]
        for reference in ("A-1", "A-2", "A-3", "A-5"):
            await here.stands(reference, "completed")
        for reference in ("A-4", "A-6"):
            await here.stands(reference, "cancelled")
        await here.until(lambda: here.noted("told_cancelled", "A-6") == 1)
        await here.until(lambda: market.orders.all["A-6"]["fulfillment"]["fulfillmentStatus"] == "CANCELLED")
        for reference in ("A-1", "A-2", "A-3", "A-6"):
            await here.until(lambda r=reference: here.noted("acknowledged", r) == 1)  # type: ignore[misc]
        assert [here.noted("told_cancelled", ref) for ref in ("A-1", "A-4", "A-5")] == [0, 0, 0]
        assert {ref: here.noted("told_shipped", ref) for ref in ("A-4", "A-5", "A-6")} == {
            "A-4": 0, "A-5": 0, "A-6": 0,
        }  # fmt: skip
        # Six of 40 are gone; what Amazon sent was never ours, and what was cancelled is here again.
        await here.until(lambda: market.listings[SKU] == 31)
        assert (await here.one("SELECT COUNT(*) AS n FROM failures WHERE status = 'open'"))["n"] == 0
        assert (await here.one("SELECT COUNT(*) AS n FROM orders WHERE version > 0"))["n"] == 6
        assert (await here.one("SELECT COUNT(*) AS n FROM orders WHERE due_at IS NOT NULL"))["n"] == 0
