"""A real X12 file through the engine: sets on their way, a 997 in the outbox, and nothing twice."""

from core.ports import RawDocument
from core.store.sql import Database
from hub.interchanges import Partner
from tests.core.conftest import sqlite_store as sqlite_store  # noqa: PLC0414 - a fixture
from tests.core.conftest import template as template  # noqa: PLC0414 - a fixture
from tests.core.engine.stage import engine_on
from tests.hub.test_interchanges import X12_ORDER, both, several


def nothing(raw: RawDocument) -> tuple[()]:
    return ()


async def test_a_file_is_taken_once_and_acknowledged_once(sqlite_store: Database) -> None:
    _, supplier = both()
    file = several(X12_ORDER, X12_ORDER)
    taker: Partner = supplier
    async with engine_on(
        sqlite_store, takers={("edi", "interchange"): taker.take}, readers={("edi", "850"): nothing}
    ) as stage:
        for name in ("a.x12", "b.x12"):
            receipt = await stage.engine.receive(
                "edi", RawDocument("interchange", file, "application/edi-x12", name)
            )
            await stage.until_rows(
                1, "SELECT id FROM messages WHERE id = $1 AND status <> 'received'", receipt.message_id
            )
        await stage.until_rows(2, "SELECT id FROM messages WHERE kind = '850' AND status = 'ignored'")
        (effect,) = await stage.rows("SELECT state, request_id FROM effects")
        assert effect["state"] == "pending"
        rows = await stage.rows("SELECT direction, control, status FROM interchanges ORDER BY direction")
        assert [tuple(row.values()) for row in rows] == [("in", "1", "accepted"), ("out", "1", "sent")]
