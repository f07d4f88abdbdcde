"""Time, handed in. Hub, timers, ladders and simulators share one clock, so that a demo can run it faster."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time, and waits. All durations are hub time."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of hub time."""
        ...

    def real_seconds(self, seconds: float) -> float:
        """Return how long `seconds` of hub time take on the wall: what a time-out of a socket needs."""
        ...


class SystemClock:
    """The machine's time, `speed` times as fast since `since`, or since the moment of its making.

    Clocks of several processes that are made with the same speed and moment tell the same time.
    """

    def __init__(self, speed: float = 1.0, since: datetime | None = None) -> None:
        if speed <= 0:
            message = f"speed must be above 0, not {speed}"
            raise ValueError(message)
        self.speed = speed
        now = datetime.now(UTC)
        self.since = since or now
        self._started = time.monotonic() - (now - self.since).total_seconds()

    def now(self) -> datetime:
        """Return the aware UTC time of the hub."""
        if self.speed == 1.0:
            return datetime.now(UTC)
        return self.since + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the hub's seconds since this clock began."""
        return (time.monotonic() - self._started) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of hub time."""
        await asyncio.sleep(self.real_seconds(seconds))

    def real_seconds(self, seconds: float) -> float:
        """Return `seconds` of hub time in seconds on the wall."""
        return seconds / self.speed


class ManualClock:
    """A clock that a test moves by hand: sleepers wake when `advance` passes their time."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the time that it was moved to."""
        return self._now

    def monotonic(self) -> float:
        """Return how far it was moved, in seconds."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until somebody has advanced the clock that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._elapsed + seconds, future))
        await future

    def real_seconds(self, seconds: float) -> float:
        """Return `seconds`: sockets know nothing of a manual clock."""
        return seconds

    def advance(self, seconds: float) -> None:
        """Move the time, and wake those whose time has come."""
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)
        due = [(at, future) for at, future in self._sleepers if at <= self._elapsed]
        self._sleepers = [(at, future) for at, future in self._sleepers if at > self._elapsed]
        for _, future in sorted(due, key=lambda sleeper: sleeper[0]):
            if not future.done():
                future.set_result(None)


@asynccontextmanager
async def in_time(clock: Clock, seconds: float, late: Exception) -> AsyncGenerator[None]:
    """Keep several calls together within one deadline, `seconds` of hub time; raise `late` once it has passed."""
    try:
        async with asyncio.timeout(clock.real_seconds(seconds)):
            yield
    except TimeoutError as error:
        raise late from error
