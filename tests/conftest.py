"""Fixtures that hand out RabbitMQ and PostgreSQL, and the account of tests that could not have them.

`amqp_url` leads to a virtual host of this test run's own, `postgres_url` to an empty database of the test's
own. Tests that ask for one are marked `rabbitmq` or `postgres`; where the server is not to be had they do not
run, the run ends by naming them, and under `CI=true` it fails.
"""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from _pytest.outcomes import Skipped  # `pytest.skip.Exception` is the same, but no type that mypy knows
from hypothesis import settings

from tests import services, starting
from tests.services import Databases, Service, Unavailable
from tests.vendor_specs import listening

SERVER_FIXTURES = {"rabbitmq_server": "rabbitmq", "postgres_server": "postgres"}
# How long an example takes says more of the machine than of the code; CI tries the same examples every time.
settings.register_profile("project", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("project")

WANTED = "wanted a server"
SERVERS = pytest.StashKey[dict[str, Service | Unavailable]]()


class ServiceNotToBeHad(Skipped):
    """The test does not run, for want of a server; the run's end says so."""


# ---- servers ----


@pytest.fixture(scope="session")
def rabbitmq_server(request: pytest.FixtureRequest) -> Service:
    """The broker that this run uses."""
    return _server(request.config, "rabbitmq")


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Service:
    """The database server that this run uses."""
    return _server(request.config, "postgres")


@pytest.fixture(scope="session")
def amqp_url(rabbitmq_server: Service) -> Iterator[str]:
    """The URL of a broker; queues there need names that start with `queue_prefix`."""
    url, forget = services.own_vhost(rabbitmq_server, services.probe_rabbitmq)
    yield url
    forget()


@pytest.fixture
def queue_prefix() -> str:
    """What the names of this test's queues and exchanges start with: nobody else's do."""
    return f"test-{uuid4().hex[:12]}."


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: Service) -> Databases:
    """Makes scratch databases, also as copies of one that was prepared; who makes one drops it."""
    databases = Databases(postgres_server.url)
    databases.drop_leftovers()
    return databases


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    url = postgres_databases.create()
    yield url
    postgres_databases.drop(url)


@pytest.fixture(scope="module")
def module_postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The URL of a database that the tests of one module share."""
    url = postgres_databases.create()
    yield url
    postgres_databases.drop(url)


def _server(config: pytest.Config, name: str) -> Service:
    servers = config.stash[SERVERS]
    if name not in servers:
        try:
            servers[name] = _find_rabbitmq() if name == "rabbitmq" else _find_postgres()
        except Unavailable as unavailable:
            servers[name] = unavailable
    server = servers[name]
    if isinstance(server, Unavailable):
        raise ServiceNotToBeHad(str(server))
    return server


def _find_rabbitmq() -> Service:
    probe, machine = services.probe_rabbitmq, starting.Machine()
    control = ("rabbitmqctl",) if shutil.which("rabbitmqctl") else ()
    return services.find(
        "RabbitMQ",
        [
            services.named_by(services.RABBITMQ_VARIABLE, os.environ, probe, control),
            services.at_usual_port(services.RABBITMQ_USUAL_URL, probe, control),
            partial(starting.rabbitmq_from_programs, machine, probe),
            partial(starting.rabbitmq_in_docker, machine, probe),
        ],
    )


def _find_postgres() -> Service:
    probe, machine = services.probe_postgres, starting.Machine()
    return services.find(
        "PostgreSQL",
        [
            services.named_by(services.POSTGRES_VARIABLE, os.environ, probe, ()),
            services.at_usual_port(services.POSTGRES_USUAL_URL, probe, ()),
            partial(starting.postgres_from_programs, machine, probe),
            partial(starting.postgres_in_docker, machine, probe),
        ],
    )


# ---- the account of what did not run ----


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the coverage floor know whether everything ran."""
    parser.addoption(
        "--not-run-file", type=Path, help="write the tests that no server was had for, one a line"
    )
    given = os.environ.get("ORDERHUB_VENDOR_SPECS")
    parser.addoption(
        "--vendor-specs",
        type=Path,
        default=Path(given) if given else None,
        help="hold connectors and simulators against what their vendors publish; see tests/vendor_specs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Nothing has been looked for yet. Where tests run in several processes, each has servers, and one the account."""
    config.stash[SERVERS] = {}
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Account(config.getoption("--not-run-file")), "account")
    specs: Path | None = config.getoption("--vendor-specs")
    if specs is not None:
        config.pluginmanager.register(listening.plugin(specs), "vendor-specs")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers that their fixtures need, before `-m` selects."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        for fixture, marker in SERVER_FIXTURES.items():
            if fixture in asked:
                item.add_marker(marker)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for the servers before any test's time runs: one may have to be started."""
    if session.config.option.collectonly:
        return
    for marker in SERVER_FIXTURES.values():
        if any(item.get_closest_marker(marker) for item in session.items):
            with suppress(ServiceNotToBeHad):
                _server(session.config, marker)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say what the tests run against."""
    return [
        f"{name}: {services.without_password(server.url)} ({server.origin})"
        for name, server in config.stash[SERVERS].items()
        if isinstance(server, Service)
    ]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the servers that a test's marks speak of, also where it reaches them by fixtures of its own."""
    for marker in SERVER_FIXTURES.values():
        if item.get_closest_marker(marker):
            _server(item.config, marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write on a test's report that it did not run for want of a server: reports come home from every process."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, ServiceNotToBeHad):
        report.user_properties.append((WANTED, str(call.excinfo.value)))
    return report


class Account:
    """The account of what did not run, kept by the process that hears of every test."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._not_run: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a test that did not run for want of a server."""
        for name, reason in report.user_properties:
            if name == WANTED:
                self._not_run.setdefault(str(reason), []).append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail under CI if anything did not run."""
        if self._not_run and _under_ci() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lines = (f"{test}\n" for tests in self._not_run.values() for test in tests)
            self._file.write_text("".join(lines))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """End the run by naming what did not run, after all else that pytest has to say."""
        yield
        failed = _under_ci()
        verdict = "and CI=true wants everything to run" if failed else "the others did"
        for reason, tests in self._not_run.items():
            terminalreporter.section(f"{len(tests)} did NOT RUN, {verdict}", red=failed, yellow=not failed)
            terminalreporter.line(reason)
            for test in tests:
                terminalreporter.line(f"  {test}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers that were started for this run."""
    for server in config.stash.get(SERVERS, {}).values():
        if isinstance(server, Service):
            server.stop()


def _under_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}
