"""`orderhub orders`: find an order, see what it waits for, and look after it."""

from typing import Annotated

import typer
from rich.text import Text

from canonical.statuses import Block, HoldType
from hub.cli.finding import find_order
from hub.cli.looks import Column, ago, more, status, table, until
from hub.cli.order_looks import explained, holds_of, verb_result, whole
from hub.cli.session import Session, command, group
from hub.cli.words import since

orders = group("Find orders, see what they wait for, and look after them.")

OrderArgument = Annotated[
    str, typer.Argument(metavar="ORDER", help="An id, a reference of its channel, or `channel:reference`.")
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the order's history.")]


@command(orders, "list", actor=True)
async def list_orders(
    session: Session,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="Part of a reference, a tracking number.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--status", "-s", help="placed, confirmed, in_progress, ...")
    ] = None,
    payment: Annotated[str | None, typer.Option(help="authorised, captured, declined, ...")] = None,
    fulfilment: Annotated[str | None, typer.Option(help="released, shipped, ...")] = None,
    channel: Annotated[str | None, typer.Option(help="The channel that it came by.")] = None,
    held: Annotated[bool | None, typer.Option("--held/--not-held", help="With a hold, or without.")] = None,
    quarantined: Annotated[
        bool | None, typer.Option("--quarantined/--flowing", help="Held up by a failure, or not.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="The buyer's e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option(help="The buyer's phone number.")] = None,
    postcode: Annotated[str | None, typer.Option(help="A postcode of the order.")] = None,
    from_time: Annotated[
        str | None, typer.Option("--since", help="Placed since: 2h, 3d, 2026-11-20.")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="By the channels' and suppliers' deadlines, the most urgent first.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> None:
    """List orders, the newest first.

    Examples: `orderhub orders list --held`, `orderhub orders list --due`, `orderhub orders list W-1001`,
    `orderhub orders list --email a.customer@example.com --since 30d`
    """
    from hub.desk import orders as desk
    from hub.desk.order_search import OrderFilter

    async with session.desk() as ctx:
        now = ctx.clock.now()
        wanted = OrderFilter(
            status=state, payment=payment, fulfilment=fulfilment, held=held, quarantined=quarantined, channel=channel,
            since=since(from_time, now), due=due, text=text, email=email, phone=phone, postcode=postcode,
        )  # fmt: skip
        page = await desk.list_orders(ctx, session.principal, wanted, limit=limit, cursor=after)
    wide, dated = session.out.wide, any(o.due_at is not None for o in page.items)
    columns = [
        Column("order", lambda o: f"{o.channel}:{o.channel_ref}"),
        Column("status", lambda o: status(o.status)),
        Column("payment", lambda o: status(o.payment_status), spare=True),
        Column("fulfilment", lambda o: status(o.fulfilment_status), spare=True),
        Column("total", lambda o: o.total, right=True, keep=True),
        Column("units", lambda o: o.units, wide=True, right=True),
        Column("holds", lambda o: Text(holds_of(o), style="red")),
        *([Column("due", lambda o: until(o.due_at, now), right=True, spare=not due)] if dated else []),
        Column("placed", lambda o: ago(o.placed_at, now), right=True, keep=True),
        Column("id", lambda o: str(o.id), wide=True, keep=True),
    ]
    session.out.show(
        page, lambda: [table(columns, page.items, wide=wide, empty="no order is like that"), *more(page.next)]
    )


@command(orders, "show", actor=True)
async def show_order(session: Session, order: OrderArgument) -> None:
    """Show an order with its lines, money, parcels, partners and history."""
    from hub.desk import orders as desk

    async with session.desk() as ctx:
        detail = await desk.show_order(ctx, session.principal, await find_order(ctx, order))
        now = ctx.clock.now()
    session.out.show(detail, lambda: whole(detail, now, wide=session.out.wide))


@command(orders, "explain", actor=True)
async def explain_order(session: Session, order: OrderArgument) -> None:
    """Say what an order waits for, since when, who can act, and what the next step is."""
    from hub.desk import explain as desk

    async with session.desk() as ctx:
        explanation = await desk.explain(ctx, session.principal, await find_order(ctx, order))
        now = ctx.clock.now()
    session.out.show(explanation, lambda: explained(explanation, now))


@command(orders, "hold", actor=True)
async def hold_order(
    session: Session,
    order: OrderArgument,
    reason: ReasonOption,
    hold_type: Annotated[HoldType, typer.Option("--type", "-t", help="What kind of hold.")] = HoldType.OTHER,
    blocks: Annotated[
        list[Block] | None, typer.Option("--block", help="A step that it forbids; several times if need be.")
    ] = None,
) -> None:
    """Stop an order until the hold is released.

    Example: `orderhub orders hold W-1001 --type incorrect_address --reason "no house number"`
    """
    from hub.desk import order_verbs as desk

    async with session.desk() as ctx:
        order_id = await find_order(ctx, order)
        chosen = {"blocks": tuple(blocks)} if blocks else {}
        result = await desk.hold(ctx, session.principal, order_id, hold_type, reason, **chosen)
    session.out.show(result, lambda: verb_result(result, f"held ({hold_type.value})"))


@command(orders, "release", actor=True)
async def release_order(
    session: Session,
    order: OrderArgument,
    hold_type: Annotated[HoldType, typer.Option("--type", "-t", help="Which hold to take away.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
) -> None:
    """Take a hold away, so that the order goes on."""
    from hub.desk import order_verbs as desk

    async with session.desk() as ctx:
        result = await desk.release(ctx, session.principal, await find_order(ctx, order), hold_type, reason)
    session.out.show(result, lambda: verb_result(result, f"released ({hold_type.value})"))


@command(orders, "cancel", actor=True)
async def cancel_order(session: Session, order: OrderArgument, reason: ReasonOption) -> None:
    """Ask for everything that has not left yet to be cancelled. Nodes that have the goods are asked first."""
    from hub.desk import order_verbs as desk

    async with session.desk() as ctx:
        result = await desk.cancel(ctx, session.principal, await find_order(ctx, order), reason)
    session.out.show(result, lambda: verb_result(result, "asked to be cancelled"))


@command(orders, "note", actor=True)
async def note_order(
    session: Session,
    order: OrderArgument,
    text: Annotated[str, typer.Argument(help="The note. It is kept for good: nothing about people.")],
) -> None:
    """Leave a note for the next one."""
    from hub.desk import order_verbs as desk

    async with session.desk() as ctx:
        result = await desk.note(ctx, session.principal, await find_order(ctx, order), text)
    session.out.show(result, lambda: verb_result(result, "noted"))
