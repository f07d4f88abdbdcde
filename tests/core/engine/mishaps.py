"""A worker that may die at any step, between a store that keeps what was committed and a broker that delivers
at least once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from core.bus.port import Item, Key
from core.store.sql import Bulk, Row, Session
from tests.core.engine.script import Script
from tests.core.engine.stage import Broker, Gate, Parcel


@dataclass
class Death:
    """Kills the worker: whoever asks for it never goes on, and the test is told."""

    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def come(self) -> None:
        self.happened.set()
        await asyncio.Event().wait()


@dataclass
class MortalDatabase(Gate):
    """A store whose user may die just before or just after a commit."""

    script: Script = field(default_factory=Script)
    death: Death = field(default_factory=Death)
    inbox: bool = True
    """Without it, every item counts as new: what the inbox is for."""
    lanes: int = 1
    """How many batches its users may have under way at once."""

    @property
    def writers(self) -> int:  # type: ignore[override]
        return self.lanes

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        fate = ""
        async with self.inner.transaction() as session:
            yield session if self.inbox else Forgetful(session)
            fate = self.script.happens("commit", "done", "killed before", "killed after")
            if fate == "killed before":
                await self.death.come()
        if fate == "killed after":
            await self.death.come()


class Forgetful(Session):
    """A session whose inbox has never seen anything."""

    def __init__(self, inner: Session) -> None:
        self.inner, self.now = inner, inner.now

    async def rows(self, sql: str, *values: object) -> Sequence[Row]:
        return await self.inner.rows(sql, *values)

    async def run(self, sql: str, *values: object) -> None:
        await self.inner.run(sql, *values)

    async def write(self, statement: Bulk, rows: Sequence[Sequence[object]]) -> Sequence[Row]:
        found = await self.inner.write(statement, rows)
        if statement.text.startswith("INSERT INTO inbox"):
            return [dict(zip(statement.columns, row, strict=True)) for row in rows]
        return found


@dataclass
class AtLeastOnce(Broker):
    """A broker that loses nothing it has confirmed, and may lose every word between it and the worker."""

    script: Script = field(default_factory=Script)
    death: Death = field(default_factory=Death)
    ready: list[Parcel] = field(default_factory=list[Parcel])
    in_flight: list[Parcel] = field(default_factory=list[Parcel])
    publishing: int = 0

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        self.publishing += 1
        fate = self.script.happens("publish", "confirmed", "confirm lost", "lost", "killed", "killed first")
        if fate not in {"lost", "killed first"}:
            self.ready.append(self.parcel(queue, items))
        if fate.startswith("killed"):
            await self.death.come()
        self.publishing -= 1
        return frozenset(item.key for item in items) if fate == "confirmed" else frozenset()

    async def acked(self, parcel: Parcel) -> None:
        fate = self.script.happens("acknowledge", "done", "killed", "connection lost")
        if fate == "killed":
            await self.death.come()
        self.in_flight.remove(parcel)
        if fate == "connection lost":
            self.ready.append(replace(parcel, redelivered_count=parcel.redelivered_count + 1))

    def take_back(self) -> None:
        """Hand out again what a dead worker had."""
        self.ready += [replace(p, redelivered_count=p.redelivered_count + 1) for p in self.in_flight]
        self.in_flight.clear()
        self.publishing = 0


async def end_all_but(before: set[asyncio.Task[object]]) -> None:
    """Let a process be gone: none of its tasks goes on."""
    others = asyncio.all_tasks() - before
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
