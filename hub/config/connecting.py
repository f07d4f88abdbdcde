"""`orderhub check --connect`: the store, the broker and every partner, tried out without leaving a trace."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from core.bus.port import HUB, BusError, inbound, outbound
from core.clock import Clock
from core.connector import OpenConnector, Resources
from core.errors import HubError
from core.store.migrate import Level, level
from hub.config.building import overlaid
from hub.config.loading import ConnectorConfig, HubConfig
from hub.config.problems import ConfigError, ConfigProblem
from hub.config.sections import without_password
from hub.config.subscribing import placements
from hub.mappings import MappingLibrary

PATIENCE_S = 30.0
"""How long one thing outside may take to answer."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing outside. `problem` is None when it is as it should be; `said` is a sentence about it."""

    what: str
    said: str
    problem: ConfigProblem | None = None


async def connect(config: HubConfig, library: MappingLibrary, clock: Clock) -> AsyncIterator[Tried]:
    """Try everything outside that a configuration names, one after the other."""
    yield await _bounded("store", config, ("store",), store(config))
    yield await _bounded("bus", config, ("bus",), bus(config))
    for name, one in config.connectors.items():
        path = ("connectors", name)
        yield await _bounded(f"connector {name}", config, path, try_partner(one, library, clock))


async def _bounded(what: str, config: HubConfig, path: tuple[str, ...], trying: Awaitable[str]) -> Tried:
    """Wait for a sentence; whatever goes wrong is a problem of the key in the file that it is about."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            said = await trying
    except TimeoutError:
        reason = f"{what} did not answer within {PATIENCE_S:g} s"
    except ConfigError as error:
        return Tried(what, str(error.problems[0].reason), error.problems[0])
    except HubError as error:
        reason = str(error)
    except (OSError, SQLAlchemyError, ValueError) as error:
        reason = f"{what} can't be reached: {plain_reason(error)}"
    except Exception as error:  # noqa: BLE001 - one partner's defect must not hide what the others say
        reason = f"{what} could not be tried: {type(error).__name__}: {plain_reason(error)}"
    else:
        return Tried(what, said)
    return Tried(what, reason, config.problem(path, reason))


async def store(config: HubConfig) -> str:
    """Say at which level the store is; raise for one that is away, or not as this version needs it."""
    shown = shown_store(config)
    file = config.store_file
    if file is not None and not await asyncio.to_thread(file.exists):
        raise HubError(f"{shown} does not exist yet: make it with `orderhub db upgrade`")
    found = await level(config.store_url)
    if not found.current:
        raise HubError(f"{shown} {behind(found)}")
    return f"{shown} is at level {found.found}"


def behind(found: Level) -> str:
    """Say how a store's level is not what this version needs, and what to do."""
    at = f"is at level {found.found}" if found.found else "has no tables yet"
    return f"{at}, and this version needs {found.wanted}: run `orderhub db upgrade`"


def shown_store(config: HubConfig) -> str:
    """Return the store's name as people may see it."""
    written = config.store.url.get_secret_value()
    return written if config.store.is_sqlite else without_password(written)


async def bus(config: HubConfig) -> str:
    """Say that the broker answers and its queues are as the hub needs them; raise what is wrong."""
    if config.bus.is_embedded:
        return "embedded in the hub's process"
    from core.bus.rabbit import RabbitBus  # noqa: PLC0415 - it is slow to load, and an embedded hub never needs it

    told = placements(config)
    names = [
        HUB,
        *(queue for name in (*config.connectors, *told) for queue in (inbound(name), outbound(name))),
    ]
    wrong = await RabbitBus(config.bus_url, prefix=config.bus.prefix, queues=names).check_topology()
    if wrong:
        raise BusError("; ".join(str(error) for error in wrong))
    return f"{without_password(config.bus_url)} answers, and no queue is otherwise than the hub needs it"


async def try_partner(one: ConnectorConfig, library: MappingLibrary, clock: Clock) -> str:
    """Open a connector, try its credentials at the partner, and close it; raise what its `test` raises."""
    opened = open_alone(one, library, clock)
    try:
        return await opened.test()
    finally:
        await opened.close()


def open_alone(one: ConnectorConfig, library: MappingLibrary, clock: Clock) -> OpenConnector:
    """Return a connector that is open beside no hub: what it notes down is forgotten with it."""
    resources = Resources(clock, library, _Forgetful())
    return overlaid(one.connector, one.mappings, library).open(one.name, one.settings, resources)


class _Forgetful:
    """Cursors of a connector that is only tried out."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        """Return what was put in this trial."""
        return self._values.get(name)

    async def put(self, name: str, value: str) -> None:
        """Keep a value until the trial is over."""
        self._values[name] = value


def plain_reason(error: Exception) -> str:
    """Return an error's first line: drivers add their connection's parameters below it."""
    cause = error.__cause__ if isinstance(error, SQLAlchemyError) and error.__cause__ else error
    return (str(cause).strip().partition("\n")[0] or type(cause).__name__)[:300]
