"""Parcels under labels that the hub books at EasyPost, from the shop to the buyer's door, on both transports.

Each parcel has another fate. The ledgers of broker, warehouse, gateway and mail server judge.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.courier import CourierPolicy, NodeLabels
from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Node
from connectors.easypost.simulator import JOURNEYS, EasyPostSimulator
from connectors.mailer.simulator import MailServer
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Plan, Warehouse
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.application import Hub
from hub.demo.courier import Van
from hub.demo.plan import PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SKU = "LAMP-OAK"
NODE = "leipzig"
POLICY = Policy(
    channels={"webstore": ChannelPolicy()},
    courier=CourierPolicy(nodes={NODE: NodeLabels(broker="easypost")}),
)
SENDER = {
    "name": "The Shop", "street1": "1 Example Street", "city": "Leipzig", "zip": "04103", "country": "DE",
    "phone": "+49 341 000000",
}  # fmt: skip
FATES = {"D-1": "delivered", "S-1": "second_attempt", "L-1": "lost", "F-1": "to_be_fetched", "Q-1": "silent"}
"""What carriers do with whose parcel."""
STOPPED = "C-1"
"""An order that is cancelled while the warehouse packs it: its label is given back."""


@dataclass
class Scene:
    """The partners, and the hub between them."""

    hub: Hub
    shop: Shop
    gateway: StripeSimulator
    house: Warehouse
    courier: EasyPostSimulator
    ledgers: dict[str, Ledger]
    faults: dict[str, Faults]

    async def until(self, look: Callable[[], object], within_s: float = 120) -> None:
        """Look again and again until there is something to see; the van comes by each time."""
        van = Van(self.ledgers[NODE], self.courier.hand_over)
        async with asyncio.timeout(within_s):
            while not look():
                van.collect()
                await asyncio.sleep(0.05)

    async def statuses(self) -> dict[str, str]:
        """Return where each order stands."""
        async with self.hub.database.reading() as session:
            rows = await session.rows("SELECT channel_ref, status FROM orders WHERE version > 0")
        return {row["channel_ref"]: row["status"] for row in rows}

    async def stand(self, wanted: dict[str, str]) -> None:
        """Wait until the orders have come to their statuses."""
        async with asyncio.timeout(120):
            while True:
                if await self.statuses() == wanted:
                    return
                await asyncio.sleep(0.1)

    async def buy(self, n: int, reference: str) -> None:
        """Let a customer buy a lamp, with a card that the shop has authorised."""
        total = Decimal("89.00") + Decimal("4.90")
        order = PlannedOrder(
            n, reference, "webstore", Outcome.SHIPPED, ((SKU, 1),), total, f"{reference.lower()}@example.com", "en"
        )  # fmt: skip
        intent = await self.gateway.create_intent_for_shop(
            int(total * 100), "eur", metadata={"reference": reference}
        )
        payment = {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": str(total)}
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.shop.place(order_document(order, payment, placed_at))

    def of(self, partner: str, kind: str) -> Counter[str]:
        """Count what a partner noted of each order."""
        return Counter(str(entry.get("order")) for entry in self.ledgers[partner].of(kind))

    def templates(self) -> Counter[str]:
        """Count the mails about parcels that are on their way."""
        about = {"available_for_pickup", "delivery_problem"}
        return Counter(e["template"] for e in self.ledgers["mailer"].of("mailed") if e["template"] in about)


@asynccontextmanager
async def scene(folder: Path, store_url: str, bus_url: str, prefix: str) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    options = {
        NODE: quick_house(NODE, {SKU: 400}),
        "easypost": {"scan_s": 0.5, "senders": {NODE: SENDER}},
    }
    names = ("webstore", "stripe", NODE, "mailer", "easypost")
    ledgers, faults = {name: Ledger(clock) for name in names}, {name: Faults() for name in names}

    def workshop(name: str) -> Workshop:
        own = folder / name
        own.mkdir()
        return Workshop(name, clock, ledgers[name], faults[name], own, options=options.get(name, {}))

    shop, gateway, house = (
        Shop(workshop("webstore")),
        StripeSimulator(workshop("stripe")),
        Warehouse(workshop(NODE)),
    )
    post, courier = MailServer(workshop("mailer")), EasyPostSimulator(workshop("easypost"))
    partners: dict[str, Simulator] = {
        "webstore": shop, "stripe": gateway, NODE: house, "mailer": post, "easypost": courier,
    }  # fmt: skip
    settings = {name: await partner.start() for name, partner in partners.items()}
    file = HubFile(
        store_url=store_url, bus_url=bus_url, key_file=folder / "master.key", settings=settings,
        queue_prefix=prefix, policy=POLICY,
    )  # fmt: skip
    await Shelf((), (Node(id=NODE, connector=NODE, country="DE"),)).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    shop.connect(f"{api.url}/connectors/webstore")
    gateway.webhook_url = f"{api.url}/connectors/stripe/webhook"
    courier.send_webhooks_to(f"{api.url}/connectors/easypost/webhook")
    try:
        yield Scene(hub, shop, gateway, house, courier, ledgers, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        for partner in partners.values():
            await partner.stop()


async def test_each_parcel_has_one_label_and_its_buyer_hears_of_its_fate(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    async with scene(tmp_path, *urls) as here:
        here.house.send_stock_report()
        for reference, fate in FATES.items():
            here.courier.plan(reference, JOURNEYS[fate])
        here.house.plan(STOPPED, Plan(pick_s=600))
        share = {
            "duplicate_webhook": 1.0,
            "webhook_out_of_order": 0.3,
            "timeout_after": 0.2,
            "http_500_after": 0.2,
        }
        here.faults["easypost"].share = {**share, "reset_before": 0.2, "truncated": 0.1, "label_missing": 0.2}
        references = (*FATES, STOPPED)
        for n, reference in enumerate(references, start=1):
            await here.buy(n, reference)

        accepted = here.ledgers[NODE]
        await here.until(lambda: len(accepted.of("accepted")) == len(references))
        await here.shop.cancel(STOPPED, "found it cheaper")
        await here.until(lambda: len(here.of("easypost", "handed_over")) == len(FATES))
        await here.until(lambda: here.of("easypost", "label_voided") == {STOPPED: 1})
        await here.until(lambda: here.templates() == {"available_for_pickup": 1, "delivery_problem": 2})
        await here.stand(
            {
                "D-1": "completed", "S-1": "completed", "L-1": "in_progress", "F-1": "in_progress",
                "Q-1": "in_progress", STOPPED: "cancelled",
            }
        )  # fmt: skip

        assert here.of("easypost", "label_bought") == dict.fromkeys(references, 1)
        assert here.of("easypost", "handed_over") == dict.fromkeys(FATES, 1)
        bought = {entry["tracking"] for entry in here.ledgers["easypost"].of("label_bought")}
        left = {entry["tracking_number"] for entry in here.ledgers[NODE].of("shipped")}
        assert left < bought
        assert len(left) == len(FATES)
        assert here.templates() == {"available_for_pickup": 1, "delivery_problem": 2}
        async with here.hub.database.reading() as session:
            assert await session.rows("SELECT reason FROM failures WHERE status = 'open'") == []
