"""What is about an order that is not known yet waits under its business key."""

import asyncio
from datetime import UTC, datetime, timedelta

from canonical.deadlines import Deadlines
from canonical.documents import AmendmentDocument
from core.engine.work import Ending
from core.scheduler import jobs
from core.store.sql import Database
from tests.core.engine.stage import NOON, engine_on, order_document


def amendment(ref: str, name: str = "A-1") -> AmendmentDocument:
    return AmendmentDocument(channel="shop", channel_ref=ref, amendment_id=name, summary="another colour")


AMENDED = "SELECT seq FROM journal WHERE type = 'AmendmentRequested'"


async def test_what_is_too_early_goes_on_when_its_order_comes(store: Database) -> None:
    async with engine_on(store) as stage:
        outcomes = [await stage.tell(amendment("R-1", name)) for name in ("A-1", "A-2")]
        assert {o.ending for o in outcomes} == {Ending.WAITING}
        await stage.placed("R-1")
        rows = await stage.until_rows(
            2, "SELECT body FROM journal WHERE type = 'AmendmentRequested' ORDER BY seq"
        )
        assert "A-1" in rows[0]["body"]
        assert await stage.rows("SELECT item_id FROM waiting") == []


async def test_an_order_and_what_is_about_it_may_come_in_one_batch(store: Database) -> None:
    async with engine_on(store) as stage:
        await asyncio.gather(stage.tell(amendment("R-1")), stage.tell(order_document("R-1")))
        await stage.until_rows(1, AMENDED)


async def test_two_workers_that_do_not_see_each_other_leave_nothing_waiting(store: Database) -> None:
    async with engine_on(store) as stage:
        outcome = await stage.tell(amendment("R-1"))
        assert outcome.ending is Ending.WAITING
        # The other worker looked for those who wait before this one's row was there.
        await stage.run("UPDATE waiting SET kind = 'unseen'")
        await stage.placed("R-1")
        await stage.run("UPDATE waiting SET kind = 'channel_ref'")
        stage.engine.publish(await jobs.release_waiting(store, stage.ring))
        await stage.until_rows(1, AMENDED)


async def test_what_waits_in_vain_becomes_a_failure_that_can_be_replayed(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(amendment("R-1"))
        past = datetime.now().astimezone() - timedelta(seconds=1)
        await stage.run("UPDATE waiting SET deadline = $1", past)
        for _ in range(2):
            await jobs.release_waiting(store, stage.ring)
        failures = await stage.rows("SELECT id, error, reason FROM failures")
        assert [row["error"] for row in failures] == ["UnknownOrderError"]
        assert "shop:R-1" in failures[0]["reason"]
        await stage.placed("R-1")
        await stage.replay(failures[0]["id"])
        await stage.until_rows(1, AMENDED)
        await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'resolved'")


async def test_the_same_fact_twice_changes_the_order_once(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.placed("R-1")
        endings = [(await stage.tell(amendment("R-1"))).ending for _ in range(2)]
        assert endings == [Ending.DONE, Ending.DUPLICATE]
        assert len(await stage.rows(AMENDED)) == 1


async def test_the_same_order_from_two_documents_is_placed_once(store: Database) -> None:
    async with engine_on(store) as stage:
        outcomes = await asyncio.gather(*(stage.tell(order_document("R-1")) for _ in range(3)))
        assert sorted(o.ending for o in outcomes) == [Ending.DONE, Ending.DUPLICATE, Ending.DUPLICATE]
        assert len(await stage.rows("SELECT id FROM orders")) == 1


async def test_the_people_of_a_pending_order_are_kept_when_it_comes_again(store: Database) -> None:
    whole = order_document("R-1")
    pending = whole.replace(pending=True, parties=None, destination=whole.goes_to(), tenders=())
    async with engine_on(store) as stage:
        outcomes = [(await stage.tell(document)).ending for document in (pending, pending, whole, whole)]
        assert outcomes == [Ending.DONE, Ending.DUPLICATE, Ending.DONE, Ending.DUPLICATE]
        assert len(await stage.rows("SELECT order_id FROM parties")) == 1
        assert [row["type"] for row in await stage.rows("SELECT type FROM journal ORDER BY seq")] == [
            "OrderPlaced",
            "PendingEnded",
        ]


async def test_a_pending_order_that_comes_back_with_other_goods_is_for_a_person(store: Database) -> None:
    whole = order_document("R-1")
    pending = whole.replace(pending=True, parties=None, destination=whole.goes_to(), tenders=())
    more = whole.replace(lines=(whole.lines[0].replace(quantity=7), *whole.lines[1:]))
    async with engine_on(store) as stage:
        await stage.tell(pending)
        outcome = await stage.tell(more)
        assert outcome.ending is Ending.FAILED
        assert "while it was pending" in str(outcome.reason)


async def test_an_order_is_found_by_its_channels_deadline_until_it_has_left(store: Database) -> None:
    document = order_document("R-1").replace(deadlines=Deadlines(ship_by=NOON, acknowledge_by=None))
    async with engine_on(store) as stage:
        await stage.tell(document)
        (row,) = await stage.rows("SELECT due_at FROM orders WHERE due_at IS NOT NULL")
        assert row["due_at"].astimezone(UTC) == NOON
