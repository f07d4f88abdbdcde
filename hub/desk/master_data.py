"""Master data: items, channels' references to them, and nodes. Imported whole files at a time, or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from canonical.base import Name, Value
from canonical.stock import NETWORK, Item, Node
from core.engine.stockroom import MARK
from core.errors import DocumentError, Problem
from core.store.sql import Bulk, Session, bulk
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.base import View, page_size
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError
from hub.desk.table_files import FileRow, format_of, read_rows, row_problems

MOST_PROBLEMS = 100


class ChannelReference(Value):
    """What a channel calls an item: its own SKU, a variant's id."""

    channel: Name
    reference: Name
    sku: Name


class Kind(StrEnum):
    """What may be imported."""

    ITEMS = "items"
    REFERENCES = "references"
    NODES = "nodes"


class ImportResult(View):
    """What an import did."""

    kind: Kind
    rows: int
    new: int
    changed: int
    same: int


class MasterPage(View):
    """Some of the master data, by key. `next` is where to go on; None at the end."""

    kind: Kind
    items: tuple[dict[str, Any], ...]
    next: str | None = None


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    model: type[Value]
    key: Callable[[Any], Key]
    named: str
    """The columns of its key."""
    existing: str
    write: Bulk
    values: Callable[[Any], tuple[Any, ...]]
    listed: str
    lists: frozenset[str] = frozenset()
    """Columns that a CSV cell fills with several values, separated by spaces or `;`."""


def _doc(value: Value) -> str:
    return value.model_dump_json()


_TABLES: Mapping[Kind, _Table] = {
    Kind.ITEMS: _Table(
        model=Item,
        key=lambda item: (item.sku,),
        named="sku",
        existing="SELECT sku AS a, doc FROM items WHERE sku {any:1:text}",
        write=bulk(
            "INSERT INTO items (sku, doc, updated_at) SELECT sku, doc, updated_at FROM {rows} WHERE true "
            "ON CONFLICT (sku) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at",
            "sku text, doc text, updated_at timestamptz",
        ),
        values=lambda item: (item.sku, _doc(item)),
        listed="SELECT doc FROM items WHERE sku > $1 ORDER BY sku",
    ),
    Kind.NODES: _Table(
        model=Node,
        key=lambda node: (node.id,),
        named="id",
        existing="SELECT id AS a, doc FROM nodes WHERE id {any:1:text}",
        write=bulk(
            "INSERT INTO nodes (id, doc, updated_at) SELECT id, doc, updated_at FROM {rows} WHERE true "
            "ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at",
            "id text, doc text, updated_at timestamptz",
        ),
        values=lambda node: (node.id, _doc(node)),
        listed="SELECT doc FROM nodes WHERE id > $1 ORDER BY id",
        lists=frozenset({"methods"}),
    ),
    Kind.REFERENCES: _Table(
        model=ChannelReference,
        key=lambda r: (r.channel, r.reference),
        named="channel/reference",
        existing=(
            "SELECT channel, reference, sku FROM channel_references "
            "WHERE channel {any:1:text} AND reference {any:2:text}"
        ),
        write=bulk(
            "INSERT INTO channel_references (channel, reference, sku) SELECT channel, reference, sku FROM {rows} "
            "WHERE true ON CONFLICT (channel, reference) DO UPDATE SET sku = excluded.sku",
            "channel text, reference text, sku text",
        ),
        values=lambda r: (r.channel, r.reference, r.sku),
        listed=(
            "SELECT channel, reference, sku FROM channel_references "
            "WHERE channel || ':' || reference > $1 ORDER BY channel || ':' || reference"
        ),
    ),
}
_MARK_NODES = (
    "INSERT INTO stock_changes (sku, marks) SELECT DISTINCT sku, 1 FROM stock WHERE node {any:1:text} "
    "ORDER BY sku ON CONFLICT (sku) DO UPDATE SET marks = stock_changes.marks + 1"
)
_KNOWN_SKUS = "SELECT sku FROM items WHERE sku {any:1:text}"
_NODES = "SELECT doc FROM nodes"


async def import_file(
    ctx: DeskContext, principal: Principal, kind: Kind, name: str, content: bytes
) -> ImportResult:
    """Import a CSV, JSON or YAML file: all of its rows, or none and every problem with file, line, field and value."""
    principal.must(Permission.IMPORT)
    table = _TABLES[kind]
    try:
        rows = read_rows(name, content, format_of(name))
        values = _values(table, name, rows, from_csv=format_of(name) == "csv")
    except DocumentError as error:
        raise InvalidError(str(error), problems=error.problems) from error
    async with ctx.database.transaction() as session:
        if kind is Kind.REFERENCES:
            await _check_skus(session, name, rows, values)
        result = await _upsert(session, kind, table, values)
        counts = f"{name}: {result.new} new, {result.changed} changed, {result.same} same"
        await audit(session, ctx, principal, f"{kind.value}.import", kind.value, counts)
    if kind is Kind.NODES:
        await reload_nodes(ctx)
    return result


async def _mark(session: Session, kind: Kind, values: Sequence[Any]) -> None:
    """Let channels be told what the stock of these items, or at these nodes, is now."""
    if kind is Kind.NODES:
        await session.run(_MARK_NODES, [node.id for node in values])
    else:
        await session.write(MARK, [(sku,) for sku in sorted({value.sku for value in values})])


async def list_master_data(
    ctx: DeskContext, principal: Principal, kind: Kind, *, limit: int = 100, cursor: str | None = None
) -> MasterPage:
    """Return some of the items, references or nodes, by their key."""
    principal.must(Permission.READ)
    size = page_size(limit)
    async with ctx.database.reading() as session:
        rows = await session.rows(f"{_TABLES[kind].listed} LIMIT {size + 1}", cursor or "")
    found = [_stored(kind, row) for row in rows[:size]]
    last = ":".join(_TABLES[kind].key(found[-1])) if len(rows) > size and found else None
    return MasterPage(kind=kind, items=tuple(value.model_dump(mode="json") for value in found), next=last)


async def load_nodes(session: Session) -> dict[str, Node]:
    """Return the nodes of the store."""
    nodes = (Node.model_validate_json(row["doc"]) for row in await session.rows(_NODES))
    return {node.id: node for node in nodes}


async def reload_nodes(ctx: DeskContext) -> None:
    """Let this process's engine know the store's nodes as they are now."""
    async with ctx.database.reading() as session:
        nodes = await load_nodes(session)
    ctx.engine.world = replace(ctx.engine.world, nodes=nodes)


def _values(table: _Table, name: str, rows: Sequence[FileRow], *, from_csv: bool) -> list[Value]:
    """Validate every row; raise `DocumentError` with all problems (the first hundred)."""
    problems: list[Problem] = []
    values: list[Value] = []
    seen: dict[Key, int] = {}
    for row in rows:
        try:
            plain = {k: _cell(table, k, v) if from_csv else v for k, v in row.values.items()}
            value = table.model.model_validate(plain)
        except ValidationError as error:
            problems.extend(row_problems(name, row, error))
            continue
        key = table.key(value)
        if key in seen:
            reason = f"stands there twice: line {seen[key]} has it too"
            problems.append(
                Problem(
                    reason,
                    field=table.named,
                    value="/".join(key),
                    line=row.line,
                    source=name,
                )
            )
        elif key == (NETWORK,):
            problems.append(
                Problem(
                    "is the hub's own name for no node yet",
                    field="id",
                    value=NETWORK,
                    line=row.line,
                    source=name,
                )
            )
        seen.setdefault(key, row.line)
        values.append(value)
    if problems:
        raise DocumentError(tuple(problems[:MOST_PROBLEMS]))
    return values


def _cell(table: _Table, column: str, cell: Any) -> Any:
    return tuple(str(cell).replace(";", " ").split()) if column in table.lists else cell


async def _check_skus(session: Session, name: str, rows: Sequence[FileRow], values: Sequence[Any]) -> None:
    wanted = sorted({reference.sku for reference in values})
    known = {row["sku"] for row in await session.rows(_KNOWN_SKUS, wanted)}
    problems = [
        Problem(
            "is not in the master data: import the item first",
            field="sku",
            value=value.sku,
            line=row.line,
            source=name,
        )
        for row, value in zip(rows, values, strict=True)
        if value.sku not in known
    ]
    if problems:
        shown = tuple(problems[:MOST_PROBLEMS])
        raise InvalidError("; ".join(str(problem) for problem in shown), problems=shown)


async def _upsert(session: Session, kind: Kind, table: _Table, values: Sequence[Any]) -> ImportResult:
    """Write what is new or changed, set-based."""
    keys = [table.key(value) for value in values]
    columns = [sorted(set(column)) for column in zip(*keys, strict=True)] or [[]]
    before = {
        table.key(stored): stored
        for row in (await session.rows(table.existing, *columns) if values else ())
        for stored in [_stored(kind, row)]
    }
    new = [value for key, value in zip(keys, values, strict=True) if key not in before]
    changed = [v for key, v in zip(keys, values, strict=True) if key in before and before[key] != v]
    stamped = () if kind is Kind.REFERENCES else (session.now,)
    await session.write(table.write, [(*table.values(value), *stamped) for value in (*new, *changed)])
    await _mark(session, kind, (*new, *changed))
    same = len(values) - len(new) - len(changed)
    return ImportResult(kind=kind, rows=len(values), new=len(new), changed=len(changed), same=same)


def _stored(kind: Kind, row: Any) -> Value:
    if kind is Kind.REFERENCES:
        return ChannelReference(channel=row["channel"], reference=row["reference"], sku=row["sku"])
    return _TABLES[kind].model.model_validate_json(row["doc"])
