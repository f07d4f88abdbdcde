"""How hard a partner is driven: a bucket of permits, and a breaker that opens when it keeps failing."""

from dataclasses import dataclass, field

from core.clock import Clock
from core.connector import Limits


@dataclass(slots=True)
class Throttle:
    """One connector's permits in this process. All times are hub time."""

    clock: Clock
    limits: Limits
    running: int = 0
    failures: int = 0
    open_until: float = 0.0
    """The breaker is open until then; after it, one trial decides."""
    held: dict[str, float] = field(default_factory=dict[str, float])
    """Commands whose own limit at the partner is used up, and until when; all others go on."""
    _tokens: float = 0.0
    _filled_at: float = 0.0

    def __post_init__(self) -> None:
        """Start with a full bucket."""
        self._tokens = float(self.limits.burst)
        self._filled_at = self.clock.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether the breaker keeps everybody away."""
        return self.clock.monotonic() < self.open_until

    def permits(self) -> int:
        """Return how many sendings may start now."""
        if self.is_open:
            return 0
        free = self.limits.concurrency - self.running
        if self.failures >= self.limits.breaker_failures:
            free = min(free, 1 - self.running)
        return max(0, min(free, int(self._refill())))

    def wait_s(self) -> float:
        """Return in how many seconds the rate lets the next one go; 0 when it is not the rate that holds it up."""
        rate = self.limits.rate_per_s
        if rate is None or self.is_open:
            return 0.0
        return max(0.0, (1.0 - self._refill()) / rate)

    def start(self, count: int) -> None:
        """Take permits."""
        self.running += count
        if self.limits.rate_per_s is not None:
            self._tokens -= count

    def let_go(self) -> None:
        """Give a permit back: nothing was sent."""
        self.running -= 1

    def succeeded(self) -> None:
        """A sending came to an answer, whatever it said."""
        self.running -= 1
        self.failures = 0

    def failed(self, retry_after_s: float | None = None) -> bool:
        """A sending failed; says whether that opened the breaker."""
        self.running -= 1
        self.failures += 1
        now = self.clock.monotonic()
        if retry_after_s:
            self.open_until = max(self.open_until, now + retry_after_s)
        if self.failures >= self.limits.breaker_failures:
            self.open_until = max(self.open_until, now + self.limits.breaker_pause_s)
            return True
        return False

    def limited(self, command: str, retry_after_s: float | None = None) -> None:
        """A sending met a limit of its command alone: the partner is well, and only that command waits."""
        self.succeeded()
        if retry_after_s:
            until = self.clock.monotonic() + retry_after_s
            self.held[command] = max(self.held.get(command, until), until)

    def waiting(self) -> tuple[str, ...]:
        """Return the commands that may not be sent now, and forget those whose time is over."""
        now = self.clock.monotonic()
        self.held = {command: until for command, until in self.held.items() if until > now}
        return tuple(sorted(self.held))

    def _refill(self) -> float:
        rate = self.limits.rate_per_s
        if rate is None:
            return float(self.limits.concurrency)
        now = self.clock.monotonic()
        self._tokens = min(float(self.limits.burst), self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        return self._tokens
