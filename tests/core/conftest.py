from collections.abc import AsyncIterator

import pytest

from core.clock import SystemClock
from core.store import migrate
from core.store.sql import Database
from tests.core.engine.stage import Template, furnish, open_store


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A prepared SQLite file, to be copied."""
    return Template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def sqlite_store(template: Template) -> AsyncIterator[Database]:
    """A prepared store on SQLite."""
    database = await open_store(f"sqlite:///{await template.copy()}", SystemClock())
    yield database
    await database.close()


@pytest.fixture
async def postgres_store(postgres_url: str) -> AsyncIterator[Database]:
    """A prepared store on PostgreSQL."""
    await migrate.upgrade(postgres_url)
    database = await open_store(postgres_url, SystemClock())
    await furnish(database)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Database:
    """A prepared store, on each database in turn."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    database: Database = request.getfixturevalue(name)
    return database


@pytest.fixture
async def sqlite_path(template: Template) -> str:
    """The URL of a prepared SQLite file, to be opened with a clock of the test's own."""
    return f"sqlite:///{await template.copy()}"


@pytest.fixture
async def prepared_postgres_url(postgres_url: str) -> str:
    """The URL of a prepared store on PostgreSQL, for processes of the test's own."""
    await migrate.upgrade(postgres_url)
    return postgres_url
