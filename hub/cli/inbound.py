"""`orderhub inbound`: goods on their way to nodes."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from hub.cli.looks import Column, facts, more, section, short, table
from hub.cli.master import AfterOption, FileArgument, LimitOption
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from canonical.inbound import InboundStatus
    from hub.desk.inbound import InboundDetail

inbound = group("Goods on their way to nodes: announced, and followed until they have come.")

NodeArgument = Annotated[str, typer.Argument(metavar="NODE", help="The node's id.")]


@command(inbound, "announce", actor=True)
async def announce(session: Session, node: NodeArgument, file: FileArgument) -> None:
    """Announce goods to a node: all rows of the file, or none and every problem in it.

    Columns: number, sku, quantity; and, about all of a number, expected_at, ship_from, carrier (its SCAC). Announcing
    the same again changes nothing.

    Example: `orderhub inbound announce hamburg asn.csv`
    """
    from hub.desk import inbound as desk

    content = await asyncio.to_thread(file.read_bytes)
    async with session.desk() as ctx:
        result = await desk.announce_file(ctx, session.principal, node, file.name, content)
    session.out.show(
        result,
        lambda: facts({
            "announced": ", ".join(result.announced) or "nothing new",
            "were announced before": ", ".join(result.same),
        }),
    )  # fmt: skip


@command(inbound, "list", actor=True)
async def list_inbound(
    session: Session,
    node: Annotated[str | None, typer.Option(help="Only what comes to this node.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only these: announced, partly_received or received.")
    ] = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
) -> None:
    """List what was announced, the newest first, with what has come of it."""
    from hub.desk import inbound as desk

    wanted = desk.InboundFilter(node=node, status=_status(status))
    async with session.desk() as ctx:
        page = await desk.list_inbound(ctx, session.principal, wanted, limit=limit, cursor=after)
    session.out.show(
        page,
        lambda: [
            table(_COLUMNS, page.items, wide=session.out.wide, empty="nothing is announced"),
            *more(page.next),
        ],
    )


@command(inbound, "show", actor=True)
async def show_inbound(
    session: Session,
    node: NodeArgument,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Our number of the announcement.")],
) -> None:
    """Show what was announced line by line, and each receipt."""
    from hub.desk import inbound as desk

    async with session.desk() as ctx:
        found = await desk.show_inbound(ctx, session.principal, node, number)
    session.out.show(found, lambda: _drawn(found, wide=session.out.wide))


def _status(said: str | None) -> "InboundStatus | None":
    from canonical.inbound import InboundStatus

    try:
        return None if said is None else InboundStatus(said)
    except ValueError:
        known = ", ".join(InboundStatus)
        raise typer.BadParameter(f"{said!r} is no status; there are: {known}") from None


def _drawn(found: "InboundDetail", *, wide: bool) -> list[RenderableType]:
    told = f"{found.told}: {found.reason}" if found.reason else found.told
    drawn: list[RenderableType] = [
        facts({
            "number": found.number, "node": found.node, "status": found.status.value, "told": told or "no",
            "from": found.ship_from or "", "carrier": found.carrier or "",
            "expected": found.expected_at.isoformat() if found.expected_at else "",
        }),
        section("units", table(_LINES, found.lines, wide=wide)),
    ]  # fmt: skip
    if found.receipts:
        drawn.append(section("receipts", table(_RECEIPTS, found.receipts, wide=wide)))
    return drawn


_UNITS = [
    Column("expected", lambda row: row.expected, right=True),
    Column("received", lambda row: row.received, right=True),
    Column("damaged", lambda row: row.damaged, right=True),
]
_COLUMNS = [
    Column("number", lambda row: row.number, keep=True),
    Column("node", lambda row: row.node),
    Column("status", lambda row: row.status.value),
    *_UNITS,
    Column("comes", lambda row: row.expected_at, spare=True),
    Column("announced", lambda row: row.announced_at, spare=True),
]
_LINES = [Column("sku", lambda row: row.sku, keep=True), *_UNITS]
_RECEIPTS = [
    Column("number", lambda row: row.number, keep=True),
    Column("came", lambda row: row.happened_at),
    Column("message", lambda row: short(row.message_id)),
]
