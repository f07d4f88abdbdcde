"""Goods that a supplier sends, ordered of it in X12, UBL or cXML, from the shop to its invoice, on both transports.

Each order is answered in another way. The ledgers of supplier, warehouse and gateway judge, and the exchange's own.
"""

import asyncio
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.statuses import HoldType
from canonical.stock import Node, NodeKind, SupplierItem
from connectors.dropship_edi.simulator import Plan, Supplier
from hub.demo.plan import DIRECT, PRICES
from hub.desk import order_verbs, stock, supplier_verbs
from hub.desk.access import Principal, Role
from tests.journeys.trading_scene import STATUSES, Scene, trading_scene

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

HOUSE, SUPPLIER = "leipzig", "acme"
DESK = Principal(name="support", role=Role.ENGINEER)
COST = Decimal(340)
NODES = (
    Node(
        id=SUPPLIER, connector=SUPPLIER, country="DE", kind=NodeKind.SUPPLIER, currency="EUR",
        items={DIRECT: SupplierItem(cost=COST, reference="AC-100", direct=True)},
    ),
    Node(id=HOUSE, connector=HOUSE, country="DE"),
)  # fmt: skip
QUICK = {
    "stock": {DIRECT: 400}, "numbers": {DIRECT: "AC-100"}, "currency": "EUR", "answer_s": 0.3, "ship_s": 1.5,
    "charge_s": 0.5, "resend_s": 3.0, "interval_s": 0.2, "poll_interval_s": 0.5,
}  # fmt: skip
FAULTS = {"duplicate": 0.5, "said_again": 0.4, "damaged": 0.3, "late": 0.2}


ENDS = {"A-1": "completed", "R-1": "completed", "P-1": "completed", "C-1": "cancelled", "T-1": "completed"}


async def test_a_supplier_is_ordered_of_answers_sends_and_charges(
    urls: tuple[str, str, str], tmp_path: Path
) -> None:
    async with trading_scene(tmp_path, urls, Supplier, DIRECT, NODES, QUICK) as here:
        here.partner.send_stock_report()
        await _orders_end_as_planned(here)

        # What was sent goes back under the supplier's number.
        await _send_back(here)
        asked = here.ledgers[SUPPLIER]
        await here.until(
            lambda: [one["authorisation"] for one in asked.of("return_answered")] == ["RMA-00001"]
        )
        await _exchange_is_settled(here)


@pytest.mark.parametrize("version", ["ubl-2.1", "cxml-1.2"])
async def test_a_supplier_that_speaks_xml_is_ordered_of_too(
    urls: tuple[str, str, str], tmp_path: Path, version: str
) -> None:
    async with trading_scene(tmp_path, urls, Supplier, DIRECT, NODES, {**QUICK, "version": version}) as here:
        here.partner.send_stock_report()  # in UBL; for cXML, which has none, somebody says it
        if version == "cxml-1.2":
            await stock.set_stock(here.hub.desk, DESK, DIRECT, SUPPLIER, 400, "it said so by phone")
        await _orders_end_as_planned(here)

        # There is no document that asks for goods to be taken back, and the order says so.
        await _send_back(here)
        await here.stands(
            "SELECT DISTINCT state FROM effects WHERE command = 'RequestSupplierReturn'", ["rejected"]
        )
        ours = "SELECT DISTINCT status FROM interchanges WHERE direction = 'out'"
        await here.stands(ours, ["sent"])


async def _orders_end_as_planned(here: Scene[Supplier]) -> None:
    """Five orders go out, one is cancelled, the supplier is away meanwhile, and a person looks at a dear invoice."""
    here.house.send_stock_report()
    here.faults[SUPPLIER].share = FAULTS
    here.partner.plan("A-1", Plan(parcels=2))
    here.partner.plan("R-1", Plan(reject=True))
    here.partner.plan("P-1", Plan(refuse={DIRECT: 1}))
    here.partner.plan("C-1", Plan(ship_s=600.0))
    here.partner.plan("T-1", Plan(dearer=Decimal(25)))
    for reference in ENDS:
        await here.buy(reference, {"A-1": 2, "P-1": 3}.get(reference, 1))

    asked = here.ledgers[SUPPLIER]
    await here.until(lambda: len(asked.of("purchase_order")) == len(ENDS))
    await here.shop.cancel("C-1", "it would not fit through the door")
    await here.partner.stop()  # away for a while: nothing is lost
    await asyncio.sleep(1)
    await here.partner.start()
    await here.until(lambda: here.sent(SUPPLIER) == {"A-1": 2, "P-1": 2, "T-1": 1})
    await here.until(lambda: here.sent(HOUSE) == {"R-1": 1, "P-1": 1})
    await here.until(lambda: here.money("voided") == {"C-1": 1})
    await here.stands(STATUSES, sorted(ENDS.values()))
    await here.until(lambda: len(asked.of("invoiced")) == 3)

    # The dear invoice waits for a person, and goes when one has looked at it.
    await here.stands("SELECT channel_ref FROM orders WHERE held", ["T-1"])
    order_id = await here.order_id("T-1")
    await order_verbs.release(here.hub.desk, DESK, order_id, HoldType.INVOICE_MISMATCH, "a new price list")

    assert Counter(one["reference"] for one in asked.of("purchase_order")) == dict.fromkeys(ENDS, 1)
    for kind in ("duplicate_order", "not_understood", "interchange_refused", "set_refused", "repeated"):
        assert asked.of(kind) == [], kind
    goods = {"A-1": 2, "P-1": 3, "R-1": 1, "T-1": 1}
    paid = {r: int((Decimal(PRICES[DIRECT]) * n + Decimal("4.90")) * 100) for r, n in goods.items()}
    assert here.money("captured") == paid


async def _send_back(here: Scene[Supplier]) -> None:
    order_id = await here.order_id("A-1")
    orders = here.ledgers[SUPPLIER].of("purchase_order")
    (number,) = {one["key"] for one in orders if one["reference"] == "A-1"}
    await supplier_verbs.return_to_supplier(here.hub.desk, DESK, order_id, number, {DIRECT: 1}, "a torn seam")


async def _exchange_is_settled(here: Scene[Supplier]) -> None:
    """All that we sent is acknowledged, under numbers without gaps; what the supplier damaged was refused."""
    ours = "SELECT DISTINCT status FROM interchanges WHERE direction = 'out'"
    await here.stands(ours, ["accepted", "sent"])  # acknowledgements of ours are not acknowledged themselves
    numbers = await here.rows("SELECT control FROM interchanges WHERE direction = 'out'")
    assert sorted(int(row["control"]) for row in numbers) == list(range(1, len(numbers) + 1))
    await here.until(lambda: here.partner.counterpart.unanswered() == [])
    damaged = here.faults[SUPPLIER].happened["damaged"]
    refused = [
        one
        for one in here.partner.counterpart.sent
        if one.decision is not None and one.decision.value == "rejected"
    ]
    assert len(refused) == damaged
