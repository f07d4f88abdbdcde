"""The small hub that tests of the desk and of the API share."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.store.migrate import upgrade
from tests.hub.stage import Stage, stage


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all its tables and nothing in them, to be copied."""
    file = tmp_path_factory.mktemp("store") / "empty.db"
    asyncio.run(_make(f"sqlite:///{file}"))
    return file


async def _make(url: str) -> None:
    await upgrade(url)


@pytest.fixture
async def hub(tmp_path: Path, empty_store: Path) -> AsyncIterator[Stage]:
    file = shutil.copy(empty_store, tmp_path / "hub.db")
    async with stage(f"sqlite:///{file}") as running:
        yield running
