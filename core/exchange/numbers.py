"""Control numbers: drawn in the transaction that stores the bytes that bear them, without gaps and without repeats.

A number belongs to an ordered pair of partners, so each direction has its own. Whoever draws holds the pair's rows
until the commit: a rollback gives the number back, and nobody has seen it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.store.sql import Session, bulk, bulk_insert

HIGHEST = 999_999_999
"""Nine digits, as X12 has them; behind it numbers begin at 1 again."""


class Level(StrEnum):
    """What has control numbers."""

    INTERCHANGE = "interchange"
    GROUP = "group"
    SET = "set"


_BEGIN = bulk_insert("control_numbers", "pair text, level text, last bigint", tail="ON CONFLICT DO NOTHING")
_LOCK = "SELECT pair, level, last FROM control_numbers WHERE pair {any:1:text} ORDER BY pair, level {lock}"
_SAVE = bulk(
    "UPDATE control_numbers SET last = r.last FROM {rows} "
    "WHERE control_numbers.pair = r.pair AND control_numbers.level = r.level",
    "pair text, level text, last bigint",
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The control numbers of one interchange: its own, one for each group, one for each set, all in order."""

    interchange: int
    groups: tuple[int, ...] = ()
    sets: tuple[int, ...] = ()


@dataclass(slots=True)
class Counters:
    """The last numbers of some pairs, locked until the end of the transaction."""

    _last: dict[tuple[str, Level], int]
    _drawn: set[tuple[str, Level]]

    @classmethod
    async def lock(cls, session: Session, pairs: Iterable[str]) -> "Counters":
        """Lock the pairs in one order, so that no two transactions wait for each other."""
        wanted = sorted(set(pairs))
        if not wanted:
            return cls({}, set())
        await session.write(_BEGIN, [(pair, level.value, 0) for pair in wanted for level in sorted(Level)])
        rows = await session.rows(_LOCK, wanted)
        return cls({(row["pair"], Level(row["level"])): row["last"] for row in rows}, set())

    def draw(self, pair: str, groups: int, sets: int) -> Numbers:
        """Return the next numbers of a pair that is locked. What is drawn counts once it is saved."""
        (interchange,) = self._next(pair, Level.INTERCHANGE, 1)
        return Numbers(interchange, self._next(pair, Level.GROUP, groups), self._next(pair, Level.SET, sets))

    def _next(self, pair: str, level: Level, count: int) -> tuple[int, ...]:
        last = self._last[pair, level]
        found = tuple((last + n) % HIGHEST + 1 for n in range(count))
        if found:
            self._last[pair, level] = found[-1]
            self._drawn.add((pair, level))
        return found

    async def save(self, session: Session) -> None:
        """Write what was drawn."""
        await session.write(_SAVE, [(*key, self._last[key]) for key in sorted(self._drawn)])
        self._drawn.clear()
