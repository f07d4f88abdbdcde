"""Goods that a 3PL sends, counts and takes back, told in X12 and in EDIFACT, from shop to buyer, on both transports.

Each release has another fate. The ledgers of 3PL, warehouse and gateway judge, and the exchange's own.
"""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.stock import Node
from connectors.warehouse_edi.simulator import Arrival, Plan, ThirdParty
from hub.demo.plan import PRICES
from hub.desk import inbound
from hub.desk.access import Principal, Role
from tests.journeys.hubfile import quick_house
from tests.journeys.trading_scene import STATUSES, Scene, trading_scene

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SKU = "RUG-BLUE"
HOUSE, THIRD = "leipzig", "hamburg"
NODES = (
    Node(id=THIRD, connector=THIRD, country="DE", priority=10),
    Node(id=HOUSE, connector=HOUSE, country="DE", priority=20),
)
FAULTS = {"duplicate": 0.5, "said_again": 0.4, "late": 0.4, "damaged": 0.3}

OPTIONS = {**quick_house(THIRD, {SKU: 400}), "receive_s": 0.5}
ENDS = {"A-1": "completed", "R-1": "completed", "P-1": "completed", "C-1": "cancelled", "L-1": "completed"}
COMING = f"number,sku,quantity\nASN-1,{SKU},30\n".encode()
CAME = (
    "SELECT i.number || ': ' || l.received || ' of ' || l.expected || ', ' || l.damaged || ' damaged, ' || i.status "
    "FROM inbound i JOIN inbound_lines l ON l.inbound_id = i.id"
)
ADJUSTED = "SELECT quantity FROM stock_ledger WHERE key LIKE 'adjustment:%'"
ON_HAND = "SELECT on_hand FROM stock WHERE node = 'hamburg' AND sku = 'RUG-BLUE'"
OURS = "SELECT DISTINCT status FROM interchanges WHERE direction = 'out'"


async def test_a_3pl_sends_refuses_stops_and_takes_back(urls: tuple[str, str, str], tmp_path: Path) -> None:
    async with trading_scene(tmp_path, urls, ThirdParty, SKU, NODES, OPTIONS) as here:
        await _releases_meet_their_fates(here)

        here.partner.plan_arrivals("ASN-1", Arrival({SKU: 20}, {SKU: 3}), Arrival({SKU: 10}))
        await inbound.announce_file(
            here.hub.desk, Principal("buyer", Role.ENGINEER), THIRD, "asn.csv", COMING
        )
        await here.stands(CAME, ["ASN-1: 27 of 30, 3 damaged, received"])
        assert len(here.ledgers[THIRD].of("announced")) == 1
        here.partner.adjust(SKU, -7, "AU")
        here.partner.adjust(SKU, 2)
        await here.stands(ADJUSTED, [-7, 2])
        await _the_books_agree(here)


async def test_a_3pl_that_speaks_edifact_does_so_too(urls: tuple[str, str, str], tmp_path: Path) -> None:
    async with trading_scene(tmp_path, urls, ThirdParty, SKU, NODES, {**OPTIONS, "version": "D01B"}) as here:
        await _releases_meet_their_fates(here)
        here.partner.put_stock(SKU, 321)
        await _the_books_agree(here)


async def _releases_meet_their_fates(here: Scene[ThirdParty]) -> None:
    """Have orders sent, refused, refused in part, stopped in time and too late; take goods of one back."""
    here.house.send_stock_report()
    here.partner.send_stock_report()
    await here.stands("SELECT COUNT(DISTINCT node) AS n FROM stock WHERE on_hand > 0", [2])
    here.faults[THIRD].share = FAULTS
    here.partner.plan("A-1", Plan(parcels=2))
    here.partner.plan("R-1", Plan(refuse="OTHER"))
    here.partner.plan("P-1", Plan(short={SKU: 1}, pick_s=3.0))
    here.partner.plan("C-1", Plan(pick_s=600.0))
    here.partner.plan("L-1", Plan(parcels=2, gap_s=4.0))
    for reference in ENDS:
        await here.buy(reference, {"A-1": 2, "P-1": 3, "L-1": 2}.get(reference, 1))

    await here.until(lambda: here.partner.releases_of("P-1"))
    # What P-1 lacks is said before its parcel: only the units that lack may be sent by somebody else.
    here.faults[THIRD].plan["late"] = set(here.partner.releases_of("P-1"))
    await here.until(lambda: len(here.ledgers[THIRD].of("released")) == len(ENDS))
    await here.shop.cancel("C-1", "it would not fit through the door")
    await here.until(lambda: here.sent(THIRD)["L-1"] == 2)
    await here.shop.cancel("L-1", "too late, I fear")
    await here.until(lambda: here.sent(THIRD) == {"A-1": 2, "P-1": 2, "L-1": 2})
    await here.until(lambda: here.sent(HOUSE) == {"R-1": 1, "P-1": 1})
    await here.stands(STATUSES, sorted(ENDS.values()))

    (release_id,) = here.partner.releases_of("A-1")
    here.partner.send_return(release_id, {SKU: 1}, damaged=True)
    await here.stands("SELECT COUNT(*) AS n FROM journal WHERE type = 'ReturnReceived'", [1])


async def _the_books_agree(here: Scene[ThirdParty]) -> None:
    """Count, and hold the hub's figures, the ledgers and the money against each other."""
    here.partner.send_stock_report()
    await here.stands(ON_HAND, [here.partner.shelves.on_hand[SKU]])

    asked = here.ledgers[THIRD]
    assert Counter(one["reference"] for one in asked.of("released")) == dict.fromkeys(ENDS, 1)
    for kind in ("duplicate_release", "not_understood", "interchange_refused", "set_refused"):
        assert asked.of(kind) == [], kind
    goods = {"A-1": 2, "P-1": 3, "R-1": 1, "L-1": 2}
    paid = {r: int((Decimal(PRICES[SKU]) * n + Decimal("4.90")) * 100) for r, n in goods.items()}
    assert here.money("captured") == paid
    await here.stands(OURS, ["accepted", "sent"])
    await here.until(lambda: here.partner.counterpart.unanswered() == [])
