"""A shop on Shopify and a warehouse, with the hub between them, on both transports.

Each order takes another way to its money, some webhooks never come, and the shop's staff does things past the hub. The
shop's own ledger is the judge.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Node
from connectors.shopify.simulator import ShopifyShop
from connectors.shopify.simulator.checkout import Basket, Wanted
from connectors.warehouse.simulator import Warehouse
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Workshop
from hub.application import Hub
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(150)]

SKU = "TEE-BLUE-M"
BASKET = Basket((Wanted(SKU, 2, "19.90"),))
TOTAL = 4470
POLICY = Policy(channels={"shopify": ChannelPolicy(mail=False, offer="items", stock_buffer=3)})


@dataclass
class Scene:
    """Shop, warehouse and hub."""

    hub: Hub
    shop: ShopifyShop
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
        """Count what the shop's ledger says about an order."""
        entries = self.ledger.of(kind)
        return sum(reference in {entry["key"], entry.get("order")} for entry in entries)

    def money(self, reference: str) -> Counter[str]:
        """Return what moved of an order's money, in cents."""
        moved = Counter[str]()
        for kind in ("authorised", "captured", "voided", "refunded"):
            moved[kind] += sum(e["amount"] for e in self.ledger.of(kind) if e["order"] == reference)
        return +moved

    async def status(self, reference: str) -> str | None:
        """Return how an order stands."""
        sql = "SELECT status FROM orders WHERE channel_ref = $1 AND version > 0"
        async with self.hub.database.reading() as session:
            rows = await session.rows(sql, reference)
        return str(rows[0]["status"]) if rows else None

    async def told(self, quantity: int) -> bool:
        """Say whether the shop was told this figure as the hub's last: the hub gathers what it offers by and by."""
        sql = "SELECT told, quantity, due_at FROM stock_offers WHERE reference = $1"
        async with self.hub.database.reading() as session:
            rows = await session.rows(sql, SKU)
        return [(row["told"], row["quantity"], row["due_at"]) for row in rows] == [(quantity, quantity, None)]

    async def stands(self, reference: str, *statuses: str) -> None:
        async def so() -> bool:
            return await self.status(reference) in statuses

        await self.until(so)


@asynccontextmanager
async def scene(folder: Path, store_url: str, bus_url: str, prefix: str) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    ledger, faults = Ledger(clock), Faults()
    shop = ShopifyShop(Workshop("shopify", clock, ledger, faults, folder, options={"job_looks": 2}))
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
    settings = {"shopify": await shop.start(), "leipzig": await house.start()}
    shop.stock(SKU, 0)
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), (Node(id="leipzig", connector="leipzig", country="DE"),)).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    shop.connect(f"{api.url}/connectors/shopify")
    try:
        yield Scene(hub, shop, house, ledger, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        await shop.stop()
        await house.stop()


async def test_orders_of_a_shop_on_shopify_come_to_their_ends(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    async with scene(tmp_path, *urls) as here:
        shop = here.shop
        here.house.send_stock_report()
        # 40 lie there, and 3 are kept back: the shop is told as soon as the warehouse has reported.
        await here.until(lambda: shop.books.variants[SKU].available == 37)
        here.faults.plan = {
            "lost_webhook": {"1002", "1004"},
            "duplicate_webhook": {"1001"},
            "forged_webhook": {"1003"},
        }
        shop.place(BASKET, "authorised", 1001)
        shop.place(BASKET, "paid", 1002)
        shop.place(BASKET, "pending", 1003)
        shop.place(BASKET, "pending", 1004)
        shop.place(BASKET, "none", 1005)
        shop.place(BASKET, "pending", 1006)
        for reference in ("1003", "1004", "1005", "1006"):
            await here.stands(reference, "placed")
        shop.pay("1003")
        shop.fail("1006")
        shop.cancel("1004")
        shop.pay("1005")
        for reference in ("1001", "1002", "1003", "1005"):
            await here.until(lambda r=reference: here.noted("told_shipped", r) == 1)  # type: ignore[misc]
        shop.refund("1002", "5.00")
        await here.stands("1004", "cancelled")
        for reference in ("1001", "1002", "1003", "1005"):
            await here.stands(reference, "completed")
        await here.until(lambda: "hub: payment declined" in shop.order("1006")["tags"])
        shop.cancel("1006")
        await here.stands("1006", "cancelled")
        paid = Counter(authorised=TOTAL, captured=TOTAL)
        assert here.money("1001") == here.money("1003") == here.money("1005") == paid
        assert here.money("1002") == paid + Counter(refunded=500)
        assert here.money("1004") == here.money("1006") == Counter()
        assert [here.noted("told_cancelled", "1004"), here.noted("contradiction", "1003")] == [0, 0]
        assert all(
            order["fulfillments"] for order in shop.books.orders.values() if order["cancelledAt"] is None
        )
        # 8 of 40 are gone, and 3 are kept back; the shop's own sales were counted by itself, and not twice.
        await here.until(lambda: here.told(29))
        assert shop.books.variants[SKU].available == 29
        async with here.hub.database.reading() as session:
            assert await session.rows("SELECT reason FROM failures WHERE status = 'open'") == []
