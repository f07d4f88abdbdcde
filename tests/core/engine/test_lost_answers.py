"""A commit whose answer was lost has happened: what is tried again after it is neither refused nor stored twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from core.ports import RawDocument
from core.store.sql import Database, Session, StoreUnavailableError
from tests.core.engine.stage import engine_on


class CutOff(Database):
    """A database to which the connection breaks right after some commits: the first `times` of them."""

    def __init__(self, inner: Database, times: int) -> None:
        self.dialect, self.url, self.writers = inner.dialect, inner.url, inner.writers
        self._inner, self.left = inner, times

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Session]:
        async with self._inner.transaction() as session:
            yield session
        if self.left:
            self.left -= 1
            raise StoreUnavailableError("the connection broke after the commit")

    def reading(self) -> AbstractAsyncContextManager[Session]:
        return self._inner.reading()

    async def close(self) -> None:
        await self._inner.close()


@pytest.mark.parametrize("named", [True, False], ids=["with an id of the partner", "without"])
@pytest.mark.parametrize("times", [1, 2])
async def test_documents_whose_commit_was_not_heard_of_are_taken_once(
    store: Database, named: bool, times: int
) -> None:
    async with engine_on(CutOff(store, times)) as stage:
        documents = [
            RawDocument("order", f"{n}".encode(), external_id=f"id-{n}" if named else None) for n in range(5)
        ]
        receipts = await asyncio.gather(*(stage.engine.receive("shop", one) for one in documents))
        assert not any(receipt.duplicate for receipt in receipts)
        kept = await stage.rows("SELECT id FROM messages WHERE direction = 'in' AND kind = 'order'")
        assert {str(row["id"]) for row in kept} == {str(receipt.message_id) for receipt in receipts}
        assert len(kept) == 5
