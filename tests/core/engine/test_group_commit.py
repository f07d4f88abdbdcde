"""Group commit, and who is to blame when it is refused."""

import asyncio

from core.engine.work import Ending, Facts
from core.store.sql import Database
from tests.core.engine.stage import SHOP, engine_on, order_document


async def test_what_arrives_together_is_committed_together(store: Database) -> None:
    async with engine_on(store) as stage:
        await asyncio.gather(*(stage.placed(f"R-{n}") for n in range(100)))
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 100
        assert stage.engine.statistics.batches <= 2


async def test_the_same_item_has_its_effect_once(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.placed("R-1")
        work = stage.engine.work(SHOP, Facts((order_document("R-2"),)))
        twin = stage.engine.work(SHOP, work.content)
        twin.item = work.item
        endings = await asyncio.gather(stage.engine.submit(work), stage.engine.submit(twin))
        assert [outcome.ending for outcome in endings] == [Ending.DONE, Ending.DUPLICATE]
        assert len(await stage.rows("SELECT id FROM orders")) == 2
