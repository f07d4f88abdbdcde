"""A feed whose documents lose what must not be stored before anybody stores them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.ports import Feed, Intake, RawDocument, Receipt


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """Fills `core.ports.Intake`."""

    inner: Intake
    clean: Callable[[bytes], bytes]

    async def receive(self, raw: RawDocument) -> Receipt:
        return await self.inner.receive(replace(raw, body=self.clean(raw.body)))


class CleanFeed:
    """Fills `core.ports.Feed` with another one."""

    def __init__(self, feed: Feed, clean: Callable[[bytes], bytes]) -> None:
        self.name, self.interval_s = feed.name, feed.interval_s
        self._feed, self._clean = feed, clean

    async def poll(self, intake: Intake) -> int:
        return await self._feed.poll(_Cleaning(intake, self._clean))
