"""Stock that changes is told to the channels: all of it, once, the newest figure last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canonical.documents import StockDocument, StockLine
from canonical.policy import ChannelPolicy, Policy
from canonical.stock import StockBasis
from core.clock import Clock, SystemClock
from core.connector import Limits, OpenConnector
from core.engine.stockroom import MARK
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.offers import gathering
from core.offers.telling import StockTeller
from core.store.sql import Database
from tests.core.engine.stage import NODES, Stage, engine_on
from tests.core.offers.shelf import Shelf


@dataclass
class Scene:
    """An engine, two shelves, and the teller between them."""

    stage: Stage
    database: Database
    shelves: dict[str, Shelf]
    teller: StockTeller
    counted: int = 0

    async def count(self, **on_hand: int) -> None:
        """Let the hall report what it has."""
        self.counted += 1
        report = StockDocument(
            node="hall",
            basis=StockBasis.ON_HAND,
            as_of=datetime.now(UTC) + timedelta(seconds=self.counted),
            lines=tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in on_hand.items()),
        )
        await self.stage.tell(report, queue="in.hall")

    async def beat(self) -> None:
        """Let every job run once."""
        for _, job in self.teller.jobs():
            await job()

    async def offers(self, connector: str = "shop") -> dict[str, dict[str, Any]]:
        sql = "SELECT * FROM stock_offers WHERE connector = $1"
        return {row["reference"]: row for row in await self.stage.rows(sql, connector)}

    async def due_now(self) -> None:
        """Let the time pass that offers wait."""
        await self.stage.run(
            "UPDATE stock_offers SET due_at = $1 WHERE due_at IS NOT NULL",
            datetime.now(UTC) - timedelta(days=1),
        )


POLICY = Policy(channels={"shop": ChannelPolicy(offer="items"), "mall": ChannelPolicy(stock_buffer=2)})


def teller_of(
    database: Database, shelves: dict[str, Shelf], policy: Policy = POLICY, clock: Clock | None = None
) -> StockTeller:
    connectors = {name: OpenConnector(name, stock=shelf) for name, shelf in shelves.items()}
    limits = {name: Limits(breaker_pause_s=0.01) for name in shelves}
    return StockTeller(database, clock or SystemClock(), connectors, limits, lambda: policy)


@asynccontextmanager
async def scene_on(database: Database, policy: Policy = POLICY) -> AsyncIterator[Scene]:
    shelves = {
        "shop": Shelf(shown=dict.fromkeys(("MUG", "CUP", "JUG", "POT"), 0)),
        "mall": Shelf(shown={"mall-mug": 0}),
    }
    async with engine_on(database) as stage:
        for node in NODES.values():
            await stage.run("INSERT INTO nodes VALUES ($1, $2, $3)", node.id, node.model_dump_json(), NOW)
        await stage.run("INSERT INTO channel_references VALUES ('mall', 'mall-mug', 'MUG')")
        stage.engine.world = replace(stage.engine.world, marks_stock=True)
        yield Scene(stage, database, shelves, teller_of(database, shelves, policy))


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def scene(store: Database) -> AsyncIterator[Scene]:
    async with scene_on(store) as scene:
        yield scene


async def test_each_channel_is_told_its_share_by_its_own_reference(scene: Scene) -> None:
    await scene.count(MUG=10, CUP=4)
    await scene.beat()
    assert scene.shelves["shop"].shown == {"MUG": 10, "CUP": 4, "JUG": 0, "POT": 0}
    assert scene.shelves["mall"].shown == {"mall-mug": 8}


async def test_a_buffer_larger_than_the_stock_leaves_nothing(scene: Scene) -> None:
    await scene.count(MUG=1)
    await scene.beat()
    assert scene.shelves["mall"].shown == {"mall-mug": 0}
    assert (await scene.offers("mall"))["mall-mug"]["quantity"] == 0


async def test_changes_before_a_beat_are_told_as_one(scene: Scene) -> None:
    await scene.beat()
    for quantity in (9, 8, 7):
        await scene.count(MUG=quantity)
    before = len(scene.shelves["shop"].told)
    await scene.beat()
    assert [[(o.reference, o.quantity) for o in told] for told in scene.shelves["shop"].told[before:]] == [
        [("MUG", 7)]
    ]


async def test_what_did_not_change_is_not_told(scene: Scene) -> None:
    await scene.count(MUG=9)
    await scene.beat()
    told = len(scene.shelves["shop"].told)
    scene.teller = teller_of(scene.database, scene.shelves)
    await scene.beat()
    assert len(scene.shelves["shop"].told) == told
    assert await scene.stage.rows("SELECT sku FROM stock_changes") == []


async def test_what_moved_and_moved_back_is_told_as_the_channel_may_have_moved_it_too(scene: Scene) -> None:
    """A sale and its cancellation, both of which the channel counted when it was told of neither."""
    await scene.count(MUG=9)
    await scene.beat()
    scene.shelves["shop"].shown["MUG"] = 11
    await scene.stage.run("INSERT INTO stock_changes VALUES ('MUG', 1)")
    await scene.beat()
    await scene.due_now()
    await scene.beat()
    assert scene.shelves["shop"].shown["MUG"] == 9


async def test_an_order_that_reserves_is_told(scene: Scene) -> None:
    await scene.count(MUG=9)
    await scene.beat()
    async with scene.database.transaction() as session:
        await session.run("UPDATE stock SET reserved = 3 WHERE sku = 'MUG' AND node = '*'")
        await session.run("INSERT INTO stock_changes VALUES ('MUG', 1)")
    await scene.beat()
    assert scene.shelves["shop"].shown["MUG"] == 6


async def test_more_items_than_one_transaction_takes_are_all_told(scene: Scene) -> None:
    channels = {"shop": ChannelPolicy(offer="items")}
    scene.shelves["shop"].most = 1
    await scene.count(MUG=1, CUP=2, JUG=3, POT=4)
    await gathering.gather(scene.database, channels, at_once=2)
    await scene.teller.tell("shop")
    assert scene.shelves["shop"].shown == {"MUG": 1, "CUP": 2, "JUG": 3, "POT": 4}
    await scene.count(MUG=5, CUP=6, JUG=7, POT=8)
    await gathering.compare(scene.database, channels, at_once=2)
    await scene.teller.tell("shop")
    assert scene.shelves["shop"].shown == {"MUG": 5, "CUP": 6, "JUG": 7, "POT": 8}


async def test_a_mark_is_not_taken_while_a_change_is_under_way(postgres_store: Database) -> None:
    async with scene_on(postgres_store) as scene:
        await scene.count(MUG=9)
        await scene.beat()
        await scene.stage.run("INSERT INTO stock_changes VALUES ('MUG', 1)")
        async with postgres_store.transaction() as session:
            await session.run("UPDATE stock SET on_hand = 3 WHERE sku = 'MUG' AND node = 'hall'")
            await session.write(MARK, [("MUG",)])
            await scene.beat()
        assert scene.shelves["shop"].shown["MUG"] == 9
        await scene.beat()
        assert scene.shelves["shop"].shown["MUG"] == 3


async def test_what_a_dead_worker_had_claimed_is_told_by_the_next(scene: Scene) -> None:
    await scene.count(MUG=9)
    shelf = scene.shelves["shop"]
    shelf.gate = asyncio.Event()
    await scene.teller.gather()
    telling = asyncio.create_task(scene.teller.tell("shop"))
    await scene.stage.until(lambda: _told(shelf))
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    shelf.gate = None
    other = teller_of(scene.database, scene.shelves)
    await other.tell("shop")
    assert len(shelf.told) == 1, "nobody else tells while the first telling may still take effect"
    await scene.due_now()
    await other.tell("shop")
    assert shelf.shown["MUG"] == 9
    assert shelf.told[-1][0].told is None


async def test_a_figure_that_changes_while_it_is_told_is_told_again(scene: Scene) -> None:
    await scene.count(MUG=9)
    shelf = scene.shelves["shop"]
    shelf.gate = asyncio.Event()
    await scene.teller.gather()
    telling = asyncio.create_task(scene.teller.tell("shop"))
    await scene.stage.until(lambda: _told(shelf))
    await scene.count(MUG=2)
    await scene.teller.gather()
    await teller_of(scene.database, scene.shelves).tell("shop")
    assert len(shelf.told) == 1
    shelf.gate.set()
    await telling
    assert shelf.shown["MUG"] == 2
    assert (await scene.offers())["MUG"]["due_at"] is None


async def _told(shelf: Shelf) -> bool:
    return bool(shelf.told)


async def test_a_late_answer_of_a_claim_that_ended_changes_nothing(scene: Scene) -> None:
    await scene.count(MUG=9)
    shelf = scene.shelves["shop"]
    shelf.gate = asyncio.Event()
    await scene.teller.gather()
    telling = asyncio.create_task(scene.teller.tell("shop"))
    await scene.stage.until(lambda: _told(shelf))
    await scene.due_now()
    await scene.count(MUG=2)
    other = Shelf(shown=shelf.shown)
    second = teller_of(scene.database, {"shop": other})
    await second.gather()
    await scene.due_now()
    await second.tell("shop")
    rows = await scene.offers()
    shelf.gate.set()
    await telling
    assert (await scene.offers())["MUG"] == rows["MUG"]
    assert rows["MUG"]["told"] == 2


async def test_what_is_put_off_is_told_with_the_figure_of_then(scene: Scene) -> None:
    shelf = scene.shelves["shop"]
    await scene.beat()
    shelf.later = {"MUG"}
    await scene.count(MUG=9, CUP=4)
    await scene.beat()
    row = (await scene.offers())["MUG"]
    assert (row["reason"], row["told"], shelf.shown["CUP"]) == ("not now", 0, 4)
    assert row["due_at"] > datetime.now(UTC)
    await scene.count(MUG=5)
    await scene.beat()
    assert shelf.shown["MUG"] == 0
    await scene.due_now()
    await scene.beat()
    assert shelf.shown["MUG"] == 5
    assert (await scene.offers())["MUG"]["reason"] is None


async def test_a_busy_channel_is_left_alone_as_long_as_it_asks(scene: Scene) -> None:
    await scene.beat()
    shelf = scene.shelves["shop"]
    shelf.errors = [RetryableError("busy", retry_after_s=900)]
    await scene.count(MUG=9)
    await scene.beat()
    row = (await scene.offers())["MUG"]
    assert row["due_at"] > datetime.now(UTC) + timedelta(seconds=600)
    await scene.count(MUG=8)
    await scene.teller.gather()
    assert (await scene.offers())["MUG"]["due_at"] == row["due_at"]


async def test_after_silence_nothing_is_told_before_it_is_over(scene: Scene) -> None:
    await scene.beat()
    shelf = scene.shelves["shop"]
    shelf.settle_s = 300
    shelf.errors = [OutcomeUnknownError("silence"), LookupError("a defect")]
    await scene.count(MUG=9)
    for told in (2, 3):
        await scene.beat()
        row = (await scene.offers())["MUG"]
        assert row["told"] is None
        assert row["due_at"] > datetime.now(UTC) + timedelta(seconds=250)
        assert len(shelf.told) == told
        await scene.due_now()
        scene.teller = teller_of(scene.database, scene.shelves)  # its breaker is closed
    await scene.beat()
    assert shelf.shown["MUG"] == 9


async def test_a_channel_that_does_not_answer_in_time_is_in_doubt(scene: Scene) -> None:
    await scene.beat()
    shelf = scene.shelves["shop"]
    shelf.gate, shelf.deadline_s = asyncio.Event(), 0.01
    await scene.count(MUG=9)
    await scene.beat()
    assert (await scene.offers())["MUG"]["reason"] == "no answer within 0.01 s"


async def test_what_a_channel_refuses_waits_for_another_figure(scene: Scene) -> None:
    shelf = scene.shelves["shop"]
    del shelf.shown["MUG"]
    await scene.count(MUG=9)
    await scene.beat()
    row = (await scene.offers())["MUG"]
    assert (row["due_at"], row["reason"]) == (None, "MUG is not sold here")
    told = len(shelf.told)
    await scene.beat()
    assert len(shelf.told) == told
    shelf.shown["MUG"] = 0
    await scene.count(MUG=8)
    await scene.beat()
    assert shelf.shown["MUG"] == 8


async def test_a_whole_call_that_is_refused_says_so_of_each_item(scene: Scene) -> None:
    scene.shelves["mall"].errors = [RejectedError("no such shop")]
    await scene.count(MUG=9)
    await scene.beat()
    row = (await scene.offers("mall"))["mall-mug"]
    assert (row["due_at"], row["reason"]) == (None, "no such shop")


async def test_refused_credentials_pause_the_connector_and_nothing_is_lost(scene: Scene) -> None:
    shelf = scene.shelves["shop"]
    shelf.errors = [UnauthorisedError("the token is old")]
    await scene.count(MUG=9)
    await scene.beat()
    (state,) = await scene.stage.rows("SELECT * FROM connector_states WHERE connector = 'shop'")
    assert state["paused"]
    assert "the token is old" in state["reason"]
    told = len(shelf.told)
    await scene.beat()
    assert len(shelf.told) == told
    await scene.stage.run("UPDATE connector_states SET paused = $1", False)  # noqa: FBT003 - a column's value
    await scene.beat()
    assert shelf.shown["MUG"] == 9


async def test_a_new_buffer_is_told_after_a_start(scene: Scene) -> None:
    await scene.count(MUG=9)
    await scene.beat()
    policy = Policy(channels={"mall": ChannelPolicy(stock_buffer=5), "shop": ChannelPolicy(offer="nothing")})
    told = len(scene.shelves["shop"].told)
    scene.teller = teller_of(scene.database, scene.shelves, policy)
    await scene.count(CUP=9)
    await scene.beat()
    assert scene.shelves["mall"].shown == {"mall-mug": 4}
    assert len(scene.shelves["shop"].told) == told


async def test_what_was_told_long_ago_is_told_again(scene: Scene) -> None:
    await scene.count(MUG=9)
    await scene.beat()
    scene.shelves["shop"].shown["MUG"] = 400  # somebody changed it there
    yesterday = datetime.now(UTC) - timedelta(seconds=gathering.TOLD_ANEW_AFTER_S + 60)
    await scene.stage.run("UPDATE stock_offers SET updated_at = $1, told = 400", yesterday)
    scene.teller = teller_of(scene.database, scene.shelves)
    await scene.beat()
    assert scene.shelves["shop"].shown["MUG"] == 9


async def test_a_claim_that_comes_too_late_is_not_sent(scene: Scene) -> None:
    class Jumping(SystemClock):
        """Stands still for a minute between any two looks."""

        jumps = 0

        def monotonic(self) -> float:
            self.jumps += 60
            return super().monotonic() + self.jumps

    await scene.count(MUG=9)
    await scene.teller.gather()
    late = teller_of(scene.database, scene.shelves, clock=Jumping())
    telling = asyncio.create_task(late.tell("shop"))
    await scene.stage.until(lambda: scene.stage.rows("SELECT sku FROM stock_offers WHERE attempts > 1"))
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert scene.shelves["shop"].told == []


async def test_a_hub_without_a_sink_marks_nothing_and_has_no_jobs(scene: Scene) -> None:
    scene.stage.engine.world = replace(scene.stage.engine.world, marks_stock=False)
    await scene.count(MUG=9)
    assert await scene.stage.rows("SELECT sku FROM stock_changes") == []
    assert list(StockTeller(scene.database, SystemClock(), {}, {}, Policy).jobs()) == []
