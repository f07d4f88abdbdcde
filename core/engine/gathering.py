"""What waits for the next batch, by source: taken round-robin, within bounded memory."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from core.engine.work import Deposit, Work


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How much the engine takes on at once."""

    batch_items: int = 200
    queued_bytes: int = 64 * 1024 * 1024
    queued_items: int = 20_000


@dataclass(slots=True)
class Gathering:
    """Work that was handed in and is in no batch yet."""

    limits: EngineLimits
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """There is something to do."""
    room: asyncio.Event = field(default_factory=asyncio.Event)
    """There is room for more deliveries: consumers wait for it."""
    queued: int = 0
    _bytes: int = 0
    _sources: dict[str, deque[Work]] = field(default_factory=dict[str, deque[Work]])
    _alone: deque[Work] = field(default_factory=deque[Work])
    _deposits: deque[Deposit] = field(default_factory=deque[Deposit])

    def __post_init__(self) -> None:
        """Begin with room."""
        self.room.set()

    def is_ripe(self, *, beside_another: bool) -> bool:
        """Say whether there is enough for a batch: anything, but half a batch while another is being written."""
        return self.queued >= (max(1, self.limits.batch_items // 2) if beside_another else 1)

    @property
    def is_full(self) -> bool:
        """Whether no more should be handed in."""
        return self.queued >= self.limits.queued_items or self._bytes > self.limits.queued_bytes

    def add(self, work: Work) -> None:
        """Let a piece of work wait for a batch with others."""
        source = self._sources.get(work.queue)
        if source is None:
            source = self._sources[work.queue] = deque()
        source.append(work)
        self._count(work)

    def add_alone(self, work: Work) -> None:
        """Let a piece of work wait for a batch of its own."""
        self._alone.append(work)
        self._count(work)

    def add_deposit(self, deposit: Deposit) -> None:
        """Let a raw document wait to be stored."""
        self._deposits.append(deposit)
        self.queued += 1
        self.wake.set()

    def _count(self, work: Work) -> None:
        self.queued += 1
        self._bytes += work.item.size_bytes
        if self.is_full:
            self.room.clear()
        self.wake.set()

    def take(self) -> tuple[list[Work], list[Deposit]]:
        """Take a batch: what must be alone, alone; else of every source in turn, at most its fair share."""
        works: list[Work] = []
        deposits: list[Deposit] = []
        if self._alone:
            works.append(self._alone.popleft())
        else:
            left = self.limits.batch_items
            deposits = [self._deposits.popleft() for _ in range(min(left, len(self._deposits)))]
            self._take_fairly(works, left - len(deposits) if deposits else left)
        self.queued -= len(works) + len(deposits)
        self._bytes -= sum(work.item.size_bytes for work in works)
        if not self.room.is_set() and self._has_room():
            self.room.set()
        return works, deposits

    def _take_fairly(self, works: list[Work], left: int) -> None:
        left = max(left, 1)  # a flood of documents must not keep all else out
        sources: list[deque[Work]] = [source for source in self._sources.values() if source]
        while sources and left > 0:
            share = max(1, left // len(sources))
            for source in sources:
                taken = min(share, len(source), left)
                works.extend(source.popleft() for _ in range(taken))
                left -= taken
            sources = [source for source in sources if source]

    def _has_room(self) -> bool:
        """Say whether half is free: consumers should not be woken for every single place."""
        limits = self.limits
        return self._bytes * 2 <= limits.queued_bytes and self.queued * 2 <= limits.queued_items

    def abandon(self) -> tuple[list[Work], list[Deposit]]:
        """Give up what was never taken: there will be no batch any more."""
        works: list[Work] = [*self._alone, *(work for source in self._sources.values() for work in source)]
        deposits = list(self._deposits)
        self._alone.clear()
        self._sources.clear()
        self._deposits.clear()
        return works, deposits
