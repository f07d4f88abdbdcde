"""How the tests find their servers, and what happens where there is none."""

import signal
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from tests import services, starting
from tests.services import Databases, NamedButAway, Service, Unavailable
from tests.starting import Machine

pytest_plugins = ["pytester"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Answering:
    """A probe for which some URLs answer; it remembers what it was asked."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls
        self.asked: list[str] = []

    def __call__(self, url: str) -> None:
        self.asked.append(url)
        if url not in self.urls:
            raise Unavailable(f"nothing answers at {url}")


class SomethingElse(socketserver.BaseRequestHandler):
    """Answers in no protocol that the hub speaks to its servers."""

    def handle(self) -> None:
        self.request.recv(8)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def not_installed() -> Service:
    raise Unavailable("it is not installed")


def write_program(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}")
    program.chmod(0o755)
    return program


class TestWhereAServerIsLookedFor:
    def test_the_environment_comes_before_the_usual_port(self) -> None:
        probe = Answering("amqp://named/", "amqp://usual/")
        named = services.named_by("URL", {"URL": "amqp://named/"}, probe, ())
        found = services.find("RabbitMQ", [named, services.at_usual_port("amqp://usual/", probe, ())])
        assert (found.url, found.origin) == ("amqp://named/", "URL")
        assert probe.asked == ["amqp://named/"]

    @pytest.mark.parametrize("environment", [{}, {"URL": ""}])
    def test_an_unset_variable_leads_to_the_usual_port(self, environment: dict[str, str]) -> None:
        probe = Answering("amqp://usual/")
        named = services.named_by("URL", environment, probe, ())
        found = services.find("RabbitMQ", [named, services.at_usual_port("amqp://usual/", probe, ())])
        assert (found.url, found.origin) == ("amqp://usual/", "its usual port")

    def test_a_named_server_that_is_away_is_never_replaced_by_another(self) -> None:
        probe = Answering("amqp://usual/")
        named = services.named_by("URL", {"URL": "amqp://named/"}, probe, ())
        with pytest.raises(Unavailable, match="RabbitMQ: URL is set, but nothing answers at amqp://named/"):
            services.find("RabbitMQ", [named, services.at_usual_port("amqp://usual/", probe, ())])
        assert probe.asked == ["amqp://named/"]

    def test_what_was_tried_is_said_where_nothing_is_to_be_had(self) -> None:
        usual = services.at_usual_port("amqp://usual/", Answering(), ())
        with pytest.raises(Unavailable) as raised:
            services.find("RabbitMQ", [services.named_by("URL", {}, Answering(), ()), usual, not_installed])
        expected = "RabbitMQ: URL is not set; nothing answers at amqp://usual/; it is not installed"
        assert str(raised.value) == expected
        assert not isinstance(raised.value, NamedButAway)

    def test_no_later_way_is_tried_once_a_server_was_found(self) -> None:
        def must_not_start() -> Service:
            raise AssertionError

        usual = services.at_usual_port("amqp://usual/", Answering("amqp://usual/"), ())
        assert services.find("RabbitMQ", [usual, must_not_start]).url == "amqp://usual/"


class TestProbes:
    @pytest.mark.parametrize(
        ("probe", "scheme"), [(services.probe_rabbitmq, "amqp"), (services.probe_postgres, "postgresql")]
    )
    def test_a_closed_port_is_no_server(self, probe: services.Probe, scheme: str) -> None:
        url = f"{scheme}://someone:hush@127.0.0.1:{starting.free_port()}/"
        with pytest.raises(Unavailable) as raised:
            probe(url)
        assert "nothing usable answers" in str(raised.value)
        assert "hush" not in str(raised.value)

    @pytest.mark.parametrize(
        ("probe", "scheme"), [(services.probe_rabbitmq, "amqp"), (services.probe_postgres, "postgresql")]
    )
    def test_a_server_that_speaks_something_else_is_none(self, probe: services.Probe, scheme: str) -> None:
        with socketserver.TCPServer(("127.0.0.1", 0), SomethingElse) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with pytest.raises(Unavailable):
                probe(f"{scheme}://127.0.0.1:{server.server_address[1]}/")
            server.shutdown()


class TestNames:
    def test_no_two_scratch_names_are_alike(self) -> None:
        assert services.scratch_name(NOW) != services.scratch_name(NOW)

    def test_only_scratch_names_of_long_ago_are_leftovers(self) -> None:
        long_ago = services.scratch_name(NOW - services.SCRATCH_LIFETIME - timedelta(seconds=1))
        just_now = services.scratch_name(NOW - timedelta(hours=1))
        assert services.leftovers([long_ago, just_now, "postgres", "orders", "/"], NOW) == [long_ago]

    def test_a_url_is_led_to_another_database_of_the_same_server(self) -> None:
        assert services.with_path("postgresql://me:pw@db:5433/", "mine") == "postgresql://me:pw@db:5433/mine"
        assert services.database_of("postgresql://me@db/mine") == "mine"

    def test_a_printed_url_shows_no_password(self) -> None:
        assert services.without_password("amqp://guest:guest@127.0.0.1:5672/") == "amqp://127.0.0.1:5672/"


class TestStartedPrograms:
    def test_debians_newest_postgresql_is_taken(self, tmp_path: Path) -> None:
        for version in ("9", "15", "17", "common"):
            write_program(tmp_path / version / "bin", "initdb", "")
        machine = Machine(search_path="", postgres_root=tmp_path)
        found = machine.program("initdb", *machine.postgres_folders())
        assert found == tmp_path / "17" / "bin" / "initdb"

    def test_programs_on_the_search_path_will_do(self, tmp_path: Path) -> None:
        program = write_program(tmp_path / "bin", "initdb", "")
        machine = Machine(search_path=str(program.parent), postgres_root=tmp_path / "none")
        assert machine.program("initdb", *machine.postgres_folders()) == program

    @pytest.mark.parametrize(
        ("start", "reason"),
        [
            (starting.postgres_from_programs, "PostgreSQL's programs"),
            (starting.rabbitmq_from_programs, "RabbitMQ's programs"),
            (starting.postgres_in_docker, "Docker is not installed"),
            (starting.rabbitmq_in_docker, "Docker is not installed"),
        ],
    )
    def test_a_bare_machine_says_what_it_lacks(
        self, start: Callable[[Machine, services.Probe], Service], reason: str, tmp_path: Path
    ) -> None:
        bare = Machine(search_path="", postgres_root=tmp_path, rabbitmq_root=tmp_path)
        with pytest.raises(Unavailable, match=reason):
            start(bare, Answering())

    def test_postgresql_runs_under_another_account_only_for_root(self) -> None:
        assert Machine(is_root=False).account() is None
        assert Machine(is_root=True).account() in {"postgres", "nobody"}

    def test_an_initdb_that_fails_is_a_reason_to_look_further(self, tmp_path: Path) -> None:
        for name in ("initdb", "postgres"):
            write_program(tmp_path / "15" / "bin", name, "exit 1")
        with pytest.raises(Unavailable, match="initdb failed"):
            starting.postgres_from_programs(Machine(postgres_root=tmp_path, is_root=False), Answering())

    def test_a_started_program_ends_when_it_is_stopped(self, tmp_path: Path) -> None:
        folder = tmp_path / "program"
        folder.mkdir()
        program = write_program(tmp_path, "program.sh", "echo $$ > pid; exec sleep 60")
        started = starting.start([program], folder)
        pid = wait_for_pid(folder / "pid")
        started.stop()
        assert not is_running(pid)
        assert not folder.exists()

    def test_a_started_program_ends_with_a_test_run_that_is_killed(self, tmp_path: Path) -> None:
        program = write_program(tmp_path, "program.sh", "echo $$ > pid; exec sleep 60")
        code = "import sys; from tests.starting import *; start(sys.argv[1:], Path.cwd()); time.sleep(9)"
        with subprocess.Popen([sys.executable, "-c", code, str(program)], cwd=tmp_path) as run:
            pid = wait_for_pid(tmp_path / "pid")
            run.send_signal(signal.SIGKILL)
        wait_until(lambda: not is_running(pid))

    @pytest.mark.slow
    @pytest.mark.skipif(
        Machine().program("initdb", *Machine().postgres_folders()) is None, reason="no initdb"
    )
    def test_installed_postgresql_serves_a_cluster_of_its_own(self) -> None:
        server = starting.postgres_from_programs(Machine(), services.probe_postgres)
        try:
            services.probe_postgres(Databases(server.url).create())
        finally:
            server.stop()
        with pytest.raises(Unavailable):
            services.probe_postgres(server.url)

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    @pytest.mark.skipif(
        Machine().program("rabbitmq-server", Machine().rabbitmq_root) is None, reason="no rabbitmq-server"
    )
    def test_installed_rabbitmq_serves_a_node_of_its_own(self) -> None:
        server = starting.rabbitmq_from_programs(Machine(), services.probe_rabbitmq)
        try:
            url, forget = services.own_vhost(server, services.probe_rabbitmq)
            assert url != server.url
            services.probe_rabbitmq(url)
            forget()
            assert server.run_control("-q", "list_vhosts", "name").split() == ["name", "/"]
        finally:
            server.stop()
        with pytest.raises(Unavailable):
            services.probe_rabbitmq(server.url)


class TestDocker:
    """With a stand-in for the client program; what it is asked to do is written down."""

    def docker(self, folder: Path, *, engine: bool = True) -> Machine:
        script = f"""
            echo "$@" >> {folder}/asked
            case $1 in
                info) {"exit 0" if engine else "exit 1"} ;;
                run) echo c0ffee ;;
                port) echo 127.0.0.1:49153 ;;
            esac
        """
        return Machine(search_path=str(write_program(folder / "bin", "docker", script).parent))

    def test_a_client_without_an_engine_is_no_docker(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="no Docker engine answers"):
            starting.rabbitmq_in_docker(self.docker(tmp_path, engine=False), Answering())

    def test_postgresql_is_published_on_loopback_only_and_removed_afterwards(self, tmp_path: Path) -> None:
        url = "postgresql://postgres@127.0.0.1:49153/"
        server = starting.postgres_in_docker(self.docker(tmp_path), Answering(url))
        server.stop()
        assert server.url == url
        asked = (tmp_path / "asked").read_text().splitlines()
        assert asked[1].startswith("run --detach --rm --publish 127.0.0.1::5432 ")
        assert asked[-1] == "rm --force --volumes c0ffee"

    def test_rabbitmq_is_controlled_inside_its_container(self, tmp_path: Path) -> None:
        url = "amqp://guest:guest@127.0.0.1:49153/"
        server = starting.rabbitmq_in_docker(self.docker(tmp_path), Answering(url))
        server.run_control("list_vhosts")
        assert (tmp_path / "asked").read_text().splitlines()[-1] == "exec c0ffee rabbitmqctl list_vhosts"


class TestVirtualHosts:
    def broker(self, folder: Path, *, works: bool = True) -> Service:
        script = f'echo "$@" >> {folder}/asked; {"exit 0" if works else "exit 1"}'
        return Service("amqp://me@b/", "a test", (str(write_program(folder, "rabbitmqctl", script)),))

    def asked(self, folder: Path) -> list[str]:
        return [line.split()[1] for line in (folder / "asked").read_text().splitlines()]

    def test_a_run_has_one_of_its_own_and_deletes_it(self, tmp_path: Path) -> None:
        url, forget = services.own_vhost(self.broker(tmp_path), lambda _url: None)
        assert url.startswith("amqp://me@b/orderhub_test_")
        forget()
        assert self.asked(tmp_path) == ["list_vhosts", "add_vhost", "set_permissions", "delete_vhost"]

    def test_a_tool_that_fails_leaves_the_brokers_own_url(self, tmp_path: Path) -> None:
        url, forget = services.own_vhost(self.broker(tmp_path, works=False), lambda _url: None)
        forget()
        assert url == "amqp://me@b/"

    def test_a_tool_that_manages_another_broker_leaves_nothing_there(self, tmp_path: Path) -> None:
        url, _ = services.own_vhost(self.broker(tmp_path), Answering())
        assert url == "amqp://me@b/"
        assert self.asked(tmp_path)[-1] == "delete_vhost"

    def test_no_tool_at_all_leaves_the_brokers_own_url(self) -> None:
        assert services.own_vhost(Service("amqp://b/", "a test"), Answering())[0] == "amqp://b/"


class TestDatabases:
    async def test_each_is_empty_and_apart_from_the_others(self, postgres_databases: Databases) -> None:
        first = postgres_databases.create()
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE orders (id int)")
        await connection.close()
        second, copy = postgres_databases.create(), postgres_databases.create(template=first)
        try:
            assert await table_count(second) == 0
            assert await table_count(copy) == 1
        finally:
            for url in (first, second, copy):
                postgres_databases.drop(url)

    async def test_one_is_dropped_though_somebody_is_connected(self, postgres_databases: Databases) -> None:
        url = postgres_databases.create()
        connection = await asyncpg.connect(url)
        postgres_databases.drop(url)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await asyncpg.connect(url)
        connection.terminate()

    async def test_a_test_has_one_of_its_own(self, postgres_url: str, module_postgres_url: str) -> None:
        assert postgres_url != module_postgres_url
        assert await table_count(postgres_url) == 0


class TestQueues:
    async def test_a_test_makes_durable_queues_of_its_own(self, amqp_url: str, queue_prefix: str) -> None:
        connection = await aio_pika.connect(amqp_url)
        async with connection, connection.channel() as channel:
            queue = await channel.declare_queue(
                f"{queue_prefix}some", durable=True, arguments={"x-queue-type": "quorum"}
            )
            await channel.default_exchange.publish(aio_pika.Message(b"hello"), queue.name)
            message = await queue.get(no_ack=True)
            await queue.delete(if_unused=False, if_empty=False)  # quorum queues know no conditions
        assert message.body == b"hello"


class TestARunWithoutAServer:
    @pytest.fixture(autouse=True)
    def project(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(services.RABBITMQ_VARIABLE, f"amqp://127.0.0.1:{starting.free_port()}/")
        monkeypatch.delenv("CI", raising=False)
        pytester.makeconftest("from tests.conftest import *")
        pytester.makeini(
            "[pytest]\naddopts = --strict-markers\nmarkers =\n    rabbitmq: .\n    postgres: .\n"
        )
        pytester.makepyfile(
            test_some="""
            import pytest

            def test_without_a_broker(): pass
            def test_by_fixture(amqp_url): raise AssertionError
            def test_at_run_time(request): request.getfixturevalue("amqp_url")
            @pytest.mark.rabbitmq
            def test_by_mark(): raise AssertionError
            """
        )

    def test_the_rest_runs_and_the_run_ends_by_naming_what_did_not(self, pytester: pytest.Pytester) -> None:
        result = pytester.runpytest_subprocess("-p", "no:randomly", "--not-run-file=not-run")
        assert result.ret == 0
        result.assert_outcomes(passed=1, skipped=3)
        named = ["test_by_fixture", "test_at_run_time", "test_by_mark"]
        assert self.not_run(pytester) == named
        lines = [line.strip() for line in result.outlines if line.strip()][-5:-1]
        assert lines[0].startswith("RabbitMQ: ORDERHUB_TEST_AMQP_URL is set, but nothing usable answers")
        assert lines[1:] == [f"test_some.py::{name}" for name in named]

    def test_under_ci_it_fails(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        result = pytester.runpytest_subprocess()
        assert result.ret == 1
        result.assert_outcomes(passed=1, skipped=3)

    def test_a_run_in_several_processes_keeps_one_account(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = pytester.runpytest_subprocess("-n", "2", "--not-run-file=not-run")
        assert result.ret == 0
        result.assert_outcomes(passed=1, skipped=3)
        assert sorted(self.not_run(pytester)) == ["test_at_run_time", "test_by_fixture", "test_by_mark"]
        result.stdout.fnmatch_lines(["*3 did NOT RUN, the others did*", "RabbitMQ: *"])

        monkeypatch.setenv("CI", "true")
        assert pytester.runpytest_subprocess("-n", "2").ret == 1

    def test_under_ci_it_passes_if_none_needed_the_server(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CI", "true")
        result = pytester.runpytest_subprocess("-k", "test_without_a_broker")
        assert result.ret == 0

    def test_tests_can_be_chosen_by_the_server_that_their_fixtures_need(
        self, pytester: pytest.Pytester
    ) -> None:
        result = pytester.runpytest_subprocess("-m", "not rabbitmq", "-k", "not run_time")
        result.assert_outcomes(passed=1, deselected=3)

    @staticmethod
    def not_run(pytester: pytest.Pytester) -> list[str]:
        lines = (pytester.path / "not-run").read_text().splitlines()
        return [line.removeprefix("test_some.py::") for line in lines]


async def table_count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
        return len(tables)
    finally:
        await connection.close()


def wait_for_pid(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text().strip() != "")
    return int(file.read_text())


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between the opening and the reading
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_free_port_is_free() -> None:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", starting.free_port()))
