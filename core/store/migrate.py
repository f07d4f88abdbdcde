"""Brings a store to the schema of this version, and tells how far it is from it.

To tell takes no Alembic, which is slow to load: only a store that must be changed loads it.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
_DRIVERS = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
_FOUND = text("SELECT version_num FROM alembic_version")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7283100)")


@dataclass(frozen=True, slots=True)
class Level:
    """Where a store's schema stands."""

    found: str | None
    wanted: str

    @property
    def current(self) -> bool:
        """Say whether the store is as this version needs it."""
        return self.found == self.wanted


async def level(url: str) -> Level:
    """Read which revision a store has."""
    engine = create_async_engine(_with_driver(url), poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(_level)


async def upgrade(url: str) -> Level:
    """Run the missing migrations in one transaction; of several processes that start together, one does it."""
    engine = create_async_engine(_with_driver(url), poolclass=NullPool)
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(_ONE_AT_A_TIME)
        return await connection.run_sync(_upgrade)


def _with_driver(url: str) -> str:
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        message = f"a store is sqlite:///FILE or postgresql://..., not {parsed.get_backend_name()}://"
        raise ValueError(message)
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def newest() -> str:
    """Return the revision that this version needs: files of revisions are named by them, as in `r0001_first.py`."""
    return max(file.stem.partition("_")[0].removeprefix("r") for file in MIGRATIONS.glob("versions/r*.py"))


def _level(connection: Connection) -> Level:
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.execute(_FOUND).scalar_one_or_none()
    return Level(found=found, wanted=newest())


def _upgrade(connection: Connection) -> Level:
    if not _level(connection).current:
        from alembic import command  # noqa: PLC0415 - only where there is something to change
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return _level(connection)
