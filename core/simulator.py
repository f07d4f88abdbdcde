"""What every partner's simulator shares: a ledger of what it did, faults on demand, the hub's clock.

A simulator is written from the vendor's specification, with state, authentication, signatures and limits. It never
imports its connector, and the connector never imports it.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from core.clock import Clock


class Ledger:
    """What a partner did, in its own words: one JSON object per line, each with `at`, `kind` and `key`.

    The ledger is the judge of "nothing lost, nothing twice", so it is written at the moment of the effect.
    """

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._file = path.open("a", encoding="utf-8") if path else None
        self.entries: list[dict[str, Any]] = []

    def write(self, kind: str, key: str, **facts: Any) -> None:
        """Add an entry, durable as soon as this returns (the file is flushed)."""
        entry = {"at": self._clock.now().isoformat(), "kind": kind, "key": key, **facts}
        self.entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, default=str, sort_keys=True) + "\n")
            self._file.flush()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self.entries if entry["kind"] == kind]

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


class Faults:
    """Decides which calls go wrong: by a share per fault, from a seed, and the same for the same key every time.

    `share` maps a fault's name (`timeout_after`, `http_500`, ...) to a probability. `plan` names keys for which a
    fault is certain: {"timeout_after": {"order-17"}}. Each pair of fault and key happens `times` times, so that a
    retry gets through; `happened` counts what was done.
    """

    def __init__(
        self,
        seed: int = 0,
        share: Mapping[str, float] | None = None,
        plan: Mapping[str, set[str]] | None = None,
        times: int = 1,
    ) -> None:
        self.seed, self.times = seed, times
        self.share = dict(share or {})
        self.plan = {name: set(keys) for name, keys in (plan or {}).items()}
        self.happened: Counter[str] = Counter()
        self._done: Counter[tuple[str, str]] = Counter()

    def strikes(self, fault: str, key: str) -> bool:
        """Say whether `fault` happens to the call of `key` now, and count it if so."""
        if self._done[fault, key] >= self.times:
            return False
        if key not in self.plan.get(fault, set()) and self._roll(fault, key) >= self.share.get(fault, 0.0):
            return False
        self._done[fault, key] += 1
        self.happened[fault] += 1
        return True

    def _roll(self, fault: str, key: str) -> float:
        digest = hashlib.sha256(f"{self.seed}:{fault}:{key}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64


class Later:
    """What a partner does by and by, each piece at its time by the clock: deliver, settle, decide."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do `work` after so many seconds. A loop must be running."""

        async def wait() -> None:
            await self._clock.sleep(seconds)
            await work()

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._tasks)

    async def next(self) -> None:
        """Wait until one piece, or more, is done."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Give up what is left."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a simulator is made with. `port` 0 takes any free one; `folder` is its own place for files."""

    name: str
    clock: Clock
    ledger: Ledger
    faults: Faults
    folder: Path
    port: int = 0
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Simulator(Protocol):
    """A partner, played by us."""

    async def start(self) -> dict[str, Any]:
        """Serve on loopback, and return the connector settings with which the hub reaches it (secrets included)."""
        ...

    async def stop(self) -> None:
        """Stop serving. State is kept, so that it can start again: a partner that was away for a while."""
        ...
