"""Starts hub processes, holds them in mid-motion to look at them, and kills them."""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.journeys import worker
from tests.journeys.hubfile import HubFile

START_S = 60.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.journeys.worker"])
"""Processes are forked from one that has imported everything: a start takes a moment, and a journey has many."""

Program = Callable[[HubFile, Event], None]
"""What a process does. It sets the event when it is ready."""


def _run(program: Program, file: HubFile, ready: Event, log: Path) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(stream, sys.stderr.fileno())
    program(file, ready)


@dataclass(slots=True)
class HubProcess:
    """One process, as often as it is started."""

    name: str
    file: HubFile
    folder: Path
    program: Program = worker.main
    kills: int = 0
    _process: ForkServerProcess | None = field(default=None)

    async def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        ready = _CONTEXT.Event()
        process = _CONTEXT.Process(
            target=_run, args=(self.program, self.file, ready, self.folder / f"{self.name}.log"), daemon=True
        )
        process.start()
        self._process = process
        is_ready = await asyncio.to_thread(ready.wait, START_S)
        assert is_ready, f"{self.name} did not start; its log:\n{self.log()[-3000:]}"

    def freeze(self) -> None:
        """Hold it where it is."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        await self._over(10)
        self.kills += 1

    async def end(self) -> int | None:
        """Tell it to end, and return its exit status; None if it does not."""
        if self._process is not None and self._process.is_alive():
            self._signal(signal.SIGTERM)
        return await self._over(60)

    async def clear_away(self) -> None:
        """See that nothing of it is left, whatever happened."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            await self._over(10)

    def log(self) -> str:
        """Return what it has logged so far."""
        file = self.folder / f"{self.name}.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    async def _over(self, within_s: float) -> int | None:
        assert self._process is not None
        await asyncio.to_thread(self._process.join, within_s)
        return self._process.exitcode

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        assert process is not None
        assert process.pid is not None
        assert process.is_alive(), f"{self.name} is gone; its log:\n{self.log()[-3000:]}"
        os.kill(process.pid, number)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
