"""Keeps calls within Amazon's usage plans: a token bucket for each operation, at the rate that Amazon last said."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from core.clock import Clock
from core.errors import RetryableError


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API with its default usage plan (rate in requests per second, and burst)."""

    name: str
    method: str
    rate: float
    burst: int
    has_effect: bool = False


_OPERATIONS = (
    Operation("searchOrders", "GET", 0.0056, 20),
    Operation("getOrder", "GET", 0.5, 30),
    Operation("confirmShipment", "POST", 2.0, 10, has_effect=True),
    Operation("createFeedDocument", "POST", 0.5, 15),
    Operation("createFeed", "POST", 0.0083, 15, has_effect=True),
    Operation("getFeed", "GET", 2.0, 15),
    Operation("getFeeds", "GET", 0.0222, 10),
    Operation("getFeedDocument", "GET", 0.0222, 10),
    Operation("patchListingsItem", "PATCH", 5.0, 5, has_effect=True),
    Operation("getSubscription", "GET", 1.0, 5),
    Operation("createSubscription", "POST", 1.0, 5, has_effect=True),
    Operation("getDestinations", "GET", 1.0, 5),
    Operation("createDestination", "POST", 1.0, 5, has_effect=True),
)
OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _OPERATIONS}
"""Rates as in the published models (github.com/amzn/selling-partner-api-models, orders 2026-01-01 and v0, feeds
2021-06-30, listings items 2021-08-01, notifications v1). A feed's document has no effect until a feed names it."""


_WHOLE = 1.0 - 1e-6


class _Bucket:
    def __init__(self, operation: Operation, clock: Clock) -> None:
        self.rate, self.burst = operation.rate, operation.burst
        self.turn = asyncio.Lock()
        self._clock, self._tokens, self._at = clock, float(operation.burst), clock.monotonic()

    def wait_s(self) -> float:
        now = self._clock.monotonic()
        self._tokens = min(float(self.burst), self._tokens + (now - self._at) * self.rate)
        self._at = now
        # A clock's last digit must not make a waiter wait once more for nothing.
        return 0.0 if self._tokens >= _WHOLE else (1.0 - self._tokens) / self.rate

    def take(self) -> None:
        self._tokens -= 1.0

    def empty(self) -> None:
        self.wait_s()
        self._tokens = min(self._tokens, 0.0)


class Pace:
    """The buckets of one account, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets = {name: _Bucket(operation, clock) for name, operation in OPERATIONS.items()}

    def is_free(self, operation: Operation) -> bool:
        """Say whether a call may be made now without waiting."""
        bucket = self._buckets[operation.name]
        return not bucket.turn.locked() and bucket.wait_s() == 0.0

    async def turn(self, operation: Operation, within_s: float) -> None:
        """Wait for the operation's turn; raise `RetryableError`, at once, when that takes longer than `within_s`."""
        bucket, until = self._buckets[operation.name], self._clock.monotonic() + within_s
        async with bucket.turn:
            while wait_s := bucket.wait_s():
                if self._clock.monotonic() + wait_s > until:
                    said = f"Amazon's limit for {operation.name} is used up"
                    raise RetryableError(
                        f"{said}: the next call may be made in {wait_s:.0f} s",
                        retry_after_s=wait_s,
                        scope="operation",
                    )
                await self._clock.sleep(wait_s)
            bucket.take()

    async def turn_of(self, name: str, within_s: float) -> None:
        """Wait for the turn of the operation of that name."""
        await self.turn(OPERATIONS[name], within_s)

    def learn(self, operation: Operation, rate: str | None) -> None:
        """Go by the rate of an answer's `x-amzn-RateLimit-Limit`, where it has one."""
        try:
            said = float(rate or "")
        except ValueError:
            return
        if 0 < said < float("inf"):
            self._buckets[operation.name].rate = said

    def refused(self, operation: Operation) -> float:
        """Note that Amazon counts otherwise (429), and return after how many seconds the next call may be made."""
        bucket = self._buckets[operation.name]
        bucket.empty()
        return bucket.wait_s()
