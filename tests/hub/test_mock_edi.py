"""A purchase order with `mock-edi`, a partner that others wrote: out, acknowledged, answered, shipped, invoiced."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from mockedi.testing import Mock  # type: ignore[import-untyped]

from core.clock import SystemClock
from core.exchange.numbers import Counters
from core.exchange.profile import PartnerProfile
from core.exchange.sending import Sent, enter, write
from core.ids import uuid7
from core.ports import RawDocument
from core.store import messages
from core.store.sql import Database
from hub.interchanges import Partner, Partners
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from tests.core.conftest import sqlite_store as sqlite_store  # noqa: PLC0414 - a fixture
from tests.core.conftest import template as template  # noqa: PLC0414 - a fixture
from tests.core.engine.stage import Stage, engine_on

PARTNERS: dict[str, dict[str, Any]] = {
    "x12": {"version": "004010", "ours": {"qualifier": "ZZ", "id": "ACME"}},
    "edifact": {"version": "D96A", "ours": {"qualifier": "14", "id": "EURODIS"}},
}
ORDERS: dict[str, tuple[str, Any]] = {
    "x12": (
        "850",
        {
            "BEG": {"01": "00", "02": "SA", "03": "PO-1", "05": "20261122"},
            "N1": [{"N1": {"01": "ST", "02": "A buyer"}}],
            "PO1": [
                {"PO1": {"01": "1", "02": "2", "03": "EA", "04": "12.50", "06": "VP", "07": "WIDGET-001"}}
            ],
        },
    ),
    "edifact": (
        "ORDERS",
        {
            "BGM": {"01": "220", "02": "PO-1", "03": "9"},
            "DTM": [{"01": "137", "01_2": "20261122", "01_3": "102"}],
            "SG2": [{"NAD": {"01": "BY", "02": "EURODIS", "02_3": "92"}}],
            "SG25": [
                {
                    "LIN": {"01": "1", "03": "WIDGET-001", "03_2": "SA"},
                    "QTY": [{"01": "21", "01_2": "2"}],
                    "SG28": [{"PRI": {"01": "AAA", "01_2": "12.50"}}],
                }
            ],
            "UNS": {"01": "S"},
        },
    ),
}
ANSWERS = {"x12": {"855", "856", "810"}, "edifact": {"ORDRSP", "DESADV", "INVOIC"}}
OUT_OF_ORDER = {"x12": "855", "edifact": "INVOIC"}


@pytest.fixture
def mock(tmp_path: Path) -> Iterator[Mock]:
    with Mock.start(
        drop_dir=str(tmp_path / "out"), pickup_dir=str(tmp_path / "in"), drop_settle_ms=0
    ) as started:
        yield started


def partner_of(standard: str) -> Partner:
    """It marks all that it writes as a test, so a test is what is agreed.

    Its 855 has PID behind ACK, and its INVOIC has CNT behind MOA (SG48): the standards have them the other way
    around, and we take them nevertheless, as one agrees with a partner.
    """
    theirs = {"qualifier": "ZZ", "id": "MOCKEDI"}
    profile = PartnerProfile.model_validate(
        {
            "standard": standard,
            "theirs": theirs,
            "mode": "test",
            "tolerate": ["segment-out-of-order"],
            **PARTNERS[standard],
        }
    )
    return Partners(SystemClock(), GrammarLibrary(GrammarFolders())).partner(profile)


async def order(store: Database, partner: Partner, kind: str, tree: Any) -> bytes:
    """Draw the numbers and enter the ledger in one commit, as the engine does for an effect."""
    draft = partner.draft_of(kind, tree, "PO-1")
    async with store.transaction() as session:
        counters = await Counters.lock(session, [draft.pair])
        written = write(draft, counters)
        await counters.save(session)
        await enter(session, [Sent(uuid7(), "edi", written, uuid7(), "po:PO-1")])
    return written.body


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def collect(stage: Stage, folder: Path) -> None:
    for path in files_in(folder):
        raw = RawDocument("interchange", path.read_bytes(), "application/edi-x12", path.name)
        receipt = await stage.engine.receive("edi", raw)
        await stage.until_rows(
            1, "SELECT id FROM messages WHERE id = $1 AND status <> 'received'", receipt.message_id
        )
        path.unlink()


def nothing(raw: RawDocument) -> tuple[()]:
    return ()


@pytest.mark.parametrize("standard", ["x12", "edifact"])
async def test_a_purchase_order_is_acknowledged_answered_shipped_and_invoiced(
    standard: str, mock: Mock, sqlite_store: Database, tmp_path: Path
) -> None:
    partner = partner_of(standard)
    readers = {("edi", kind): nothing for kind in ANSWERS[standard]}
    (tmp_path / "out" / "1.edi").write_bytes(await order(sqlite_store, partner, *ORDERS[standard]))
    async with engine_on(
        sqlite_store, takers={("edi", "interchange"): partner.take}, readers=readers
    ) as stage:
        scanned = await asyncio.to_thread(mock.post, "/_mock/drop/scan")
        assert [file["orders"] for file in scanned.body["files"]] == [["PO-1"]]
        await asyncio.to_thread(mock.post, "/_mock/advance", {"days": 30})
        await collect(stage, tmp_path / "in")
        (ours,) = await stage.rows(
            "SELECT status FROM interchanges WHERE direction = 'out' AND control = '1'"
        )
        assert ours["status"] == "accepted"
        taken = await stage.rows(
            "SELECT s.kind, s.status, s.reference FROM exchanged_sets s JOIN interchanges i "
            "ON i.id = s.interchange_id WHERE i.direction = 'in'"
        )
        assert {row["kind"] for row in taken} == ANSWERS[standard]
        assert {row["reference"] for row in taken} == {"PO-1"}
        standings = {row["kind"]: row["status"] for row in taken}
        assert {kind for kind, status in standings.items() if status != "accepted"} == {
            OUT_OF_ORDER[standard]
        }
        assert standings[OUT_OF_ORDER[standard]] == "accepted with errors"
        numbers = await stage.rows(
            "SELECT control FROM interchanges WHERE direction = 'out' ORDER BY recorded_at"
        )
        assert sorted(int(row["control"]) for row in numbers) == list(range(1, len(numbers) + 1))
        await acknowledge(stage, mock, tmp_path / "out", len(numbers) - 1)


async def acknowledge(stage: Stage, mock: Mock, folder: Path, count: int) -> None:
    """Leave our acknowledgements with the partner, which reads each of them."""
    rows = await stage.rows("SELECT request_id FROM effects WHERE command = 'SendInterchange'")
    assert len(rows) == count > 0
    async with stage.database.reading() as session:
        stored = await messages.load(session, stage.ring, [UUID(str(row["request_id"])) for row in rows])
    for message in stored.values():
        assert isinstance(message, messages.Message)
        (folder / f"{message.id}.edi").write_bytes(message.body)
    scanned = await asyncio.to_thread(mock.post, "/_mock/drop/scan")
    assert [file["ok"] for file in scanned.body["files"]] == [True] * count, scanned.body
