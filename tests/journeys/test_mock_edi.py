"""Purchase orders with `mock-edi`, a partner that others wrote, unmodified: acknowledged, answered, shipped, invoiced.

Between the shop and the buyer stands a whole hub, which reaches the partner by a folder, in X12 and in EDIFACT.
"""

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mockedi.testing import Mock  # type: ignore[import-untyped]

from canonical.stock import Node, NodeKind, SupplierItem
from core.simulator import Workshop
from hub.demo.plan import DIRECT, PRICES
from hub.desk.access import Principal, Role
from hub.desk.stock import set_stock
from tests.journeys.trading_scene import STATUSES, Scene, trading_scene

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

SUPPLIER, HOUSE = "acme", "leipzig"
DESK = Principal(name="support", role=Role.ENGINEER)
COST = Decimal("12.50")
NODES = (
    Node(
        id=SUPPLIER, connector=SUPPLIER, country="US", kind=NodeKind.SUPPLIER, currency="EUR",
        items={DIRECT: SupplierItem(cost=COST, reference="WIDGET-001", direct=True)},
    ),
    Node(id=HOUSE, connector=HOUSE, country="DE"),
)  # fmt: skip
PROFILES: dict[str, dict[str, Any]] = {
    "x12": {"version": "004010", "ours": {"qualifier": "ZZ", "id": "ACME"}},
    "edifact": {"version": "D96A", "ours": {"qualifier": "14", "id": "EURODIS"}},
}
SETS = {"x12": {"850", "855", "856", "810"}, "edifact": {"ORDERS", "ORDRSP", "DESADV", "INVOIC"}}
TOLERATED = {"x12": {"850", "855"}, "edifact": {"INVOIC"}}
"""What is accepted with errors: it knows fewer segments of an 850 than the standard has; else see `Partner`."""


class Partner:
    """`mock-edi` on a folder. It marks all that it writes as a test, so a test is what is agreed.

    Its 855 has PID behind ACK, and its INVOIC has CNT behind MOA (SG48): the standards have them the other way around,
    and we take them nevertheless, as one agrees with a partner.
    """

    def __init__(self, workshop: Workshop) -> None:
        self.root, self._standard = workshop.folder, workshop.options["standard"]
        self._mock: Any = None

    async def start(self) -> dict[str, Any]:
        """Begin, and return how the hub reaches it."""
        places = {"drop_dir": "out", "pickup_dir": "in", "db_path": "mock-edi.sqlite3"}
        told = {name: str(self.root / place) for name, place in places.items()}
        self._mock = await asyncio.to_thread(Mock.start, drop_settle_ms=0, **told)
        self._stock(told["db_path"])
        return {
            "node": SUPPLIER,
            "buyer": "Our Shop Inc",
            "currency": "EUR",
            "transport": {"type": "folder", "path": str(self.root)},
            "folders": {"processed": ["out/processed", "out/failed"]},
            "arrival": {"complete": "renamed"},
            "poll_interval_s": 0.3,
            "partner": {
                "standard": self._standard,
                "theirs": {"qualifier": "ZZ", "id": "MOCKEDI"},
                "mode": "test",
                "tolerate": ["segment-out-of-order"],
                **PROFILES[self._standard],
            },
        }

    @staticmethod
    def _stock(catalogue: str) -> None:
        """Put what the shop sells into its catalogue, which it looks items up in by the buyer's number."""
        with closing(sqlite3.connect(catalogue)) as connection, connection:
            row = (DIRECT, "A sofa of oak", "076123409996", str(COST), "EA", 400, 3)
            connection.execute("INSERT INTO catalog VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    async def stop(self) -> None:
        """End."""
        await asyncio.to_thread(self._mock.close)

    def has_read(self, count: int) -> bool:
        """Say whether it has read so many files. It puts what it can't read somewhere else."""
        assert list((self.root / "out/failed").glob("*.*")) == []
        return len(list((self.root / "out/processed").glob("*.*"))) >= count

    async def let_a_month_pass(self) -> None:
        """Have it do all that is due: answer, ship, charge."""
        await asyncio.to_thread(self._mock.post, "/_mock/advance", {"days": 30})


@pytest.mark.parametrize("standard", ["x12", "edifact"])
async def test_a_partner_that_others_wrote_sends_what_a_shop_has_sold(standard: str, tmp_path: Path) -> None:
    urls = (f"sqlite:///{tmp_path / 'hub.sqlite3'}", "embedded://", "")
    async with trading_scene(tmp_path, urls, Partner, DIRECT, NODES, {"standard": standard}) as here:
        await set_stock(here.hub.desk, DESK, DIRECT, SUPPLIER, 400, "what its price list says")
        await here.buy("M-1", 2)

        await here.until(lambda: here.partner.has_read(1))
        await here.partner.let_a_month_pass()

        await here.stands(STATUSES, ["completed"])
        paid = int((Decimal(PRICES[DIRECT]) * 2 + Decimal("4.90")) * 100)
        assert here.money("captured") == {"M-1": paid}
        await _everything_was_acknowledged(here, standard)


async def _everything_was_acknowledged(here: Scene[Partner], standard: str) -> None:
    """Both sides have accepted what the other has sent, under numbers without gaps."""
    sets = await here.rows("SELECT kind, status FROM exchanged_sets")
    assert {row["kind"] for row in sets} == SETS[standard]
    assert {row["status"] for row in sets} <= {"accepted", "accepted with errors"}
    assert {row["kind"] for row in sets if row["status"] != "accepted"} == TOLERATED[standard]
    ours = await here.rows("SELECT control, status FROM interchanges WHERE direction = 'out'")
    assert sorted(int(row["control"]) for row in ours) == list(range(1, len(ours) + 1))
    assert {row["status"] for row in ours} <= {"accepted", "accepted with errors", "sent"}
    await here.until(lambda: here.partner.has_read(len(ours)))
