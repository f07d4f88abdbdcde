"""Whoever moves a replay is killed at every commit, before or after it: the next one goes on, and nothing is twice."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from core.store.sql import Database, Session
from hub.desk import replays
from hub.desk.failures import FailureFilter
from hub.desk.replay_views import ReplayMode, ReplayState
from tests.hub.desk.replaying import failed_cancel, many, until_state
from tests.hub.stage import ENGINEER, VIEWER, Reading, Stage


class KilledError(Exception):
    """The process ends here."""


class Mortal(Database):
    """A database whose user is killed at one commit: just before it, or just after."""

    def __init__(self, inner: Database, at: int, *, after: bool) -> None:
        self.dialect, self.url, self.writers = inner.dialect, inner.url, inner.writers
        self._inner, self._at, self._after = inner, at, after
        self.commits = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Session]:
        self.commits += 1
        dies = self.commits == self._at
        async with self._inner.transaction() as session:
            yield session
            if dies and not self._after:
                raise KilledError
        if dies:
            raise KilledError

    def reading(self) -> AbstractAsyncContextManager[Session]:
        return self._inner.reading()

    async def close(self) -> None:
        await self._inner.close()


async def one_death(hub: Stage, mode: ReplayMode, at: int, *, after: bool) -> bool:
    """Replay with somebody who is killed at a commit, then with somebody else; says whether there was a death."""
    first = len(await hub.rows("SELECT id FROM failures"))
    await many(hub, 2, first=first)
    await failed_cancel(hub, f"B-{first}")
    planned = await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter())
    Reading.mended = True
    mortal = Mortal(hub.hub.database, at, after=after)
    ctx = replace(hub.ctx, database=mortal)
    died = False
    try:
        await replays.run(ctx, ENGINEER, planned.id, mode)
        await replays.advance_all(ctx)
    except KilledError:
        died = True
    if (await replays.status(hub.ctx, VIEWER, planned.id)).state is ReplayState.PLANNED:
        await replays.run(hub.ctx, ENGINEER, planned.id, mode)
    await hub.hub.scheduler.sweep_all()  # what was committed and not handed on is in the outbox
    done = await until_state(hub, planned.id, ReplayState.DONE)
    assert done.counts == {"resolved": 3}
    Reading.mended = False
    return died


@pytest.mark.parametrize("mode", list(ReplayMode))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_nothing_is_lost_or_done_twice(either: Stage, mode: ReplayMode, after: bool) -> None:
    deaths = [at for at in range(1, 5) if await one_death(either, mode, at, after=after)]
    assert len(deaths) >= 2
    twice = (
        "SELECT order_id, type FROM journal WHERE type IN ('OrderPlaced', 'CancelRequested') "
        "GROUP BY 1, 2 HAVING COUNT(*) > 1"
    )
    assert await either.rows(twice) == []
    placed = await either.rows("SELECT COUNT(*) AS n FROM journal WHERE type = 'OrderPlaced'")
    assert placed[0]["n"] == 8
    await either.settled()
    for partner in either.partners.values():
        assert len(partner.took) == len(set(partner.took))
