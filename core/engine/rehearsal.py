"""What a batch would do, without doing it: the real batch in a transaction that is always rolled back.

Whatever runs here sees what ran before it in the same rehearsal; nobody else sees any of it, and nothing is sent.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.engine.batch import Batch, LockMoreError, World
from core.engine.changes import Changes, Posting
from core.engine.committing import ROUNDS_ALONE
from core.engine.memory import OrderMemory
from core.engine.turns import Turn
from core.engine.work import ItemError, Outcome, Work, work_of
from core.errors import HubError
from core.store.sql import Database, Session

FOLLOWERS = 50
"""How many messages of the hub to itself are followed, for each piece of work."""
_PATIENCE = "SET LOCAL lock_timeout = '500ms'"
"""PostgreSQL: who rehearses gives way to who works."""
_MARK, _BACK, _KEEP = (
    "SAVEPOINT rehearsal",
    "ROLLBACK TO SAVEPOINT rehearsal",
    "RELEASE SAVEPOINT rehearsal",
)


class _RolledBackError(HubError):
    """The rehearsal is over."""


def _over() -> _RolledBackError:
    return _RolledBackError("nothing of it stays")


class RehearsalError(HubError):
    """It can't be said what would happen, for the reason given. That step alone is undone."""


@dataclass(slots=True)
class Rehearsed:
    """What one piece of work would bring. `changes` has one for the work and for each that follows from it."""

    outcome: Outcome
    changes: list[Changes] = field(default_factory=list[Changes])
    unfollowed: int = 0
    """Messages of the hub to itself that were too many to follow."""


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncGenerator[Session]:
    """Begin a transaction of which nothing stays."""
    try:
        async with database.transaction() as session:
            if database.dialect == "postgresql":
                await session.run(_PATIENCE)
            yield session
            raise _over()
    except _RolledBackError:
        pass


async def rehearse(session: Session, world: World, postings: Sequence[Posting]) -> Rehearsed:
    """Run what is posted, and what it posts to the hub itself, in the open transaction of `rolled_back`.

    Raises `RehearsalError`.
    """
    waiting = list(postings)
    found: Rehearsed | None = None
    ran = 0
    while waiting and ran < FOLLOWERS:
        posting = waiting.pop(0)
        if not posting.queue.startswith("in."):
            continue
        work = _work(posting)
        outcome, changes = await _once(session, world, work)
        ran += 1
        found = found or Rehearsed(outcome)
        found.changes.append(changes)
        waiting.extend(changes.postings)
    if found is None:
        raise RehearsalError("there is nothing that the engine would run")
    found.unfollowed = sum(posting.queue.startswith("in.") for posting in waiting)
    return found


def _work(posting: Posting) -> Work:
    done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    try:
        return work_of(posting.queue, posting.item, done, consumes_row=False)
    except ItemError as error:
        raise RehearsalError(str(error)) from error


async def _once(session: Session, world: World, work: Work) -> tuple[Outcome, Changes]:
    prelock: frozenset[str] = frozenset()
    for _ in range(ROUNDS_ALONE):
        await session.run(_MARK)
        batch = Batch(session, world, OrderMemory(), [work])
        try:
            committed = await batch.run((), prelock, Turn(asyncio.Lock()))
        except LockMoreError as more:
            await session.run(_BACK)
            prelock |= more.skus
        except Exception as error:
            await session.run(_BACK)
            message = f"the store refuses it, or its order is being worked on just now: {error}"
            raise RehearsalError(message) from error
        else:
            await session.run(_KEEP)
            return committed.outcomes[work], batch.changes
    raise RehearsalError(f"{work.item.type} asks for ever more stock: {len(prelock)} SKUs so far")
