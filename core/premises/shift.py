"""A simulated partner's working hours: what it does by itself, again and again, while its doors are open."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from core.clock import Clock


class Shift:
    """Calls `step` every `interval_s` of hub time, and `report` every `report_every_s` where that is said."""

    def __init__(
        self,
        clock: Clock,
        step: Callable[[], object],
        report: Callable[[], object],
        *,
        interval_s: float,
        report_every_s: float | None,
    ) -> None:
        self._clock, self._step, self._report = clock, step, report
        self._interval_s, self._report_every_s = interval_s, report_every_s
        self._task: asyncio.Task[None] | None = None

    def begin(self, name: str) -> None:
        """Begin to work."""
        self._task = asyncio.create_task(self._work(), name=f"simulator {name}")

    async def end(self) -> None:
        """Rest; everything stays as it is."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _work(self) -> None:
        reported_at = self._clock.monotonic()
        while True:
            self._step()
            every_s = self._report_every_s
            if every_s is not None and self._clock.monotonic() - reported_at >= every_s:
                reported_at = self._clock.monotonic()
                self._report()
            await self._clock.sleep(self._interval_s)
