"""The ledger lets go of interchanges that are over, and of none that something still waits for."""

from datetime import timedelta
from uuid import UUID

import pytest

from core.clock import SystemClock
from core.exchange.numbers import Counters
from core.exchange.sending import Sent, enter, write
from core.ids import uuid7
from core.scheduler import jobs, retention
from core.scheduler.retention import Retention
from core.store.sql import Database
from tests.core.engine.stage import Stage
from tests.core.exchange.partner import OUTWARD, draft, hand_in, taking

AT_ONCE = -1
"""Days: the horizon lies in the future, so that everything is old."""
OLD = Retention(exchange_days=AT_ONCE, duplicates_days=AT_ONCE)
LEDGER = "SELECT direction, control FROM interchanges ORDER BY direction, control"
ENDED = "UPDATE interchanges SET ended_at = recorded_at, due_at = NULL"
CONFIRMED = "UPDATE effects SET state = 'confirmed'"
COPIES = (
    "INSERT INTO interchanges (id, direction, connector, pair, control, digest, message_id, status, recorded_at, "
    "ended_at) "
    "SELECT $1, direction, connector, pair, control, digest, message_id, status, recorded_at, ended_at "
    "FROM interchanges WHERE direction = 'in' AND control = '905' LIMIT 1"
)


async def controls(stage: Stage) -> list[tuple[str, str]]:
    return [(row["direction"], row["control"]) for row in await stage.rows(LEDGER)]


async def over(stage: Stage) -> None:
    """Take an interchange, and let its acknowledgement leave."""
    await hand_in(stage, "905|850,A,ok;850,B,ok|")
    await stage.run(ENDED)
    await stage.run(CONFIRMED)


async def sends(stage: Stage, **more: object) -> None:
    """Enter an 850 of ours into the ledger."""
    async with stage.database.transaction() as session:
        counters = await Counters.lock(session, [OUTWARD])
        written = write(draft("850", **more), counters)  # type: ignore[arg-type]
        await counters.save(session)
        await enter(session, [Sent(uuid7(), "edi", written, uuid7(), f"po:{written.control}")])


async def test_what_is_over_goes_with_its_sets_and_numbers_go_on(store: Database) -> None:
    async with taking(store) as stage:
        await over(stage)
        assert await controls(stage) == [("in", "905"), ("out", "1")]
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []
        assert await stage.rows("SELECT seq FROM exchanged_sets") == []
        await hand_in(stage, "906|850,C,ok|")
        assert await controls(stage) == [("in", "906"), ("out", "2")]


async def test_the_window_for_duplicates_is_kept_whole(store: Database) -> None:
    async with taking(store) as stage:
        await over(stage)
        for kept in (
            Retention(),
            Retention(exchange_days=AT_ONCE, duplicates_days=1),
            Retention(exchange_days=1),
        ):
            await jobs.clean_up(store, kept)
            assert len(await controls(stage)) == 2
        await hand_in(stage, "905|850,A,ok;850,B,ok|", "again.edi")
        assert len(await controls(stage)) == 2  # it is known still


@pytest.mark.parametrize("state", ["pending", "sending", "unknown", "parked"])
async def test_an_acknowledgement_that_has_not_left_keeps_both(store: Database, state: str) -> None:
    async with taking(store) as stage:
        await over(stage)
        await stage.run("UPDATE effects SET state = $1", state)
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == [("in", "905"), ("out", "1")]
        await stage.run(CONFIRMED)
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []


async def test_what_the_partner_has_not_acknowledged_stays_overdue_or_not(store: Database) -> None:
    async with taking(store) as stage:
        await sends(stage, answered_h=24.0)
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == [("out", "1")]
        await stage.run("UPDATE interchanges SET raised_at = recorded_at, due_at = NULL")
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == [("out", "1")]
        await stage.run(ENDED)
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []


async def test_what_a_document_is_owed_for_stays_until_it_comes(store: Database) -> None:
    async with taking(store) as stage:
        await sends(stage, reference="PO-1", wants="856")
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == [("out", "1")]
        await stage.run("DELETE FROM expected_sets")
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []


async def test_what_somebody_has_yet_to_look_into_stays(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "905|850,A,ok;850,B,bad|")
        await stage.run(ENDED)
        await stage.run(CONFIRMED)
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == [("in", "905")]
        await stage.run("UPDATE failures SET status = 'discarded'")
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []


async def test_more_than_one_transaction_takes_all_go(store: Database) -> None:
    async with taking(store) as stage:
        await over(stage)
        async with store.transaction() as session:
            for n in range(retention.BATCH + 2):
                await session.run(COPIES, UUID(int=n + 1))
        await jobs.clean_up(store, OLD)
        assert await controls(stage) == []


async def test_the_ledger_is_counted_from_when_an_interchange_came(store: Database) -> None:
    async with taking(store) as stage:
        await over(stage)
        now = SystemClock().now()
        await retention.forget(store, Retention(exchange_days=30), now + timedelta(days=29))
        assert len(await controls(stage)) == 2
        await retention.forget(store, Retention(exchange_days=30), now + timedelta(days=31))
        assert await controls(stage) == []
