"""The schema that the migrations make is the one that the code is written for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.store import migrate
from core.store.tables import PARTITIONED, metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


async def ask(url: str, question: Callable[[Connection], Any]) -> Any:
    driver = url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(driver, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(question)


def differences(connection: Connection) -> list[Any]:
    def ours(thing: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
        return not (kind == "table" and reflected and (name or "").endswith("_rest"))

    context = MigrationContext.configure(
        connection,
        opts={"compare_type": False, "compare_server_default": False, "include_object": ours},
    )
    return list(compare_metadata(context, metadata))


def columns(connection: Connection) -> dict[str, dict[str, tuple[str, bool]]]:
    dialect, found = connection.dialect, inspect(connection)
    return {
        name: {
            c["name"]: (c["type"].compile(dialect=dialect), c["nullable"]) for c in found.get_columns(name)
        }
        for name in metadata.tables
    }


async def test_the_migrated_schema_is_that_of_the_tables(url: str) -> None:
    await migrate.upgrade(url)
    assert await ask(url, differences) == []


async def test_columns_have_the_types_of_the_tables(url: str, tmp_path: Path, request: Any) -> None:
    await migrate.upgrade(url)
    migrated = await ask(url, columns)

    def made_anew(connection: Connection) -> Any:
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
        metadata.create_all(connection)
        return columns(connection)

    assert await ask(url, made_anew) == migrated


def test_the_newest_revision_is_the_one_that_alembic_ends_at() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert migrate.newest() == ScriptDirectory.from_config(config).get_current_head()


async def test_a_store_without_tables_has_no_level(url: str) -> None:
    found = await migrate.level(url)
    assert (found.found, found.current) == (None, False)


async def test_upgrading_again_changes_nothing(url: str) -> None:
    first = await migrate.upgrade(url)
    assert first.current
    assert await migrate.upgrade(url) == await migrate.level(url) == first


async def test_ids_are_partitioned_on_postgresql(postgres_url: str) -> None:
    await migrate.upgrade(postgres_url)

    def partitioned(connection: Connection) -> list[str]:
        rows = connection.exec_driver_sql(
            "SELECT partrelid::regclass::text FROM pg_partitioned_table ORDER BY 1"
        )
        return [row[0] for row in rows]

    assert await ask(postgres_url, partitioned) == [table.name for table in PARTITIONED]


async def test_orders_are_compressed_by_lz4_where_postgresql_can(postgres_url: str) -> None:
    await migrate.upgrade(postgres_url)

    def compression(connection: Connection) -> tuple[bool, str]:
        known = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
        used = "SELECT attcompression::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'doc'"
        return bool(connection.exec_driver_sql(known).scalar()), str(
            connection.exec_driver_sql(used).scalar()
        )

    can, used = await ask(postgres_url, compression)
    assert used == ("l" if can else "")
