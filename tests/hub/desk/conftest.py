"""The small hub on each of the two databases."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.store.migrate import upgrade
from tests.hub.stage import Stage, stage


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path) -> str:
    """Where a store of the test's own is: on SQLite it has its tables already."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'hub.db')}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def either(store_url: str) -> AsyncIterator[Stage]:
    """The hub on SQLite, and then on PostgreSQL."""
    await upgrade(store_url)
    async with stage(store_url) as running:
        yield running
