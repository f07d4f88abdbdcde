"""`orderhub items`, `orderhub nodes`: the master data that orders refer to."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.looks import Column, facts, more, table
from hub.cli.session import Session, command, group

items = group("Items: what can be ordered, and what channels call it.")
nodes = group("Nodes: the places that send goods.")

FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", exists=True, dir_okay=False, readable=True, help="A .csv, .json or .yaml file."
    ),
]
LimitOption = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
AfterOption = Annotated[str | None, typer.Option(help="Where the last page ended.")]


@command(items, "import", actor=True)
async def import_items(
    session: Session,
    file: FileArgument,
    references: Annotated[
        bool,
        typer.Option("--references", help="The file says what channels call items: channel, reference, sku."),
    ] = False,
) -> None:
    """Import items: all rows of the file, or none and every problem in it. Importing again changes what changed.

    Example: `orderhub items import items.csv` with the columns sku, title, weight_g, tax_class, customs_code
    """
    await _import(session, "REFERENCES" if references else "ITEMS", file)


@command(nodes, "import", actor=True)
async def import_nodes(session: Session, file: FileArgument) -> None:
    """Import nodes: all rows of the file, or none and every problem in it.

    Example: `orderhub nodes import nodes.yaml` with id, name, connector, country, enabled, priority, methods
    """
    await _import(session, "NODES", file)


@command(items, "list", actor=True)
async def list_items(
    session: Session,
    references: Annotated[bool, typer.Option("--references", help="What channels call them.")] = False,
    limit: LimitOption = 100,
    after: AfterOption = None,
) -> None:
    """List items by SKU."""
    if references:
        columns = [_field("channel"), _field("reference"), _field("sku")]
        await _list(session, "REFERENCES", columns, limit, after)
        return
    columns = [
        _field("sku"),
        _field("title"),
        _field("weight_g"),
        _field("tax_class"),
        _field("customs_code"),
    ]
    await _list(session, "ITEMS", columns, limit, after)


@command(nodes, "list", actor=True)
async def list_nodes(session: Session, limit: LimitOption = 100, after: AfterOption = None) -> None:
    """List nodes by their ids."""
    columns = [
        _field("id"), _field("name"), _field("connector"), _field("country"), _field("enabled"), _field("priority"),
        _field("methods"),
    ]  # fmt: skip
    await _list(session, "NODES", columns, limit, after)


def _field(name: str) -> Column:
    return Column(name, lambda row: row.get(name))


async def _import(session: Session, kind: str, file: Path) -> None:
    from hub.desk import master_data as desk

    content = await asyncio.to_thread(file.read_bytes)
    async with session.desk() as ctx:
        result: Any = await desk.import_file(ctx, session.principal, desk.Kind[kind], file.name, content)
    session.out.show(
        result,
        lambda: facts(
            {
                "imported": f"{result.rows} rows: {result.new} new, {result.changed} changed, {result.same} same"
            }
        ),
    )


async def _list(session: Session, kind: str, columns: list[Column], limit: int, after: str | None) -> None:
    from hub.desk import master_data as desk

    async with session.desk() as ctx:
        page = await desk.list_master_data(ctx, session.principal, desk.Kind[kind], limit=limit, cursor=after)
    session.out.show(
        page,
        lambda: [
            table(columns, page.items, wide=True, empty="there are none yet: import a file"),
            *more(page.next),
        ],
    )
