"""Taking an interchange is one commit: its sets, its acknowledgement with a number, and the ledger."""

import asyncio
from datetime import timedelta

import orjson

from core.clock import ManualClock, SystemClock
from core.scheduler import owed
from core.store.sql import Database, StoreUnavailableError
from tests.core.engine.stage import NOON, Stage, open_store
from tests.core.exchange.partner import Partner, hand_in, taking

LEDGER = "SELECT direction, control, status, ended_at FROM interchanges ORDER BY direction, recorded_at, id"
MESSAGES = "SELECT id, kind, status, causation_id FROM messages WHERE direction = 'in' ORDER BY id"
FAILURES = "SELECT error, reason, status FROM failures ORDER BY recorded_at, id"


async def controls(stage: Stage, direction: str) -> list[tuple[str, str]]:
    return [(r["control"], r["status"]) for r in await stage.rows(LEDGER) if r["direction"] == direction]


async def test_each_accepted_set_becomes_a_message_and_the_acknowledgement_an_effect(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "905|850,A,ok;850,B,bad;850,C,ok|")
        await stage.until_rows(2, "SELECT 1 AS n FROM messages WHERE kind = '850' AND status = 'ignored'")
        raw, *children = await stage.rows(MESSAGES)
        assert [child["causation_id"] for child in children] == [raw["id"]] * 2
        assert await controls(stage, "in") == [("905", "partly accepted")]
        assert await controls(stage, "out") == [("1", "sent")]
        (effect,) = await stage.rows("SELECT key, state, command, request_id, body FROM effects")
        assert (effect["state"], effect["command"]) == ("pending", "SendInterchange")
        assert orjson.loads(effect["body"])["control"] == "1"
        (answer,) = await stage.rows("SELECT id, causation_id FROM messages WHERE direction = 'out'")
        assert (answer["id"], answer["causation_id"]) == (effect["request_id"], raw["id"])
        failures = await stage.rows(FAILURES)
        assert [(f["error"], f["reason"]) for f in failures] == [("RejectedSetError", "BEG03 is missing")]


async def test_the_same_interchange_in_another_file_is_passed_over(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "905|850,A,ok|", "first.edi")
        await hand_in(stage, "905|850,A,ok|", "second.edi")
        rows = await stage.rows("SELECT status, reason FROM messages WHERE kind = 'interchange' ORDER BY id")
        assert [row["status"] for row in rows] == ["done", "duplicate"]
        assert "came before with the same bytes" in rows[1]["reason"]
        assert await controls(stage, "out") == [("1", "sent")]
        assert len(await stage.rows("SELECT id FROM messages WHERE kind = '850'")) == 1


async def test_the_same_number_with_other_bytes_is_refused_and_said_so(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "905|850,A,ok|")
        await hand_in(stage, "905|850,B,ok|")
        assert await controls(stage, "in") == [("905", "accepted"), ("905", "rejected")]
        assert await controls(stage, "out") == [("1", "sent"), ("2", "sent")]  # the second says the refusal
        assert [f["error"] for f in await stage.rows(FAILURES)] == ["RejectedInterchangeError"]
        assert len(await stage.rows("SELECT id FROM messages WHERE kind = '850'")) == 1


async def test_what_is_a_duplicate_is_the_partners_agreement(store: Database) -> None:
    async with taking(store, Partner(takes_other_bytes=True, ignores_same_bytes=False)) as stage:
        await hand_in(stage, "905|850,A,ok|")
        await hand_in(stage, "905|850,B,ok|")
        assert await controls(stage, "in") == [("905", "accepted")] * 2
        await hand_in(stage, "905|850,B,ok|")
        assert (await controls(stage, "in"))[-1] == ("905", "rejected")


async def test_a_number_may_come_again_behind_the_window(store: Database) -> None:
    async with taking(store, Partner(window=timedelta(0))) as stage:
        await hand_in(stage, "905|850,A,ok|")
        await asyncio.sleep(0.002)
        await hand_in(stage, "905|850,B,ok|")
        assert await controls(stage, "in") == [("905", "accepted")] * 2


async def test_a_file_holds_several_interchanges_and_one_twice_is_taken_once(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "905|850,A,ok|\n906|850,B,ok|\n905|850,A,ok|")
        assert await controls(stage, "in") == [("905", "accepted"), ("906", "accepted")]
        assert [c for c, _ in await controls(stage, "out")] == ["1", "2"]


async def test_a_file_that_is_none_is_a_failure_and_has_no_answer(store: Database) -> None:
    async with taking(store) as stage:
        await hand_in(stage, "rubbish")
        assert [f["error"] for f in await stage.rows(FAILURES)] == ["DocumentError"]
        assert await stage.rows(LEDGER) == []


async def test_two_workers_that_read_the_same_interchange_take_it_once(
    postgres_store: Database, postgres_url: str
) -> None:
    other = await open_store(postgres_url, SystemClock())
    try:
        async with taking(postgres_store) as one, taking(other) as two:
            await asyncio.gather(
                *[
                    hand_in(stage, f"{n}|850,{n},ok|", f"{n}-{i}")
                    for n in range(20)
                    for i, stage in enumerate((one, two))
                ]
            )
            assert len(await one.rows("SELECT id FROM messages WHERE kind = '850'")) == 20
            assert sorted(int(c) for c, _ in await controls(one, "out")) == list(range(1, 21))
            assert len(await one.rows("SELECT id FROM effects")) == 20
    finally:
        await other.close()


async def test_a_commit_that_breaks_off_leaves_nothing_and_the_next_one_all(store: Database) -> None:
    broken: list[int] = []

    async def break_off(begun: int) -> None:
        if begun > 1 and not broken:
            broken.append(begun)
            raise StoreUnavailableError("cut off")

    async with taking(store) as stage:
        stage.database.before_commit = break_off
        await hand_in(stage, "905|850,A,ok|")
        assert broken
        assert await controls(stage, "out") == [("1", "sent")]
        assert len(await stage.rows("SELECT id FROM messages WHERE kind = '850'")) == 1


class TestWhatIsOwed:
    async def test_our_acknowledgement_that_has_not_left_in_time_is_a_failure(self, sqlite_path: str) -> None:
        clock = ManualClock(NOON)
        store = await open_store(sqlite_path, clock)
        try:
            async with taking(store, clock=clock) as stage:
                await hand_in(stage, "905|850,A,ok|")
                clock.advance(2 * 3600 + 1)
                await owed.chase(store, stage.ring)
                await owed.chase(store, stage.ring)
                assert [f["error"] for f in await stage.rows(FAILURES)] == ["AcknowledgementNotSentError"]
        finally:
            await store.close()

    async def test_one_that_has_left_ends_its_interchange(self, sqlite_path: str) -> None:
        clock = ManualClock(NOON)
        store = await open_store(sqlite_path, clock)
        try:
            async with taking(store, clock=clock) as stage:
                await hand_in(stage, "905|850,A,ok|")
                await stage.run("UPDATE effects SET state = 'confirmed'")
                clock.advance(2 * 3600 + 1)
                await owed.chase(store, stage.ring)
                assert await stage.rows(FAILURES) == []
                assert all(row["ended_at"] for row in await stage.rows(LEDGER))
        finally:
            await store.close()

    async def test_an_invoice_without_ship_notice_is_a_failure_until_the_notice_comes(
        self, sqlite_path: str
    ) -> None:
        clock = ManualClock(NOON)
        store = await open_store(sqlite_path, clock)
        try:
            async with taking(store, Partner(wants={"810": "856"}), clock=clock) as stage:
                await hand_in(stage, "1|856,PO-1,ok|")
                await hand_in(stage, "2|810,PO-1,ok;810,PO-2,ok|")
                clock.advance(24 * 3600 + 1)
                await owed.chase(store, stage.ring)
                (failure,) = [f for f in await stage.rows(FAILURES) if f["error"] == "Missing856Error"]
                assert "810 about PO-2" in failure["reason"]
                await hand_in(stage, "3|856,PO-2,ok|")
                found = {f["error"]: f["status"] for f in await stage.rows(FAILURES)}
                assert found["Missing856Error"] == "resolved"
        finally:
            await store.close()
