"""`orderhub orders accept-invoice`, `dispute-invoice`, `return-to-supplier`: what suppliers charge and take back."""

from typing import Annotated

import typer

from hub.cli.finding import find_order
from hub.cli.order_looks import verb_result
from hub.cli.orders import OrderArgument, ReasonOption, orders
from hub.cli.session import Session, command

__all__ = ["orders"]
"""The group with these commands in it."""

InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="The supplier's number of it.")]


@command(orders, "accept-invoice", actor=True)
async def accept_invoice(
    session: Session, order: OrderArgument, invoice: InvoiceArgument, reason: ReasonOption
) -> None:
    """Accept a supplier's invoice as it is, though it is not as it was ordered or as it was sent."""
    from hub.desk import supplier_verbs as desk

    async with session.desk() as ctx:
        order_id = await find_order(ctx, order)
        result = await desk.accept_invoice(ctx, session.principal, order_id, invoice, reason)
    session.out.show(result, lambda: verb_result(result, f"charged by invoice {invoice}, which is accepted"))


@command(orders, "dispute-invoice", actor=True)
async def dispute_invoice(
    session: Session, order: OrderArgument, invoice: InvoiceArgument, reason: ReasonOption
) -> None:
    """Dispute a supplier's invoice: it is not paid, and its goods may be charged by another one."""
    from hub.desk import supplier_verbs as desk

    async with session.desk() as ctx:
        order_id = await find_order(ctx, order)
        result = await desk.dispute_invoice(ctx, session.principal, order_id, invoice, reason)
    session.out.show(result, lambda: verb_result(result, f"charged by invoice {invoice}, which is disputed"))


@command(orders, "return-to-supplier", actor=True)
async def return_to_supplier(
    session: Session,
    order: OrderArgument,
    purchase: Annotated[str, typer.Argument(metavar="NUMBER", help="The purchase order's number.")],
    units: Annotated[list[str], typer.Argument(metavar="SKU=QUANTITY", help="What goes back.")],
    reason: ReasonOption,
) -> None:
    """Ask a supplier to take goods back; its number of the return comes with its answer.

    Example: `orderhub orders return-to-supplier W-1001 5WS2TZYTVK2KH6WC-1 LAMP=1 --reason broken`
    """
    from hub.desk import supplier_verbs as desk

    wanted = dict(_units(text) for text in units)
    async with session.desk() as ctx:
        order_id = await find_order(ctx, order)
        result = await desk.return_to_supplier(ctx, session.principal, order_id, purchase, wanted, reason)
    session.out.show(result, lambda: verb_result(result, f"asked to be taken back by {purchase}"))


def _units(text: str) -> tuple[str, int]:
    sku, separator, quantity = text.rpartition("=")
    if not separator or not sku or not quantity.isdecimal() or int(quantity) == 0:
        raise typer.BadParameter(f"{text!r} is not SKU=QUANTITY, such as LAMP=1")
    return sku, int(quantity)
