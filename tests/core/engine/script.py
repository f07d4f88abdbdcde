"""Every way in which something can go: a run asks what happens next, and all answers are tried, up to a bound
of mishaps.

A mishap is any answer but the first. `every_way` runs a scenario once for each way, the shortest first.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Script:
    """One way: the answers that are fixed; behind them, everything goes well."""

    answers: Sequence[int] = ()
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def happens(self, what: str, *options: str) -> str:
        """Say which of `options` happens; the first is that all goes well."""
        n = len(self.asked)
        self.asked.append((what, len(options)))
        return options[self.answers[n] if n < len(self.answers) else 0]

    def __str__(self) -> str:
        return " > ".join(
            f"{what}={self.answers[n] if n < len(self.answers) else 0}"
            for n, (what, _) in enumerate(self.asked)
        )


async def every_way(mishaps: int, *, most: int = 100_000) -> AsyncIterator[Script]:
    """Yield a script for each way with at most so many mishaps. A run must ask the same way each time."""
    waiting: deque[tuple[int, ...]] = deque([()])
    while waiting and most:
        most -= 1
        answers = waiting.popleft()
        script = Script(answers)
        yield script
        if sum(answer != 0 for answer in answers) >= mishaps:
            continue
        for n in range(len(answers), len(script.asked)):
            calm = (0,) * (n - len(answers))
            waiting.extend((*answers, *calm, answer) for answer in range(1, script.asked[n][1]))
