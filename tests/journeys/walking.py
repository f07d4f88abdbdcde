"""Walks through a page of the documentation: its commands in order in one shell, its output compared with theirs.

Blocks marked `walk` are run once. Blocks marked `look` are run until they show what the page shows, as a reader would
look again. In what is shown, `…` stands for anything, and any white space or ruled line for any other.
"""

import asyncio
import os
import re
import secrets
import signal
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 50.0
_BLOCK = re.compile(r"^```sh (walk|look)\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    commands: str
    shown: str


def steps(page: Path) -> Iterator[Step]:
    """Yield the steps of a page, in their order."""
    for kind, commands, shown in _BLOCK.findall(page.read_text("utf-8")):
        yield Step(kind, commands, shown)


def as_pattern(shown: str) -> re.Pattern[str]:
    """Turn what is shown into what must be found: `…` is anything, one space is any."""
    parts = [r"\s+".join(re.escape(word) for word in part.split()) for part in shown.split("…")]
    return re.compile(r".*?".join(parts), re.DOTALL)


class Shell:
    """One bash that runs one block after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    async def run(self, commands: str) -> str:
        end = f"end-{secrets.token_hex(8)}"
        self._in.write(f"{commands}\necho; echo {end}\n".encode())
        await self._in.drain()
        lines: list[str] = []
        while line := (await self._out.readline()).decode():
            if line.strip() == end:
                return "".join(lines)
            lines.append(line.replace("─", " "))
        pytest.fail(f"the shell ended within\n{commands}\nand said\n{''.join(lines)}")


@asynccontextmanager
async def shell(folder: Path) -> AsyncGenerator[Shell]:
    """Start a bash in a folder of its own, with the hub's programs in its path; end all that it started."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "bash", "--noprofile", "--norc", cwd=folder, start_new_session=True,
        env={"PATH": path, "HOME": str(folder), "COLUMNS": "110", "LANG": "C.UTF-8"},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield Shell(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def follow(bash: Shell, step: Step, port: int) -> None:
    commands = step.commands.replace("8000", str(port))
    pattern, deadline = as_pattern(step.shown), time.monotonic() + PATIENCE_S
    said = await bash.run(commands)
    while step.kind == "look" and not pattern.search(said) and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        said = await bash.run(commands)
    assert pattern.search(said), (
        f"after\n{commands}\nthe page shows\n{step.shown}\nand this was said:\n{said}"
    )
