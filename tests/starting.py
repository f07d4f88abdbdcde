"""Starts a RabbitMQ broker or a PostgreSQL server for one test run, from local programs or in Docker.

Whatever is started listens on loopback only, at a port of its own, keeps its files in a temporary folder, and
ends with the test run, even if that is killed.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.services import Probe, Service, Unavailable

POSTGRES_IMAGE = "postgres:16"
RABBITMQ_IMAGE = "rabbitmq:4"
START_LIMIT_S = 90.0
STOP_LIMIT_S = 20.0

# Signals the program when this script's input ends, which it also does if the test run is killed.
UNTIL_INPUT_ENDS = (
    'signal=$1; shift; "$@" </dev/null & child=$!; read -r _; kill -"$signal" "$child"; wait "$child"'
)


@dataclass(frozen=True)
class Machine:
    """What starting needs to know of the machine; tests hand in another."""

    search_path: str | None = None
    postgres_root: Path = Path("/usr/lib/postgresql")
    rabbitmq_root: Path = Path("/usr/lib/rabbitmq/bin")
    is_root: bool = os.geteuid() == 0

    def program(self, name: str, *folders: Path) -> Path | None:
        """Find a program in folders that are not on the search path, or else on it."""
        for folder in folders:
            if os.access(folder / name, os.X_OK):
                return folder / name
        found = shutil.which(name, path=self.search_path)
        return Path(found) if found else None

    def postgres_folders(self) -> list[Path]:
        """Return where Debian keeps PostgreSQL's programs, the newest version first."""
        versions = [folder for folder in self.postgres_root.glob("*/bin") if folder.parent.name.isdigit()]
        return sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)

    def account(self) -> str | None:
        """Return the account that PostgreSQL runs under where the tests run as root, which it refuses."""
        if not self.is_root:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return next((name for name in ("postgres", "nobody") if name in names), None)


def postgres_from_programs(machine: Machine, probe: Probe) -> Service:
    """Make a database cluster and serve it."""
    folders = machine.postgres_folders()
    initdb, postgres = machine.program("initdb", *folders), machine.program("postgres", *folders)
    if initdb is None or postgres is None:
        raise Unavailable("PostgreSQL's programs (initdb, postgres) are not installed")
    folder, account, port = _folder("postgres"), machine.account(), free_port()
    if account:
        shutil.chown(folder, account)
    data = folder / "data"
    made: list[str | Path] = [
        initdb,
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    try:
        subprocess.run(
            made,
            cwd=folder,
            user=account,
            env=_environment(folder),
            capture_output=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(f"initdb failed: {error}") from error
    serve: list[str | Path] = [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
    started = start(serve, folder, account=account, stop_signal="INT")  # INT: clients are not waited for
    url = f"postgresql://postgres@127.0.0.1:{port}/"
    return _when_it_answers(Service(url, str(postgres), stop=started.stop), probe)


def rabbitmq_from_programs(machine: Machine, probe: Probe) -> Service:
    """Serve a broker node of its own."""
    server = machine.program("rabbitmq-server", machine.rabbitmq_root)
    control = machine.program("rabbitmqctl", machine.rabbitmq_root)
    if server is None or control is None:
        raise Unavailable("RabbitMQ's programs (rabbitmq-server, rabbitmqctl) are not installed")
    folder, port = _folder("rabbitmq"), free_port()
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n")
    (folder / "rabbitmq-env.conf").touch()
    environment = {
        "HOME": str(folder),  # the node's secret cookie is kept there
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_NODENAME": f"{folder.name}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    started = start([server], folder, environment=environment)
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    return _when_it_answers(Service(url, str(server), (str(control),), environment, started.stop), probe)


def postgres_in_docker(machine: Machine, probe: Probe) -> Service:
    """Serve PostgreSQL from its official image."""
    trust = ("--env", "POSTGRES_HOST_AUTH_METHOD=trust")
    docker, container, address = _run_image(machine, POSTGRES_IMAGE, 5432, trust)
    stop = partial(_remove_container, docker, container)
    return _when_it_answers(Service(f"postgresql://postgres@{address}/", "Docker", stop=stop), probe)


def rabbitmq_in_docker(machine: Machine, probe: Probe) -> Service:
    """Serve RabbitMQ from its official image."""
    docker, container, address = _run_image(machine, RABBITMQ_IMAGE, 5672, ())
    control = (docker, "exec", container, "rabbitmqctl")
    stop = partial(_remove_container, docker, container)
    return _when_it_answers(Service(f"amqp://guest:guest@{address}/", "Docker", control, stop=stop), probe)


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Started:
    """A program at work, and the folder that holds all it writes."""

    process: subprocess.Popen[bytes]
    folder: Path

    def stop(self) -> None:
        """End the program, by force if it takes too long, and remove its folder."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(
    command: Sequence[str | Path],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    account: str | None = None,
    stop_signal: str = "TERM",
) -> Started:
    """Start a program that ends when it is stopped or when this process ends, however that comes."""
    process = subprocess.Popen(
        ["sh", "-c", UNTIL_INPUT_ENDS, "sh", stop_signal, *command],
        cwd=folder,
        user=account,
        env={**_environment(folder), **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Started(process, folder)


def _environment(folder: Path) -> dict[str, str]:
    """Return a small environment: settings meant for another server of this kind must not reach ours."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C"}


def _folder(name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"orderhub-test-{name}-"))


def _when_it_answers(service: Service, probe: Probe) -> Service:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            probe(service.url)
        except Unavailable as not_yet:
            if time.monotonic() > deadline:
                service.stop()
                raise Unavailable(f"{service.origin} was started, but {not_yet}") from not_yet
            time.sleep(0.2)
        else:
            return service


def _run_image(machine: Machine, image: str, port: int, options: Sequence[str]) -> tuple[str, str, str]:
    """Run an image; return the client program, the container's id and the address of its port."""
    program = machine.program("docker")
    if program is None:
        raise Unavailable("Docker is not installed")
    docker = str(program)
    try:
        _docker(docker, "info", limit_s=10)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("no Docker engine answers") from error
    publish = ("--publish", f"127.0.0.1::{port}")
    try:
        container = _docker(docker, "run", "--detach", "--rm", *publish, *options, image, limit_s=600)
        return docker, container, _docker(docker, "port", container, f"{port}/tcp").splitlines()[0]
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"Docker could not run {image}: {error}") from error


def _remove_container(docker: str, container: str) -> None:
    _docker(docker, "rm", "--force", "--volumes", container)


def _docker(docker: str, *arguments: str, limit_s: float = 60) -> str:
    done = subprocess.run([docker, *arguments], capture_output=True, text=True, check=True, timeout=limit_s)
    return done.stdout.strip()
