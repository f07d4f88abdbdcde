"""The RabbitMQ broker and the PostgreSQL server that tests run against.

Each is looked for in turn: at the URL in the environment, at its usual local port, among the programs
installed here, in a Docker engine. The first that answers is used, and a server that was started here is
stopped when the tests end. Where none is to be had, `Unavailable` says what was tried.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import uuid4

import aio_pika
import asyncpg

T = TypeVar("T")

RABBITMQ_VARIABLE = "ORDERHUB_TEST_AMQP_URL"
POSTGRES_VARIABLE = "ORDERHUB_TEST_POSTGRES_URL"
RABBITMQ_USUAL_URL = "amqp://guest:guest@127.0.0.1:5672/"
POSTGRES_USUAL_URL = "postgresql://postgres@127.0.0.1:5432/"

SCRATCH_PREFIX = "orderhub_test_"
SCRATCH_STAMP = "%Y%m%d%H%M%S"
SCRATCH_LIFETIME = timedelta(hours=12)


class Unavailable(Exception):  # noqa: N818  # it is a fact about the machine, not a fault
    """A service is not to be had in one way, or in any; the message says why."""


class NamedButAway(Unavailable):
    """The environment names a server, and it does not answer: nothing else is tried in its stead."""


def nothing_to_stop() -> None:
    """Leave a server alone that the tests did not start."""


@dataclass(frozen=True)
class Service:
    """A server that answers at `url`.

    `control` is the command that its management tool starts with (`rabbitmqctl`), empty where there is none.
    """

    url: str
    origin: str
    control: tuple[str, ...] = ()
    control_environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stop: Callable[[], None] = nothing_to_stop

    def run_control(self, *arguments: str) -> str:
        """Run the management tool and return what it printed; raises `Unavailable` if it would not."""
        if not self.control:
            raise Unavailable(f"no management tool for the server at {without_password(self.url)}")
        command = [*self.control, *arguments]
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **self.control_environment},
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"{' '.join(command)}: {error}") from error
        return done.stdout


Source = Callable[[], Service]
"""One way of having a service: returns one that answers, or raises `Unavailable`."""

Probe = Callable[[str], None]
"""Returns if a server answers at a URL, and raises `Unavailable` otherwise."""


def find(name: str, sources: Sequence[Source]) -> Service:
    """Return the first service that can be had; raises `Unavailable` with the reason of each that can't."""
    reasons: list[str] = []
    for source in sources:
        try:
            return source()
        except NamedButAway as away:
            raise Unavailable(f"{name}: {away}") from away
        except Unavailable as unavailable:
            reasons.append(str(unavailable))
    raise Unavailable(f"{name}: {'; '.join(reasons)}")


def named_by(variable: str, environment: Mapping[str, str], probe: Probe, control: tuple[str, ...]) -> Source:
    """Use the server whose URL an environment variable holds."""

    def source() -> Service:
        url = environment.get(variable)
        if not url:
            raise Unavailable(f"{variable} is not set")
        try:
            probe(url)
        except Unavailable as away:
            raise NamedButAway(f"{variable} is set, but {away}") from away
        return Service(url, variable, control)

    return source


def at_usual_port(url: str, probe: Probe, control: tuple[str, ...]) -> Source:
    """Use the server that listens where such servers usually do."""

    def source() -> Service:
        probe(url)
        return Service(url, "its usual port", control)

    return source


def probe_rabbitmq(url: str) -> None:
    """Connect to a broker, once."""

    async def connect() -> None:
        connection = await aio_pika.connect(url, timeout=5)
        await connection.close()

    _probe(url, connect())


def probe_postgres(url: str) -> None:
    """Connect to a database server, once."""

    async def connect() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        await connection.close()

    _probe(url, connect())


def _probe(url: str, connect: Coroutine[Any, Any, None]) -> None:
    try:
        run_apart(connect)
    except (OSError, TimeoutError, aio_pika.exceptions.AMQPError, asyncpg.PostgresError) as error:
        raise Unavailable(f"nothing usable answers at {without_password(url)} ({error!r})") from error


class Databases:
    """Scratch databases on one PostgreSQL server: each has a name of its own, and is gone after use."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url

    def create(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at the URL `template`, and return its URL."""
        name = scratch_name(datetime.now(UTC))
        copied = f' TEMPLATE "{database_of(template)}"' if template else ""
        self._execute(f'CREATE DATABASE "{name}"{copied}')
        return with_path(self._server_url, name)

    def drop(self, url: str) -> None:
        """Drop a database, and cut whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{database_of(url)}" WITH (FORCE)')

    def drop_leftovers(self) -> None:
        """Drop what test runs left behind that were killed long ago."""
        rows = run_apart(self._query("SELECT datname FROM pg_database"))
        for name in leftovers([row[0] for row in rows], datetime.now(UTC)):
            with suppress(asyncpg.PostgresError):  # another run may be dropping it just now
                self.drop(with_path(self._server_url, name))

    def _execute(self, statement: str) -> None:
        run_apart(self._query(statement))

    async def _query(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._server_url, timeout=10)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()


def own_vhost(broker: Service, probe: Probe) -> tuple[str, Callable[[], None]]:
    """Make a RabbitMQ virtual host of this run's own; return its URL and what deletes it.

    Without a management tool that reaches this very broker, the broker's own URL is returned.
    """
    name = scratch_name(datetime.now(UTC))
    url = with_path(broker.url, name)
    try:
        for old in leftovers(broker.run_control("-q", "list_vhosts", "name").split(), datetime.now(UTC)):
            broker.run_control("-q", "delete_vhost", old)
        broker.run_control("-q", "add_vhost", name)
        user = urlsplit(broker.url).username or "guest"
        broker.run_control("-q", "set_permissions", "-p", name, user, ".*", ".*", ".*")
        probe(url)
    except Unavailable:
        _forget_vhost(broker, name)
        return broker.url, nothing_to_stop
    return url, lambda: _forget_vhost(broker, name)


def _forget_vhost(broker: Service, name: str) -> None:
    with suppress(Unavailable):
        broker.run_control("-q", "delete_vhost", name)


def scratch_name(now: datetime) -> str:
    """Return a name that no other run has, and that tells when it was made."""
    return f"{SCRATCH_PREFIX}{now:{SCRATCH_STAMP}}_{uuid4().hex[:12]}"


def leftovers(names: Sequence[str], now: datetime) -> list[str]:
    """Return those scratch names whose run must have ended long ago."""
    oldest = SCRATCH_PREFIX + (now - SCRATCH_LIFETIME).strftime(SCRATCH_STAMP)
    return [name for name in names if name.startswith(SCRATCH_PREFIX) and name < oldest]


def with_path(url: str, path: str) -> str:
    """Return the URL of another database, or virtual host, of the same server."""
    return urlsplit(url)._replace(path=f"/{quote(path, safe='')}").geturl()


def database_of(url: str) -> str:
    """Return the name of the database that a URL leads to."""
    return urlsplit(url).path.removeprefix("/")


def without_password(url: str) -> str:
    """Return a URL that may be printed."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread with a loop of its own, so that no test's loop is touched."""
    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(asyncio.run, coroutine).result()
