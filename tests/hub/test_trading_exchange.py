"""A whole exchange under a hub: an order out, its acknowledgement and answer in, ours out; once, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.store.sql import Database
from mappings.syntax.edi.ack.verdict import Decision
from tests.core.conftest import postgres_store as postgres_store  # noqa: PLC0414 - a fixture
from tests.core.conftest import sqlite_store as sqlite_store  # noqa: PLC0414 - a fixture
from tests.core.conftest import store as store  # noqa: PLC0414 - a fixture
from tests.core.conftest import template as template  # noqa: PLC0414 - a fixture
from tests.hub.exchanging import Dying, PostedPartner, SftpPartner, exchange_on

EXPECTS = [{"after": "850", "wants": "855", "within_h": 24}]
WISHES = "SELECT kind FROM expected_sets"
NUMBERS = "SELECT last FROM control_numbers WHERE level = 'interchange' AND pair = 'x12 ZZ:HUB>01:123456789'"


@pytest.fixture
async def partner(tmp_path: Path) -> AsyncIterator[SftpPartner]:
    found = SftpPartner(tmp_path)
    yield found
    await found.stop()


async def test_an_order_is_acknowledged_and_answered_and_the_answer_is_acknowledged(
    store: Database, partner: SftpPartner, tmp_path: Path
) -> None:
    async with exchange_on(store, tmp_path, await partner.start(), expects=EXPECTS) as hub, hub.running():
        await hub.order()
        await hub.sent(1)
        assert await hub.ledger("out") == [("1", "open")]
        assert await hub.stage.rows(WISHES) == [{"kind": "855"}]
        (came,) = partner.step()
        assert [(one.kind, one.references) for one in came.sets] == [("850", ("PO-1",))]
        await hub.fetch()
        await hub.sent(2)
        assert await hub.ledger("out") == [("1", "accepted"), ("2", "sent")]
        assert [status for _, status in await hub.ledger("in")] == ["accepted", "accepted"]
        assert await hub.stage.rows(WISHES) == []
        await hub.stage.until_rows(1, "SELECT id FROM messages WHERE kind = '855' AND status = 'ignored'")
        assert [b"BAK*00*AC*PO-1*" in raw.body for raw in hub.read] == [True]
        partner.step()
        assert partner.side.unanswered() == []
        assert [one.decision for one in partner.side.sent] == [Decision.ACCEPTED]
        assert await hub.stage.rows("SELECT id FROM failures") == []


async def test_an_interchange_that_comes_twice_is_read_and_acknowledged_once(
    store: Database, partner: SftpPartner, tmp_path: Path
) -> None:
    async with exchange_on(store, tmp_path, await partner.start()) as hub, hub.running():
        await hub.order()
        await hub.sent(1)
        partner.step()
        partner.leave(partner.side.sent[0].body)
        await hub.fetch()
        await hub.sent(2)
        await hub.stage.until_rows(1, "SELECT id FROM messages WHERE kind = '855' AND status = 'ignored'")
        rows = await hub.stage.rows("SELECT reason FROM messages WHERE status = 'duplicate'")
        assert ["came before with the same bytes" in row["reason"] for row in rows] == [True]
        assert (len(hub.read), [control for control, _ in await hub.ledger("out")]) == (1, ["1", "2"])
        assert await hub.stage.rows(NUMBERS) == [{"last": 2}]


class Death:
    """Comes once, and keeps who asked for it until the end of the test."""

    def __init__(self) -> None:
        self.came, self.over = asyncio.Event(), asyncio.Event()

    async def come(self) -> None:
        """Never return, as far as the hub is concerned."""
        self.came.set()
        await self.over.wait()
        raise ConnectionResetError("a worker that has been dead for long")


@pytest.mark.parametrize("when", ["before the upload", "after the upload", "after the partner took it"])
async def test_a_worker_that_dies_between_upload_and_commit_sends_nothing_under_another_number(
    store: Database, partner: SftpPartner, tmp_path: Path, when: str
) -> None:
    death = Death()
    async with exchange_on(store, tmp_path, await partner.start()) as hub:
        (port,) = hub.connector.effects
        moment = "before the upload" if when == "before the upload" else "after the upload"
        async with hub.running(Dying(port, moment, death)) as dead:
            await hub.order()
            await death.came.wait()
            if when == "after the partner took it":
                partner.step()
            past = SystemClock().now() - timedelta(hours=1)
            await hub.stage.run("UPDATE effects SET lease_until = $1", past)  # time goes by
            async with hub.running():
                await hub.sent(1)
            death.over.set()
            await dead.stop(5)
        partner.step()
        taken = [one.control for came in partner.came for one in came.sets]
        assert (taken, [came.repeated for came in partner.came]) == (["0001"], [[]])
        assert [path.name for path in (partner.root / "out" / "processed").iterdir()] == ["000000001.x12"]
        assert [control for control, _ in await hub.ledger("out")] == ["1"]
        assert await hub.stage.rows(NUMBERS) == [{"last": 1}]
        assert await hub.stage.rows("SELECT state FROM effects") == [{"state": "confirmed"}]


async def test_an_acknowledgement_in_the_response_closes_what_was_sent(
    store: Database, tmp_path: Path
) -> None:
    partner = PostedPartner()
    async with exchange_on(store, tmp_path, await partner.start()) as hub, hub.running():
        await hub.order()
        await hub.stage.until_rows(
            1, "SELECT id FROM interchanges WHERE status = 'accepted' AND direction = 'out'"
        )
        await hub.sent(1)
        rows = await hub.stage.rows("SELECT kind, status, causation_id FROM messages WHERE direction = 'in'")
        effects = await hub.stage.rows("SELECT request_id FROM effects")
        arrived = [row for row in rows if row["kind"] == "interchange"]
        assert [row["causation_id"] for row in arrived] == [effects[0]["request_id"]]
        assert await hub.ledger("out") == [("1", "accepted")]
    await partner.stop()


async def test_a_lost_response_is_asked_for_again_with_the_same_bytes(
    store: Database, tmp_path: Path
) -> None:
    partner, death = PostedPartner(), Death()
    async with exchange_on(store, tmp_path, await partner.start()) as hub:
        (port,) = hub.connector.effects
        async with hub.running(Dying(port, "after the upload", death)) as dead:
            await hub.order()
            await death.came.wait()
            past = SystemClock().now() - timedelta(hours=1)
            await hub.stage.run("UPDATE effects SET lease_until = $1", past)
            async with hub.running():
                await hub.sent(1)
            death.over.set()
            await dead.stop(5)
        first, second = partner.bodies
        assert first == second
        assert [came.repeated for came in partner.came] == [[], ["000000001"]]
        assert [control for control, _ in await hub.ledger("out")] == ["1"]
    await partner.stop()
