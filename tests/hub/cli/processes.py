"""Commands that go on until they are told to end, as processes of their own."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def begun(folder: Path, *arguments: str) -> Generator["subprocess.Popen[bytes]"]:
    """Begin a command; what it says is in the files `out` and `err`."""
    command = [sys.executable, "-m", "hub.cli", *arguments]
    with (
        (folder / "out").open("wb") as out,
        (folder / "err").open("wb") as err,
        _interruptible(),
        subprocess.Popen(command, cwd=folder, stdout=out, stderr=err) as program,
    ):
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.wait(20)
            except subprocess.TimeoutExpired:
                program.kill()


@contextmanager
def _interruptible() -> Generator[None]:
    """Let programs that are started here hear SIGINT: a shell has what it runs in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def wait_for(file: Path, word: str) -> None:
    """Wait until a program has written a word."""
    for _ in range(600):
        if file.exists() and word in file.read_text(encoding="utf-8"):
            return
        time.sleep(0.1)
    errors = (file.parent / "err").read_text(encoding="utf-8")
    raise AssertionError(f"{word!r} was not said, but {errors!r}")
