"""Goods that a supplier sends, ordered of it in X12, from the shop to the supplier's invoice, on both transports.

Each order is answered in another way. The ledgers of supplier, warehouse and gateway judge, and the exchange's own.
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
from uuid import UUID

import pytest

from canonical.policy import ChannelPolicy, Policy
from canonical.statuses import HoldType
from canonical.stock import Node, NodeKind, SupplierItem
from connectors.dropship_edi.simulator import Plan, Supplier
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Warehouse
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.application import Hub
from hub.demo.plan import DIRECT, PRICES, PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.desk import order_verbs, supplier_verbs
from hub.desk.access import Principal, Role
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf, quick_house
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

HOUSE, SUPPLIER = "leipzig", "acme"
DESK = Principal(name="support", role=Role.ENGINEER)
POLICY = Policy(channels={"webstore": ChannelPolicy(mail=False)})
COST = Decimal(340)
NODES = (
    Node(id=HOUSE, connector=HOUSE, country="DE"),
    Node(
        id=SUPPLIER, connector=SUPPLIER, country="DE", kind=NodeKind.SUPPLIER, currency="EUR",
        items={DIRECT: SupplierItem(cost=COST, reference="AC-100", direct=True)},
    ),
)  # fmt: skip
QUICK = {
    "stock": {DIRECT: 400}, "numbers": {DIRECT: "AC-100"}, "currency": "EUR", "answer_s": 0.3, "ship_s": 1.5,
    "charge_s": 0.5, "resend_s": 3.0, "interval_s": 0.2, "poll_interval_s": 0.5,
}  # fmt: skip
FAULTS = {"duplicate": 0.5, "said_again": 0.4, "damaged": 0.3, "late": 0.2}


@dataclass
class Scene:
    """The partners, and the hub between them."""

    hub: Hub
    shop: Shop
    gateway: StripeSimulator
    house: Warehouse
    supplier: Supplier
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
        """Let a customer buy sofas, with a card that the shop has authorised."""
        total = Decimal(PRICES[DIRECT]) * quantity + Decimal("4.90")
        order = PlannedOrder(
            1, reference, "webstore", Outcome.SHIPPED, ((DIRECT, quantity),), total, f"{reference}@example.com", "en"
        )  # fmt: skip
        intent = await self.gateway.create_intent_for_shop(
            int(total * 100), "eur", metadata={"reference": reference}
        )
        payment = {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": str(total)}
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.shop.place(order_document(order, payment, placed_at))

    def sent(self, name: str) -> Counter[str]:
        """Count the sofas that a warehouse or supplier has sent, by customer reference."""
        ledger, found = self.ledgers[name], Counter[str]()
        released = {
            one["key"]: one["reference"] for one in (*ledger.of("released"), *ledger.of("purchase_order"))
        }
        for entry in ledger.of("shipped"):
            found[released[entry["key"]]] += entry["lines"][DIRECT]
        return found

    def money(self, kind: str) -> dict[str, int]:
        """Return what the gateway did for each order, in cents."""
        found = Counter[str]()
        for entry in self.ledgers["stripe"].of(kind):
            found[entry["metadata"]["reference"]] += entry["amount"] if kind == "captured" else 1
        return dict(found)


@asynccontextmanager
async def scene(
    folder: Path, store_url: str, bus_url: str, prefix: str, transport: str
) -> AsyncGenerator[Scene]:
    clock = SystemClock()
    options: dict[str, Any] = {
        HOUSE: quick_house(HOUSE, {DIRECT: 40}),
        SUPPLIER: {**QUICK, "transport": transport},
    }
    names = ("webstore", "stripe", HOUSE, SUPPLIER)
    ledgers, faults = {name: Ledger(clock) for name in names}, {name: Faults() for name in names}

    def workshop(name: str) -> Workshop:
        own = folder / name
        own.mkdir()
        return Workshop(name, clock, ledgers[name], faults[name], own, options=options.get(name, {}))

    shop, gateway = Shop(workshop("webstore")), StripeSimulator(workshop("stripe"))
    house, supplier = Warehouse(workshop(HOUSE)), Supplier(workshop(SUPPLIER))
    partners: dict[str, Simulator] = {"webstore": shop, "stripe": gateway, HOUSE: house, SUPPLIER: supplier}
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
        yield Scene(hub, shop, gateway, house, supplier, ledgers, faults)
    finally:
        await api.stop()
        await hub.stop(grace_s=5)
        for partner in partners.values():
            await partner.stop()


ENDS = {"A-1": "completed", "R-1": "completed", "P-1": "completed", "C-1": "cancelled", "T-1": "completed"}
STATUSES = "SELECT status FROM orders WHERE version > 0"


async def test_a_supplier_is_ordered_of_answers_sends_and_charges(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    transport = "folder" if urls[1] == "embedded://" else "sftp"
    async with scene(tmp_path, *urls, transport) as here:
        here.house.send_stock_report()
        here.supplier.send_stock_report()
        here.faults[SUPPLIER].share = FAULTS
        here.supplier.plan("A-1", Plan(parcels=2))
        here.supplier.plan("R-1", Plan(reject=True))
        here.supplier.plan("P-1", Plan(refuse={DIRECT: 1}))
        here.supplier.plan("C-1", Plan(ship_s=600.0))
        here.supplier.plan("T-1", Plan(dearer=Decimal(25)))
        for reference in ENDS:
            await here.buy(reference, {"A-1": 2, "P-1": 3}.get(reference, 1))

        asked = here.ledgers[SUPPLIER]
        await here.until(lambda: len(asked.of("purchase_order")) == len(ENDS))
        await here.shop.cancel("C-1", "it would not fit through the door")
        await here.supplier.stop()  # away for a while: nothing is lost
        await asyncio.sleep(1)
        await here.supplier.start()
        await here.until(lambda: here.sent(SUPPLIER) == {"A-1": 2, "P-1": 2, "T-1": 1})
        await here.until(lambda: here.sent(HOUSE) == {"R-1": 1, "P-1": 1})
        await here.until(lambda: here.money("voided") == {"C-1": 1})
        await here.stands(STATUSES, sorted(ENDS.values()))
        await here.until(lambda: len(asked.of("invoiced")) == 3)

        # The dear invoice waits for a person, and goes when one has looked at it.
        await here.stands("SELECT channel_ref FROM orders WHERE held", ["T-1"])
        order_id = await here.order_id("T-1")
        await order_verbs.release(
            here.hub.desk, DESK, order_id, HoldType.INVOICE_MISMATCH, "a new price list"
        )

        # What was sent goes back under the supplier's number.
        order_id = await here.order_id("A-1")
        (number,) = {one["key"] for one in asked.of("purchase_order") if one["reference"] == "A-1"}
        await supplier_verbs.return_to_supplier(
            here.hub.desk, DESK, order_id, number, {DIRECT: 1}, "a torn seam"
        )
        await here.until(
            lambda: [one["authorisation"] for one in asked.of("return_answered")] == ["RMA-00001"]
        )

        assert Counter(one["reference"] for one in asked.of("purchase_order")) == dict.fromkeys(ENDS, 1)
        for kind in ("duplicate_order", "not_understood", "interchange_refused", "set_refused", "repeated"):
            assert asked.of(kind) == [], kind
        goods = {"A-1": 2, "P-1": 3, "R-1": 1, "T-1": 1}
        paid = {r: int((Decimal(PRICES[DIRECT]) * n + Decimal("4.90")) * 100) for r, n in goods.items()}
        assert here.money("captured") == paid
        await _exchange_is_settled(here)


async def _exchange_is_settled(here: Scene) -> None:
    """All that we sent is acknowledged, under numbers without gaps; what the supplier damaged was refused."""
    ours = "SELECT DISTINCT status FROM interchanges WHERE direction = 'out'"
    await here.stands(ours, ["accepted", "sent"])  # acknowledgements of ours are not acknowledged themselves
    numbers = await here.rows("SELECT control FROM interchanges WHERE direction = 'out'")
    assert sorted(int(row["control"]) for row in numbers) == list(range(1, len(numbers) + 1))
    await here.until(lambda: here.supplier.counterpart.unanswered() == [])
    damaged = here.faults[SUPPLIER].happened["damaged"]
    refused = [
        one
        for one in here.supplier.counterpart.sent
        if one.decision is not None and one.decision.value == "rejected"
    ]
    assert len(refused) == damaged
