"""`orderhub stock`: what lies where, what is promised, and how that came about."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from hub.cli.looks import Column, facts, section, short, table
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from hub.desk.stock import StockReport

stock = group("What lies where, what is promised, and how that came about.")

SkuArgument = Annotated[str, typer.Argument(metavar="SKU")]


@command(stock, "show", actor=True)
async def show_stock(session: Session, sku: SkuArgument) -> None:
    """Show one SKU's stock at every node, and the newest entries of its ledger."""
    from hub.desk import stock as desk

    async with session.desk() as ctx:
        report = await desk.show_stock(ctx, session.principal, sku)
    session.out.show(report, lambda: _drawn(report, wide=session.out.wide))


@command(stock, "set", actor=True)
async def set_stock(
    session: Session,
    sku: SkuArgument,
    node: Annotated[str, typer.Argument(metavar="NODE", help="The node's id.")],
    on_hand: Annotated[
        int, typer.Argument(metavar="ON_HAND", min=0, help="What a count found, promised units included.")
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the audit log.")],
) -> None:
    """Set what lies at a node, as a count says. Orders that wait for the goods go on.

    Example: `orderhub stock set CUP berlin 120 --reason "counted on Monday"`
    """
    from hub.desk import stock as desk

    async with session.desk() as ctx:
        report = await desk.set_stock(ctx, session.principal, sku, node, on_hand, reason)
    session.out.show(report, lambda: _drawn(report, wide=session.out.wide))


def _drawn(report: "StockReport", *, wide: bool) -> list[RenderableType]:
    drawn: list[RenderableType] = [
        facts({"sku": report.sku, "may be promised": str(report.available)}),
        section("at the nodes", table(_LEVELS, report.levels, wide=wide, empty="it lies nowhere")),
    ]
    if report.drift:
        lines = [
            f"{drift.node}: {drift.field} is {drift.level}, and its ledger says {drift.ledger}"
            for drift in report.drift
        ]
        drawn.append(section("the ledger does not explain", Text("\n".join(lines), style="red")))
    if report.offers:
        drawn.append(section("what channels are told", table(_OFFERS, report.offers, wide=wide)))
    if report.ledger:
        drawn.append(section("ledger", table(_LEDGER, report.ledger, wide=wide)))
    return drawn


_LEVELS = [
    Column("node", lambda level: "every node" if level.node == "*" else level.node),
    Column("on hand", lambda level: level.on_hand, right=True),
    Column("allocated", lambda level: level.allocated, right=True),
    Column("reserved", lambda level: level.reserved, right=True),
    Column("safety", lambda level: level.safety, right=True),
    Column("free", lambda level: level.free, right=True),
    Column("as of", lambda level: level.as_of, keep=True),
]
_OFFERS = [
    Column("channel", lambda offer: offer.connector),
    Column("reference", lambda offer: offer.reference),
    Column("may sell", lambda offer: offer.quantity, right=True),
    Column("told", lambda offer: offer.told, right=True),
    Column("told again", lambda offer: offer.due_at, keep=True),
    Column("why", lambda offer: offer.reason, wide=True),
]
_LEDGER = [
    Column("when", lambda entry: entry.happened_at, keep=True),
    Column("what", lambda entry: entry.kind),
    Column("node", lambda entry: entry.node),
    Column("units", lambda entry: entry.quantity, right=True),
    Column("order", lambda entry: short(entry.order_id)),
    Column("key", lambda entry: entry.key, wide=True),
]
