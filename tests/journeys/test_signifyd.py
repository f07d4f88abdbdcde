"""Orders that Signifyd looks at, from the shop to the warehouse, on both transports.

Each order is decided in another way: at once, later, by a person, too late, not at all. The partners' ledgers judge.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from canonical.fraud_policy import FraudPolicy
from canonical.policy import ChannelPolicy, Policy
from canonical.statuses import HoldType
from canonical.stock import Node
from connectors.signifyd.simulator import SignifydSimulator
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Plan, Warehouse
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.application import Hub
from hub.demo.plan import PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.desk import order_verbs
from hub.desk.access import Principal, Role
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

SKU = "TEE-BLUE-M"
SUPPORT = Principal(name="support", role=Role.ENGINEER)
POLICY = Policy(
    channels={"webstore": ChannelPolicy(mail=False)},
    fraud=FraudPolicy(gateway="signifyd", decide_within_h=12 / 3600, accept_undecided_below=Decimal(100)),
)


@dataclass
class Scene:
    """The partners, and the hub between them."""

    hub: Hub
    shop: Shop
    gateway: StripeSimulator
    house: Warehouse
    fraud: SignifydSimulator
    ledgers: dict[str, Ledger]
    faults: dict[str, Faults]

    async def until(self, look: Callable[[], Awaitable[bool]], within_s: float = 90) -> None:
        """Look again and again until there is something to see."""
        async with asyncio.timeout(within_s):
            while True:
                if await look():
                    return
                await asyncio.sleep(0.05)

    async def is_stocked(self) -> bool:
        """Say whether the warehouse's first report has been taken in."""
        async with self.hub.database.reading() as session:
            return bool(await session.rows("SELECT sku FROM stock WHERE on_hand > 0"))

    async def buy(self, reference: str, quantity: int = 1) -> None:
        """Let a customer buy some shirts for 19.90 each, with a card that the shop has authorised."""
        total = Decimal("19.90") * quantity + Decimal("4.90")
        order = PlannedOrder(
            1, reference, "webstore", Outcome.SHIPPED, ((SKU, quantity),), total, f"{reference}@example.com", "en"
        )  # fmt: skip
        intent = await self.gateway.create_intent_for_shop(
            int(total * 100), "eur", metadata={"reference": reference}
        )
        payment = {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": str(total)}
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.shop.place(order_document(order, payment, placed_at))

    async def row(self, reference: str) -> tuple[UUID, str, bool] | None:
        """Return an order's id, status, and whether something holds it."""
        sql = "SELECT id, status, held FROM orders WHERE channel_ref = $1 AND version > 0"
        async with self.hub.database.reading() as session:
            rows = await session.rows(sql, reference)
        return (UUID(str(rows[0]["id"])), rows[0]["status"], bool(rows[0]["held"])) if rows else None

    async def stands(self, reference: str, status: str) -> None:
        """Wait until an order has come to a status."""

        async def so() -> bool:
            row = await self.row(reference)
            return row is not None and row[1] == status

        await self.until(so)

    async def journal(self, reference: str) -> list[str]:
        """Return the types of an order's events, oldest first."""
        row = await self.row(reference)
        sql = "SELECT type FROM journal WHERE order_id = $1 ORDER BY seq"
        async with self.hub.database.reading() as session:
            return [one["type"] for one in await session.rows(sql, row[0] if row else None)]

    async def waits_for_a_person(self, reference: str) -> UUID:
        """Wait until an order is left to a person, and return its id."""

        async def so() -> bool:
            return "FraudReviewNeeded" in await self.journal(reference)

        await self.until(so)
        row = await self.row(reference)
        assert row is not None
        assert (row[1], row[2]) == ("placed", True)
        return row[0]

    def money(self, reference: str) -> set[str]:
        """Return what became of an order's money."""
        kinds = ("captured", "voided")
        entries = [entry for kind in kinds for entry in self.ledgers["stripe"].of(kind)]
        return {entry["kind"] for entry in entries if entry["metadata"].get("reference") == reference}

    def told(self, reference: str) -> list[str]:
        """Return what Signifyd was told of an order's goods."""
        entries = self.ledgers["signifyd"].of("told_fulfillment")
        mine = [
            entry for entry in entries if entry["order"] == f"webstore:{reference}" and not entry["again"]
        ]
        return [entry["said"]["fulfillmentStatus"] for entry in mine]


@asynccontextmanager
async def scene(folder: Path, store_url: str, bus_url: str, prefix: str) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    names = ("webstore", "stripe", "berlin", "signifyd")
    ledgers, faults = {name: Ledger(clock) for name in names}, {name: Faults() for name in names}
    (folder / "house").mkdir()

    def shop_of(name: str) -> Workshop:
        options = quick_house("berlin", {SKU: 400}) if name == "berlin" else {}
        return Workshop(name, clock, ledgers[name], faults[name], folder / "house", options=options)

    shop, gateway = Shop(shop_of("webstore")), StripeSimulator(shop_of("stripe"))
    house, fraud = Warehouse(shop_of("berlin")), SignifydSimulator(shop_of("signifyd"))
    partners: dict[str, Simulator] = {
        "webstore": shop, "stripe": gateway, "berlin": house, "signifyd": fraud,
    }  # fmt: skip
    settings = {name: await partner.start() for name, partner in partners.items()}
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), (Node(id="berlin", connector="berlin", country="DE"),)).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    shop.connect(f"{api.url}/connectors/webstore")
    gateway.webhook_url = f"{api.url}/connectors/stripe/webhook"
    fraud.delivery.url = f"{api.url}/connectors/signifyd/webhook"
    try:
        yield Scene(hub, shop, gateway, house, fraud, ledgers, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        for partner in partners.values():
            await partner.stop()


async def test_orders_come_to_their_ends_however_they_are_decided(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    async with scene(tmp_path, *urls) as here:
        here.house.send_stock_report()
        await here.until(here.is_stocked)
        here.faults["signifyd"].plan = {
            "timeout_after": {"sales webstore:once"},
            "webhook_first": {"sales webstore:later"},
            "duplicate_webhook": {"SALE webstore:later", "SALE webstore:fraud"},
            "http_500": {"sales webstore:silent"},
            "http_429": {"sales webstore:review"},
        }
        plan = here.fraud.plan
        plan("webstore:later", "ACCEPT", 0.5)
        plan("webstore:review", "HOLD")
        plan("webstore:wrong", "HOLD")
        plan("webstore:fraud", "REJECT", 0.5)
        plan("webstore:silent", "ACCEPT", None)
        plan("webstore:dear", "ACCEPT", None)
        here.house.plan("turned", Plan(pick_s=600))
        for reference in ("once", "later", "review", "wrong", "fraud", "silent", "turned"):
            await here.buy(reference)
        await here.buy("dear", 10)

        # People decide what Signifyd leaves to them, and what it did not decide in time.
        reviewed = await here.waits_for_a_person("review")
        await order_verbs.release(here.hub.desk, SUPPORT, reviewed, HoldType.FRAUD_REVIEW, "a known buyer")
        await order_verbs.cancel(
            here.hub.desk, SUPPORT, await here.waits_for_a_person("wrong"), "a stolen card"
        )
        dear = await here.waits_for_a_person("dear")
        await order_verbs.release(here.hub.desk, SUPPORT, dear, HoldType.FRAUD_REVIEW, "we rang the buyer")
        # Signifyd thinks better of an order that the warehouse has already: it is asked back.
        await here.stands("turned", "in_progress")
        here.fraud.review("webstore:turned", "REJECT")

        for reference in ("once", "later", "review", "silent", "dear"):
            await here.stands(reference, "completed")
            assert here.money(reference) == {"captured"}
        for reference in ("wrong", "fraud", "turned"):
            await here.stands(reference, "cancelled")

        async def all_told() -> bool:
            shipped = [here.told(one) for one in ("once", "later", "review", "silent", "dear")]
            stopped = [here.told(one) for one in ("wrong", "fraud", "turned")]
            voided = all(here.money(one) == {"voided"} for one in ("wrong", "fraud", "turned"))
            return shipped == [["COMPLETE"]] * 5 and stopped == [["CANCELED"]] * 3 and voided

        await here.until(all_told)
        asked = [entry["key"] for entry in here.ledgers["signifyd"].of("screened")]
        assert sorted(asked) == sorted(set(asked))
        assert len(asked) == 8
        assert here.ledgers["berlin"].of("shipped")
        assert "FraudCleared" in await here.journal("silent")
        async with here.hub.database.reading() as session:
            assert await session.rows("SELECT reason FROM failures WHERE status = 'open'") == []
