"""What changed at a node without an order: it counts once, by its number, unless the node's report has it already."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from canonical.documents import GoodsCondition, StockAdjustmentDocument
from canonical.stock import StockMoveKind, StockView
from core.engine.node_ledger import Entry, NodeLedger
from core.engine.reading import Part
from core.engine.work import Ending, Outcome

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Change:
    """Units that came to a node, or went, at one moment. By `key` it is known again."""

    key: str
    node: str
    happened_at: datetime
    units: Mapping[str, int]
    """By SKU; below zero they went."""
    kind: StockMoveKind = StockMoveKind.ADJUST


@dataclass(slots=True)
class Counted:
    """What became of a change, by SKU."""

    entries: list[Entry] = field(default_factory=list[Entry])
    risen: list[str] = field(default_factory=list[str])
    before: list[str] = field(default_factory=list[str])
    """Told before."""
    reported: list[str] = field(default_factory=list[str])
    """In the node's newest report already."""
    now: list[str] = field(default_factory=list[str])
    below: list[str] = field(default_factory=list[str])
    """Of which less than nothing lies there, with the figure."""

    def said(self, node: str) -> list[str]:
        """Return what people should know of it."""
        told: list[str] = []
        if self.before:
            told.append(f"{named(self.before)}: told before")
        if self.reported:
            told.append(f"{named(self.reported)}: the newest report of {node} has it already")
        if self.below:
            told.append(f"less than nothing lies there now of {named(self.below)}: count it anew")
        return told


async def count(change: Change, view: StockView, ledger: NodeLedger, known: Collection[str]) -> Counted:
    """Put a change into the figures. Each of its SKUs gets an entry, so that it is known again by its key.

    What the newest report has already gets an entry of nothing. A figure may fall below nothing, as it does when
    more leaves than was there: less than nothing is promised to nobody, and the next report, however late it comes,
    finds the whole change.
    """
    counted = Counted()
    before = await ledger.under(change.key, change.kind)
    for sku in change.units:
        if sku in before:
            counted.before.append(sku)
        elif sku in known:
            _count(change, sku, view, counted)
    return counted


def _count(change: Change, sku: str, view: StockView, counted: Counted) -> None:
    level = view.level(sku, change.node)
    is_reported = level.as_of is not None and change.happened_at <= level.as_of
    units = 0 if is_reported else change.units[sku]
    after = level.replace(on_hand=level.on_hand + units)
    view.put(after)
    counted.entries.append((change.key, change.kind.value, sku, change.node, units, None, change.happened_at))
    (counted.reported if is_reported else counted.now).append(sku)
    if units > 0:
        counted.risen.append(sku)
    if units < 0 and after.on_hand < 0:
        counted.below.append(f"{sku} ({after.on_hand})")


async def apply(
    part: Part, document: StockAdjustmentDocument, view: StockView, ledger: NodeLedger, known: Collection[str]
) -> Counted:
    """Put an adjustment into the figures, and say what became of it."""
    sound, damaged = _units(document)
    key = f"adjustment:{document.node}:{document.number}"
    change = Change(key, document.node, document.happened_at, sound)
    counted = await count(change, view, ledger, known)
    name = f"adjustment {document.number} of {document.node}"
    if counted.before and not (counted.now or counted.reported):
        part.outcome = Outcome(Ending.DUPLICATE, f"{name} was told before")
        return counted
    said = counted.said(document.node)
    if damaged:
        said.append(f"damaged, and not counted: {named(f'{units} {sku}' for sku, units in damaged.items())}")
    said.extend(passed_over(document.skus() - set(known)))
    ending = Ending.STALE if counted.reported and not counted.now else Ending.DONE
    part.outcome = Outcome(ending, f"{name}: {'; '.join(said)}" if said else None)
    return counted


def _units(document: StockAdjustmentDocument) -> tuple[Counter[str], Counter[str]]:
    """Return the change by SKU, and that of damaged units, which are in no figure: they change it by nothing."""
    sound, damaged = Counter[str](), Counter[str]()
    for line in document.lines:
        if line.condition is GoodsCondition.DAMAGED:
            damaged[line.sku] += line.quantity
        sound[line.sku] += line.quantity if line.condition is GoodsCondition.SOUND else 0
    return sound, damaged


def passed_over(unknown: Collection[str]) -> list[str]:
    """Say which SKUs are not in the master data; nothing where all are."""
    if not unknown:
        return []
    return [f"{len(unknown)} SKUs are not in the master data and were passed over: {named(sorted(unknown))}"]


def named(names: Iterable[str]) -> str:
    """Return some names as people read them, the first ten."""
    found: Sequence[str] = list(names)
    return ", ".join(found[:MOST_NAMED]) + (" and more" if len(found) > MOST_NAMED else "")
