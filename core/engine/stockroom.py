"""The stock that a batch has locked. Decisions see each other; a decision that fails leaves no trace."""

from collections.abc import Iterable, Mapping, Sequence

from canonical.stock import NETWORK, Node, StockLevel, StockView
from core.engine.cascade import StockNotLockedError
from core.store.sql import Row, Session, bulk, bulk_insert

_LOCK_ROWS = bulk_insert(
    "stock",
    "sku text, node text, on_hand int, allocated int, reserved int, safety int",
    tail="ON CONFLICT DO NOTHING",
)
_LOCK = f"SELECT sku FROM stock WHERE node = '{NETWORK}' AND sku {{any:1:text}} ORDER BY sku {{lock}}"  # noqa: S608
_LEVELS = "SELECT sku, node, on_hand, allocated, reserved, safety, as_of FROM stock WHERE sku {any:1:text}"
_UPSERT = bulk(
    "INSERT INTO stock (sku, node, on_hand, allocated, reserved, safety, as_of) "
    "SELECT sku, node, on_hand, allocated, reserved, safety, as_of FROM {rows} WHERE true "
    "ON CONFLICT (sku, node) DO UPDATE SET on_hand = excluded.on_hand, allocated = excluded.allocated, "
    "reserved = excluded.reserved, safety = excluded.safety, as_of = excluded.as_of",
    "sku text, node text, on_hand int, allocated int, reserved int, safety int, as_of timestamptz",
)


MARK = bulk(
    "INSERT INTO stock_changes (sku, marks) SELECT sku, 1 FROM {rows} WHERE true "
    "ON CONFLICT (sku) DO UPDATE SET marks = stock_changes.marks + 1",
    "sku text",
)
"""Mark SKUs as changed, for those who tell channels. A mark that is there is touched, so that nobody takes it away
before this change is committed."""


async def levels_of(session: Session, skus: Sequence[str]) -> list[StockLevel]:
    """Return what is stored of some SKUs, at all nodes."""
    return [level_of(row) for row in await session.rows(_LEVELS, skus)]


def level_of(row: Row) -> StockLevel:
    """Return the level that a row of the stock is."""
    return StockLevel(
        sku=row["sku"], node=row["node"], on_hand=row["on_hand"], allocated=row["allocated"],
        reserved=row["reserved"], safety=row["safety"], as_of=row["as_of"],
    )  # fmt: skip


class Stockroom:
    """Locked levels, with what was decided so far. `keep` and `undo` bracket each decision.

    `marks`: what changes is marked for those who tell channels.
    """

    def __init__(self, nodes: Mapping[str, Node], *, marks: bool = False) -> None:
        self._nodes, self._marks = nodes, marks
        self.locked: frozenset[str] = frozenset()
        self._base: dict[tuple[str, str], StockLevel] = {}
        self._view = _Overlay({}, nodes)

    async def lock(self, session: Session, skus: Iterable[str]) -> None:
        """Lock all of `skus`, sorted, at once: this happens once in a transaction, after the orders' locks."""
        wanted = sorted(set(skus))
        await session.write(_LOCK_ROWS, [(sku, NETWORK, 0, 0, 0, 0) for sku in wanted])
        await session.rows(_LOCK, wanted)
        for level in await levels_of(session, wanted):
            self._base[level.sku, level.node] = level
        self.locked = self.locked | frozenset(wanted)
        self._view = _Overlay(self._base, self._nodes)

    def view(self, skus: frozenset[str]) -> StockView:
        """Return the stock of `skus`; raise `StockNotLockedError` naming those that are not locked."""
        if not skus <= self.locked:
            raise StockNotLockedError(skus - self.locked)
        return self._view

    def risen(self, skus: Iterable[str]) -> list[str]:
        """Return those of `skus` of which more may be promised than before this batch."""
        before = StockView(self._base.values(), self._nodes)
        return [sku for sku in skus if self._view.available(sku) > before.available(sku)]

    def keep(self) -> None:
        """Make what was decided since the last call stand."""
        self._view.keep()

    def mark(self) -> dict[tuple[str, str], StockLevel]:
        """Return what was decided since the last `keep`, to come back to with `restore`."""
        return self._view.mark()

    def restore(self, mark: Mapping[tuple[str, str], StockLevel]) -> None:
        """Forget what was decided since `mark`."""
        self._view.restore(mark)

    def undo(self) -> None:
        """Forget what was decided since the last `keep`."""
        self._view.restore({})

    async def write(self, session: Session) -> None:
        """Write every level that changed."""
        changed = self._view.changed()
        if self._marks:
            await session.write(MARK, [(sku,) for sku in sorted({level.sku for level in changed})])
        await session.write(
            _UPSERT,
            [
                (
                    level.sku,
                    level.node,
                    level.on_hand,
                    level.allocated,
                    level.reserved,
                    level.safety,
                    level.as_of,
                )
                for level in changed
            ],
        )


class _Overlay(StockView):
    """A view whose changes can be taken back."""

    def __init__(self, base: Mapping[tuple[str, str], StockLevel], nodes: Mapping[str, Node]) -> None:
        super().__init__((), nodes)
        self._base = base
        self._kept: dict[tuple[str, str], StockLevel] = {}
        self._fresh: dict[tuple[str, str], StockLevel] = {}

    def level(self, sku: str, node: str) -> StockLevel:
        place = (sku, node)
        found = self._fresh.get(place) or self._kept.get(place) or self._base.get(place)
        return found or StockLevel(sku=sku, node=node)

    def put(self, level: StockLevel) -> None:
        self._fresh[level.sku, level.node] = level

    def keep(self) -> None:
        self._kept.update(self._fresh)
        self._fresh.clear()

    def mark(self) -> dict[tuple[str, str], StockLevel]:
        return dict(self._fresh)

    def restore(self, mark: Mapping[tuple[str, str], StockLevel]) -> None:
        self._fresh = dict(mark)

    def changed(self) -> list[StockLevel]:
        return [level for place, level in self._kept.items() if self._base.get(place) != level]
