"""The inbound desk: goods on their way to nodes are announced, and followed until they have come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from canonical.commands import AnnounceInbound
from canonical.inbound import InboundInstruction, InboundStatus
from canonical.stock import Item, Node
from core.engine.changes import Changes
from core.errors import DocumentError, Problem
from core.inbound import announce, is_same, known
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import entry
from hub.desk.base import Entry, Page, View, Where, cursor_id, from_row, page, page_size
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError, RefusedError
from hub.desk.inbound_files import Wanted, read_inbound

MOST_PROBLEMS = 100
_COLUMNS = "id, node, number, connector, status, expected_at, announced_at, updated_at"
_SUMS = "(SELECT COALESCE(SUM({column}), 0) FROM inbound_lines l WHERE l.inbound_id = inbound.id) AS {column}"
_ALL = ", ".join((_COLUMNS, *(_SUMS.format(column=name) for name in ("expected", "received", "damaged"))))
_ONE = f"SELECT {_ALL}, doc FROM inbound WHERE node = $1 AND number = $2"  # noqa: S608 - columns are ours
_LINES = "SELECT sku, expected, received, damaged FROM inbound_lines WHERE inbound_id = $1 ORDER BY sku"
_RECEIPTS = (
    "SELECT number, happened_at, recorded_at, message_id FROM inbound_receipts WHERE inbound_id = $1 "
    "ORDER BY happened_at, number"
)
_TELLING = "SELECT id, state, reason FROM effects WHERE order_id = $1"
_ITEMS = "SELECT sku, doc FROM items WHERE sku {any:1:text}"


class Announced(View):
    """What an announcement did: numbers that are new, and those that had been announced just so before."""

    node: str
    announced: tuple[str, ...]
    same: tuple[str, ...]


class InboundView(Entry):
    """Goods on their way to a node, in units: what was announced, and what has come of it, sound and damaged."""

    node: str
    number: str
    connector: str
    status: InboundStatus
    expected: int
    received: int
    damaged: int
    expected_at: datetime | None
    announced_at: datetime
    updated_at: datetime


class InboundLineView(View):
    """The units of one SKU; none are expected of what came without a word."""

    sku: str
    expected: int
    received: int
    damaged: int


class ReceiptView(View):
    """What a node said that it received. `message_id`: what it said."""

    number: str
    happened_at: datetime
    recorded_at: datetime
    message_id: UUID | None


class InboundDetail(InboundView):
    """All that is known of goods on their way. `told` is the state of the effect that tells the node."""

    ship_from: str | None
    carrier: str | None
    effect_id: UUID | None
    told: str | None
    reason: str | None
    """Why the node has not been told."""
    lines: tuple[InboundLineView, ...]
    receipts: tuple[ReceiptView, ...]


class InboundFilter(View):
    """What to list; what is None does not count."""

    node: str | None = None
    status: InboundStatus | None = None


ALL_INBOUND = InboundFilter()


async def announce_file(
    ctx: DeskContext, principal: Principal, node: str, name: str, content: bytes
) -> Announced:
    """Announce what a CSV, JSON or YAML file says to a node: all of it, or nothing and every problem in it.

    Announcing the same again changes nothing; other goods under a number that is taken are refused.
    """
    principal.must(Permission.SET_STOCK)
    place = _place(ctx, node)
    try:
        wanted = read_inbound(name, content)
    except DocumentError as error:
        raise InvalidError(str(error), problems=error.problems[:MOST_PROBLEMS]) from error
    async with ctx.database.transaction() as session:
        titles = await _titles(session, name, wanted)
        instructions = [one.instruction(node, session.now, titles) for one in wanted]
        new = await announce(session, place.connector, instructions)
        _must_be_same(instructions, await known(session, node, (one.number for one in instructions)))
        same = [one.number for one in instructions if one.number not in new]
        changes = Changes(session.now)
        for number in sorted(new):
            changes.audited(entry(principal, "inbound.announce", f"{number}@{node}", name))
        await changes.write(session, ctx.ring, ())
    if ctx.runner is not None:
        ctx.runner.wake(place.connector)
    return Announced(node=node, announced=tuple(sorted(new)), same=tuple(sorted(same)))


async def list_inbound(
    ctx: DeskContext,
    principal: Principal,
    wanted: InboundFilter = ALL_INBOUND,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[InboundView]:
    """Return a page of what was announced, the newest first."""
    principal.must(Permission.READ)
    size, after = page_size(limit), cursor_id(cursor)
    conditions = Where()
    conditions.equal(node=wanted.node, status=wanted.status.value if wanted.status else None)
    if after is not None:
        conditions.add("id < ?", after)
    sql = f"SELECT {_ALL} FROM inbound{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
    async with ctx.database.reading() as session:
        rows = await session.rows(sql, *conditions.values)
    return page([from_row(InboundView, row) for row in rows], size)


async def show_inbound(ctx: DeskContext, principal: Principal, node: str, number: str) -> InboundDetail:
    """Return all that is known of an announcement."""
    principal.must(Permission.READ)
    async with ctx.database.reading() as session:
        rows: Sequence[Any] = () if "\x00" in node + number else await session.rows(_ONE, node, number)
        if not rows:
            raise NotFoundError(
                f"nothing was announced to {node} as {number}: `orderhub inbound list` shows what was"
            )
        row = rows[0]
        lines = await session.rows(_LINES, row["id"])
        receipts = await session.rows(_RECEIPTS, row["id"])
        told = await session.rows(_TELLING, row["id"])
    instruction = InboundInstruction.model_validate_json(row["doc"])
    effect: Any = told[0] if told else {"id": None, "state": None, "reason": None}
    return InboundDetail(
        **dict(from_row(InboundView, row)),
        ship_from=instruction.ship_from,
        carrier=instruction.carrier,
        effect_id=effect["id"],
        told=effect["state"],
        reason=effect["reason"],
        lines=tuple(from_row(InboundLineView, line) for line in lines),
        receipts=tuple(from_row(ReceiptView, receipt) for receipt in receipts),
    )


def _place(ctx: DeskContext, node: str) -> Node:
    """Return the node; refuse one that nobody knows, and one that can't be told."""
    nodes = ctx.engine.world.nodes
    if node not in nodes:
        there_are = ", ".join(sorted(nodes)) or "none"
        problem = Problem(f"is no node; there are: {there_are}", field="node", value=node[:200])
        raise InvalidError(str(problem), problems=[problem])
    place = nodes[node]
    connector = ctx.connectors.get(place.connector)
    if connector is not None and not any(AnnounceInbound in port.commands for port in connector.effects):
        kind = ctx.types.get(place.connector, "its type")
        raise RefusedError(
            f"{node} can't be told of goods on their way: its connector {place.connector} ({kind}) has no words "
            "for it. Tell it by hand, and count what came by its next stock report"
        )
    return place


async def _titles(session: Session, name: str, wanted: Sequence[Wanted]) -> dict[str, str]:
    """Return what the items are called; refuse those that are not in the master data."""
    rows = [row for one in wanted for row in one.rows]
    stored = await session.rows(_ITEMS, sorted({row.sku for _, row in rows}))
    titles = {one["sku"]: Item.model_validate_json(one["doc"]).title for one in stored}
    problems = [
        Problem("is not in the master data: import the item first", field="sku", value=row.sku, line=line, source=name)
        for line, row in rows
        if row.sku not in titles
    ]  # fmt: skip
    if problems:
        shown = problems[:MOST_PROBLEMS]
        raise InvalidError("; ".join(str(problem) for problem in shown), problems=shown)
    return titles


def _must_be_same(instructions: Sequence[InboundInstruction], kept: Mapping[str, InboundInstruction]) -> None:
    """Refuse numbers under which other goods were announced, just now or long ago."""
    for one in instructions:
        stored = kept[one.number]
        if not is_same(one, stored):
            raise RefusedError(
                f"{one.number} was announced to {one.node} on {stored.created_at:%Y-%m-%d} with other goods or terms: "
                f"`orderhub inbound show {one.node} {one.number}` shows them. Take a new number for these"
            )
