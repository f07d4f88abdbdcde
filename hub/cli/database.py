"""`orderhub db`: the store's schema."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from hub.cli.failing import Failure
from hub.cli.looks import facts
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from collections.abc import Generator

    from hub.config import HubConfig

database = group("The store's tables: make them, bring them to this version, see where they stand.")


@command(database, "upgrade")
async def upgrade_store(session: Session) -> None:
    """Bring the store to this version's schema. Safe to repeat, and safe when several processes do it at once.

    Without a hub.yaml it takes the store that ORDERHUB_STORE_URL names.
    """
    from core.store.migrate import upgrade

    config = _config(session)
    if config.store_file is not None:
        config.store_file.parent.mkdir(parents=True, exist_ok=True)
    with _reaching(config):
        level = await upgrade(config.store_url)
    said = {"store": _shown(config), "level": level.found}
    session.out.show(said, lambda: facts(said))


@command(database, "check")
async def check_store(session: Session) -> None:
    """Say at which level the store's schema is; exit status 1 where it is not this version's."""
    from core.store.migrate import level

    config = _config(session)
    if config.store_file is not None and not config.store_file.exists():
        raise Failure(f"{_shown(config)} does not exist yet: make it with `orderhub db upgrade`")
    with _reaching(config):
        found = await level(config.store_url)
    said = {"store": _shown(config), "level": found.found, "wanted": found.wanted, "current": found.current}
    session.out.show(
        said, lambda: facts({"store": said["store"], "level": found.found or "none: it has no tables yet"})
    )
    if not found.current:
        session.out.trouble(f"this version needs {found.wanted}: run `orderhub db upgrade`")
        raise typer.Exit(1)


def _config(session: Session) -> "HubConfig":
    """Return the configuration, or what the environment says where there is no file: a container that migrates."""
    from hub.config import CONFIG_FILE, default_config

    if session.config_file is None and not CONFIG_FILE.exists():
        return default_config()
    return session.config()


def _shown(config: "HubConfig") -> str:
    from hub.config.connecting import shown_store

    return shown_store(config)


@contextmanager
def _reaching(config: "HubConfig") -> "Generator[None]":
    from sqlalchemy.exc import SQLAlchemyError

    from hub.config.connecting import plain_reason

    try:
        yield
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise Failure(f"{_shown(config)} can't be reached: {plain_reason(error)}") from error
