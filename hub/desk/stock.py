"""The stock desk: levels, what may be promised, the ledger, and whether the two agree."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from canonical.documents import StockDocument, StockLine
from canonical.stock import NETWORK, StockBasis, StockLevel, StockMoveKind, StockView, moved
from core.bus.port import HUB
from core.engine import locating
from core.engine.stockroom import level_of, levels_of
from core.engine.work import Ending, Facts, NewMessage
from core.errors import Problem
from core.ids import uuid7
from hub.desk.access import Permission, Principal
from hub.desk.auditing import entry
from hub.desk.base import View, from_row, required
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, RefusedError

MOST_REFERENCES = 500
_MOST_UNITS = 100_000_000
_COLUMNS = "sku, node, on_hand, allocated, reserved, safety, as_of"
_LEDGER = (
    "SELECT key, kind, sku, node, quantity, order_id, happened_at, recorded_at FROM stock_ledger WHERE sku = $1 "
    "ORDER BY recorded_at DESC, key LIMIT 100"
)
_SUM = "SELECT sku, node, kind, SUM(quantity) AS quantity FROM stock_ledger"
_SUMS = f"{_SUM} GROUP BY sku, node, kind"
_SUMS_OF = f"{_SUM} WHERE sku {{any:1:text}} GROUP BY sku, node, kind"
_ALL_LEVELS = f"SELECT {_COLUMNS} FROM stock ORDER BY sku, node"  # noqa: S608 - columns are ours
_OFFERS = (
    "SELECT connector, reference, quantity, told, due_at, reason FROM stock_offers WHERE sku = $1 "
    "ORDER BY connector, reference"
)
_ITEM = "SELECT sku FROM items WHERE sku = $1"


class LevelView(View):
    """A SKU at a node. `free` is what the node could promise now. Node `*` carries promises to no node yet."""

    node: str
    on_hand: int
    allocated: int
    reserved: int
    safety: int
    free: int
    as_of: datetime | None


class LedgerView(View):
    """An entry of the stock ledger. `key` says what caused it."""

    key: str
    kind: str
    sku: str
    node: str
    quantity: int
    order_id: UUID | None
    happened_at: datetime
    recorded_at: datetime


class Drift(View):
    """A level that its ledger does not explain: what the ledger adds up to, and what the level says."""

    sku: str
    node: str
    field: str
    ledger: int
    level: int


class OfferView(View):
    """What a channel is told of a SKU. `told` is what it took last; `due_at` when it is told again, if it is."""

    connector: str
    reference: str
    quantity: int
    told: int | None
    due_at: datetime | None
    reason: str | None
    """Why the channel has not taken it."""


class StockReport(View):
    """All that is known of one SKU's stock. The ledger's newest 100 entries."""

    sku: str
    available: int
    levels: tuple[LevelView, ...]
    offers: tuple[OfferView, ...]
    ledger: tuple[LedgerView, ...]
    drift: tuple[Drift, ...]


class Availability(View):
    """What may be promised of one reference; `available` is None for one that is not known."""

    reference: str
    sku: str | None
    available: int | None


async def show_stock(ctx: DeskContext, principal: Principal, sku: str) -> StockReport:
    """Return one SKU's levels, ledger and drift."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        levels = await levels_of(session, [sku])
        if not levels and not await session.rows(_ITEM, sku):
            raise NotFoundError(f"{sku} is not in the master data, and has no stock")
        ledger = [from_row(LedgerView, row) for row in await session.rows(_LEDGER, sku)]
        offers = [from_row(OfferView, row) for row in await session.rows(_OFFERS, sku)]
        drift = _drift(levels, await session.rows(_SUMS_OF, [sku]))
    return StockReport(
        sku=sku,
        available=StockView(levels, ctx.engine.world.nodes).available(sku),
        levels=tuple(_level_view(level) for level in levels),
        offers=tuple(offers),
        ledger=tuple(ledger),
        drift=drift,
    )


async def find_drift(ctx: DeskContext, principal: Principal) -> tuple[Drift, ...]:
    """Return every level of the store that its ledger does not explain. None is the healthy answer."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        levels = [level_of(row) for row in await session.rows(_ALL_LEVELS)]
        return _drift(levels, await session.rows(_SUMS))


async def availability(
    ctx: DeskContext, principal: Principal, channel: str, references: Sequence[str]
) -> tuple[Availability, ...]:
    """Return what may be promised of a channel's references (or SKUs), in their order."""
    principal.must(Permission.READ)
    return await available(ctx, channel, references)


async def available(ctx: DeskContext, channel: str, references: Sequence[str]) -> tuple[Availability, ...]:
    """Return what may be promised, whoever asks: a connector's door has checked who it is."""
    asked = [reference for reference in dict.fromkeys(references) if "\x00" not in reference]
    if not 1 <= len(references) <= MOST_REFERENCES:
        problem = Problem(
            f"name 1 to {MOST_REFERENCES} references", field="reference", value=str(len(references))
        )
        raise InvalidError(str(problem), problems=[problem])
    async with ctx.database.reading() as session:
        known = await locating.resolve(session, {(channel, reference) for reference in asked})
        view = StockView(await levels_of(session, sorted(set(known.values()))), ctx.engine.world.nodes)
    share = ctx.engine.world.policy.channel(channel).share
    return tuple(
        Availability(
            reference=reference, sku=sku, available=None if sku is None else share(view.available(sku))
        )
        for reference in dict.fromkeys(references)
        for sku in [known.get((channel, reference))]
    )


async def set_stock(
    ctx: DeskContext, principal: Principal, sku: str, node: str, on_hand: int, reason: str
) -> StockReport:
    """Set what lies at a node, as a count says. Like a feed's report: a ledger entry, and news for back-orders."""
    principal.must(Permission.SET_STOCK)
    why = required(reason, "reason", longest=500)
    await _check(ctx, sku, node, on_hand)
    said = {"sku": sku, "node": node, "on_hand": on_hand, "actor": principal.name, "reason": why}
    report = StockDocument(
        node=node,
        basis=StockBasis.ON_HAND,
        as_of=ctx.clock.now(),
        lines=(StockLine(sku=sku, quantity=on_hand),),
    )
    work = ctx.engine.work(HUB, Facts((report,)))
    work.record = NewMessage(uuid7(), "internal", "hub", "stock_set", "application/json", orjson.dumps(said))
    work.audit = entry(principal, "stock.set", f"{sku}@{node}", f"{on_hand}: {why}")
    outcome = await ctx.engine.submit(work)
    if outcome.ending is not Ending.DONE:
        raise RefusedError(outcome.reason or f"the count was not taken: {outcome.ending.value}")
    return await show_stock(ctx, principal, sku)


async def _check(ctx: DeskContext, sku: str, node: str, on_hand: int) -> None:
    problems: list[Problem] = []
    async with ctx.database.reading() as session:
        if "\x00" in sku or not await session.rows(_ITEM, sku):
            problems.append(
                Problem("is not in the master data: import the item first", field="sku", value=sku[:200])
            )
    if node not in ctx.engine.world.nodes:
        known = ", ".join(sorted(ctx.engine.world.nodes)) or "none"
        problems.append(Problem(f"is no node; there are: {known}", field="node", value=node[:200]))
    if not 0 <= on_hand <= _MOST_UNITS:
        problems.append(Problem(f"is from 0 to {_MOST_UNITS}", field="on_hand", value=str(on_hand)))
    if problems:
        raise InvalidError("; ".join(str(problem) for problem in problems), problems=problems)


def _level_view(level: StockLevel) -> LevelView:
    free = 0 if level.node == NETWORK else level.free()
    return LevelView(**level.model_dump(exclude={"sku"}), free=free)


def _drift(levels: Sequence[StockLevel], sums: Sequence[Any]) -> tuple[Drift, ...]:
    """Fold the ledger's sums, and compare."""
    folded: dict[tuple[str, str], Mapping[str, int]] = defaultdict(lambda: dict.fromkeys(_FIELDS, 0))
    for row in sums:
        place = (row["sku"], row["node"])
        folded[place] = _added(folded[place], StockMoveKind(row["kind"]), int(row["quantity"]))
    stated = {(level.sku, level.node): {f: int(getattr(level, f)) for f in _FIELDS} for level in levels}
    nothing = dict.fromkeys(_FIELDS, 0)
    return tuple(
        Drift(sku=place[0], node=place[1], field=name, ledger=ledger, level=level)
        for place in sorted({*folded, *stated})
        for name in _FIELDS
        for ledger, level in [(folded.get(place, nothing)[name], stated.get(place, nothing)[name])]
        if ledger != level
    )


_FIELDS = ("on_hand", "allocated", "reserved")
_BIG = StockLevel(sku="x", node="x", on_hand=10**15, allocated=10**15, reserved=10**15)


def _added(sums: Mapping[str, int], kind: StockMoveKind, quantity: int) -> Mapping[str, int]:
    """Add a ledger entry by the one definition of what it does; sums of a broken ledger may fall below nothing."""
    after = moved(_BIG, kind, quantity)
    return {name: sums[name] + int(getattr(after, name)) - 10**15 for name in _FIELDS}
